package history

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
)

// reading is one earlier reading of a source.
type reading struct {
	at time.Time
	// whole are the kinds of tokens whose lists were read to their end.
	whole map[inventory.Kind]bool
}

// observation is what one earlier inventory said of a token.
type observation struct {
	at   time.Time
	used inventory.LastUsed
}

// Reading is one earlier reading of a source.
type Reading struct {
	// Source is its id.
	Source string `json:"source"`
	// At is when the source was read.
	At time.Time `json:"at"`
	// Units are its lists.
	Units []inventory.Unit `json:"units,omitempty"`
	// Uses are the last uses of its tokens, by id. It may leave tokens out: less is known then.
	Uses map[string]inventory.LastUsed `json:"uses,omitempty"`
}

// Add reads an earlier inventory. Nothing is added if it cannot be
// read to its end.
func (h *History) Add(ctx context.Context, r io.Reader) error {
	var all []Reading
	err := codec.Read(ctx, r, codec.Limits{}, func(s inventory.Source) error {
		one := Reading{s.ID, s.CollectedAt, s.Units, make(map[string]inventory.LastUsed, len(s.Tokens))}
		for _, t := range s.Tokens {
			if t.Planned == "" {
				one.Uses[t.ID] = t.LastUsed
			}
		}
		all = append(all, one)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read an earlier inventory: %w", err)
	}
	for _, one := range all {
		h.See(one)
	}
	return nil
}

// See adds an earlier reading.
func (h *History) See(one Reading) {
	if h.reads == nil {
		h.reads, h.uses = map[string][]reading{}, map[string][]observation{}
	}
	h.reads[one.Source] = append(h.reads[one.Source], reading{one.At, WholeKinds(one.Units)})
	for id, used := range one.Uses {
		h.uses[id] = append(h.uses[id], observation{one.At, used})
	}
}

// WholeKinds returns of the kinds of tokens in lists whether a reading saw all of them.
func WholeKinds(units []inventory.Unit) map[inventory.Kind]bool {
	whole := map[inventory.Kind]bool{}
	for _, u := range units {
		for _, k := range u.Kinds {
			if _, ok := whole[k]; !ok {
				whole[k] = true
			}
			whole[k] = whole[k] && u.Status == inventory.UnitComplete
		}
	}
	return whole
}

// before returns the earlier observations of a token, newest first. Those that
// are not earlier than the inventory under judgement prove nothing about it.
func (h *History) before(at time.Time, id string) []observation {
	var earlier []observation
	for _, o := range h.uses[id] {
		if o.at.Before(at) {
			earlier = append(earlier, o)
		}
	}
	slices.SortStableFunc(earlier, func(a, b observation) int { return b.at.Compare(a.at) })
	return earlier
}

// chained narrows the last use of a token by what was seen before. The last use
// only moves forward: if it is now known to lie before an earlier reading, then
// nothing happened since, both saw the same use, and the bounds of both hold. A
// gap of one reading breaks the chain, because a use may hide in it.
func (h *History) chained(at time.Time, t inventory.Token) inventory.LastUsed {
	now, ok := boundsOf(t.LastUsed)
	if !ok {
		return t.LastUsed
	}
	chain := []inventory.Observation{observed(at, t.LastUsed)}
	for _, o := range h.before(at, t.ID) {
		if !now.hi.Before(o.at) {
			break
		}
		if o.used.State == inventory.LastUsedNever {
			// Not used then, and not since.
			chain = append(chain, observed(o.at, o.used))
			return inventory.LastUsed{State: inventory.LastUsedNever, Evidence: t.LastUsed.Evidence, Word: t.LastUsed.Word, Chain: chain}
		}
		was, ok := boundsOf(o.used)
		if !ok {
			break
		}
		both := bounds{latest(now.lo, was.lo), earliest(now.hi, was.hi)}
		if both.hi.Before(both.lo) {
			// The two contradict each other: the CMS has changed its record.
			break
		}
		now = both
		chain = append(chain, observed(o.at, o.used))
	}
	if len(chain) == 1 {
		return t.LastUsed
	}
	used := now.lastUsed()
	used.Evidence, used.Word, used.Chain = t.LastUsed.Evidence, t.LastUsed.Word, chain
	return used
}

// firstSeen bounds the creation of a token; nil where no earlier inventory says
// anything of its source.
func (h *History) firstSeen(s inventory.Source, t inventory.Token) *inventory.FirstSeen {
	if len(h.reads[s.ID]) == 0 {
		return t.FirstSeen
	}
	first := s.CollectedAt
	if earlier := h.before(s.CollectedAt, t.ID); len(earlier) > 0 {
		first = earlier[len(earlier)-1].at
	}
	seen := inventory.FirstSeen{At: first}
	for _, r := range h.reads[s.ID] {
		if r.at.Before(first) && r.whole[t.Kind] && r.at.After(seen.NotBefore) {
			seen.NotBefore = r.at
		}
	}
	return &seen
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
