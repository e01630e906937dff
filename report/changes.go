package report

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/tokenaudit/tokenaudit/policies"
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
	// Stale could not be looked at again: they may be open.
	Stale int `json:"stale"`
	// Oldest is the most days that a finding is open which is not waived, stale ones
	// among them, by severity; a severity without a finding of known age is left out.
	Oldest map[policies.Severity]int `json:"oldest"`
}

// CountChanges sets Changes to what the findings and the baseline say; nil without one.
func (r *Report) CountChanges() {
	r.Changes = nil
	if r.Baseline == nil {
		return
	}
	c := &Changes{Since: r.Baseline.At, Resolved: len(r.Resolved), Stale: len(r.Stale), Oldest: map[policies.Severity]int{}}
	for i := range r.Findings {
		switch r.Findings[i].Baseline {
		case BaselineNew:
			c.New++
		case BaselineReopened:
			c.Reopened++
		case BaselineUnchanged:
			c.Unchanged++
		}
	}
	for _, findings := range [][]Finding{r.Findings, r.Stale} {
		for i := range findings {
			f := &findings[i]
			if f.OpenDays == nil || f.Status != policies.Fail {
				continue
			}
			if days, ok := c.Oldest[f.Severity]; !ok || *f.OpenDays > days {
				c.Oldest[f.Severity] = *f.OpenDays
			}
		}
	}
	r.Changes = c
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
	for name, findings := range map[string][]Finding{"findings": r.Findings, "resolved": r.Resolved, "stale": r.Stale} {
		for i := range findings {
			f := &findings[i]
			had := f.OpenDays
			f.SeenSince(f.FirstSeen, r.At)
			if !reflect.DeepEqual(had, f.OpenDays) {
				return fmt.Errorf("/%s/%d/open_days is not the time from first_seen to the audit time", name, i)
			}
			if !f.FirstSeen.IsZero() && f.OpenDays == nil && name == "findings" {
				return fmt.Errorf("/%s/%d/first_seen is after the audit time", name, i)
			}
		}
	}
	had := r.Changes
	r.CountChanges()
	if had != nil && (r.Changes == nil || !reflect.DeepEqual(had.utc(), r.Changes.utc())) {
		return errors.New("/changes does not agree with the findings and the baseline")
	}
	return nil
}

// utc returns the changes with their time in UTC.
func (c *Changes) utc() Changes {
	copied := *c
	copied.Since = c.Since.UTC()
	return copied
}
