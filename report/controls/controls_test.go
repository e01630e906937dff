package controls_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/relaxation"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/controls"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

func TestByControl(t *testing.T) {
	r := reporttest.Readable(reporttest.Sample())
	r.Relaxed = []relaxation.Relaxation{}
	r.Rules[0].Controls = map[string][]string{"owasp_nhi": {"NHI5:2025", "NHI99:2030"}}
	outcomes := func() map[string]report.ControlOutcome {
		got := map[string]report.ControlOutcome{}
		for _, c := range controls.Of(r, reporttest.Framework(t, "owasp-nhi")).Controls {
			if c.Outcome != report.ControlNoRule {
				got[c.ID] = c.Outcome
			}
		}
		return got
	}
	want := map[string]report.ControlOutcome{"NHI1:2025": report.ControlFails, "NHI5:2025": report.ControlFails, "NHI7:2025": report.ControlFails, "NHI8:2025": report.ControlFails, "NHI99:2030": report.ControlFails}
	if diff := cmp.Diff(want, outcomes()); diff != "" {
		t.Error(diff)
	}
	set := func(rule string, c policies.Counts) {
		for i := range r.Rules {
			if r.Rules[i].ID == rule {
				r.Rules[i].Statuses = c
			}
		}
	}
	set("unused-token", policies.Counts{NotEvaluated: 1, Pass: 5, Waived: 1})
	set("delivery-token-one-environment", policies.Counts{Pass: 5, Waived: 1})
	set("write-token-never-expires", policies.Counts{Pass: 5})
	set("delivery-token-can-write", policies.Counts{NotApplicable: 5})
	want = map[string]report.ControlOutcome{"NHI1:2025": report.ControlNotEvaluated, "NHI5:2025": report.ControlNotApplicable, "NHI7:2025": report.ControlPasses, "NHI8:2025": report.ControlWaived, "NHI99:2030": report.ControlNotApplicable}
	if diff := cmp.Diff(want, outcomes()); diff != "" {
		t.Error(diff)
	}
	// A rule that was not asked anywhere keeps its controls from passing.
	notAsked(r, r.Sources[0].ID, "write-token-never-expires")
	want["NHI7:2025"] = report.ControlNotEvaluated
	if diff := cmp.Diff(want, outcomes()); diff != "" {
		t.Error(diff)
	}
	for _, c := range controls.Of(r, reporttest.Framework(t, "owasp-nhi")).Controls {
		if c.ID == "NHI7:2025" && !slices.Equal(c.Reasons, []string{"write-token-never-expires: not given"}) {
			t.Errorf("the control says %q", c.Reasons)
		}
	}
	notAsked(r, r.Sources[0].ID, "of-no-control")
	// What was not read keeps a control from passing. What its rules judge is not in it
	// where they have no verdict: a list that may hold such tokens counts as not evaluated.
	r.Complete = false
	want["NHI7:2025"], want["NHI8:2025"] = report.ControlNotEvaluated, report.ControlNotEvaluated
	if diff := cmp.Diff(want, outcomes()); diff != "" {
		t.Error(diff)
	}
	r.Sources = nil
	want["NHI5:2025"], want["NHI99:2030"] = report.ControlNotEvaluated, report.ControlNotEvaluated
	if diff := cmp.Diff(want, outcomes()); diff != "" {
		t.Error(diff)
	}
}

// A control that is not evaluated says why: by the gaps of its rules, else by what the run
// lacks. No other control does.
func TestReasonsOfControls(t *testing.T) {
	r := reporttest.Sample()
	r.Relaxed = []relaxation.Relaxation{}
	r.Rules = []report.Rule{
		{ID: "a", Controls: map[string][]string{"owasp_nhi": {"NHI1:2025"}}, Statuses: policies.Counts{NotEvaluated: 9}},
		{ID: "b", Controls: map[string][]string{"owasp_nhi": {"NHI2:2025"}}, Statuses: policies.Counts{Pass: 1}},
		{ID: "c", Controls: map[string][]string{"owasp_nhi": {"NHI3:2025"}}, Statuses: policies.Counts{Fail: 1, NotEvaluated: 1}},
	}
	r.Gaps = []report.Gap{
		{Rule: "a", Reason: "no date", Count: 1}, {Rule: "a", Reason: "no use", Count: 3}, {Rule: "a", Reason: "no owner", Count: 2},
		{Rule: "a", Reason: "no use", Count: 1}, {Rule: "a", Reason: "no name", Count: 1}, {Rule: "c", Reason: "no date", Count: 1},
	}
	r.Complete, r.RuleErrors = false, []report.RuleError{{Rule: "b"}}
	got := map[string][]string{}
	for _, c := range controls.Of(r, reporttest.Framework(t, "owasp-nhi")).Controls {
		if c.Reasons != nil {
			got[c.ID] = c.Reasons
		}
	}
	want := map[string][]string{
		"NHI1:2025": {"4 verdicts: no use", "2 verdicts: no owner", "1 verdict: no date", "and 1 reason more"},
		"NHI2:2025": r.Shortfalls(),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Nor does a control pass in a run of which a list was not read, whoever accepted that: it
// says who did.
func TestAcceptedListsAreNoPass(t *testing.T) {
	r := reporttest.Readable(reporttest.Sample())
	r.Relaxed = []relaxation.Relaxation{}
	r.Rules = []report.Rule{{ID: "a", Controls: map[string][]string{"owasp_nhi": {"NHI1:2025"}}, Statuses: policies.Counts{Pass: 1}}}
	r.Gaps = []report.Gap{}
	id := r.Sources[0].ID
	r.Sources[0].Units = append(r.Sources[0].Units, inventory.FailedUnit("roles", inventory.ErrDoubtedEmpty, "it came back empty", "look"))
	r.AcceptedGaps = []report.AcceptedGap{{Empty: true, Source: id, Unit: "roles", Reason: "no roles", Owner: "o", ApprovedBy: "ciso@example.com", Expires: "2027-01-31"}}
	r.Settle()
	control := func() (report.ControlOutcome, []string) {
		all := controls.Of(r, reporttest.Framework(t, "owasp-nhi")).Controls
		c := all[slices.IndexFunc(all, func(c report.ControlView) bool { return c.ID == "NHI1:2025" })]
		return c.Outcome, c.Reasons
	}
	want := []string{"the list roles of " + id + " was not read, accepted as empty until 2027-01-31 by ciso@example.com: no roles"}
	if outcome, why := control(); outcome != report.ControlIncomplete || !cmp.Equal(why, want) {
		t.Errorf("%s because %q, want it incomplete because %q", outcome, why, want)
	}
	r.Gaps = []report.Gap{{Rule: "a", Source: id, Unread: true, Reason: "the list roles was not read", Count: 1}}
	r.Rules[0].Statuses.NotEvaluated = 1
	if outcome, _ := control(); outcome != report.ControlIncomplete {
		t.Errorf("with a verdict for the list: %s, want it incomplete", outcome)
	}
	r.Gaps = append(r.Gaps, report.Gap{Rule: "a", Source: id, Reason: "no date", Count: 1})
	if outcome, _ := control(); outcome != report.ControlNotEvaluated {
		t.Errorf("with a fact that nobody knows: %s, want it not evaluated", outcome)
	}
	r.Gaps, r.AcceptedGaps = r.Gaps[:1], nil
	if outcome, _ := control(); outcome != report.ControlNotEvaluated {
		t.Errorf("with a list whose absence nobody accepts: %s, want it not evaluated", outcome)
	}
}

// No control passes by a setting that asks less than it needs, in a run of some rules, or by
// a report that does not say what was relaxed.
func TestControlsWithoutTheirBadge(t *testing.T) {
	passing := func() *report.Report {
		r := reporttest.Readable(reporttest.Sample())
		r.Relaxed = []relaxation.Relaxation{}
		r.Rules = []report.Rule{{ID: "a", Controls: map[string][]string{"owasp_nhi": {"NHI1:2025"}}, Statuses: policies.Counts{Pass: 1}}}
		return r
	}
	for name, c := range map[string]struct {
		change  func(*report.Report)
		outcome report.ControlOutcome
		reasons []string
	}{
		"untouched": {func(*report.Report) {}, report.ControlPasses, nil},
		"relaxed": {func(r *report.Report) {
			r.Relaxed = []relaxation.Relaxation{{Rule: "b", Kind: relaxation.Off, Controls: map[string][]string{"owasp_nhi": {"NHI1:2025"}}}}
		}, report.ControlRelaxed, []string{"b: off"}},
		"relaxed, and failing": {func(r *report.Report) {
			r.Relaxed = []relaxation.Relaxation{{Rule: "b", Kind: relaxation.Off, Controls: map[string][]string{"owasp_nhi": {"NHI1:2025"}}}}
			r.Rules[0].Statuses.Fail = 1
		}, report.ControlFails, nil},
		"relaxed for another control": {func(r *report.Report) {
			r.Relaxed = []relaxation.Relaxation{{Rule: "b", Kind: relaxation.Off, Controls: map[string][]string{"owasp_nhi": {"NHI2:2025"}}}}
		}, report.ControlPasses, nil},
		"some rules":       {func(r *report.Report) { r.Scope = &report.Scope{Rules: []string{"a"}} }, report.ControlNotEvaluated, []string{"the run was restricted to some rules, and others may map to the control"}},
		"an older version": {func(r *report.Report) { r.Relaxed = nil }, report.ControlNotEvaluated, []string{"the report was made by a version that does not record which settings ask less than the controls need"}},
	} {
		r := passing()
		c.change(r)
		for _, control := range controls.Of(r, reporttest.Framework(t, "owasp-nhi")).Controls {
			if control.ID == "NHI1:2025" && (control.Outcome != c.outcome || !cmp.Equal(control.Reasons, c.reasons)) {
				t.Errorf("%s: %s %q", name, control.Outcome, control.Reasons)
			}
		}
	}
}

func notAsked(r *report.Report, source, rule string) {
	for i := range r.Sources {
		if r.Sources[i].ID == source {
			r.Sources[i].NotAsked = []policies.NotAsked{{Rule: rule, Reason: "not given"}}
		}
	}
}
