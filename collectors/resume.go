package collectors

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// earlier is what an unfinished run of the same entries has read.
type earlier struct {
	byID map[string]inventory.Source
	// of are the sources by the entry that they were read with.
	of map[inventory.Origin][]inventory.Source
}

func earlierOf(sources []inventory.Source) earlier {
	e := earlier{map[string]inventory.Source{}, map[inventory.Origin][]inventory.Source{}}
	for _, s := range sources {
		e.byID[s.ID] = s
		e.of[s.Origin] = append(e.of[s.Origin], s)
	}
	return e
}

// whole returns the sources of an entry of which nothing is missing: neither a list of one
// of them nor the list of them. It is empty where the entry has to be asked again.
func (e earlier) whole(entry inventory.Origin) []inventory.Source {
	sources := e.of[entry]
	if entry == (inventory.Origin{}) || slices.ContainsFunc(sources, incomplete) {
		return nil
	}
	return slices.Clone(sources)
}

// incomplete reports whether a list of a source was not read, or not to its end.
func incomplete(s inventory.Source) bool {
	return slices.ContainsFunc(s.Units, func(u inventory.Unit) bool { return u.Status != inventory.UnitComplete })
}

// kept returns the source as it was read earlier, where it was read whole.
func (e earlier) kept(id string) (inventory.Source, bool) {
	s, ok := e.byID[id]
	return s, ok && !incomplete(s)
}

// maxApart is how long two readings of a source may be apart of which lists are joined: the
// source has one time, that of the first.
const maxApart = 24 * time.Hour

// separate returns an earlier reading of a source of which nothing is missing but separate
// lists, with those of them that it has; none where the source has to be read as a whole.
func (e earlier) separate(c Collector, id string, now time.Time) (old inventory.Source, lists Separable, has []string) {
	old, ok := e.byID[id]
	lists, separable := c.(Separable)
	if !ok || !separable || now.Sub(old.CollectedAt) > maxApart {
		return old, nil, nil
	}
	ids := lists.Separate()
	for _, u := range old.Units {
		_, separate := ids[u.Name]
		switch whole := u.Status == inventory.UnitComplete; {
		case separate && whole:
			has = append(has, u.Name)
		case !separate && !whole, u.Sources:
			return old, nil, nil
		}
	}
	return old, lists, has
}

// goesOn returns an earlier reading of a source, and how to read the parts of lists that it
// lacks; nil where the source has to be read otherwise.
func (e earlier) goesOn(c Collector, id string, now time.Time) (old inventory.Source, collect func(context.Context, inventory.Source) (inventory.Source, error)) {
	old, ok := e.byID[id]
	if parts, inParts := c.(Continuer); ok && inParts && now.Sub(old.CollectedAt) <= maxApart {
		collect = parts.Continue(old)
	}
	return old, collect
}

// supported reports whether all lists that are not separate were read: lists of an earlier
// reading rest on them, too.
func supported(read inventory.Source, lists map[string]string) bool {
	return !slices.ContainsFunc(read.Units, func(u inventory.Unit) bool {
		_, separate := lists[u.Name]
		return !separate && u.Status != inventory.UnitComplete
	})
}

// again reads a source that no earlier run has read whole: of one that lacks separate lists,
// or parts of a list, alone, these.
func (r *run) again(ctx context.Context, e *openEntry, s inventory.Source) (_ inventory.Source, kept bool) {
	now := r.options.Run.Now()
	if old, collect := r.earlier.goesOn(e.collector, s.ID, now); collect != nil {
		read := r.collect(ctx, s, collect)
		read.CollectedAt = old.CollectedAt
		return r.better(read)
	}
	old, separable, has := r.earlier.separate(e.collector, s.ID, now)
	if len(has) == 0 {
		return r.earlier.better(r.collect(ctx, s, e.collector.Collect))
	}
	lists := separable.Separate()
	read := r.collect(ctx, s, func(ctx context.Context, s inventory.Source) (inventory.Source, error) {
		return separable.CollectWithout(ctx, s, has)
	})
	if !supported(read, lists) {
		if ctx.Err() != nil {
			return old, true
		}
		return r.earlier.better(r.collect(ctx, s, e.collector.Collect))
	}
	return r.better(joined(read, old, lists, has))
}

// better is earlier.better of a reading that has lists, or parts of one, of the earlier one.
func (r *run) better(joined inventory.Source) (_ inventory.Source, kept bool) {
	read, kept := r.earlier.better(joined)
	if !kept {
		r.mu.Lock()
		r.joined++
		r.mu.Unlock()
	}
	return read, kept
}

// joined returns a reading without the lists has, with these as the earlier one has them. Its
// time is that of the earlier one, with which the reading of the source began.
func joined(read, old inventory.Source, lists map[string]string, has []string) inventory.Source {
	ofOld := func(t inventory.Token) bool {
		return slices.ContainsFunc(has, func(list string) bool { return strings.HasPrefix(t.ID, old.ID+lists[list]) })
	}
	tokens := slices.DeleteFunc(slices.Clone(read.Tokens), ofOld)
	for _, t := range old.Tokens {
		if ofOld(t) {
			tokens = append(tokens, t)
		}
	}
	read.Tokens, read.CollectedAt = tokens, old.CollectedAt
	read.Units = slices.Clone(read.Units)
	at := 0
	for _, u := range old.Units {
		if i := slices.IndexFunc(read.Units, func(v inventory.Unit) bool { return v.Name == u.Name }); i >= 0 {
			at = i + 1
			continue
		}
		read.Units = slices.Insert(read.Units, at, u)
		at++
	}
	read.Auditor = joinedAuditor(read.Auditor, old.Auditor)
	return read
}

// joinedAuditor returns what either reading knows of the auditor.
func joinedAuditor(read, old inventory.Auditor) inventory.Auditor {
	unknown := inventory.Auditor{ReadsSecrets: inventory.Unknown, Writes: inventory.Unknown, Necessary: inventory.Unknown, Detail: read.Detail}
	if read == unknown {
		return old
	}
	for _, fact := range []struct{ of, was *inventory.Ternary }{{&read.ReadsSecrets, &old.ReadsSecrets}, {&read.Writes, &old.Writes}, {&read.Necessary, &old.Necessary}} {
		if *fact.of == inventory.Unknown {
			*fact.of = *fact.was
		}
	}
	return read
}

// better returns which of two readings of a source to go on with, and reports whether that
// is the earlier one: only where it has a list that the new one lacks, and that is not whole.
// A list that is only read in place of another is none that is missing. Tokens of one list
// refer to others, such as that of roles, so that lists of two readings are not mixed.
func (e earlier) better(read inventory.Source) (_ inventory.Source, kept bool) {
	old := e.byID[read.ID]
	if !incomplete(read) {
		return read, false
	}
	for _, u := range old.Units {
		if u.Status == inventory.UnitComplete && !slices.ContainsFunc(read.Units, func(v inventory.Unit) bool { return v.Name == u.Name && v.Status == u.Status }) {
			return old, true
		}
	}
	return read, false
}

// leftBehind returns the earlier sources that this run has not come to: they are kept as
// they were read, and named. One that only stands for sources that could not be listed is
// not: the entry was asked again, and says itself what it could not list.
func (r *run) leftBehind() map[string]inventory.Source {
	left := map[string]inventory.Source{}
	for _, s := range r.options.Resume {
		if r.claimed[s.ID] != nil || slices.Contains(r.seen, s.ID) || standsIn(s) {
			continue
		}
		left[s.ID] = s
		r.warnings = append(r.warnings, fmt.Sprintf("source %s was not found again: it is kept as it was read at %s", s.ID, s.CollectedAt.UTC().Format(time.RFC3339)))
	}
	return left
}

// rest delivers, sorted by ID, what stands for lists of sources that could not be read, and
// what an earlier run had read and this one has not come to.
func (r *run) rest() {
	left := r.leftBehind()
	all := r.standIns()
	for i, s := range all {
		if old, ok := left[s.ID]; ok {
			// It is one source, although only its tokens were found.
			old.Units = merged(old.Units, s.Units)
			all[i] = old
		}
	}
	for _, s := range left {
		if !slices.ContainsFunc(all, func(t inventory.Source) bool { return t.ID == s.ID }) {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b inventory.Source) int { return strings.Compare(a.ID, b.ID) })
	for _, s := range all {
		_, kept := left[s.ID]
		r.deliver(s, kept)
	}
}

// standsIn reports whether a source only says which sources could not be listed.
func standsIn(s inventory.Source) bool {
	return len(s.Tokens) == 0 && !slices.ContainsFunc(s.Units, func(u inventory.Unit) bool { return !u.Sources || u.Status == inventory.UnitComplete })
}
