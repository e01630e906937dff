package difference_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/difference"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

// A decision between two reports is a difference, in both directions.
func TestDiffShowsDecisions(t *testing.T) {
	before, after := reporttest.Readable(reporttest.Sample()), reporttest.Readable(reporttest.Sample())
	i := -1
	for n, f := range after.Findings {
		if f.Status == policies.Fail {
			i = n
			break
		}
	}
	waiver := policies.Waiver{Rule: after.Findings[i].Rule, Token: "*", Reason: "r", Owner: "o", ApprovedBy: "a", Expires: "2026-12-31"}
	after.Findings[i].Status, after.Findings[i].Waiver = policies.Waived, &waiver
	after.Waivers.Applied = append(after.Waivers.Applied, report.Waiver{Waiver: waiver})
	after.AcceptedGaps = append(after.AcceptedGaps, report.AcceptedGap{Source: "new/*", Unit: "tokens", State: report.GapApplied})
	after.Rules[0].Severity = policies.Info
	after.Rules[1].Params = map[string]any{"max_idle_days": 9999}
	after.Rules = after.Rules[:len(after.Rules)-1]

	there := difference.Between(reporttest.Snapshot(t, before), reporttest.Snapshot(t, after))
	if there.Empty() {
		t.Fatal("nothing changed")
	}
	d := there.Decisions
	if len(d.Waived) != 1 || d.Waived[0].Waiver.Owner != "o" || len(d.Unwaived) != 0 || len(d.GapsAccepted) != 1 || len(d.WaiversEnded) != 0 || len(d.GapsEnded) != 0 {
		t.Errorf("decisions %+v", d)
	}
	var got []string
	for _, c := range d.Rules {
		got = append(got, c.Rule+" "+c.Field+": "+c.Old+" > "+c.New)
	}
	gone, first, second := before.Rules[len(before.Rules)-1].ID, before.Rules[0], before.Rules[1]
	want := []string{
		gone + " in force: yes > no",
		first.ID + " severity: " + string(first.Severity) + " > info",
		second.ID + " params.max_idle_days: " + paramText(second) + " > 9999",
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	back := difference.Between(reporttest.Snapshot(t, after), reporttest.Snapshot(t, before)).Decisions
	if len(back.Unwaived) != 1 || len(back.Waived) != 0 || len(back.WaiversEnded) != 1 || back.WaiversEnded[0].Why != "removed" || len(back.GapsEnded) != 1 {
		t.Errorf("decisions back %+v", back)
	}
	if same := difference.Between(reporttest.Snapshot(t, after), reporttest.Snapshot(t, after)); !same.Empty() {
		t.Errorf("a report differs from itself: %+v", same.Decisions)
	}
}

// paramText is max_idle_days as a difference shows it; empty where a rule has none.
func paramText(r report.Rule) string {
	value, ok := r.Params["max_idle_days"]
	if !ok {
		return ""
	}
	return fmt.Sprint(value)
}
