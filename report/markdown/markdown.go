// Package markdown renders a report for a pull-request comment or a job summary.
package markdown

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/controls"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/safetext"
	"github.com/tokenaudit/tokenaudit/report/triage"
)

const (
	// markdownLimit is what a comment on GitHub takes, in characters; a job
	// summary takes 1 MiB. Bytes are counted, which is the safe side.
	markdownLimit = 65_536
	// markdownTail is kept free for what has to be said at the end.
	markdownTail = 4_096
	// markdownName and markdownMessage cut what stands in a table.
	markdownName    = 80
	markdownMessage = 300
)

// Format is Markdown for comments and job summaries.
func Format() format.Format {
	return format.Format{
		Name: "markdown", Help: "for a pull-request comment or a job summary, cut to their size limits",
		Write: renderMarkdown,
	}
}

// renderMarkdown writes a pull-request comment or a job summary: what is
// missing, what to fix first, as much as fits, and the rest counted.
func renderMarkdown(w io.Writer, r *report.Report, o format.Options) error {
	m := &markdown{v: format.NewView(r), o: o, room: markdownLimit - markdownTail}
	if o.GroupBy != "" && o.GroupBy != format.ByRule {
		m.v.Group(o.GroupBy)
	}
	m.head()
	m.missing()
	m.relaxed()
	m.worst()
	m.summary()
	m.controls()
	for _, group := range m.v.Groups {
		m.group(part(group, m.attention), " open")
	}
	for _, group := range m.v.Groups {
		m.group(part(group, func(f *report.Finding) bool { return !m.attention(f) }), "")
	}
	m.gaps()
	m.notAsked()
	m.acceptedGaps()
	m.waivers()
	m.waived()
	m.baseline()
	m.tail()
	_, err := io.WriteString(w, m.text.String())
	return err
}

// markdown builds one document within its room. Text that does not fit is
// left out whole, block by block, and counted.
type markdown struct {
	v    *format.View
	o    format.Options
	text strings.Builder
	room int
	// cut says what was left out, and left is how many findings of groups that are no rules.
	cut  []string
	left int
}

// put adds a block if there is room.
func (m *markdown) put(block string) bool {
	if len(block) > m.room {
		return false
	}
	m.room -= len(block)
	m.text.WriteString(block)
	return true
}

// table adds a table with as many of its rows as fit; what names the rows
// that do not; empty for findings of a group of which there may be thousands. Room is left for the closing text.
func (m *markdown) table(what, opening string, titles []string, rows [][]string, closing string) {
	head := opening + "| " + strings.Join(titles, " | ") + " |\n|" + strings.Repeat(" --- |", len(titles)) + "\n"
	if len(rows) == 0 {
		return
	}
	first := "| " + strings.Join(rows[0], " | ") + " |\n"
	m.room -= len(closing)
	shown := 0
	if len(head)+len(first) <= m.room && m.put(head) {
		for _, row := range rows {
			if !m.put("| " + strings.Join(row, " | ") + " |\n") {
				break
			}
			shown++
		}
		m.text.WriteString(closing)
	} else {
		m.room += len(closing)
	}
	switch left := len(rows) - shown; {
	case left > 0 && what == "":
		m.left += left
	case left > 0:
		m.cut = append(m.cut, fmt.Sprintf("%s of %s", safetext.Thousands(left), what))
	}
}

func (m *markdown) head() {
	d := m.o.Decision
	word := map[report.Verdict]string{report.VerdictPass: "passed", report.VerdictFail: "failed", report.VerdictIncomplete: "incomplete"}[d.Verdict]
	s := m.v.R.Summary
	m.put(fmt.Sprintf("## API token audit: %s\n\n**%s** (%s)\n\n%s in %s, judged by %s at %s.\n",
		word, safetext.MarkdownText(d.Reason), d.ExitText(), safetext.Plural(s.Tokens, "token", "tokens"), safetext.Plural(s.Sources, "source", "sources"),
		safetext.Plural(len(m.v.R.Rules), "rule", "rules"), m.v.R.At.Format("2006-01-02 15:04 MST")))
	if text := format.Changes(m.v.R, m.o.Gate); text != "" {
		m.put("\n" + safetext.MarkdownText(text) + ".\n")
	}
	if note := m.v.R.ScopeNote(); note != "" {
		m.put("\n" + safetext.MarkdownText(note) + ".\n")
	}
}

// worst lists the credentials in the code, which are of no token, and the tokens to fix first.
func (m *markdown) worst() {
	heading := "Fix first"
	if credentials, all := format.HardCodedIn(m.v.R); len(credentials) > 0 {
		var rows [][]string
		for _, c := range credentials {
			rows = append(rows, []string{mdCode(c.Place), mdText(c.Wrong), mdText(c.Fix)})
		}
		m.table("the hard-coded credentials", fmt.Sprintf("\n### %s: %s\n\n", heading, all), []string{"Place", "What is wrong", "What to do"}, rows, "")
		heading = "Fix next"
	}
	tokens := triage.Tokens(m.v.R)
	shown := tokens[:min(len(tokens), triage.First)]
	var rows [][]string
	for i := range shown {
		t := &shown[i]
		rows = append(rows, []string{t.Score(), mdText(t.TokenName) + " " + mdCode(t.Token), mdText(t.CMS), mdText(string(t.Access)), mdText(format.Answers(t)), mdText(format.FindingsText(t)), mdText(t.Step.String())})
	}
	title := fmt.Sprintf("\n### %s: %s\n\n", heading, safetext.Plural(len(tokens), "token has findings", "tokens have findings"))
	if len(shown) < len(tokens) {
		title = fmt.Sprintf("\n### %s: %d of %s\n\n", heading, len(shown), safetext.Plural(len(tokens), "token with findings", "tokens with findings"))
	}
	m.table("the tokens to fix first", title, []string{"Risk", "Token", "CMS", "Can", "Owner", "Findings", "What to do"}, rows, "")
}

func (m *markdown) missing() {
	var rows [][]string
	for _, n := range m.v.NotRead() {
		lists := make([]string, len(n.Lists))
		for i, name := range n.Lists {
			lists[i] = mdCode(name)
		}
		rows = append(rows, m.labelled([]string{mdCode(n.Source), strings.Join(lists, ", "), mdText(n.Problem()), mdText(n.Hint)}, n.Source))
	}
	m.table("the lists that could not be read", "\n### Not read\n\n", m.labelTitle([]string{"Source", "Lists", "Why", "What to do"}), rows, "")
	rows = nil
	for _, e := range m.v.R.RuleErrors {
		rows = append(rows, []string{mdCode(e.Rule), mdCode(e.Source), mdText(e.Detail)})
	}
	m.table("the rule errors", "\n### Rules that could not run\n\n", []string{"Rule", "Source", "Why"}, rows, "")
}

// relaxed lists the settings with which controls cannot pass.
func (m *markdown) relaxed() {
	var rows [][]string
	for _, r := range m.v.R.Lowered() {
		rows = append(rows, []string{mdText(r.String()), mdText(controls.Text(r.Controls))})
	}
	m.table("the relaxed settings", "\n### Relaxed: these controls cannot pass\n\n", []string{"Setting", "Controls"}, rows, "")
}

// labelTitle and labelled add a column with the labels of sources, where any source
// of the report has some.
func (m *markdown) labelTitle(titles []string) []string {
	if m.v.Labelled {
		titles = append(titles, "Labels")
	}
	return titles
}

func (m *markdown) labelled(row []string, source string) []string {
	if !m.v.Labelled {
		return row
	}
	cell := ""
	if text := m.v.LabelsText(source); text != "" {
		cell = mdCode(text)
	}
	return append(row, cell)
}

// summary counts by severity, and against the baseline.
func (m *markdown) summary() {
	var titles, counts []string
	for _, s := range report.AllSeverities() {
		titles = append(titles, string(s))
		counts = append(counts, safetext.Thousands(m.v.R.Summary.Findings.Of(s)))
	}
	statuses := m.v.R.Summary.Statuses
	titles = append(titles, "waived", "not evaluated")
	counts = append(counts, safetext.Thousands(statuses.Waived), safetext.Thousands(statuses.NotEvaluated))
	if c := m.v.R.Changes; c != nil {
		titles = append(titles, "new", "reopened", "unchanged", "resolved", "stale")
		counts = append(counts, safetext.Thousands(c.New), safetext.Thousands(c.Reopened), safetext.Thousands(c.Unchanged), safetext.Thousands(c.Resolved), safetext.Thousands(c.Stale))
	}
	m.table("the totals", "\n### Findings\n\n", titles, [][]string{counts}, "")
}

// attention reports whether a finding is shown without a click: the change adds
// it, or there is no baseline to tell and it is about a line of code.
func (m *markdown) attention(f *report.Finding) bool {
	if m.v.Compared {
		return f.Baseline.IsNew()
	}
	return format.Place(f) != ""
}

// part is the group with some of its findings.
func part(g format.Group, of func(*report.Finding) bool) format.Group {
	g.Findings = slices.DeleteFunc(slices.Clone(g.Findings), func(f *report.Finding) bool { return !of(f) })
	return g
}

// group shows findings that have something in common in a block that can be folded; state
// is " open", or empty for one that is folded at first.
func (m *markdown) group(g format.Group, state string) {
	placed := slices.ContainsFunc(g.Findings, func(f *report.Finding) bool { return format.Place(f) != "" })
	opening := fmt.Sprintf("\n<details%s><summary>%s (%s)</summary>\n\n", state, m.groupTitle(&g), safetext.Plural(len(g.Findings), "finding", "findings"))
	closing := []string{"\n"}
	for _, fix := range g.Remediations {
		closing = append(closing, "To do: ", safetext.MarkdownText(fix), "\n\n")
	}
	closing = append(closing, "</details>\n")
	titles := []string{"Name", "Token", "What is wrong"}
	if g.Rule == "" {
		titles = append([]string{"Severity", "Rule"}, titles...)
	}
	if placed {
		titles = append(titles, "Place")
	}
	owned := slices.ContainsFunc(g.Findings, func(f *report.Finding) bool { return mdOwner(f) != "" })
	if owned {
		titles = append(titles, "Owner")
	}
	if len(m.v.R.Teams) > 0 {
		titles = append(titles, "Team")
	}
	if m.v.Compared {
		titles = append(titles, "Since")
	}
	titles = m.labelTitle(titles)
	rows := make([][]string, 0, len(g.Findings))
	for _, f := range g.Findings {
		row := []string{mdCode(m.v.Name(f)), mdLink(f.Subject(), f.URL), mdText(f.Message)}
		if parts := m.v.Contained(f); len(parts) > 0 {
			row[2] += mdText(" (with " + safetext.And(parts) + ")")
		}
		if g.Rule == "" {
			row = append([]string{string(f.Severity), mdCode(f.Rule)}, row...)
		}
		if placed {
			row = append(row, mdPlace(f))
		}
		if owned {
			row = append(row, mdOwner(f))
		}
		if len(m.v.R.Teams) > 0 {
			row = append(row, mdText(f.Team))
		}
		if m.v.Compared {
			row = append(row, format.Since(f))
		}
		rows = append(rows, m.labelled(row, f.Source))
	}
	what := ""
	if g.Rule != "" {
		what = "the findings of " + g.Rule
	}
	m.table(what, opening, titles, rows, strings.Join(closing, ""))
}

// groupTitle says what the findings of a group have in common.
func (m *markdown) groupTitle(g *format.Group) string {
	if g.Rule == "" {
		return "<b>" + mdText(g.Name) + "</b>"
	}
	title := fmt.Sprintf("<b>%s</b> %s", g.Severity, safetext.MarkdownText(g.Rule))
	if rule, ok := m.v.Rules[g.Rule]; ok {
		title += ": " + safetext.MarkdownText(rule.Title)
	}
	return title
}

func (m *markdown) gaps() {
	var rows [][]string
	for _, gap := range m.v.MergedGaps() {
		rows = append(rows, []string{mdCode(gap.Rule), safetext.Thousands(gap.Count), safetext.Thousands(gap.Sources), mdText(gap.Reason)})
	}
	m.table("what was not evaluated", "\n<details><summary>Not evaluated: none of these counts as passed</summary>\n\n", []string{"Rule", "Verdicts", "Sources", "Why"}, rows, "\n"+safetext.MarkdownText(format.EachToken)+"\n\n</details>\n")
}

func (m *markdown) notAsked() {
	var rows [][]string
	for _, line := range m.v.NotAsked() {
		rows = append(rows, []string{mdText(line)})
	}
	m.table("what was not asked", "\n<details><summary>Not asked: nothing passed these rules</summary>\n\n", []string{"Rules, and what they lack"}, rows, "\n</details>\n")
}

func (m *markdown) acceptedGaps() {
	var rows [][]string
	for _, gap := range m.v.R.AcceptedGaps {
		rows = append(rows, []string{string(gap.State), mdCode(gap.Source), mdCode(gap.List()), format.ExpiryText(gap.Expires, gap.ExpiresInDays), mdText(gap.Owner), mdText(gap.Reason)})
	}
	m.table("the accepted gaps", "\n<details><summary>Accepted gaps</summary>\n\n", []string{"State", "Source", "List", "Until", "Owner", "Reason"}, rows, "\n</details>\n")
}

func (m *markdown) waivers() {
	var rows [][]string
	for _, w := range m.v.Waivers {
		if w.State != format.WaiverApplied {
			rows = append(rows, []string{string(w.State), mdCode(w.Rule), mdCode(w.On()), mdText(format.ExpiryText(w.Expires, w.ExpiresInDays)), safetext.Thousands(w.Findings), mdText(w.Owner), mdText(w.Reason)})
		}
	}
	m.table("the waivers", "\n<details><summary>Waivers that need attention</summary>\n\n", []string{"State", "Rule", "Token", "Until", "Findings", "Owner", "Reason"}, rows, "\n</details>\n")
}

func (m *markdown) waived() {
	var rows [][]string
	for _, f := range m.v.Waived {
		row := []string{mdCode(f.Rule), mdCode(f.Subject()), "", "", mdText(f.Message)}
		if f.Waiver != nil {
			row[2], row[3] = mdText(f.Waiver.Expires), mdText(f.Waiver.Owner+": "+f.Waiver.Reason)
		}
		rows = append(rows, row)
	}
	m.table("the waived findings", "\n<details><summary>Waived</summary>\n\n", []string{"Rule", "Token", "Until", "Who and why", "What is wrong"}, rows, "\n</details>\n")
}

func (m *markdown) baseline() {
	list := func(what, summary string, findings []*report.Finding) {
		var rows [][]string
		for _, f := range findings {
			rows = append(rows, []string{string(f.Severity), mdCode(f.Rule), mdCode(f.Subject()), f.Resolution.Text()})
		}
		m.table(what, "\n<details><summary>"+summary+"</summary>\n\n", []string{"Severity", "Rule", "Token", "Why"}, rows, "\n</details>\n")
	}
	list("the resolved findings", "Resolved since "+m.v.R.Before(), m.v.R.Resolved)
	list("the stale findings", "Stale: findings of "+m.v.R.Before()+" that could not be checked again", m.v.R.Stale)
}

func (m *markdown) controls() {
	f := m.v.R.Framework
	if f == nil {
		return
	}
	var rows [][]string
	for _, c := range f.Controls {
		rules := make([]string, len(c.Rules))
		for i, rule := range c.Rules {
			rules[i] = mdCode(rule)
		}
		rows = append(rows, []string{string(c.Outcome), mdCode(c.ID), mdText(c.Title), safetext.Thousands(c.Statuses.Fail), safetext.Thousands(c.Statuses.Waived), safetext.Thousands(c.Statuses.NotEvaluated), safetext.Thousands(c.Statuses.Pass), strings.Join(rules, " "), mdText(strings.Join(c.Reasons, "; "))})
	}
	m.table("the controls", "\n<details><summary>Controls of "+safetext.MarkdownText(f.Title+" "+f.Version)+"</summary>\n\n",
		[]string{"Outcome", "Control", "What it asks for", "Fail", "Waived", "Not evaluated", "Pass", "Rules", "Why not evaluated"}, rows, "\n</details>\n")
}

// tail says what was left out, and how the report can be had again.
func (m *markdown) tail() {
	if m.left > 0 {
		m.cut = append(m.cut, safetext.Plural(m.left, "finding", "findings"))
	}
	if n := len(m.v.R.Allowed); n > 0 {
		m.cut = append(m.cut, safetext.Plural(n, "explained pass", "explained passes"))
	}
	if m.o.Hidden > 0 {
		m.cut = append(m.cut, fmt.Sprintf("%s below %s", safetext.Plural(m.o.Hidden, "finding", "findings"), m.o.MinSeverity))
	}
	if len(m.cut) > 0 {
		text := safetext.MarkdownText("Not shown here: " + strings.Join(m.cut, "; ") + ". The JSON report has all of it.")
		m.text.WriteString("\n" + cutMarkdown(text) + "\n")
	}
	tool := m.v.R.Tool
	m.text.WriteString("\n<sub>" + cutMarkdown(safetext.MarkdownText(strings.TrimSpace(tool.Name+" "+tool.Version))) + "</sub>\n")
}

// cutMarkdown keeps the end within the room that was kept for it; a character
// reference is not cut in two.
func cutMarkdown(s string) string {
	const most = (markdownTail - 100) / 2
	if len(s) <= most {
		return s
	}
	cut := strings.LastIndexByte(s[:most], ' ')
	return s[:max(cut, 0)] + " " + safetext.Ellipsis
}

// mdCode and mdText cut what stands in a cell and make it harmless.
func mdCode(s string) string {
	return safetext.MarkdownCode(safetext.CutRunes(safetext.OneLine(s), markdownName))
}

func mdText(s string) string {
	return safetext.MarkdownText(safetext.CutRunes(safetext.OneLine(s), markdownMessage))
}

// mdOwner is the person or application that the token of a finding belongs to; empty where
// there is none, or nobody knows.
func mdOwner(f *report.Finding) string {
	if f.Owner == nil || f.Owner.Type == inventory.OwnerUnknown {
		return ""
	}
	return mdText(format.OwnerText(f.Owner))
}

// mdPlace is the line of code of a finding; empty for one that is not about code.
func mdPlace(f *report.Finding) string {
	if place := format.Place(f); place != "" {
		return mdCode(place)
	}
	return ""
}

// mdLink is a code span that opens the CMS's page, where that is safe to follow.
func mdLink(text, address string) string {
	code := mdCode(text)
	address = safetext.SafeURL(address)
	if address == "" || strings.ContainsAny(address, "()<>|`\\[] ") || len(address) > markdownMessage {
		return code
	}
	return "[" + code + "](" + address + ")"
}
