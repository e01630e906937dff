// Package table writes tables for people: the report, the difference of two
// reports, and what commands list. They are aligned, and fitted on a terminal; TSV
// has tabs instead, for scripts.
package table

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/controls"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// Format is the table for people.
func Format() format.Format {
	return format.Format{
		Name: "table", Help: "what to fix first, for people (default)",
		Write: renderTable,
	}
}

// TSV is the table with tabs between its cells.
func TSV() format.Format {
	return format.Format{
		Name: "tsv", Help: "the table with tabs between its cells, for scripts",
		Write: renderTSV,
	}
}

// renderTable writes what is missing, what to fix first, what was let pass, and
// the verdict, for people.
func renderTable(w io.Writer, r *report.Report, o format.Options) error {
	return newPage(w, o).report(r)
}

// renderTSV writes the same with one line a row, nothing cut and nothing folded.
func renderTSV(w io.Writer, r *report.Report, o format.Options) error { return newTabs(w, o).report(r) }

func (p *page) report(r *report.Report) error {
	v := format.NewView(r)
	p.missing(v)
	p.changes(v)
	if !p.tabs {
		v.Group(p.groupBy(r))
		p.worst(v)
	}
	for i := range v.Groups {
		if len(v.Groups[i].Findings) > 0 {
			p.group(v, &v.Groups[i])
		}
	}
	p.gaps(v)
	p.notAsked(v)
	p.acceptedGaps(v)
	p.waivers(v)
	p.waived(v)
	p.allowed(v)
	p.baseline(v)
	p.controls(v)
	p.totals(v)
	p.verdict(p.o.Decision)
	return p.close()
}

// changes says what is different since the last run, where one is known.
func (p *page) changes(v *format.View) {
	if text := format.Changes(v.R, p.o.Gate); text != "" {
		p.heading(bold, text)
	}
}

// groupBy is what findings are grouped by. Where there are teams, each looks for its own on a
// terminal first.
func (p *page) groupBy(r *report.Report) string {
	if p.o.GroupBy == "" && p.width > 0 && len(r.Teams) > 0 && (r.Scope == nil || len(r.Scope.Owners) != 1) {
		return format.ByOwner
	}
	return p.o.GroupBy
}

// missing says what was not measured, before anything else.
func (p *page) missing(v *format.View) {
	p.notRead(v)
	if len(v.R.RuleErrors) > 0 {
		var rows [][]string
		for _, e := range v.R.RuleErrors {
			rows = append(rows, []string{e.Rule, e.Source, e.Detail})
		}
		p.heading(red, fmt.Sprintf("RULES THAT COULD NOT RUN: %s", strings.Join(v.R.ErredRules(), ", ")))
		p.table([]column{{title: "RULE", id: true}, {title: "SOURCE", id: true}, {title: "WHY", prose: true}}, rows)
	}
	p.relaxed(v)
	if len(v.R.Sources) == 0 {
		p.heading(red, "NOTHING WAS AUDITED: no source was found")
	}
}

// relaxed lists the settings with which controls cannot pass.
func (p *page) relaxed(v *format.View) {
	if len(v.R.Lowered()) == 0 {
		return
	}
	var rows [][]string
	for _, r := range v.R.Lowered() {
		rows = append(rows, []string{r.String(), controls.Text(r.Controls)})
	}
	p.heading(yellow, "RELAXED: settings that ask less than controls need; these controls cannot pass")
	p.table([]column{{title: "SETTING", prose: true}, {title: "CONTROLS", prose: true}}, rows)
}

// notRead lists the lists that nobody accepted to miss: one line for those that failed
// alike, and what to do below it.
func (p *page) notRead(v *format.View) {
	missed := slices.DeleteFunc(slices.Clone(v.Unread), func(u report.UnreadUnit) bool { return u.Accepted != nil })
	if len(missed) == 0 {
		return
	}
	p.heading(red, fmt.Sprintf("NOT READ: %s could not be read in full; what is missing was not judged", safetext.Plural(len(missed), "list", "lists")))
	if p.tabs {
		var rows [][]string
		for _, unit := range missed {
			rows = append(rows, []string{unit.Source, unit.Name, unit.Problem(), unit.Hint, v.LabelsText(unit.Source)})
		}
		p.table([]column{{title: "SOURCE"}, {title: "LIST"}, {title: "WHY"}, {title: "WHAT TO DO"}, {title: "LABELS"}}, rows)
		return
	}
	for _, n := range v.NotRead() {
		p.put(safetext.OneLine(n.Source) + "\n")
		if labels := v.LabelsText(n.Source); labels != "" {
			p.paragraph("  Labels: ", safetext.CutRunes(labels, idWidth))
		}
		p.item(strings.Join(n.Lists, ", ") + ": " + n.Problem())
		if n.Hint != "" {
			p.paragraph("  To do: ", n.Hint)
		}
	}
}

// group writes findings that have something in common, and how to fix them.
func (p *page) group(v *format.View, g *format.Group) {
	p.heading(severityStyle(g.Findings[0].Severity), v.GroupTitle(g))
	columns := []column{{title: "NAME"}, {title: "TOKEN", id: true}, {title: "WHAT IS WRONG", prose: true}}
	placed := p.tabs || slices.ContainsFunc(g.Findings, func(f *report.Finding) bool { return format.Place(f) != "" })
	if placed {
		columns = append(columns, column{title: "PLACE", id: true})
	}
	if v.Compared {
		columns = append(columns, column{title: "SINCE", whole: true})
	}
	switch {
	case p.tabs:
		columns = slices.Concat([]column{{title: "SEVERITY"}, {title: "RULE", id: true}, {title: "SOURCE"}}, columns, []column{{title: "LABELS"}, {title: "OWNER"}, {title: "TEAM"}})
	case g.Rule == "":
		columns = slices.Concat([]column{{title: "SEVERITY", whole: true}, {title: "RULE", id: true}}, columns)
	}
	rows := make([][]string, 0, len(g.Findings))
	for _, f := range g.Findings {
		row := []string{v.Name(f), f.Subject(), p.message(v, f)}
		if placed {
			row = append(row, format.Place(f))
		}
		if v.Compared {
			row = append(row, format.Since(f))
		}
		switch {
		case p.tabs:
			row = slices.Concat([]string{string(f.Severity), f.Rule, f.Source}, row, []string{v.LabelsText(f.Source), format.OwnerText(f.Owner), f.Team})
		case g.Rule == "":
			row = slices.Concat([]string{string(f.Severity), f.Rule}, row)
		}
		rows = append(rows, row)
	}
	p.table(columns, rows)
	for _, text := range g.Remediations {
		p.paragraph("  Fix: ", text)
	}
}

// message is what a finding says. In the table the name of the token, which stands next to it,
// is left out of the usual "delivery token "web" can ...", also where the name has the kind.
// Findings that are part of it are named.
func (p *page) message(v *format.View, f *report.Finding) string {
	message := f.Message
	said := strings.TrimPrefix(f.Message, string(f.Kind)+" token ")
	if rest, ok := strings.CutPrefix(said, fmt.Sprintf("%q ", f.TokenName)); ok && !p.tabs && f.TokenName != "" {
		message = fmt.Sprintf("%s token %s", f.Kind, rest)
	}
	if parts := v.Contained(f); len(parts) > 0 {
		message += " (with " + safetext.And(parts) + ")"
	}
	return message
}

func severityStyle(s policies.Severity) style {
	switch s {
	case policies.Critical, policies.High:
		return red
	case policies.Medium:
		return yellow
	default:
		return blue
	}
}

// gaps says what could not be decided, by rule and reason.
func (p *page) gaps(v *format.View) {
	if len(v.R.Gaps) == 0 {
		return
	}
	p.heading(bold, fmt.Sprintf("NOT EVALUATED: %s could not be decided; none of them counts as passed", safetext.Plural(v.R.Summary.Statuses.NotEvaluated, "verdict", "verdicts")))
	if p.tabs {
		var rows [][]string
		for _, gap := range v.R.Gaps {
			rows = append(rows, []string{gap.Rule, gap.Source, safetext.Thousands(gap.Count), gap.Reason, strings.Join(gap.Sample, " ")})
		}
		p.table([]column{{title: "RULE", id: true}, {title: "SOURCE"}, {title: "COUNT"}, {title: "REASON"}, {title: "FOR EXAMPLE"}}, rows)
		p.item(format.EachToken)
		return
	}
	if !p.o.Shows(format.SectionNotEvaluated) {
		for _, c := range v.GapsByCMS() {
			p.item(fmt.Sprintf("%s: %s of %s in %s", c.CMS, safetext.Plural(c.Count, "verdict", "verdicts"), safetext.Plural(c.Rules, "rule", "rules"), safetext.Plural(c.Sources, "source", "sources")))
		}
		p.item("--show not-evaluated says why")
		return
	}
	gaps, lists := v.FoldedGaps()
	for _, list := range lists {
		p.item(fmt.Sprintf("%s: the list %s could not be read, which keeps %s open", list.Source, list.Name, safetext.Plural(list.Count, "verdict", "verdicts")))
	}
	rule := ""
	for _, gap := range gaps {
		if gap.Rule != rule {
			rule = gap.Rule
			p.put(safetext.OneLine(rule) + "\n")
		}
		where := safetext.Plural(gap.Sources, "source", "sources")
		if gap.Sources == 1 {
			where = gap.Source
		}
		p.item(fmt.Sprintf("%s in %s: %s", safetext.Thousands(gap.Count), where, gap.Reason))
	}
	p.item(format.EachToken)
}

// notAsked says which rules judged nothing, and what they lack.
func (p *page) notAsked(v *format.View) {
	lines := v.NotAsked()
	if len(lines) == 0 {
		return
	}
	p.heading(bold, "NOT ASKED: these rules lack what they need to judge; nothing passed them")
	for _, line := range lines {
		p.item(line)
	}
}

// acceptedGaps lists what somebody signed not to know.
func (p *page) acceptedGaps(v *format.View) {
	if len(v.R.AcceptedGaps) == 0 {
		return
	}
	var rows [][]string
	for _, gap := range v.R.AcceptedGaps {
		rows = append(rows, []string{string(gap.State), gap.Source, gap.List(), format.ExpiryText(gap.Expires, gap.ExpiresInDays), gap.Reason, gap.Owner})
	}
	p.heading(bold, fmt.Sprintf("ACCEPTED GAPS: %s not read, as accepted", safetext.Plural(v.AcceptedUnits, "list", "lists")))
	p.table([]column{{title: "STATE", whole: true}, {title: "SOURCE", id: true}, {title: "LIST"}, {title: "UNTIL", whole: true}, {title: "REASON", prose: true, optional: true}, {title: "OWNER", optional: true}}, rows)
}

// waivers lists those that need somebody: expired, about to expire, without effect.
func (p *page) waivers(v *format.View) {
	var rows [][]string
	for _, w := range v.Waivers {
		if w.State == format.WaiverApplied {
			continue
		}
		rows = append(rows, []string{string(w.State), w.Rule, w.On(), format.ExpiryText(w.Expires, w.ExpiresInDays), safetext.Thousands(w.Findings), w.Reason, w.Owner})
	}
	if len(rows) == 0 {
		return
	}
	p.heading(yellow, fmt.Sprintf("WAIVERS THAT NEED ATTENTION: %d expired, %d about to expire, %d without effect", v.WaiverCount[format.WaiverExpired], v.WaiverCount[format.WaiverExpiring], v.WaiverCount[format.WaiverUnmatched]))
	p.table([]column{{title: "STATE", whole: true}, {title: "RULE", id: true}, {title: "TOKEN", id: true}, {title: "UNTIL", whole: true}, {title: "FINDINGS", whole: true, optional: true}, {title: "REASON", prose: true, optional: true}, {title: "OWNER", optional: true}}, rows)
}

// waived lists the findings that a waiver covers, with who signed for what.
func (p *page) waived(v *format.View) {
	if len(v.Waived) == 0 {
		return
	}
	var rows [][]string
	for _, f := range v.Waived {
		row := []string{f.Rule, f.Subject(), "", "", f.Message}
		if f.Waiver != nil {
			row[2], row[3] = f.Waiver.Expires, f.Waiver.Owner+": "+f.Waiver.Reason
		}
		rows = append(rows, row)
	}
	p.heading(bold, fmt.Sprintf("WAIVED: %s", safetext.Plural(len(rows), "finding", "findings")))
	p.table([]column{{title: "RULE", id: true}, {title: "TOKEN", id: true}, {title: "UNTIL", whole: true}, {title: "WHO AND WHY", prose: true}, {title: "WHAT IS WRONG", prose: true, optional: true}}, rows)
}

// allowed lists the passes that somebody may wonder about.
func (p *page) allowed(v *format.View) {
	if len(v.R.Allowed) == 0 {
		return
	}
	p.heading(bold, fmt.Sprintf("ALLOWED: %s explained", safetext.Plural(len(v.R.Allowed), "pass", "passes")))
	if !p.tabs && !p.o.Shows(format.SectionAllowed) {
		for _, c := range v.AllowedByCMS() {
			p.item(fmt.Sprintf("%s: %s of %s in %s", c.CMS, safetext.Plural(c.Count, "pass", "passes"), safetext.Plural(c.Rules, "rule", "rules"), safetext.Plural(c.Sources, "source", "sources")))
		}
		p.item("--show allowed says which and why")
		return
	}
	var rows [][]string
	rule := ""
	for _, a := range v.R.Allowed {
		id := cmp.Or(a.Token, a.Source)
		if p.tabs {
			rows = append(rows, []string{a.Rule, id, a.Message})
			continue
		}
		if a.Rule != rule {
			rule = a.Rule
			p.put(safetext.OneLine(rule) + "\n")
		}
		p.name(id)
		p.paragraph("    ", safetext.CutWidth(a.Message, mostProse))
	}
	p.table([]column{{title: "RULE", id: true}, {title: "TOKEN"}, {title: "WHY"}}, rows)
}

// baseline lists what is gone, and what nobody could look at again.
func (p *page) baseline(v *format.View) {
	list := func(s style, title string, findings []*report.Finding) {
		if len(findings) == 0 {
			return
		}
		var rows [][]string
		for _, f := range findings {
			rows = append(rows, []string{string(f.Severity), f.Rule, f.Subject(), f.Resolution.Text()})
		}
		p.heading(s, title)
		p.table([]column{{title: "SEVERITY"}, {title: "RULE", id: true}, {title: "TOKEN", id: true}, {title: "WHY", prose: true}}, rows)
	}
	list(green, fmt.Sprintf("RESOLVED since %s: %s", v.R.Before(), safetext.Plural(len(v.R.Resolved), "finding", "findings")), v.R.Resolved)
	list(yellow, fmt.Sprintf("STALE: %s of %s could not be checked again", safetext.Plural(len(v.R.Stale), "finding", "findings"), v.R.Before()), v.R.Stale)
}

// controls is the report control by control, where that was asked for.
func (p *page) controls(v *format.View) {
	f := v.R.Framework
	if f == nil {
		return
	}
	columns := []column{{title: "OUTCOME", whole: true}, {title: "CONTROL", whole: true}, {title: "WHAT IT ASKS FOR", prose: true}, {title: "FAIL", whole: true}, {title: "WAIVED", whole: true},
		{title: "NOT EVALUATED", whole: true}, {title: "PASS", whole: true}, {title: "RULES", prose: true, optional: true}}
	why := p.tabs || slices.ContainsFunc(f.Controls, func(c report.ControlView) bool { return len(c.Reasons) > 0 })
	if why {
		columns = append(columns, column{title: "WHY", prose: true, optional: true})
	}
	var rows [][]string
	for _, c := range f.Controls {
		row := []string{string(c.Outcome), c.ID, c.Title, safetext.Thousands(c.Statuses.Fail), safetext.Thousands(c.Statuses.Waived), safetext.Thousands(c.Statuses.NotEvaluated), safetext.Thousands(c.Statuses.Pass), strings.Join(c.Rules, " ")}
		if why {
			row = append(row, strings.Join(c.Reasons, "; "))
		}
		rows = append(rows, row)
	}
	p.heading(bold, fmt.Sprintf("CONTROLS of %s %s", f.Title, f.Version))
	p.table(columns, rows)
}

// totals are the figures of the whole run.
func (p *page) totals(v *format.View) {
	s := v.R.Summary
	p.heading(bold, fmt.Sprintf("%s in %s, judged by %s at %s", safetext.Plural(s.Tokens, "token", "tokens"), safetext.Plural(s.Sources, "source", "sources"),
		safetext.Plural(len(v.R.Rules), "rule", "rules"), v.R.At.Format("2006-01-02 15:04 MST")))
	if note := v.R.ScopeNote(); note != "" {
		p.put(note + "\n")
	}
	var severities []string
	for _, severity := range report.AllSeverities() {
		severities = append(severities, safetext.Thousands(s.Findings.Of(severity))+" "+string(severity))
	}
	p.put("Findings: " + strings.Join(severities, ", ") + "\n")
	p.put(fmt.Sprintf("Verdicts: %s fail, %s pass, %s not evaluated, %s not applicable, %s waived\n",
		safetext.Thousands(s.Statuses.Fail), safetext.Thousands(s.Statuses.Pass), safetext.Thousands(s.Statuses.NotEvaluated), safetext.Thousands(s.Statuses.NotApplicable), safetext.Thousands(s.Statuses.Waived)))
	if c := v.R.Changes; c != nil {
		p.put(fmt.Sprintf("Compared with %s: %s new, %s reopened, %s unchanged, %s resolved, %s stale%s\n", v.R.Before(),
			safetext.Thousands(c.New), safetext.Thousands(c.Reopened), safetext.Thousands(c.Unchanged), safetext.Thousands(c.Resolved), safetext.Thousands(c.Stale), staleMeans(c.Stale)))
	}
	if p.o.Hidden > 0 {
		p.put(fmt.Sprintf("Not shown: %s below %s\n", safetext.Plural(p.o.Hidden, "finding", "findings"), p.o.MinSeverity))
	}
}

// staleMeans says what a stale finding is, where there is one.
func staleMeans(n int) string {
	if n == 0 {
		return ""
	}
	return " (not checked again)"
}

// verdict ends the page: the verdict, why, and what to do next.
func (p *page) verdict(d report.Decision) {
	if p.started {
		p.put("\n")
	}
	s := map[report.Verdict]style{report.VerdictPass: green, report.VerdictFail: red, report.VerdictIncomplete: yellow}[d.Verdict]
	line := safetext.OneLine(fmt.Sprintf("%s (%s): %s.", strings.ToUpper(string(d.Verdict)), d.ExitText(), d.Reason))
	if p.width > 0 {
		line = strings.Join(Wrap(line, p.width), "\n")
	}
	p.styled(s, line)
	if p.o.Next != "" && !p.tabs {
		p.put("Next: " + safetext.OneLine(p.o.Next) + "\n")
	}
}
