package collectors

import (
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

// better returns which of two readings of a source to go on with, and reports whether that
// is the earlier one: only where it has a list that the new one lacks. Tokens of one list
// refer to others, such as that of roles, so that lists of two readings are not mixed.
func (e earlier) better(read inventory.Source) (_ inventory.Source, kept bool) {
	old := e.byID[read.ID]
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
