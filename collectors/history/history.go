// Package history adds to an inventory what earlier inventories of the same
// sources knew. It only ever narrows what is unknown: it never makes a token
// look unused for longer, or older, than all that is known proves.
package history

import (
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// History is what earlier inventories said. The zero value says nothing. It may
// be read concurrently once it is complete.
type History struct {
	// reads are the earlier readings of each source, by its id.
	reads map[string][]reading
	// uses are the earlier last uses of each token, by its id.
	uses map[string][]observation
}

// Apply returns a source with what is known added. The tokens of s are not changed.
// Planned tokens are left alone.
func (h *History) Apply(s inventory.Source) inventory.Source {
	if len(h.reads) == 0 {
		return s
	}
	s.Tokens = slices.Clone(s.Tokens)
	for i := range s.Tokens {
		t := &s.Tokens[i]
		if t.Planned == "" {
			t.FirstSeen = h.firstSeen(s, *t)
			t.LastUsed = h.chained(s.CollectedAt, *t)
		}
	}
	return s
}
