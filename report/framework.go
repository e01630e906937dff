package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/relaxation"
	"github.com/tokenaudit/tokenaudit/report/frameworks"
	"github.com/tokenaudit/tokenaudit/report/safetext"
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
	// ControlWaived: what failed is waived.
	ControlWaived ControlOutcome = "waived"
	ControlPasses ControlOutcome = "pass"
	// ControlNotApplicable: there is nothing that its rules judge.
	ControlNotApplicable ControlOutcome = "not_applicable"
	// ControlNoRule: no loaded rule speaks to it.
	ControlNoRule ControlOutcome = "no_rule"
)

// ControlView is a control with what the report says of it.
type ControlView struct {
	frameworks.Control
	Outcome ControlOutcome `json:"outcome"`
	// Rules speak to the control, by id.
	Rules []string `json:"rules"`
	// Statuses adds up the verdicts of these rules: the evidence.
	Statuses policies.Counts `json:"statuses"`
	// Reasons say what is relaxed, and why a control is not evaluated, the most frequent
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

// ByControl returns the report control by control.
func (r *Report) ByControl(f *frameworks.Framework) *FrameworkView {
	view := &FrameworkView{ID: f.ID, Title: f.Title, Version: f.Version, Controls: []ControlView{}}
	index := map[string]int{}
	for _, control := range f.Controls {
		index[control.ID] = len(view.Controls)
		view.Controls = append(view.Controls, ControlView{Control: control, Rules: []string{}})
	}
	known := len(view.Controls)
	for i := range r.Rules {
		for _, id := range r.Rules[i].Controls[f.Key] {
			at, ok := index[id]
			if !ok {
				at = len(view.Controls)
				index[id] = at
				view.Controls = append(view.Controls, ControlView{Control: frameworks.Control{ID: id}, Rules: []string{}})
			}
			c := &view.Controls[at]
			c.Rules = append(c.Rules, r.Rules[i].ID)
			c.Statuses = c.Statuses.Plus(r.Rules[i].Statuses)
		}
	}
	slices.SortFunc(view.Controls[known:], func(a, b ControlView) int { return frameworks.CompareControls(a.ID, b.ID) })
	for i := range view.Controls {
		c := &view.Controls[i]
		relaxed := r.relaxedFor(f.Key, c.ID)
		switch c.Outcome = r.outcomeOf(c, len(relaxed) > 0); c.Outcome {
		case ControlRelaxed:
			c.Reasons = relaxed
		case ControlNotEvaluated:
			c.Reasons = r.undecided(c.Rules)
		}
	}
	return view
}

// Lowered returns the settings of the configuration that ask less than controls need.
func (r *Report) Lowered() []relaxation.Relaxation {
	return slices.DeleteFunc(slices.Clone(r.Relaxed), func(s relaxation.Relaxation) bool { return s.Default })
}

// relaxedFor returns the settings that ask less than a control needs.
func (r *Report) relaxedFor(framework, control string) []string {
	var relaxed []string
	for _, setting := range r.Relaxed {
		if slices.Contains(setting.Controls[framework], control) {
			relaxed = append(relaxed, setting.String())
		}
	}
	return relaxed
}

// unproven says why no control can pass, whatever the rules say; empty where one can.
func (r *Report) unproven() string {
	switch {
	case r.Relaxed == nil:
		return "the report is of a version that does not say which settings ask less than the controls need"
	case r.Scope != nil && len(r.Scope.Rules) > 0:
		return "the run was restricted to some rules, and others may speak to the control"
	}
	return ""
}

func (r *Report) outcomeOf(c *ControlView, relaxed bool) ControlOutcome {
	s := c.Statuses
	switch {
	case s.Fail > 0:
		return ControlFails
	case relaxed:
		return ControlRelaxed
	case r.unproven() != "":
		return ControlNotEvaluated
	case len(c.Rules) == 0:
		return ControlNoRule
	case s.NotEvaluated > 0 || len(r.notAskedOf(c.Rules)) > 0:
		return ControlNotEvaluated
	case s.Waived == 0 && s.Pass == 0 && len(r.Sources) > 0:
		// A list that may hold what the rules judge counts as not evaluated, and so does a
		// rule that could not run: there is neither.
		return ControlNotApplicable
	case !r.Complete:
		return ControlNotEvaluated
	case s.Waived > 0:
		return ControlWaived
	case s.Pass > 0:
		return ControlPasses
	}
	return ControlNotApplicable
}

// notAskedOf says which of the rules were not asked everywhere, and why.
func (r *Report) notAskedOf(rules []string) []string {
	var told []string
	for i := range r.Sources {
		for _, n := range r.Sources[i].NotAsked {
			if why := n.Rule + ": " + n.Reason; slices.Contains(rules, n.Rule) && !slices.Contains(told, why) {
				told = append(told, why)
			}
		}
	}
	slices.Sort(told)
	return told
}

// maxReasons is how many reasons of gaps a control has; the last says how many more there are.
const maxReasons = 3

// undecided says why some rules could not decide everything: what they judge with and was
// not given, the reasons of their gaps, else what the run lacks.
func (r *Report) undecided(rules []string) []string {
	if why := r.unproven(); why != "" {
		return []string{why}
	}
	counts := map[string]int{}
	for _, gap := range r.Gaps {
		if slices.Contains(rules, gap.Rule) {
			counts[gap.Reason] += gap.Count
		}
	}
	told := r.notAskedOf(rules)
	if len(counts)+len(told) == 0 {
		return r.Shortfalls()
	}
	reasons := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(counts[b]-counts[a], strings.Compare(a, b))
	})
	for _, reason := range reasons[:min(len(reasons), maxReasons)] {
		told = append(told, fmt.Sprintf("%s: %s", safetext.Plural(counts[reason], "verdict", "verdicts"), reason))
	}
	if more := len(reasons) - maxReasons; more > 0 {
		told = append(told, fmt.Sprintf("and %s", safetext.Plural(more, "reason more", "reasons more")))
	}
	return told
}
