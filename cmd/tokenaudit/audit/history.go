package audit

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/bundle"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/course"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/sealed"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/signature"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/store"
	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/history"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// patience is how long a store may take after an interruption.
const patience = 2 * time.Minute

// past is the history that a run is compared with, and that it is added to.
type past struct {
	// store is nil where memory is what a bundle holds of it.
	store *store.Store
	place store.Place
	// memory is what the store knew before the run.
	memory *store.Memory
	// sources are what the run reads.
	sources []inventory.Source
	// sourcesDigest says with which configuration of sources they are read; empty for saved ones.
	sourcesDigest string
	// seen is what the run saw; nil before it was judged.
	seen *store.Observation
}

// StorePlace returns where the history of runs is kept: the file that is named, else what
// the configuration says.
func StorePlace(ctx context.Context, p *program.Program, cfg *config.Config, file string) (store.Place, error) {
	if file != "" {
		if err := options.CheckStoreFile(file); err != nil {
			return store.Place{}, cli.Misuse(err)
		}
		return store.Place{File: file}, nil
	}
	file, postgres, err := cfg.StorePlace(ctx, p.Host().Environment)
	return store.Place{File: file, Postgres: postgres}, err
}

// keepHistory opens the store, if there is one.
func (au *Audit) keepHistory(ctx context.Context) error {
	place, err := StorePlace(ctx, au.program, au.config, au.options.Store)
	if err := cmp.Or(err, au.options.CheckNew(!place.IsZero())); err != nil || place.IsZero() {
		return err
	}
	if err := au.options.CheckStore(); err != nil {
		return cli.Misuse(err)
	}
	opened, err := store.Open(ctx, place)
	if err != nil {
		return err
	}
	au.past = &past{store: opened, place: place}
	return nil
}

// Close closes the store.
func (au *Audit) Close() {
	if au.past == nil || au.past.store == nil {
		return
	}
	if err := au.past.store.Close(); err != nil {
		au.program.Warn("store: %v", err)
	}
}

// LastInventory returns what the last run in the store read.
func (au *Audit) LastInventory(ctx context.Context) (inventory.Inventory, error) {
	if au.past == nil {
		return inventory.Inventory{}, cli.Misuse(errors.New("--resume last needs a store that has the last run"))
	}
	seen, err := au.past.store.At(ctx, au.program.Now())
	if err == nil && seen == nil {
		err = errors.New("--resume last: the store has no run yet; scan everything")
	}
	if err != nil {
		return inventory.Inventory{}, err
	}
	return seen.Inventory()
}

// checkClock refuses a scan that is earlier than the runs in the store.
func (au *Audit) checkClock(ctx context.Context, at time.Time) error {
	if au.past == nil {
		return nil
	}
	return au.past.store.CheckClock(ctx, at)
}

// knowThePast adds to the evidence what the runs before a moment knew.
func (au *Audit) knowThePast(ctx context.Context, at time.Time) error {
	if au.past == nil {
		return nil
	}
	au.past.sources = nil
	if au.past.store != nil {
		past, err := au.past.store.Past(ctx, at)
		if err != nil {
			return err
		}
		au.past.memory = &store.Memory{Past: past}
	}
	au.evidence.Recall(au.past.memory.Past)
	if !au.flags.Sealed {
		// The evidence has what it needs of it.
		au.past.memory.Past = nil
	}
	return nil
}

// outlast uses the store for a run that has read its sources. An interruption does not end
// that, so that what was seen until then is reported and kept; a store that hangs does not
// hold an interrupted run for ever.
func (p *past) outlast(ctx context.Context, use func(context.Context) error) error {
	lasting, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(patience):
			end()
		case <-lasting.Done():
		}
	})
	defer stop()
	err := use(lasting)
	if err != nil && lasting.Err() != nil {
		return fmt.Errorf("store: %s did not answer within %s after the interruption", p.place, patience)
	}
	return err
}

// compareWithPast notes what the run saw, and marks what is new since the last one.
func (au *Audit) compareWithPast(ctx context.Context, r *report.Report) error {
	if au.past == nil {
		return nil
	}
	files, err := au.context()
	if err != nil {
		return err
	}
	in := store.Input{Report: r, Sources: au.past.sources, Definitions: au.judge.Definitions(), SourcesDigest: au.past.sourcesDigest}
	for _, f := range files {
		in.Files = append(in.Files, store.File{Name: f.Name, Origin: f.Origin, Data: f.Data})
	}
	if au.past.seen, err = store.Observe(in); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if au.past.store != nil {
		err := au.past.outlast(ctx, func(ctx context.Context) (err error) {
			au.past.memory.Known, err = au.past.store.Known(ctx, r)
			return err
		})
		if err != nil {
			return err
		}
	}
	if au.past.memory.Known == nil {
		return nil
	}
	found, err := au.past.memory.Known.Compare(r, au.past.seen)
	if err == nil && !found && au.gate.OnlyNew {
		au.program.Note("the store has no earlier run: every finding counts as new")
	}
	return err
}

// knowTheCourse reads how things have developed until the run, where an output shows that.
func (au *Audit) knowTheCourse(ctx context.Context, r *report.Report) error {
	if au.past == nil || au.past.seen == nil || !au.flags.UsesTrend() {
		return nil
	}
	return au.past.outlast(ctx, func(ctx context.Context) error {
		c, err := course.With(ctx, au.past.store, au.past.seen)
		if err != nil {
			return fmt.Errorf("store: %w", err)
		}
		au.flags.Trend = c.LastYear(r.At, r.Deadlines)
		return nil
	})
}

// context returns what verdicts rest on besides the inventory, as a bundle holds it.
func (au *Audit) context() ([]bundle.File, error) {
	configuration, err := sealed.Write(au.config)
	if err != nil {
		return nil, err
	}
	rules, err := sealedRules(au.custom)
	if err != nil {
		return nil, err
	}
	files := []bundle.File{{Name: bundle.Configuration, Data: configuration}}
	return append(append(files, sealedEvidence(au.evidence.Contents)...), rules...), nil
}

// writePast adds the run to the store, after its report was written: a run whose report
// nobody got is one that is made again.
func (au *Audit) writePast(ctx context.Context, r *report.Report) error {
	if au.past == nil || au.past.seen == nil {
		return nil
	}
	var out store.Outcome
	err := au.past.outlast(ctx, func(ctx context.Context) (err error) {
		out, err = au.writeRun(ctx, r)
		return err
	})
	if err != nil {
		return err
	}
	switch {
	case out.Missing > 0:
		au.program.Note("kept in %s; %s of the run still to come", au.past.place, safetext.Plural(out.Missing, "shard", "shards"))
	case out.Known:
		au.program.Note("%s had this run already, as run %d", au.past.place, out.Run)
	default:
		au.program.Note("kept in %s as run %d", au.past.place, out.Run)
	}
	return nil
}

func (au *Audit) writeRun(ctx context.Context, r *report.Report) (store.Outcome, error) {
	if r.Scope == nil || r.Scope.Shard == "" {
		return au.past.store.Write(ctx, au.past.seen)
	}
	shard, err := collectors.ParseShard(r.Scope.Shard)
	if err != nil {
		return store.Outcome{}, err
	}
	return au.past.store.WriteShard(ctx, au.past.seen, shard.Index, shard.Count)
}

// Recall judges again what a run saw, by its rules and settings, with what the runs before
// it knew. same reports whether the verdicts are those of the run, word by word.
func Recall(ctx context.Context, p *program.Program, seen *store.Observation, past []history.Reading) (r *report.Report, same bool, err error) {
	b, err := bundleOf(seen)
	if err != nil {
		return nil, false, err
	}
	r, rules, err := derive(ctx, p, b, &store.Memory{Past: past})
	if err != nil {
		return nil, false, err
	}
	inv, err := seen.Inventory()
	if err != nil {
		return nil, false, err
	}
	again, err := store.Observe(store.Input{
		Report: r, Sources: inv.Sources, SourcesDigest: seen.Run.SourcesDigest, Definitions: rules.Definitions(), Files: seen.Run.Files,
	})
	if err != nil {
		return nil, false, err
	}
	return r, again.Run.ID == seen.Run.ID, nil
}

// Seal packs what a run saw, its rules and settings, and what the store knew before it, with
// the report that all of it comes to, and returns that.
func Seal(ctx context.Context, p *program.Program, seen *store.Observation, memory *store.Memory, file string, signers []signature.Signer) (*report.Report, error) {
	b, err := bundleOf(seen)
	if err != nil {
		return nil, err
	}
	known, err := memory.Encode()
	if err != nil {
		return nil, err
	}
	b.Files = append(b.Files, bundle.File{Name: bundle.History, Data: known})
	r, err := Derive(ctx, p, b)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := r.WriteJSON(&text); err != nil {
		return nil, err
	}
	b.Files = append(b.Files, bundle.File{Name: bundle.Report, Data: text.Bytes()})
	au := &Audit{program: p, sealFile: file, signers: signers}
	return r, au.writeBundle(ctx, b)
}

// bundleOf returns what a run saw as a bundle without a report.
func bundleOf(seen *store.Observation) (*bundle.Bundle, error) {
	inv, err := seen.Inventory()
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := codec.Write(&text, inv); err != nil {
		return nil, err
	}
	b := &bundle.Bundle{At: seen.Run.At}
	if scope := seen.Run.Scope; scope != nil {
		b.Only = scope.Rules
	}
	for _, f := range seen.Run.Files {
		b.Files = append(b.Files, bundle.File{Name: f.Name, Origin: f.Origin, Data: f.Data})
	}
	b.Files = append(b.Files, bundle.File{Name: bundle.Number(bundle.Inventories, 0, ".json"), Data: text.Bytes()})
	return b, nil
}
