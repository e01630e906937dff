package report

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/deadlines"
)

// Changes count what became of findings since an earlier run, waived ones among them.
type Changes struct {
	// Since is the audit time of the earlier run.
	Since time.Time `json:"since"`
	New   int       `json:"new"`
	// Reopened were resolved and are back.
	Reopened  int `json:"reopened"`
	Unchanged int `json:"unchanged"`
	Resolved  int `json:"resolved"`
	// Stale could not be checked again: they may be open.
	Stale int `json:"stale"`
	// Oldest is the most days that a finding is open which is not waived, stale ones
	// among them, by severity; a severity without a finding of known age is left out.
	Oldest map[policies.Severity]int `json:"oldest"`
	// Overdue counts the findings that fail and are overdue, by severity; nil without deadlines.
	Overdue map[policies.Severity]int `json:"overdue,omitzero"`
}

// CountChanges sets Changes to what the findings and the baseline say, nil without one, and
// says of the findings when they are due.
func (r *Report) CountChanges() {
	for _, findings := range [][]*Finding{r.Findings, r.Stale, r.Resolved} {
		for _, f := range findings {
			r.setDue(f)
		}
	}
	r.Changes = nil
	if r.Baseline == nil {
		return
	}
	c := &Changes{Since: r.Baseline.At, Resolved: len(r.Resolved), Stale: len(r.Stale), Oldest: map[policies.Severity]int{}}
	for _, f := range r.Findings {
		switch f.Baseline {
		case BaselineNew:
			c.New++
		case BaselineReopened:
			c.Reopened++
		case BaselineUnchanged:
			c.Unchanged++
		}
	}
	for _, findings := range [][]*Finding{r.Findings, r.Stale} {
		for _, f := range findings {
			if f.OpenDays == nil || f.Status != policies.Fail {
				continue
			}
			if days, ok := c.Oldest[f.Severity]; !ok || *f.OpenDays > days {
				c.Oldest[f.Severity] = *f.OpenDays
			}
		}
	}
	if r.Deadlines != nil {
		c.Overdue = map[policies.Severity]int{}
		for _, f := range r.Overdue() {
			c.Overdue[f.Severity]++
		}
	}
	r.Changes = c
}

// setDue says when a finding is due, and how long that is past.
func (r *Report) setDue(f *Finding) {
	f.Due, f.OverdueDays = "", 0
	days, ok := r.Deadlines.Of(f.Rule, f.Team, f.Severity)
	if !ok || f.FirstSeen.IsZero() || f.Resolution != "" && !f.Resolution.Stale() {
		return
	}
	if r.Deadlines.StopWaived {
		if f.Status == policies.Waived {
			return
		}
		days += f.WaivedDays
	}
	due := deadlines.Day(f.FirstSeen).AddDate(0, 0, days)
	f.Due, f.OverdueDays = due.Format(time.DateOnly), max(0, deadlines.DaysBetween(due, r.At))
}

// Overdue returns the findings that fail and are overdue.
func (r *Report) Overdue() []*Finding {
	var overdue []*Finding
	for _, f := range r.Findings {
		if f.OverdueDays > 0 && f.Status == policies.Fail {
			overdue = append(overdue, f)
		}
	}
	return overdue
}

// UnknownDue counts the findings that fail and have a deadline that nobody knows, because it
// is unknown since when they are there.
func (r *Report) UnknownDue() int {
	n := 0
	for _, f := range r.Findings {
		if _, ok := r.Deadlines.Of(f.Rule, f.Team, f.Severity); ok && f.FirstSeen.IsZero() && f.Status == policies.Fail {
			n++
		}
	}
	return n
}

// SeenSince says since when a finding is known, and how long that is at the audit time. A
// zero first leaves both unknown, and one after the audit time the second.
func (f *Finding) SeenSince(first, at time.Time) {
	f.FirstSeen, f.OpenDays = first.UTC(), nil
	if days := int(at.Sub(first) / (24 * time.Hour)); !first.IsZero() && !first.After(at) {
		f.OpenDays = &days
	}
}

// checkAges reports what does not agree with the audit time and the baseline.
func checkAges(r *Report) error {
	lists := map[string][]*Finding{"findings": r.Findings, "resolved": r.Resolved, "stale": r.Stale}
	had := map[string][]Finding{}
	for name, findings := range lists {
		for _, f := range findings {
			had[name] = append(had[name], *f)
			f.SeenSince(f.FirstSeen, r.At)
		}
	}
	changes := r.Changes
	r.CountChanges()
	for _, name := range []string{"findings", "resolved", "stale"} {
		for i := range lists[name] {
			is, was := lists[name][i], &had[name][i]
			switch {
			case !reflect.DeepEqual(is.OpenDays, was.OpenDays):
				return fmt.Errorf("/%s/%d/open_days is not the time from first_seen to the audit time", name, i)
			case is.Due != was.Due || is.OverdueDays != was.OverdueDays:
				return fmt.Errorf("/%s/%d/due or overdue_days is not what first_seen and the deadlines say", name, i)
			case !is.FirstSeen.IsZero() && is.OpenDays == nil && name == "findings":
				return fmt.Errorf("/%s/%d/first_seen is after the audit time", name, i)
			}
		}
	}
	if changes != nil && (r.Changes == nil || !reflect.DeepEqual(changes.utc(), r.Changes.utc())) {
		return errors.New("/changes does not match the findings and the baseline")
	}
	return nil
}

// utc returns the changes with their time in UTC.
func (c *Changes) utc() Changes {
	copied := *c
	copied.Since = c.Since.UTC()
	return copied
}
