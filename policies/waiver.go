package policies

import (
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// Expired reports whether the waiver is over at a moment. A date covers its whole
// day, UTC. A date that cannot be read is over: a waiver must not outlive a typing error.
func (w Waiver) Expired(at time.Time) bool {
	day, err := time.Parse(time.DateOnly, w.Expires)
	return err != nil || !at.Before(day.AddDate(0, 0, 1))
}

// Covers reports whether the globs of the waiver match a finding: its rule, and
// its token, or its source where the finding is about a source.
func (w Waiver) Covers(rule, subject string) bool {
	return Glob(w.Rule, rule) && Glob(w.Token, subject)
}

// Glob matches a whole text against a pattern in which only * is special: it
// stands for any text, slashes included.
func Glob(pattern, s string) bool { return inventory.MatchGlob(pattern, s) }
