package oscal

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenaudit/tokenaudit/policies/frameworks"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/controls"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// framework is a report control by control, with the token of each control.
type framework struct {
	*report.FrameworkView
	// key is its name in the controls of a rule.
	key    string
	tokens []string
}

// byFramework returns the one that was asked for, or else all that are known and those
// that only the rules of the user name.
func byFramework(r *report.Report) ([]framework, error) {
	all, err := frameworks.All()
	if err != nil {
		return nil, err
	}
	all = append(slices.Clone(all), unknownFrameworks(r, all)...)
	if r.Framework != nil {
		// A saved report may name one that this version does not know.
		if at := slices.IndexFunc(all, func(f frameworks.Framework) bool { return f.ID == r.Framework.ID }); at >= 0 {
			all = all[at : at+1]
		}
	}
	taken := tokens{}
	list := make([]framework, len(all))
	for i := range all {
		list[i] = framework{FrameworkView: controls.Of(r, &all[i]), key: all[i].Key}
		for _, c := range list[i].Controls {
			list[i].tokens = append(list[i].tokens, taken.of(all[i].ID, c.ID))
		}
	}
	return list, nil
}

// unknownFrameworks returns those that only rules name; each goes by its key.
func unknownFrameworks(r *report.Report, all []frameworks.Framework) []frameworks.Framework {
	keys := map[string]bool{}
	for i := range r.Rules {
		for key, controls := range r.Rules[i].Controls {
			if len(controls) > 0 {
				keys[key] = true
			}
		}
	}
	for i := range all {
		delete(keys, all[i].Key)
	}
	var list []frameworks.Framework
	for _, key := range safetext.SortedKeys(keys) {
		list = append(list, frameworks.Framework{ID: key, Key: key, Title: key})
	}
	return list
}

// reviewed returns the controls to which a rule speaks: no other one was assessed.
func (d *results) reviewed() reviewedControls {
	assessed := d.selections(func(c *report.ControlView) bool { return len(c.Rules) > 0 })
	if len(assessed) > 0 {
		return reviewedControls{Selections: assessed}
	}
	return reviewedControls{
		Description: "No loaded rule maps to a control: none of these was assessed.",
		Selections:  d.selections(func(*report.ControlView) bool { return true }),
	}
}

// selections returns the controls of each framework that are to be listed.
func (d *results) selections(listed func(*report.ControlView) bool) []controlSelection {
	var list []controlSelection
	for _, view := range d.views {
		s := controlSelection{Description: prose(title(view)), Props: frameworkProps(view)}
		for i := range view.Controls {
			if listed(&view.Controls[i]) {
				s.Controls = append(s.Controls, selectedControl{view.tokens[i]})
			}
		}
		if len(s.Controls) > 0 {
			list = append(list, s)
		}
	}
	return list
}

func title(f framework) string { return strings.TrimSpace(f.Title + " " + f.Version) }

func frameworkProps(f framework) props {
	var p props
	p.add("framework", cmp.Or(f.ID, "unknown"))
	p.add("framework-version", f.Version)
	return p
}

// controls returns a finding for each control of each framework.
func (d *results) controls() iter.Seq[finding] {
	return func(yield func(finding) bool) {
		for _, view := range d.views {
			for i := range view.Controls {
				if !yield(d.control(view, i)) {
					return
				}
			}
		}
	}
}

func (d *results) control(view framework, at int) finding {
	c := &view.Controls[at]
	p := frameworkProps(view)
	p.add("control", c.ID)
	p.add("outcome", string(c.Outcome))
	for _, rule := range c.Rules {
		p.add("rule", rule)
	}
	for _, count := range []struct {
		name string
		n    int
	}{{"fail", c.Statuses.Fail}, {"waived", c.Statuses.Waived}, {"not-evaluated", c.Statuses.NotEvaluated}, {"pass", c.Statuses.Pass}, {"not-applicable", c.Statuses.NotApplicable}} {
		p.add(count.name, strconv.Itoa(count.n))
	}
	name := view.Title + " " + c.ID
	if c.Title != "" {
		name += ": " + c.Title
	}
	f := finding{
		UUID: identify("control", d.run, view.ID, c.ID), Title: line(name), Description: prose("Verdicts of its rules: " + countsText(c.Statuses) + "."), Props: p, Origins: d.origins(),
		// A control as a whole is its statement.
		Target:       target{Type: "statement-id", ID: view.tokens[at] + "_smt", Status: d.statusOf(c)},
		Observations: d.observationsOf(view, c),
	}
	for _, rule := range c.Rules {
		f.Risks = append(f.Risks, d.risks[rule]...)
	}
	return f
}

// statusOf says what the outcome of a control is to OSCAL, which knows satisfied and not
// satisfied. Only a pass satisfies a control: whatever else there is says why it does
// not. What is waived still does not meet the conditions, so its reason is that of a
// failure; everything else is neither pass nor fail.
func (d *results) statusOf(c *report.ControlView) status {
	s := status{State: "not-satisfied", Reason: "other"}
	var why string
	switch c.Outcome {
	case report.ControlPasses:
		s.State, s.Reason = "satisfied", "pass"
		why = "All verdicts of its rules pass or do not apply."
	case report.ControlFails:
		s.Reason = "fail"
		why = safetext.Plural(c.Statuses.Fail, "verdict fails.", "verdicts fail.")
	case report.ControlWaived:
		s.Reason = "fail"
		why = "What fails is waived. Accepting a risk does not satisfy a control."
	case report.ControlRelaxed:
		why = "The rules ask less than the control needs."
	case report.ControlNotEvaluated:
		why = "Not everything could be evaluated."
	case report.ControlIncomplete:
		why = "Lists were not read, and somebody accepted that. Accepting a gap does not satisfy a control."
	case report.ControlNotApplicable:
		why = "Its rules had nothing to judge, so nothing shows that it is met."
	case report.ControlNoRule:
		why = "No loaded rule maps to it: it was not assessed."
	default:
		why = fmt.Sprintf("Its outcome is %s, which is not a pass.", c.Outcome)
	}
	for _, reason := range c.Reasons {
		why += " " + reason + "."
	}
	if note := d.r.ScopeNote(); note != "" {
		why += " " + note + "."
	}
	s.Remarks = prose(why)
	return s
}

// observationsOf returns what kept a control from passing, and what the run was
// restricted to. Its failures are observed through its risks.
func (d *results) observationsOf(view framework, c *report.ControlView) []relatedObservation {
	list := []relatedObservation{{d.scopeID()}}
	for i, setting := range d.r.Relaxed {
		if slices.Contains(setting.Controls[view.key], c.ID) {
			list = append(list, relatedObservation{d.relaxedID(i)})
		}
	}
	if c.Outcome == report.ControlPasses {
		return list
	}
	for _, n := range format.NotAsked(d.r.Sources) {
		if slices.Contains(c.Rules, n.Rule) {
			list = append(list, relatedObservation{d.notAskedID(n)})
		}
	}
	for i := range d.r.Gaps {
		if slices.Contains(c.Rules, d.r.Gaps[i].Rule) {
			list = append(list, relatedObservation{d.gapID(&d.r.Gaps[i])})
		}
	}
	for _, e := range d.r.RuleErrors {
		if slices.Contains(c.Rules, e.Rule) {
			list = append(list, relatedObservation{d.errorID(e)})
		}
	}
	last := ""
	for _, unit := range d.v.Unread { // in the order of the sources
		if unit.Source != last && len(c.Rules) > 0 {
			last = unit.Source
			list = append(list, relatedObservation{d.coverageID(last)})
		}
	}
	return list
}
