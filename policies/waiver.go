package policies

import (
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// End returns when the waiver is over. A date covers its whole day, UTC. It is zero for a date
// that cannot be read: a waiver must not outlive a typing error.
func (w Waiver) End() time.Time {
	day, err := time.Parse(time.DateOnly, w.Expires)
	if err != nil {
		return time.Time{}
	}
	return day.AddDate(0, 0, 1)
}

// Expired reports whether the waiver is over at a moment.
func (w Waiver) Expired(at time.Time) bool { return !at.Before(w.End()) }

// Waivable is the finding that a waiver may cover.
type Waivable struct {
	Rule string
	// Subject is the id of the token, or of the source where it is about a source.
	Subject string
	// Name is that of the token; empty for a finding about a source.
	Name string
	// Key tells several findings of one rule on one subject apart; usually empty.
	Key string
}

// Covers reports whether the globs of the waiver match a finding, and its key is that of
// the finding, where it has one.
func (w Waiver) Covers(f Waivable) bool {
	return Glob(w.Rule, f.Rule) && Glob(w.Token, f.Subject) &&
		(w.Name == "" || f.Name != "" && Glob(w.Name, f.Name)) && (w.Key == "" || w.Key == f.Key)
}

// Glob matches a whole text against a pattern in which only * is special: it
// stands for any text, slashes included.
func Glob(pattern, s string) bool { return inventory.MatchGlob(pattern, s) }
