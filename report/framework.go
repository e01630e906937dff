package report

import (
	"slices"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/frameworks"
	"github.com/tokenaudit/tokenaudit/policies/relaxation"
)

// ControlOutcome is what the rules say of a control together.
type ControlOutcome string

// The outcomes. One failed verdict fails a control, and one that could not be
// reached, a rule that was not asked, or a list that could not be read, keeps it from passing.
const (
	ControlFails ControlOutcome = "fail"
	// ControlRelaxed: nothing failed, but a setting asks less than the control needs.
	ControlRelaxed      ControlOutcome = "relaxed"
	ControlNotEvaluated ControlOutcome = "not_evaluated"
	// ControlIncomplete: all that was not evaluated is in lists whose absence somebody accepted.
	ControlIncomplete ControlOutcome = "incomplete"
	// ControlWaived: what failed is waived.
	ControlWaived ControlOutcome = "waived"
	ControlPasses ControlOutcome = "pass"
	// ControlNotApplicable: there is nothing that its rules judge.
	ControlNotApplicable ControlOutcome = "not_applicable"
	// ControlNoRule: no loaded rule maps to it.
	ControlNoRule ControlOutcome = "no_rule"
)

// ControlView is a control with what the report says of it.
type ControlView struct {
	frameworks.Control
	Outcome ControlOutcome `json:"outcome"`
	// Rules map to the control, by id.
	Rules []string `json:"rules"`
	// Statuses adds up the verdicts of these rules: the evidence.
	Statuses policies.Counts `json:"statuses"`
	// Reasons say what is relaxed, and why a control is not evaluated or incomplete, the most frequent
	// first; nil for any other outcome. They quote what sources said: untrusted text.
	Reasons []string `json:"reasons,omitempty"`
}

// FrameworkView is a report control by control.
type FrameworkView struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Version string `json:"version"`
	// Controls has all controls of the framework, then those that only rules of
	// the user name. A waived finding counts as waived, not as a pass.
	Controls []ControlView `json:"controls"`
}

// Lowered returns the settings of the configuration that ask less than controls need.
func (r *Report) Lowered() []relaxation.Relaxation {
	return slices.DeleteFunc(slices.Clone(r.Relaxed), func(s relaxation.Relaxation) bool { return s.Default })
}
