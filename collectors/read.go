package collectors

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"

	"github.com/sourcegraph/conc/panics"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// The names of the units that the run itself adds to a source.
const (
	// unitSource stands for all of a source: it could not be read as a whole.
	unitSource = "source"
	// unitSources stands for the sources that an entry of the configuration
	// reaches: they could not be listed.
	unitSources = "sources"
	// unitTokens stands for tokens that a collector has made in a way that no
	// rule could judge.
	unitTokens = "tokens"
)

// gap is a part of an entry that could not be discovered: a source with a
// failed unit.
type gap struct {
	entry  *openEntry
	source inventory.Source
}

// discover lists the sources of an entry, and what of them could not be
// listed. A run that has ended asks the collector all the same, which then sends
// nothing: it knows under which id the user has accepted that something is not read.
func (r *run) discover(ctx context.Context, e *openEntry) ([]inventory.Source, []gap) {
	if whole := r.earlier.whole(e.Origin); len(whole) > 0 {
		return whole, nil
	}
	found, err := guarded(func() ([]inventory.Source, error) { return e.collector.Discover(ctx) })
	var gaps []gap
	for _, err := range discoveryErrors(err) {
		s := inventory.Source{CMS: e.CMS, Kind: inventory.KindOrganization}
		unit := r.unitOf(ctx, unitSources, err)
		if d := (*DiscoveryError)(nil); errors.As(err, &d) {
			s = d.Source
			s.Tokens = nil
			unit = r.completed(ctx, d.Unit, d.Err)
		}
		if s.ID == "" {
			s.ID = entryID(e)
		}
		unit.Sources = true
		s.Units = []inventory.Unit{unit}
		gaps = append(gaps, gap{e, s})
	}
	return found, gaps
}

// discoveryErrors takes joined errors apart, as far as there are
// DiscoveryErrors among them.
func discoveryErrors(err error) []error {
	if err == nil {
		return nil
	}
	if d := (*DiscoveryError)(nil); errors.As(err, &d) {
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			var all []error
			for _, e := range joined.Unwrap() {
				all = append(all, discoveryErrors(e)...)
			}
			return all
		}
	}
	return []error{err}
}

// completed makes a unit of a DiscoveryError valid where the collector left
// something out.
func (r *run) completed(ctx context.Context, u inventory.Unit, err error) inventory.Unit {
	if u.Name == "" {
		u.Name = unitSources
	}
	if len(u.Kinds) == 0 {
		u.Kinds = inventory.AllKinds() // any token may be missing
	}
	if interrupted(ctx, err) {
		stopped := r.unitOf(ctx, u.Name, err)
		stopped.Kinds = u.Kinds
		return stopped
	}
	if u.Status != inventory.UnitPartial {
		u.Status = inventory.UnitFailed
	}
	if e := cmsapi.AsError(err); e != nil && u.Error == "" {
		u.Error = e.Class
	}
	if u.Error == "" {
		u.Error = inventory.ErrInternal
	}
	if u.Detail == "" {
		u.Detail = "the sources could not be listed"
	}
	return u
}

// read collects one source and delivers it.
func (r *run) read(ctx context.Context, e *openEntry, s inventory.Source) {
	r.slots <- struct{}{}
	defer func() { <-r.slots }()
	read, kept := r.earlier.kept(s.ID)
	if !kept {
		read, kept = r.again(ctx, e, s)
	}
	r.deliver(r.finish(e, read), kept)
}

// collect returns the source with its tokens, or with a failed unit that says
// why it could not be read.
func (r *run) collect(ctx context.Context, s inventory.Source, from func(context.Context, inventory.Source) (inventory.Source, error)) inventory.Source {
	began := r.options.Run.Now()
	read, err := guarded(func() (inventory.Source, error) {
		if ctx.Err() != nil {
			return s, ctx.Err()
		}
		return from(ctx, s)
	})
	if read.ID != s.ID {
		// After a panic, or from a collector that has lost it.
		read = s
	}
	if err != nil {
		read.Units = append(slices.Clone(read.Units), r.unitOf(ctx, unitSource, err))
	}
	if read.CollectedAt.IsZero() {
		read.CollectedAt = began
	}
	return read
}

// unitOf makes the failed unit of an error that concerns everything.
func (r *run) unitOf(ctx context.Context, name string, err error) inventory.Unit {
	kinds := inventory.AllKinds()
	if interrupted(ctx, err) {
		detail := "the run was interrupted before this was read"
		if errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
			detail = "the time limit of the run was reached before this was read"
		}
		return inventory.FailedUnit(name, inventory.ErrTimeout, detail, cmsapi.HintStopped, kinds...)
	}
	return cmsapi.UnitOf(name, kinds, false, err)
}

// interrupted reports whether an error is only that the run has ended.
func interrupted(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded))
}

// standIns returns the sources that stand for what could not be discovered,
// sorted by ID. It is called when everything else has ended.
func (r *run) standIns() []inventory.Source {
	slices.SortStableFunc(r.gaps, func(a, b gap) int { return a.entry.index - b.entry.index })
	byID := map[string]inventory.Source{}
	for _, g := range r.gaps {
		s := g.source
		if r.claimed[s.ID] != nil {
			// Another entry has read this very source: what this one could not see
			// of it is a gap of its own.
			s.ID = entryID(g.entry)
		}
		if first, ok := byID[s.ID]; ok {
			first.Units = merged(first.Units, s.Units)
			byID[s.ID] = first
			continue
		}
		s.CollectedAt = r.options.Run.Now()
		byID[s.ID] = r.finish(g.entry, s)
		r.options.Progress.update(s.CMS, func(p *CMSProgress) { p.Sources++ })
	}
	return slices.SortedFunc(maps.Values(byID), func(a, b inventory.Source) int { return strings.Compare(a.ID, b.ID) })
}

// entryID is the ID of the source that stands for an entry.
func entryID(e *openEntry) string { return fmt.Sprintf("%s/entries/%d", e.CMS, e.index+1) }

// finish stamps what the configuration says of a source, applies what holds for
// all CMSes, and makes sure that the source is valid.
func (r *run) finish(e *openEntry, s inventory.Source) inventory.Source {
	s.Labels = maps.Clone(e.Labels)
	s.Origin = e.Origin
	if s.CMS == "" {
		s.CMS = e.CMS
	}
	if s.Kind == "" {
		s.Kind = inventory.KindInstance
	}
	if !e.NeverAfter.IsZero() {
		s.NeverAfter = e.NeverAfter
	}
	if s.Facts == nil {
		s.Facts = maps.Clone(e.definition.Facts)
	}
	for _, state := range []*inventory.Ternary{&s.Auditor.ReadsSecrets, &s.Auditor.Writes, &s.Auditor.Necessary} {
		if *state == "" {
			*state = inventory.Unknown
		}
	}
	r.mu.Lock()
	if c := r.claimed[s.ID]; c != nil && c.entry == e {
		s.Units = merged(s.Units, c.units)
	}
	r.mu.Unlock()
	horizon := s.Horizon()
	for i := range s.Tokens {
		t := &s.Tokens[i]
		t.Expiry = inventory.NormaliseExpiry(t.Expiry, horizon)
		if t.Origin == (inventory.Origin{}) {
			t.Origin = e.Origin
		}
	}
	s.Normalise()
	return checked(e.definition.listed(s))
}

// checked leaves out tokens that contradict themselves or share an id, and
// says so in a failed unit: a mistake in a collector must not look like a pass.
func checked(s inventory.Source) inventory.Source {
	if s.Check() == nil {
		return s
	}
	var kept []inventory.Token
	var problem error
	seen := map[string]bool{}
	for _, t := range s.Tokens {
		err := t.Check()
		switch {
		case err == nil && t.Source != s.ID:
			err = fmt.Errorf("token %s belongs to another source", t.ID)
		case err == nil && seen[string(t.Planned)+" "+t.ID]:
			err = fmt.Errorf("two tokens have the id %s", t.ID)
		case err == nil:
			seen[string(t.Planned)+" "+t.ID] = true
			kept = append(kept, t)
			continue
		}
		if problem == nil {
			problem = fmt.Errorf("token %s: %w", t.ID, err)
		}
	}
	lost := len(s.Tokens) - len(kept)
	s.Tokens = kept
	if lost > 0 {
		s.Units = append(s.Units, cmsapi.UnitOf(unitTokens, inventory.AllKinds(), len(kept) > 0,
			fmt.Errorf("%d tokens were left out because of a bug in tokenaudit: %w", lost, problem)))
	}
	if err := s.Check(); err != nil {
		s.Units = merged(nil, append(s.Units, cmsapi.UnitOf(unitSource, inventory.AllKinds(), true,
			fmt.Errorf("the source is not consistent because of a bug in tokenaudit: %w", err))))
	}
	s.Normalise()
	return s
}

// merged joins units; of two with one name the worse one stays, at the place of
// the first.
func merged(units, more []inventory.Unit) []inventory.Unit {
	var all []inventory.Unit
	for _, u := range slices.Concat(units, more) {
		i := slices.IndexFunc(all, func(v inventory.Unit) bool { return v.Name == u.Name })
		switch {
		case i < 0:
			all = append(all, u)
		case all[i].Status == inventory.UnitComplete || all[i].Status == inventory.UnitPartial && u.Status == inventory.UnitFailed:
			all[i] = u
		}
	}
	return all
}

// guarded turns a panic into an error of class internal that names the
// function, and not the value, which may hold what a CMS has sent.
func guarded[T any](f func() (T, error)) (result T, err error) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		callers := make([]uintptr, 64)
		callers = callers[:runtime.Callers(1, callers)]
		// What conc has caught in a goroutine of the collector it panics with again.
		if r, ok := v.(*panics.Recovered); ok {
			v, callers = r.Value, r.Callers
		}
		message := "an internal error"
		if e, ok := v.(runtime.Error); ok {
			message = e.Error()
		}
		err = &cmsapi.Error{Class: inventory.ErrInternal, Message: message + panickedIn(callers),
			Hint: "This is a bug in tokenaudit. Please report it."}
	}()
	return f()
}

// panickedIn names the function of this project that was called last before a
// panic.
func panickedIn(callers []uintptr) string {
	frames := runtime.CallersFrames(callers)
	panicking := false
	for {
		frame, more := frames.Next()
		panicking = panicking || frame.Function == "runtime.gopanic"
		if name, ok := strings.CutPrefix(frame.Function, "github.com/tokenaudit/tokenaudit/"); ok && panicking {
			return fmt.Sprintf(" in %s, line %d", name, frame.Line)
		}
		if !more {
			return ""
		}
	}
}
