package report_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

func TestByControl(t *testing.T) {
	r := reporttest.Readable(reporttest.Sample())
	r.Rules[0].Controls = map[string][]string{"owasp_nhi": {"NHI5:2025", "NHI99:2030"}}
	outcomes := func() map[string]report.ControlOutcome {
		got := map[string]report.ControlOutcome{}
		for _, c := range r.ByControl(reporttest.Framework(t, "owasp-nhi")).Controls {
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
	// What was not read keeps a control from passing.
	r.Complete = false
	want["NHI5:2025"], want["NHI7:2025"], want["NHI8:2025"], want["NHI99:2030"] = report.ControlNotEvaluated, report.ControlNotEvaluated, report.ControlNotEvaluated, report.ControlNotEvaluated
	if diff := cmp.Diff(want, outcomes()); diff != "" {
		t.Error(diff)
	}
}
