package history

import (
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// bounds are the ends of a last use: not before lo, not after hi. A zero lo
// means that there may have been no use at all.
type bounds struct{ lo, hi time.Time }

// boundsOf returns the bounds of a last use; false for one of which nothing is known.
func boundsOf(u inventory.LastUsed) (bounds, bool) {
	switch u.State {
	case inventory.LastUsedAt:
		return bounds{u.At, u.At}, true
	case inventory.LastUsedBetween:
		return bounds{u.Earliest, u.Latest}, true
	case inventory.LastUsedNoneOnRecord:
		return bounds{hi: u.Latest}, true
	}
	return bounds{}, false
}

// lastUsed makes the last use of bounds.
func (b bounds) lastUsed() inventory.LastUsed {
	switch {
	case b.lo.IsZero():
		return inventory.LastUsed{State: inventory.LastUsedNoneOnRecord, Latest: b.hi}
	case b.lo.Equal(b.hi):
		return inventory.LastUsed{State: inventory.LastUsedAt, At: b.lo}
	}
	return inventory.LastUsed{State: inventory.LastUsedBetween, Earliest: b.lo, Latest: b.hi}
}

// observed is a last use as a link of a chain.
func observed(at time.Time, u inventory.LastUsed) inventory.Observation {
	return inventory.Observation{
		CollectedAt: at, State: u.State, At: u.At, Earliest: u.Earliest, Latest: u.Latest, Evidence: u.Evidence, Word: u.Word,
	}
}
