//go:build linux

package store

import (
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
)

// A waiver ends with its last day, whenever the next run is.
func TestWaivedDaysEndWithTheWaiver(t *testing.T) {
	s := newFile(t)
	on := func(day int, findings ...string) Input {
		return seenOn(time.Date(2026, 11, day, 3, 0, 0, 0, time.UTC), inventory.CompleteUnit("management", inventory.Management), findings...)
	}
	waived := func(day int) int {
		t.Helper()
		r := on(day, "owner/c high").Report
		known, err := s.Known(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		return known.Findings[r.Findings[0].Fingerprint].WaivedDays
	}
	write(t, s, observe(t, scan{Input: on(22, "owner/c high")}))
	if last, after := waived(31), waived(50); last != 9 || after != 10 {
		t.Errorf("from 22 November on, waived until 1 December: %d days on that day, and %d long after", last, after)
	}
	open := on(60, "owner/c high")
	open.Report.Findings[0].Status, open.Report.Findings[0].Waiver = policies.Fail, nil
	write(t, s, observe(t, scan{Input: open}))
	if got := waived(70); got != 10 {
		t.Errorf("after a run without the waiver: %d days", got)
	}
}
