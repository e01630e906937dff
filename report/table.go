package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/policies"
)

// tableFormat is the table for people.
func tableFormat() Format {
	return Format{
		Name: "table", Help: "what to fix first, for people (default)",
		Write: renderTable,
	}
}

// renderTable writes what is missing, what to fix first, what was let pass, and
// the verdict, for people.
func renderTable(w io.Writer, r *Report, o RenderOptions) error {
	p := newPage(w, o)
	v := newView(r)
	p.missing(v)
	for _, group := range v.groups {
		p.group(v, group)
	}
	p.gaps(v)
	p.acceptedGaps(v)
	p.waivers(v)
	p.waived(v)
	p.allowed(v)
	p.baseline(v)
	p.controls(v)
	p.totals(v)
	p.verdict(o.Decision)
	return p.close()
}

// missing says what was not measured, before anything else.
func (p *page) missing(v *view) {
	p.notRead(v)
	if len(v.r.RuleErrors) > 0 {
		var rows [][]string
		for _, e := range v.r.RuleErrors {
			rows = append(rows, []string{e.Rule, e.Source, e.Detail})
		}
		p.heading(red, fmt.Sprintf("RULES THAT COULD NOT RUN: %s", strings.Join(v.r.erredRules(), ", ")))
		p.table([]column{{title: "RULE"}, {title: "SOURCE", middle: true}, {title: "WHY", prose: true}}, rows)
	}
	if len(v.r.Sources) == 0 {
		p.heading(red, "NOTHING WAS AUDITED: no source was found")
	}
}

// notRead lists the lists that nobody accepted to miss. On a terminal the hints
// stand below, each once: they say what to do.
func (p *page) notRead(v *view) {
	missed := slices.DeleteFunc(slices.Clone(v.unread), func(u UnreadUnit) bool { return u.Accepted != nil })
	if len(missed) == 0 {
		return
	}
	p.heading(red, fmt.Sprintf("NOT READ: %s could not be read in full; what is missing was not judged", plural(len(missed), "list", "lists")))
	if !p.o.Terminal {
		var rows [][]string
		for _, unit := range missed {
			rows = append(rows, []string{unit.Source, unit.Name, unit.Problem(), unit.Hint})
		}
		p.table([]column{{title: "SOURCE"}, {title: "LIST"}, {title: "WHY"}, {title: "WHAT TO DO"}}, rows)
		return
	}
	source := ""
	var hints []string
	for _, unit := range missed {
		if unit.Source != source {
			source = unit.Source
			p.put(oneLine(source) + "\n")
		}
		p.item(unit.Name + ": " + unit.Problem())
		if unit.Hint != "" && !slices.Contains(hints, unit.Hint) {
			hints = append(hints, unit.Hint)
		}
	}
	for _, hint := range hints {
		p.paragraph("  To do: ", hint)
	}
}

// group writes the findings of one rule at one severity, and how to fix them.
func (p *page) group(v *view, g group) {
	title := ""
	if rule, ok := v.rules[g.rule]; ok {
		title = "  " + rule.Title
	}
	p.heading(severityStyle(g.severity), fmt.Sprintf("%s  %s%s  (%s)", strings.ToUpper(string(g.severity)), g.rule, title, plural(len(g.findings), "finding", "findings")))
	columns := []column{{title: "NAME"}, {title: "TOKEN", middle: true}, {title: "WHAT IS WRONG", prose: true}}
	if v.compared {
		columns = append(columns, column{title: "SINCE", whole: true})
	}
	if !p.o.Terminal {
		columns = append([]column{{title: "SEVERITY"}, {title: "RULE"}, {title: "SOURCE"}}, columns...)
	}
	rows := make([][]string, 0, len(g.findings))
	for _, f := range g.findings {
		row := []string{v.name(f), f.Subject(), p.message(f)}
		if v.compared {
			row = append(row, string(f.Baseline))
		}
		if !p.o.Terminal {
			row = append([]string{string(f.Severity), f.Rule, f.Source}, row...)
		}
		rows = append(rows, row)
	}
	p.table(columns, rows)
	for _, text := range g.remediations {
		p.paragraph("  Fix: ", text)
	}
}

// message is what a finding says. On a terminal the name of the token, which
// stands beside it, is left out of the usual "delivery token "web" can ...".
func (p *page) message(f *Finding) string {
	named := fmt.Sprintf("%s token %q ", f.Kind, f.TokenName)
	if rest, ok := strings.CutPrefix(f.Message, named); ok && p.o.Terminal && f.TokenName != "" {
		return fmt.Sprintf("%s token %s", f.Kind, rest)
	}
	return f.Message
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
func (p *page) gaps(v *view) {
	if len(v.r.Gaps) == 0 {
		return
	}
	p.heading(bold, fmt.Sprintf("NOT EVALUATED: %s could not be decided; none of them counts as passed", plural(v.r.Summary.Statuses.NotEvaluated, "verdict", "verdicts")))
	if !p.o.Terminal {
		var rows [][]string
		for _, gap := range v.r.Gaps {
			rows = append(rows, []string{gap.Rule, gap.Source, thousands(gap.Count), gap.Reason, strings.Join(gap.Sample, " ")})
		}
		p.table([]column{{title: "RULE"}, {title: "SOURCE"}, {title: "COUNT"}, {title: "REASON"}, {title: "FOR EXAMPLE"}}, rows)
		return
	}
	gaps, lists := v.foldedGaps()
	for _, list := range lists {
		p.item(fmt.Sprintf("%s: the list %s could not be read, which keeps %s open", list.source, list.name, plural(list.count, "verdict", "verdicts")))
	}
	rule := ""
	for _, gap := range gaps {
		if gap.rule != rule {
			rule = gap.rule
			p.put(oneLine(rule) + "\n")
		}
		where := plural(gap.sources, "source", "sources")
		if gap.sources == 1 {
			where = gap.source
		}
		p.item(fmt.Sprintf("%s in %s: %s", thousands(gap.count), where, gap.reason))
	}
}

// acceptedGaps lists what somebody signed not to know.
func (p *page) acceptedGaps(v *view) {
	if len(v.r.AcceptedGaps) == 0 {
		return
	}
	var rows [][]string
	for _, gap := range v.r.AcceptedGaps {
		rows = append(rows, []string{string(gap.State), gap.Source, gap.Unit, expiryText(gap.Expires, gap.ExpiresInDays), gap.Reason, gap.Owner})
	}
	p.heading(bold, fmt.Sprintf("ACCEPTED GAPS: %s not read, as accepted", plural(v.acceptedUnits, "list", "lists")))
	p.table([]column{{title: "STATE", whole: true}, {title: "SOURCE", middle: true}, {title: "LIST"}, {title: "UNTIL", whole: true}, {title: "REASON", prose: true, optional: true}, {title: "OWNER", optional: true}}, rows)
}

// waivers lists those that need somebody: expired, about to expire, without effect.
func (p *page) waivers(v *view) {
	var rows [][]string
	for _, w := range v.waivers {
		if w.state == waiverApplied {
			continue
		}
		rows = append(rows, []string{string(w.state), w.Rule, w.Token, expiryText(w.Expires, w.ExpiresInDays), thousands(w.Findings), w.Reason, w.Owner})
	}
	if len(rows) == 0 {
		return
	}
	p.heading(yellow, fmt.Sprintf("WAIVERS TO LOOK AT: %d expired, %d about to expire, %d without effect", v.waiverCount[waiverExpired], v.waiverCount[waiverExpiring], v.waiverCount[waiverUnmatched]))
	p.table([]column{{title: "STATE", whole: true}, {title: "RULE"}, {title: "TOKEN", middle: true}, {title: "UNTIL", whole: true}, {title: "FINDINGS", whole: true, optional: true}, {title: "REASON", prose: true, optional: true}, {title: "OWNER", optional: true}}, rows)
}

// waived lists the findings that a waiver covers, with who signed for what.
func (p *page) waived(v *view) {
	if len(v.waived) == 0 {
		return
	}
	var rows [][]string
	for _, f := range v.waived {
		row := []string{f.Rule, f.Subject(), "", "", f.Message}
		if f.Waiver != nil {
			row[2], row[3] = f.Waiver.Expires, f.Waiver.Owner+": "+f.Waiver.Reason
		}
		rows = append(rows, row)
	}
	p.heading(bold, fmt.Sprintf("WAIVED: %s", plural(len(rows), "finding", "findings")))
	p.table([]column{{title: "RULE"}, {title: "TOKEN", middle: true}, {title: "UNTIL", whole: true}, {title: "WHO AND WHY", prose: true}, {title: "WHAT IS WRONG", prose: true, optional: true}}, rows)
}

// allowed lists the passes that somebody may wonder about.
func (p *page) allowed(v *view) {
	if len(v.r.Allowed) == 0 {
		return
	}
	p.heading(bold, fmt.Sprintf("ALLOWED: %s worth a word", plural(len(v.r.Allowed), "pass", "passes")))
	var rows [][]string
	rule := ""
	for _, a := range v.r.Allowed {
		id := cmp.Or(a.Token, a.Source)
		if !p.o.Terminal {
			rows = append(rows, []string{a.Rule, id, a.Message})
			continue
		}
		if a.Rule != rule {
			rule = a.Rule
			p.put(oneLine(rule) + "\n")
		}
		p.item(id + ": " + a.Message)
	}
	p.table([]column{{title: "RULE"}, {title: "TOKEN"}, {title: "WHY"}}, rows)
}

// baseline lists what is gone, and what nobody could look at again.
func (p *page) baseline(v *view) {
	list := func(s style, title string, findings []Finding) {
		if len(findings) == 0 {
			return
		}
		var rows [][]string
		for i := range findings {
			f := &findings[i]
			rows = append(rows, []string{string(f.Severity), f.Rule, f.Subject(), f.Resolution.Text()})
		}
		p.heading(s, title)
		p.table([]column{{title: "SEVERITY"}, {title: "RULE", whole: true}, {title: "TOKEN", middle: true}, {title: "WHY", prose: true}}, rows)
	}
	list(green, fmt.Sprintf("RESOLVED since the baseline: %s", plural(len(v.r.Resolved), "finding", "findings")), v.r.Resolved)
	list(yellow, fmt.Sprintf("STALE: %s of the baseline could not be looked at again", plural(len(v.r.Stale), "finding", "findings")), v.r.Stale)
}

// controls is the report control by control, where that was asked for.
func (p *page) controls(v *view) {
	f := v.r.Framework
	if f == nil {
		return
	}
	var rows [][]string
	for _, c := range f.Controls {
		rows = append(rows, []string{string(c.Outcome), c.ID, c.Title, thousands(c.Statuses.Fail), thousands(c.Statuses.Waived), thousands(c.Statuses.NotEvaluated), thousands(c.Statuses.Pass), strings.Join(c.Rules, " ")})
	}
	p.heading(bold, fmt.Sprintf("CONTROLS of %s %s", f.Title, f.Version))
	p.table([]column{{title: "OUTCOME", whole: true}, {title: "CONTROL", whole: true}, {title: "WHAT IT ASKS FOR", prose: true}, {title: "FAIL", whole: true}, {title: "WAIVED", whole: true},
		{title: "NOT EVALUATED", whole: true}, {title: "PASS", whole: true}, {title: "RULES", prose: true, optional: true}}, rows)
}

// totals are the figures of the whole run.
func (p *page) totals(v *view) {
	s := v.r.Summary
	p.heading(bold, fmt.Sprintf("%s in %s, judged by %s at %s", plural(s.Tokens, "token", "tokens"), plural(s.Sources, "source", "sources"),
		plural(len(v.r.Rules), "rule", "rules"), v.r.At.Format("2006-01-02 15:04 MST")))
	if note := v.r.scopeNote(); note != "" {
		p.put(note + "\n")
	}
	var severities []string
	for _, severity := range allSeverities() {
		severities = append(severities, thousands(s.Findings.Of(severity))+" "+string(severity))
	}
	p.put("Findings: " + strings.Join(severities, ", ") + "\n")
	p.put(fmt.Sprintf("Verdicts: %s fail, %s pass, %s not evaluated, %s not applicable, %s waived\n",
		thousands(s.Statuses.Fail), thousands(s.Statuses.Pass), thousands(s.Statuses.NotEvaluated), thousands(s.Statuses.NotApplicable), thousands(s.Statuses.Waived)))
	if v.compared {
		p.put(fmt.Sprintf("Against the baseline of %s: %s new, %s unchanged, %s resolved, %s stale\n", v.r.Baseline.At.Format("2006-01-02 15:04 MST"),
			thousands(v.newFindings), thousands(v.unchanged), thousands(len(v.r.Resolved)), thousands(len(v.r.Stale))))
	}
	if p.o.Hidden > 0 {
		p.put(fmt.Sprintf("Not shown: %s below %s\n", plural(p.o.Hidden, "finding", "findings"), p.o.MinSeverity))
	}
}

// verdict is the last line.
func (p *page) verdict(d Decision) {
	if p.started {
		p.put("\n")
	}
	s := map[Verdict]style{VerdictPass: green, VerdictFail: red, VerdictIncomplete: yellow}[d.Verdict]
	line := oneLine(fmt.Sprintf("%s (exit code %d): %s.", strings.ToUpper(string(d.Verdict)), d.Code, d.Reason))
	if p.o.Terminal {
		line = strings.Join(Wrap(line, p.width), "\n")
	}
	p.styled(s, line)
}
