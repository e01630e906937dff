// Package deadlines says by when a finding has to be removed: how many days after it was
// seen first, by its severity, the team that answers for it, and its rule.
package deadlines

import (
	"cmp"
	"time"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/owners"
)

// Days are whole days by severity.
type Days map[policies.Severity]int

// Deadlines are those of a configuration, in whole days of which the last one counts to its
// end, UTC. Of those that fit a finding the one of its rule wins, then that of its team, then
// that of its severity.
type Deadlines struct {
	Severity Days `json:"severity,omitempty"`
	// Rules are by id, for findings of any severity.
	Rules map[string]int `json:"rules,omitempty"`
	// Teams are by name; [owners.Unassigned] means no team.
	Teams map[string]Days `json:"teams,omitempty"`
	// StopWaived: days on which a finding is waived do not count, and a waived one has no
	// deadline.
	StopWaived bool `json:"stop_waived,omitempty"`
}

// Of returns how many days a finding may stay; false where it has no deadline. An empty team
// stands for none. Nil has no deadlines.
func (d *Deadlines) Of(rule, team string, severity policies.Severity) (days int, ok bool) {
	if d == nil {
		return 0, false
	}
	if days, ok = d.Rules[rule]; ok {
		return days, true
	}
	if days, ok = d.Teams[cmp.Or(team, owners.Unassigned)][severity]; ok {
		return days, true
	}
	days, ok = d.Severity[severity]
	return days, ok
}

// Day returns the day of a moment, UTC.
func Day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// DaysBetween counts the days from one moment to another by the calendar, UTC.
func DaysBetween(from, to time.Time) int { return int(Day(to).Sub(Day(from)) / (24 * time.Hour)) }
