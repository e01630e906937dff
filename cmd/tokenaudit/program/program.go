// Package program has what all commands share: the streams, the clock and the environment
// that the program was given, and how it opens the configuration, the rules, saved
// documents and the sources.
package program

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/collection"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/console"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/documents"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/engine"
)

// Program is one run of the program.
type Program struct {
	*console.Streams
	// Environ are the environment variables, NAME=value.
	Environ []string
	// Now is the clock.
	Now func() time.Time
	// Transport replaces the network in tests; nil for the real one.
	Transport http.RoundTripper
	// Unpaced sends requests as fast as an emulator takes them.
	Unpaced bool
	// Random is where the key of the hashes of secrets comes from; nil for the system's.
	Random   io.Reader
	Registry collectors.Registry
	Tool     inventory.Tool
	// Verbose logs every request.
	Verbose bool
	// HelpFailed is why the help could not be written, for which cobra has no way.
	HelpFailed error
	// Command is the one that runs; nil before one does.
	Command *cobra.Command
}

// Lookup finds an environment variable; the last of several counts.
func (p *Program) Lookup(name string) (string, bool) {
	for _, v := range slices.Backward(p.Environ) {
		if key, value, ok := strings.Cut(v, "="); ok && key == name {
			return value, true
		}
	}
	return "", false
}

// flag is how a flag of the command that runs is written, the short way where there
// is one; empty where it has none of that name.
func (p *Program) flag(name string) string {
	if p.Command == nil || name == "" {
		return ""
	}
	f := p.Command.Flags().Lookup(name)
	switch {
	case f == nil:
		return ""
	case f.Shorthand != "":
		return "-" + f.Shorthand
	}
	return "--" + f.Name
}

// Saved opens documents for the command that runs.
func (p *Program) Saved() documents.Opener {
	return documents.Opener{In: p.In, Flag: p.flag, Registry: p.Registry}
}

// Config reads the named configuration, else tokenaudit.yaml. Where that is optional and
// absent, it returns an empty configuration.
func (p *Program) Config(ctx context.Context, file string, optional bool) (*config.Config, error) {
	if file == "" {
		if _, err := os.Stat(config.DefaultFile); optional && errors.Is(err, fs.ErrNotExist) {
			return &config.Config{Dir: "."}, nil
		}
		file = config.DefaultFile
	}
	cfg, err := config.Load(ctx, file, p.Registry.Definitions())
	return cfg, p.Saved().Mistaken(ctx, err, file, "a configuration")
}

// Host is the program as it reads sources.
func (p *Program) Host() collection.Host {
	return collection.Host{
		Console: p.Streams, Tool: p.Tool, Transport: p.Transport, Verbose: p.Verbose, Registry: p.Registry,
		// What the secrets of a configuration are resolved against.
		Environment: config.Environment{Lookup: p.Lookup, Environ: p.Environ},
		Now:         p.Now, Unpaced: p.Unpaced, Random: p.Random,
	}
}

// Collection checks the flags and loads the configuration of what is to be read.
func (p *Program) Collection(ctx context.Context, o options.Read) (*collection.Collection, error) {
	r, err := collection.New(p.Host(), o, func() (*config.Config, error) { return p.Config(ctx, o.Config, false) })
	if err != nil || o.Resume == "" || o.Resume == options.ResumeLast {
		return r, err
	}
	earlier, err := p.Saved().Inventory(ctx, o.Resume)
	if err != nil {
		return nil, err
	}
	if err := r.Resume(o.Resume, earlier); err != nil {
		return nil, err
	}
	return r, nil
}

// Rules loads the rules of a configuration and those of --policy. Only restricts them to
// some ids.
func Rules(ctx context.Context, cfg *config.Config, paths, only []string) (*engine.Engine, error) {
	all := make([]string, 0, len(cfg.PolicyPaths)+len(paths))
	for _, path := range cfg.PolicyPaths {
		all = append(all, places.Resolve(cfg.Dir, path))
	}
	loaded, err := engine.Load(ctx, engine.LoadOptions{
		Paths: append(all, paths...), Only: only, Settings: cfg.Settings, Waivers: cfg.Waivers, Owners: cfg.Owners, Reviews: cfg.Reviewed(),
		RuleTimeout: cfg.Limits.RuleTimeout, LoadTimeout: cfg.Limits.LoadTimeout,
	})
	if wrong, ok := errors.AsType[engine.SettingsErrors](err); ok {
		// The configuration knows their places.
		mistakes := make(config.Errors, len(wrong))
		for i, setting := range wrong {
			mistakes[i] = cfg.Mistake(setting.Path, setting.Detail)
		}
		slices.SortStableFunc(mistakes, func(a, b *config.Error) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line)) })
		return nil, mistakes
	}
	if err != nil {
		return nil, err
	}
	return loaded, nil
}

// Sources passes sources, one at a time, to take. It ends when there are no more, or with
// the error of take.
type Sources func(ctx context.Context, take func(inventory.Source) error) error

// Of passes sources that are in memory.
func Of(sources []inventory.Source) Sources {
	return func(_ context.Context, take func(inventory.Source) error) error {
		for _, s := range sources {
			if err := take(s); err != nil {
				return err
			}
		}
		return nil
	}
}
