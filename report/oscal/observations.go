package oscal

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/controls"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// The types of observations that OSCAL does not name.
const (
	typeScope        = "scope"
	typeRelaxed      = "relaxed"
	typeCoverage     = "coverage"
	typeNotEvaluated = "not-evaluated"
	typeWaiver       = "waiver"
	// typeDiscovery is OSCAL's: a potential risk that was found.
	typeDiscovery = "discovery"
)

// maxEvidence bounds the facts of a finding, in characters.
const maxEvidence = 2_000

// observations returns what the run was restricted to, what was read and what not, what
// could not be evaluated, and the findings.
func (d *results) observations() iter.Seq[observation] {
	return func(yield func(observation) bool) {
		for _, some := range []iter.Seq[observation]{d.scope(), d.relaxed(), d.coverage(), d.notEvaluated(), d.decisions(), d.discoveries()} {
			for o := range some {
				if !yield(o) {
					return
				}
			}
		}
	}
}

// observe returns an observation that is not about one source.
func (d *results) observe(kind, uuid, title, description string) observation {
	return observation{
		UUID: uuid, Title: line(title), Description: prose(description), Methods: []string{"EXAMINE"}, Types: []string{kind}, Collected: stamp(d.r.At),
	}
}

func (d *results) scopeID() string { return identify("scope", d.run) }

// scope returns what was asked for, and what is not shown.
func (d *results) scope() iter.Seq[observation] {
	text := d.r.ScopeNote()
	if text == "" {
		text = "Everything that is configured"
	}
	if d.r.Scope != nil && d.r.Scope.Change {
		text += ". A change was judged, and of what is live only what is in the given inventories"
	}
	text += ". Frameworks: "
	if d.r.Framework != nil && len(d.views) == 1 {
		text += "only " + d.views[0].Title + ", as asked."
	} else {
		text += "all that are known."
	}
	scope := d.observe(typeScope, d.scopeID(), "What was asked for", text)
	for _, view := range d.views {
		(*props)(&scope.Props).add("framework", view.ID)
	}
	all := []observation{scope}
	if d.o.Hidden > 0 {
		all = append(all, d.observe(typeScope, identify("hidden", d.run), "Findings left out",
			fmt.Sprintf("%s below %s left out as requested: they have no risk here. The controls count them.", safetext.Plural(d.o.Hidden, "finding", "findings"), d.o.MinSeverity)))
	}
	if len(d.r.Sources) == 0 {
		all = append(all, d.observe(typeCoverage, identify("no source", d.run), "No source was found", "No source was found, so nothing was audited."))
	}
	return slices.Values(all)
}

func (d *results) relaxedID(at int) string { return identify("relaxed", d.run, strconv.Itoa(at)) }

// relaxed returns the settings with which controls cannot pass.
func (d *results) relaxed() iter.Seq[observation] {
	return func(yield func(observation) bool) {
		for i, setting := range d.r.Relaxed {
			title := "A setting asks less than controls need"
			if setting.Default {
				title = "The default of a rule asks less than controls need"
			}
			o := d.observe(typeRelaxed, d.relaxedID(i), title,
				setting.String()+". These controls cannot pass: "+controls.Text(setting.Controls)+".")
			var p props
			p.add("rule", setting.Rule)
			p.add("sources", setting.Sources)
			p.add("parameter", setting.Parameter)
			p.add("value", setting.Value)
			p.add("needs", setting.Needs)
			p.place(setting.Origin)
			o.Props = p
			if !yield(o) {
				return
			}
		}
	}
}

func (d *results) coverageID(source string) string { return identify("coverage", d.run, source) }

// coverage returns for each source which of its lists were read.
func (d *results) coverage() iter.Seq[observation] {
	unread := map[string][]report.UnreadUnit{}
	for _, unit := range d.v.Unread {
		unread[unit.Source] = append(unread[unit.Source], unit)
	}
	return func(yield func(observation) bool) {
		for i := range d.r.Sources {
			if s := &d.r.Sources[i]; !yield(d.coverageOf(s, unread[s.ID])) {
				return
			}
		}
	}
}

func (d *results) coverageOf(s *report.Source, unread []report.UnreadUnit) observation {
	var read []string
	for _, unit := range s.Units {
		if unit.Status == inventory.UnitComplete {
			read = append(read, unit.Name)
		}
	}
	o := observation{
		UUID: d.coverageID(s.ID), Title: line(s.ID + ": all lists were read"), Methods: []string{"EXAMINE"}, Types: []string{typeCoverage},
		Subjects: sourceSubject(s.ID), Collected: d.collectedAt(s.ID),
	}
	text := "Read: " + strings.Join(read, ", ") + "."
	if len(read) == 0 {
		text = "No list was read completely."
	}
	if len(unread) > 0 {
		o.Title = line(fmt.Sprintf("%s: %d of %s not read completely", s.ID, len(unread), safetext.Plural(len(s.Units), "list", "lists")))
		text += " Not read completely: there may be tokens that this audit does not know of."
	}
	o.Description = prose(text)
	for _, unit := range unread {
		if name := value(unit.Name); name != "" {
			o.Props = append(o.Props, unreadProperty(name, unit))
		}
	}
	return o
}

// unreadProperty names a list that was not read, and why.
func unreadProperty(name string, unit report.UnreadUnit) property {
	p := property{Name: "unread-list", NS: namespace, Value: name, Class: "open"}
	why := unit.Problem()
	if unit.Hint != "" {
		why += ". To close the gap: " + unit.Hint
	}
	if gap := unit.Accepted; gap != nil {
		p.Class = map[bool]string{false: "accepted", true: "accepted-empty"}[gap.Empty]
		why += "; " + gap.String()
	}
	p.Remarks = prose(why)
	return p
}

func (d *results) gapID(gap *report.Gap) string {
	return identify("gap", d.run, gap.Rule, gap.Source, gap.Team, strconv.FormatBool(gap.Unread), gap.Reason)
}

func (d *results) errorID(e report.RuleError) string {
	return identify("rule error", d.run, e.Rule, e.Source)
}

func (d *results) notAskedID(n format.NotAskedRule) string {
	return identify("not asked", d.run, n.Rule, n.Reason)
}

// notEvaluated returns what the rules had nothing to ask of, what they could not decide, and
// where they could not run.
func (d *results) notEvaluated() iter.Seq[observation] {
	return func(yield func(observation) bool) {
		for _, n := range format.NotAsked(d.r.Sources) {
			var p props
			p.add("rule", n.Rule)
			o := d.observe(typeNotEvaluated, d.notAskedID(n), n.Rule+" was not asked", fmt.Sprintf("%s was not asked in %s: %s", n.Rule, safetext.Plural(n.Sources, "source", "sources"), n.Reason))
			o.Props = p
			if !yield(o) {
				return
			}
		}
		for i := range d.r.Gaps {
			gap := &d.r.Gaps[i]
			var p props
			p.add("rule", gap.Rule)
			p.add("severity", string(gap.Severity))
			p.add("count", strconv.Itoa(gap.Count))
			p.add("team", gap.Team)
			for _, token := range gap.Sample {
				p.add("token", token)
			}
			if !yield(d.undecided(d.gapID(gap), gap.Rule, gap.Source, fmt.Sprintf("%s not evaluated: %s", safetext.Plural(gap.Count, "verdict", "verdicts"), gap.Reason), p)) {
				return
			}
		}
		for _, e := range d.r.RuleErrors {
			var p props
			p.add("rule", e.Rule)
			if !yield(d.undecided(d.errorID(e), e.Rule, e.Source, "The rule could not run: "+e.Detail, p)) {
				return
			}
		}
	}
}

func (d *results) undecided(uuid, rule, source, text string, p props) observation {
	return observation{
		UUID: uuid, Title: line(rule + " on " + source), Description: prose(text), Props: p, Methods: []string{"TEST"}, Types: []string{typeNotEvaluated},
		Subjects: sourceSubject(source), Collected: d.collectedAt(source),
	}
}

// decisions returns the waivers and accepted gaps that cover nothing, and those that end soon.
// One that covers something is with what it covers.
func (d *results) decisions() iter.Seq[observation] {
	return func(yield func(observation) bool) {
		for i := range d.v.Waivers {
			w := &d.v.Waivers[i]
			if w.State == format.WaiverApplied {
				continue
			}
			var p props
			p.add("state", strings.ReplaceAll(string(w.State), " ", "-"))
			p.add("rule", w.Rule)
			p.add("token", w.Token)
			p.add("owner", w.Owner)
			p.add("approved-by", w.ApprovedBy)
			p.add("expires", w.Expires)
			o := d.observe(typeWaiver, identify("waiver", d.run, strconv.Itoa(i)), "Waiver of "+w.Rule+" on "+w.On()+": "+string(w.State),
				fmt.Sprintf("It ends on %s and would cover, or covers, %s. Reason: %s", w.Expires, safetext.Plural(w.Findings, "finding", "findings"), w.Reason))
			o.Props = p
			if !yield(o) {
				return
			}
		}
		for i := range d.r.AcceptedGaps {
			gap := &d.r.AcceptedGaps[i]
			if gap.State == report.GapApplied {
				continue
			}
			var p props
			p.add("state", string(gap.State))
			p.add("source", gap.Source)
			p.add("list", gap.List())
			p.add("owner", gap.Owner)
			p.add("approved-by", gap.ApprovedBy)
			p.add("expires", gap.Expires)
			o := d.observe(typeWaiver, identify("accepted gap", d.run, strconv.Itoa(i)), "Accepted gap of "+gap.List()+" on "+gap.Source+": "+string(gap.State),
				fmt.Sprintf("It ends on %s and covers nothing. Reason: %s", gap.Expires, gap.Reason))
			o.Props = p
			if !yield(o) {
				return
			}
		}
	}
}

func (d *results) discoveryID(f *report.Finding) string {
	return identify("discovery", d.run, f.Fingerprint)
}

// discoveries returns the findings of this run. Those of the baseline of which nobody
// knows whether they still stand were not observed in it.
func (d *results) discoveries() iter.Seq[observation] {
	return func(yield func(observation) bool) {
		for _, f := range d.r.Findings {
			var p props
			p.add("rule", f.Rule)
			p.add("fingerprint", f.Fingerprint)
			o := observation{
				UUID: d.discoveryID(f), Title: line(d.title(f)), Description: prose(f.Message), Props: p, Methods: []string{"TEST"}, Types: []string{typeDiscovery},
				Subjects: subjectOf(f), Collected: d.collectedAt(f.Source),
			}
			if len(f.Evidence) > 0 {
				o.Evidence = []evidence{{"Facts that the verdict is based on: " + safetext.MarkdownCode(safetext.CutRunes(string(f.Evidence), maxEvidence))}}
			}
			if !yield(o) {
				return
			}
		}
	}
}
