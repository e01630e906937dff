package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/labels"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// maxBundle bounds a file of CA certificates, in bytes.
const maxBundle = 8 << 20

// reading is what is needed to read the configured sources.
type reading struct {
	app     *app
	options options.Read
	config  *config.Config
	shard   collectors.Shard
	labels  labels.Selector
	// environment is what the secrets are resolved against.
	environment config.Environment
	// now stamps the sources.
	now func() time.Time
	// unpaced sends requests as fast as an emulator takes them.
	unpaced bool
}

// newReading checks the flags and loads the configuration.
func (a *app) newReading(ctx context.Context, o options.Read) (*reading, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	r := &reading{app: a, options: o, environment: a.environment(), now: a.now, unpaced: a.unpaced}
	var err error
	if r.labels, err = options.ParseLabels(o.Labels); err != nil {
		return nil, err
	}
	if o.Shard != "" {
		if r.shard, err = collectors.ShardOf(o.Shard, a.lookup); err != nil {
			return nil, cli.Misuse(fmt.Errorf("--shard: %w", err))
		}
	}
	if r.config, err = a.loadConfig(ctx, o.Config, false); err != nil {
		return nil, err
	}
	if len(r.config.Sources) == 0 {
		return nil, &config.Error{File: r.config.File, Key: "sources", Message: "no source is configured; add an entry, or uncomment one of those that `tokenaudit init` writes"}
	}
	return r, nil
}

// inventory makes the document of what was read.
func (r *reading) inventory(sources []inventory.Source) inventory.Inventory {
	inv := inventory.Inventory{Schema: inventory.Schema, Tool: r.app.tool, Only: r.options.Sources, OnlyLabels: r.labels, Sources: sources}
	if r.options.Shard != "" {
		inv.Shard = &inventory.Shard{Index: r.shard.Index, Count: r.shard.Count, Config: r.config.Digest}
	}
	return inv
}

// scope says what the reading is restricted to; nil for nothing.
func (r *reading) scope(rules []string) *report.Scope {
	scope := &report.Scope{Sources: r.options.Sources, Labels: r.labels, Rules: rules}
	if r.options.Shard != "" {
		scope.Shard = r.shard.String()
	}
	return scope.Compact()
}

// entries resolves the secrets.
func (r *reading) entries(ctx context.Context) ([]collectors.Entry, error) {
	entries, err := r.config.Entries(ctx, r.environment)
	if err != nil {
		return nil, err
	}
	for i := range entries {
		if rate := r.options.Rate; rate > 0 && (entries[i].RequestsPerSecond == 0 || rate < entries[i].RequestsPerSecond) {
			entries[i].RequestsPerSecond = rate
		}
	}
	return entries, nil
}

// session makes the HTTP session that all collectors share. observe may be nil.
func (r *reading) session(ctx context.Context, observe func(cmsapi.Event)) (*cmsapi.Session, error) {
	o := cmsapi.Options{
		UserAgent: "tokenaudit/" + r.app.tool.Version,
		MaxWait:   cmp.Or(r.options.MaxWait, r.config.Limits.MaxWait),
		TotalWait: cmp.Or(r.options.TotalWait, r.config.Limits.TotalWait),
		Transport: r.app.transport,
		Unpaced:   r.unpaced,
		Observe:   observe,
	}
	if r.app.verbose {
		o.Log = requestLog(r.app.Err)
	}
	if r.options.CABundle != "" {
		bundle, err := readBundle(ctx, r.options.CABundle)
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

// collect reads everything the configuration reaches and gives each source to
// take as it is done, one at a time. Nothing is sent before all secrets are
// there. When ctx or the time limit ends, what was not read is in the sources
// as failed units.
func (r *reading) collect(ctx context.Context, take func(inventory.Source) error) error {
	ctx, cancel := r.limit(ctx)
	defer cancel()
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
	show := r.app.ShowProgress(progress, r.app.verbose)
	result, err := collectors.Collect(ctx, collectors.Options{
		Registry: r.app.registry, Entries: entries,
		Run:     r.run(session),
		Sources: r.options.Sources, Labels: r.labels, Shard: r.shard, Progress: progress,
	}, take)
	show.Stop()
	if err != nil {
		return err
	}
	r.app.warnAll(result.Warnings)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		r.app.Warn("the time limit is over; what was seen until then follows, and the rest is marked as missing")
	case result.Interrupted:
		r.app.Warn("interrupted; what was seen until then follows, and the rest is marked as missing")
	}
	return nil
}

// warnAll warns of what may quote untrusted text.
func (a *app) warnAll(warnings []string) {
	for _, warning := range warnings {
		a.Warn("%s", safetext.OneLine(warning))
	}
}

// limit bounds the whole reading by time, the commands that print secrets too.
func (r *reading) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if limit := cmp.Or(r.options.Timeout, r.config.Limits.Timeout); limit > 0 {
		return context.WithTimeout(ctx, limit)
	}
	return context.WithCancel(ctx)
}

// prober makes the collector of an entry; nil if it has nothing to check.
func (r *reading) prober(e collectors.Entry, session *cmsapi.Session) (collectors.Prober, error) {
	definition, ok := r.app.registry.Lookup(e.CMS)
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
func (r *reading) run(session *cmsapi.Session) collectors.Run {
	return collectors.Run{API: session, Now: r.now, Dir: r.config.Dir, LookupEnv: r.app.lookup}
}

// sortSources orders sources as an inventory has them.
func sortSources(sources []inventory.Source) {
	slices.SortFunc(sources, func(a, b inventory.Source) int { return strings.Compare(a.ID, b.ID) })
}

func (r *reading) inputs() []places.Input {
	return append(places.OfConfig(r.config), places.Input{Path: r.options.CABundle, Is: "the bundle of CA certificates"})
}
