// Package controls says of a report what its rules say of each control of a framework.
package controls

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/policies/frameworks"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// Text returns "NIST SP 800-53 IA-5; SOC 2 Trust Services Criteria CC6.3". A framework that
// only the user's rules know goes by its key.
func Text(controls map[string][]string) string {
	var parts []string
	for _, framework := range safetext.SortedKeys(controls) {
		if len(controls[framework]) > 0 {
			known, _ := frameworks.ByKey(framework)
			parts = append(parts, cmp.Or(known.Title, framework)+" "+strings.Join(controls[framework], ", "))
		}
	}
	return safetext.OneLine(strings.Join(parts, "; "))
}

// Of returns the report control by control.
func Of(r *report.Report, f *frameworks.Framework) *report.FrameworkView {
	view := &report.FrameworkView{ID: f.ID, Title: f.Title, Version: f.Version, Controls: []report.ControlView{}}
	index := map[string]int{}
	for _, control := range f.Controls {
		index[control.ID] = len(view.Controls)
		view.Controls = append(view.Controls, report.ControlView{Control: control, Rules: []string{}})
	}
	known := len(view.Controls)
	for i := range r.Rules {
		for _, id := range r.Rules[i].Controls[f.Key] {
			at, ok := index[id]
			if !ok {
				at = len(view.Controls)
				index[id] = at
				view.Controls = append(view.Controls, report.ControlView{Control: frameworks.Control{ID: id}, Rules: []string{}})
			}
			c := &view.Controls[at]
			c.Rules = append(c.Rules, r.Rules[i].ID)
			c.Statuses = c.Statuses.Plus(r.Rules[i].Statuses)
		}
	}
	slices.SortFunc(view.Controls[known:], func(a, b report.ControlView) int { return frameworks.CompareControls(a.ID, b.ID) })
	for i := range view.Controls {
		c := &view.Controls[i]
		relaxed := relaxedFor(r, f.Key, c.ID)
		switch c.Outcome = outcomeOf(r, c, len(relaxed) > 0); c.Outcome {
		case report.ControlRelaxed:
			c.Reasons = relaxed
		case report.ControlNotEvaluated, report.ControlIncomplete:
			c.Reasons = undecided(r, c.Rules)
		}
	}
	return view
}

// relaxedFor returns the settings that ask less than a control needs.
func relaxedFor(r *report.Report, framework, control string) []string {
	var relaxed []string
	for _, setting := range r.Relaxed {
		if slices.Contains(setting.Controls[framework], control) {
			relaxed = append(relaxed, setting.String())
		}
	}
	return relaxed
}

// unproven says why no control can pass, whatever the rules say; empty where one can.
func unproven(r *report.Report) string {
	switch {
	case r.Relaxed == nil:
		return "the report was made by a version that does not record which settings ask less than the controls need"
	case r.Scope != nil && len(r.Scope.Rules) > 0:
		return "the run was restricted to some rules, and others may map to the control"
	}
	return strings.Join(r.MayLack(), "; ")
}

func outcomeOf(r *report.Report, c *report.ControlView, relaxed bool) report.ControlOutcome {
	s := c.Statuses
	switch {
	case s.Fail > 0:
		return report.ControlFails
	case relaxed:
		return report.ControlRelaxed
	case unproven(r) != "":
		return report.ControlNotEvaluated
	case len(c.Rules) == 0:
		return report.ControlNoRule
	case s.NotEvaluated > 0 || len(notAskedOf(r, c.Rules)) > 0:
		return withoutVerdicts(r, c.Rules)
	case s.Waived == 0 && s.Pass == 0 && len(r.Sources) > 0:
		// A list that may hold what the rules judge counts as not evaluated, and so does a
		// rule that could not run: there is neither.
		return report.ControlNotApplicable
	case !r.Complete:
		return withoutVerdicts(r, c.Rules)
	case s.Waived > 0:
		return report.ControlWaived
	case s.Pass > 0:
		return report.ControlPasses
	}
	return report.ControlNotApplicable
}

// withoutVerdicts tells verdicts that are missing because lists were not read, as somebody
// accepted, from those that are missing for any other reason.
func withoutVerdicts(r *report.Report, rules []string) report.ControlOutcome {
	known := func(gap report.Gap) bool { return !gap.Unread && slices.Contains(rules, gap.Rule) }
	if len(r.Unread()) == 0 || len(r.Shortfalls()) > 0 || len(notAskedOf(r, rules)) > 0 || slices.ContainsFunc(r.Gaps, known) {
		return report.ControlNotEvaluated
	}
	return report.ControlIncomplete
}

// notAskedOf says which of the rules were not asked everywhere, and why.
func notAskedOf(r *report.Report, rules []string) []string {
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

// lacks says what a run lacks that measured all that the rules of a control ask for: what
// nobody accepted, else the lists whose absence somebody did, which is not a measurement.
func lacks(r *report.Report) []string {
	if short := r.Shortfalls(); len(short) > 0 {
		return short
	}
	var told []string
	for _, unit := range r.Unread() {
		if len(told) == maxReasons {
			return append(told, "and more lists that were not read, as accepted")
		}
		told = append(told, fmt.Sprintf("the list %s of %s was not read, %s", unit.Name, unit.Source, unit.Accepted))
	}
	return told
}

// undecided says why some rules could not decide everything: what they judge with and was
// not given, the reasons of their gaps, else what the run lacks.
func undecided(r *report.Report, rules []string) []string {
	if why := unproven(r); why != "" {
		return []string{why}
	}
	counts := map[string]int{}
	for _, gap := range r.Gaps {
		if slices.Contains(rules, gap.Rule) {
			counts[gap.Reason] += gap.Count
		}
	}
	told := notAskedOf(r, rules)
	if len(counts)+len(told) == 0 {
		return lacks(r)
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
