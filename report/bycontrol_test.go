package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/policies"
)

func TestByControl(t *testing.T) {
	r := readable(sampleReport())
	r.Rules[0].Controls = map[string][]string{"owasp_nhi": {"NHI5:2025", "NHI99:2030"}}
	outcomes := func() map[string]ControlOutcome {
		got := map[string]ControlOutcome{}
		for _, c := range r.ByControl(framework(t, "owasp-nhi")).Controls {
			if c.Outcome != ControlNoRule {
				got[c.ID] = c.Outcome
			}
		}
		return got
	}
	want := map[string]ControlOutcome{"NHI1:2025": ControlFails, "NHI5:2025": ControlFails, "NHI7:2025": ControlFails, "NHI8:2025": ControlFails, "NHI99:2030": ControlFails}
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
	want = map[string]ControlOutcome{"NHI1:2025": ControlNotEvaluated, "NHI5:2025": ControlNotApplicable, "NHI7:2025": ControlPasses, "NHI8:2025": ControlWaived, "NHI99:2030": ControlNotApplicable}
	if diff := cmp.Diff(want, outcomes()); diff != "" {
		t.Error(diff)
	}
	// What was not read keeps a control from passing.
	r.Complete = false
	want["NHI5:2025"], want["NHI7:2025"], want["NHI8:2025"], want["NHI99:2030"] = ControlNotEvaluated, ControlNotEvaluated, ControlNotEvaluated, ControlNotEvaluated
	if diff := cmp.Diff(want, outcomes()); diff != "" {
		t.Error(diff)
	}
}
