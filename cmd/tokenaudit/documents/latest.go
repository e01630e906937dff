package documents

import (
	"fmt"
	"time"
)

// Latest keeps the latest of the times it sees, and the earliest.
type Latest struct {
	// Time is the latest; zero for none.
	Time     time.Time
	earliest time.Time
}

// Apart refuses what was collected too far apart: the latest is the audit time of all,
// and one of the year 9999 would make every token of the others an expired one.
func (l *Latest) Apart() error {
	if l.earliest.IsZero() || l.Time.Sub(l.earliest) <= maxApart {
		return nil
	}
	return fmt.Errorf("what is to be judged together was collected more than a year apart, at %s and at %s: set the audit time with --at",
		l.earliest.UTC().Format(time.RFC3339), l.Time.UTC().Format(time.RFC3339))
}

// See takes a time into account.
func (l *Latest) See(t time.Time) {
	if l.earliest.IsZero() || t.Before(l.earliest) && !t.IsZero() {
		l.earliest = t
	}
	if t.After(l.Time) {
		l.Time = t
	}
}

// maxApart is how far apart what is judged together may have been collected.
const maxApart = 366 * 24 * time.Hour
