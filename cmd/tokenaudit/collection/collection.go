// Package collection reads the configured sources: it resolves the secrets, makes the
// session that all collectors share, and shows how far they are.
package collection

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/console"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/exposure"
	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/labels"
	"github.com/tokenaudit/tokenaudit/report"
)

// maxBundle bounds a file of CA certificates, in bytes.
const maxBundle = 8 << 20

// Host is the program that reads.
type Host struct {
	Console *console.Streams
	Tool    inventory.Tool
	// Transport replaces the network in tests; nil for the real one.
	Transport http.RoundTripper
	// Verbose logs every request.
	Verbose  bool
	Registry collectors.Registry
	// Environment is what secrets are resolved against.
	Environment config.Environment
	// Now is the clock.
	Now func() time.Time
	// Unpaced sends requests as fast as an emulator takes them.
	Unpaced bool
	// Random is where the key of the hashes of secrets comes from; nil for the system's.
	Random io.Reader
}

// Collection is what is needed to read the configured sources.
type Collection struct {
	Host    Host
	Options options.Read
	Config  *config.Config
	shard   collectors.Shard
	labels  labels.Selector
	// earlier are the sources that an unfinished run has read.
	earlier []inventory.Source
	// Environment is what the secrets are resolved against.
	Environment config.Environment
	// Now stamps the sources.
	Now func() time.Time
	// Unpaced sends requests as fast as an emulator takes them.
	Unpaced bool
	// Secrets takes the hashes of the live secrets; nil where nothing is compared.
	Secrets *exposure.Secrets
}

// New checks the flags; load reads the configuration.
func New(h Host, o options.Read, load func() (*config.Config, error)) (*Collection, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	r := &Collection{Host: h, Options: o, Environment: h.Environment, Now: h.Now, Unpaced: h.Unpaced}
	var err error
	if r.labels, err = options.ParseLabels(o.Labels); err != nil {
		return nil, err
	}
	if o.Shard != "" {
		if r.shard, err = collectors.ShardOf(o.Shard, h.Environment.Lookup); err != nil {
			return nil, cli.Misuse(fmt.Errorf("--shard: %w", err))
		}
	}
	if r.Config, err = load(); err != nil {
		return nil, err
	}
	if len(r.Config.Sources) == 0 {
		return nil, &config.Error{File: r.Config.File, Key: "sources", Message: "no source is configured; add an entry, or uncomment one of those that `tokenaudit init` writes"}
	}
	return r, nil
}

// Inventory makes the document of what was read.
func (r *Collection) Inventory(sources []inventory.Source) inventory.Inventory {
	inv := inventory.Inventory{Schema: inventory.Schema, Tool: r.Host.Tool, Only: r.Options.Sources, OnlyLabels: r.labels, SourcesDigest: r.Config.SourcesDigest, CollectedUntil: inventory.CollectedUntil(sources), Sources: sources}
	if r.Options.Shard != "" {
		inv.Shard = &inventory.Shard{Index: r.shard.Index, Count: r.shard.Count, Config: r.Config.Digest}
	}
	return inv
}

// Scope says what the reading is restricted to; nil for nothing.
func (r *Collection) Scope(rules []string) *report.Scope {
	// As a saved inventory is restricted: the order on the command line is of no account.
	sources := slices.Compact(slices.Sorted(slices.Values(r.Options.Sources)))
	scope := &report.Scope{Sources: sources, Labels: r.labels, Rules: rules}
	if r.Options.Shard != "" {
		scope.Shard = r.shard.String()
	}
	return scope.Compact()
}

// entries resolves the secrets.
func (r *Collection) entries(ctx context.Context) ([]collectors.Entry, error) {
	entries, err := r.Config.Entries(ctx, r.Environment)
	if err != nil {
		return nil, err
	}
	for i := range entries {
		if rate := r.Options.Rate; rate > 0 && (entries[i].RequestsPerSecond == 0 || rate < entries[i].RequestsPerSecond) {
			entries[i].RequestsPerSecond = rate
		}
	}
	return entries, nil
}

// session makes the HTTP session that all collectors share. observe may be nil.
func (r *Collection) session(ctx context.Context, observe func(cmsapi.Event)) (*cmsapi.Session, error) {
	o := cmsapi.Options{
		UserAgent: "tokenaudit/" + r.Host.Tool.Version,
		MaxWait:   cmp.Or(r.Options.MaxWait, r.Config.Limits.MaxWait),
		TotalWait: cmp.Or(r.Options.TotalWait, r.Config.Limits.TotalWait),
		Transport: r.Host.Transport,
		Unpaced:   r.Unpaced,
		Observe:   observe,
		Secrets:   r.Secrets,
	}
	if r.Host.Verbose {
		o.Log = requestLog(r.Host.Console.Err)
	}
	if r.Options.CABundle != "" {
		bundle, err := readBundle(ctx, r.Options.CABundle)
		if err != nil {
			return nil, cli.Misuse(fmt.Errorf("--ca-bundle: %w", err))
		}
		o.CABundle = bundle
	}
	session, err := cmsapi.NewSession(o)
	if err != nil {
		return nil, cli.Misuse(err)
	}
	return session, nil
}

func readBundle(ctx context.Context, path string) ([]byte, error) {
	f, err := interruptible.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // opened for reading only
	bundle, err := io.ReadAll(io.LimitReader(f, maxBundle+1))
	if err != nil {
		return nil, err
	}
	if len(bundle) > maxBundle {
		return nil, fmt.Errorf("%s is larger than %d MiB", path, maxBundle>>20)
	}
	return bundle, nil
}

// requestLog writes one line a request: what the session logs, without the
// time, so that two logs can be compared.
func requestLog(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(groups []string, attr slog.Attr) slog.Attr {
			if len(groups) == 0 && (attr.Key == slog.TimeKey || attr.Key == slog.LevelKey) {
				return slog.Attr{}
			}
			return attr
		},
	}))
}

// Collect reads everything the configuration reaches and passes each source to
// take as it is done, one at a time. Nothing is sent before all secrets are
// there. When ctx or the time limit ends, what was not read is in the sources
// as failed units.
func (r *Collection) Collect(ctx context.Context, take func(inventory.Source) error) error {
	ctx, cancel := r.limit(ctx)
	defer cancel()
	take, end, err := r.comparing(ctx, take)
	if err != nil {
		return err
	}
	defer end()
	entries, err := r.entries(ctx)
	if err != nil {
		return err
	}
	r.warnOfPlaceholders(entries)
	progress := &collectors.Progress{}
	session, err := r.session(ctx, progress.Observe)
	if err != nil {
		return err
	}
	defer session.Close()
	show := r.Host.Console.ShowProgress(progress, r.Host.Verbose)
	result, err := collectors.Collect(ctx, collectors.Options{
		Registry: r.Host.Registry, Entries: entries,
		Run:     r.run(session),
		Sources: r.Options.Sources, Labels: r.labels, Shard: r.shard, Progress: progress,
		Resume: r.earlier,
	}, take)
	show.Stop()
	if err != nil {
		return err
	}
	r.Host.Console.WarnAll(result.Warnings)
	r.tellResumed(result)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		r.Host.Console.Warn("the time limit was reached; what was seen until then follows, and the rest is marked as missing")
	case result.Interrupted:
		r.Host.Console.Warn("interrupted; what was seen until then follows, and the rest is marked as missing")
	}
	return nil
}

// limit bounds the whole reading by time, the commands that print secrets too.
func (r *Collection) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if limit := cmp.Or(r.Options.Timeout, r.Config.Limits.Timeout); limit > 0 {
		return context.WithTimeout(ctx, limit)
	}
	return context.WithCancel(ctx)
}

// prober makes the collector of an entry; nil if it has nothing to check.
func (r *Collection) prober(e collectors.Entry, session *cmsapi.Session) (collectors.Prober, error) {
	definition, ok := r.Host.Registry.Lookup(e.CMS)
	if !ok {
		return nil, fmt.Errorf("no collector for %s", e.CMS)
	}
	collector, err := definition.New(e, r.run(session))
	if err != nil {
		return nil, fmt.Errorf("%s:%d: %s: %w", e.Origin.File, e.Origin.Line, e.CMS, err)
	}
	prober, _ := collector.(collectors.Prober)
	return prober, nil
}

// run is what all collectors of the reading share.
func (r *Collection) run(session *cmsapi.Session) collectors.Run {
	return collectors.Run{API: session, Now: r.Now, Dir: r.Config.Dir, LookupEnv: r.Host.Environment.Lookup}
}

// Inputs are the files that the reading rests on.
func (r *Collection) Inputs() []places.Input {
	inputs := append(places.OfConfig(r.Config), places.Input{Path: r.Options.CABundle, Is: "the bundle of CA certificates"})
	if r.Options.Resume != options.ResumeLast {
		inputs = append(inputs, places.Input{Path: r.Options.Resume, Is: "the inventory to go on with"})
	}
	return append(inputs, places.InputsAs("a leak report", r.Options.Leaks)...)
}
