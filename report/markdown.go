package report

import (
	"fmt"
	"io"
	"strings"
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

// markdownFormat is Markdown for comments and job summaries.
func markdownFormat() Format {
	return Format{
		Name: "markdown", Help: "for a pull-request comment or a job summary, cut to what they take",
		Write: renderMarkdown,
	}
}

// renderMarkdown writes a pull-request comment or a job summary: what is
// missing, what to fix first, as much as fits, and the rest counted.
func renderMarkdown(w io.Writer, r *Report, o RenderOptions) error {
	m := &markdown{v: newView(r), o: o, room: markdownLimit - markdownTail}
	m.head()
	m.missing()
	m.summary()
	m.controls()
	for _, group := range m.v.groups {
		m.group(group)
	}
	m.gaps()
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
	v    *view
	o    RenderOptions
	text strings.Builder
	room int
	// cut says what was left out.
	cut []string
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
// that do not. Room is left for the closing text.
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
	if shown < len(rows) {
		m.cut = append(m.cut, fmt.Sprintf("%s of %s", thousands(len(rows)-shown), what))
	}
}

func (m *markdown) head() {
	d := m.o.Decision
	word := map[Verdict]string{VerdictPass: "passed", VerdictFail: "failed", VerdictIncomplete: "incomplete"}[d.Verdict]
	s := m.v.r.Summary
	m.put(fmt.Sprintf("## API token audit: %s\n\n**%s** (exit code %d)\n\n%s in %s, judged by %s at %s.\n",
		word, markdownText(d.Reason), d.Code, plural(s.Tokens, "token", "tokens"), plural(s.Sources, "source", "sources"),
		plural(len(m.v.r.Rules), "rule", "rules"), m.v.r.At.Format("2006-01-02 15:04 MST")))
	if note := m.v.r.scopeNote(); note != "" {
		m.put("\n" + markdownText(note) + ".\n")
	}
}

func (m *markdown) missing() {
	var rows [][]string
	for _, unit := range m.v.unread {
		if unit.Accepted == nil {
			rows = append(rows, []string{mdCode(unit.Source), mdCode(unit.Name), mdText(unit.Problem()), mdText(unit.Hint)})
		}
	}
	m.table("the lists that could not be read", "\n### Not read\n\n", []string{"Source", "List", "Why", "What to do"}, rows, "")
	rows = nil
	for _, e := range m.v.r.RuleErrors {
		rows = append(rows, []string{mdCode(e.Rule), mdCode(e.Source), mdText(e.Detail)})
	}
	m.table("the rule errors", "\n### Rules that could not run\n\n", []string{"Rule", "Source", "Why"}, rows, "")
}

// summary counts by severity, and against the baseline.
func (m *markdown) summary() {
	var titles, counts []string
	for _, s := range allSeverities() {
		titles = append(titles, string(s))
		counts = append(counts, thousands(m.v.r.Summary.Findings.Of(s)))
	}
	statuses := m.v.r.Summary.Statuses
	titles = append(titles, "waived", "not evaluated")
	counts = append(counts, thousands(statuses.Waived), thousands(statuses.NotEvaluated))
	if m.v.compared {
		titles = append(titles, "new", "unchanged", "resolved", "stale")
		counts = append(counts, thousands(m.v.newFindings), thousands(m.v.unchanged), thousands(len(m.v.r.Resolved)), thousands(len(m.v.r.Stale)))
	}
	m.table("the totals", "\n### Findings\n\n", titles, [][]string{counts}, "")
}

// group folds the findings of one rule.
func (m *markdown) group(g group) {
	title := ""
	if rule, ok := m.v.rules[g.rule]; ok {
		title = ": " + markdownText(rule.Title)
	}
	opening := fmt.Sprintf("\n<details><summary><b>%s</b> %s%s (%s)</summary>\n\n", g.severity, markdownText(g.rule), title, plural(len(g.findings), "finding", "findings"))
	closing := []string{"\n"}
	for _, fix := range g.remediations {
		closing = append(closing, "To do: ", markdownText(fix), "\n\n")
	}
	closing = append(closing, "</details>\n")
	titles := []string{"Name", "Token", "What is wrong"}
	if m.v.compared {
		titles = append(titles, "Since")
	}
	rows := make([][]string, 0, len(g.findings))
	for _, f := range g.findings {
		row := []string{mdCode(m.v.name(f)), mdLink(f.Subject(), f.URL), mdText(f.Message)}
		if m.v.compared {
			row = append(row, string(f.Baseline))
		}
		rows = append(rows, row)
	}
	m.table("the findings of "+g.rule, opening, titles, rows, strings.Join(closing, ""))
}

func (m *markdown) gaps() {
	var rows [][]string
	for _, gap := range m.v.mergedGaps() {
		rows = append(rows, []string{mdCode(gap.rule), thousands(gap.count), thousands(gap.sources), mdText(gap.reason)})
	}
	m.table("what was not evaluated", "\n<details><summary>Not evaluated: none of these counts as passed</summary>\n\n", []string{"Rule", "Verdicts", "Sources", "Why"}, rows, "\n</details>\n")
}

func (m *markdown) acceptedGaps() {
	var rows [][]string
	for _, gap := range m.v.r.AcceptedGaps {
		rows = append(rows, []string{string(gap.State), mdCode(gap.Source), mdCode(gap.Unit), expiryText(gap.Expires, gap.ExpiresInDays), mdText(gap.Owner), mdText(gap.Reason)})
	}
	m.table("the accepted gaps", "\n<details><summary>Accepted gaps</summary>\n\n", []string{"State", "Source", "List", "Until", "Owner", "Reason"}, rows, "\n</details>\n")
}

func (m *markdown) waivers() {
	var rows [][]string
	for _, w := range m.v.waivers {
		if w.state != waiverApplied {
			rows = append(rows, []string{string(w.state), mdCode(w.Rule), mdCode(w.Token), mdText(expiryText(w.Expires, w.ExpiresInDays)), thousands(w.Findings), mdText(w.Owner), mdText(w.Reason)})
		}
	}
	m.table("the waivers", "\n<details><summary>Waivers to look at</summary>\n\n", []string{"State", "Rule", "Token", "Until", "Findings", "Owner", "Reason"}, rows, "\n</details>\n")
}

func (m *markdown) waived() {
	var rows [][]string
	for _, f := range m.v.waived {
		row := []string{mdCode(f.Rule), mdCode(f.Subject()), "", "", mdText(f.Message)}
		if f.Waiver != nil {
			row[2], row[3] = mdText(f.Waiver.Expires), mdText(f.Waiver.Owner+": "+f.Waiver.Reason)
		}
		rows = append(rows, row)
	}
	m.table("the waived findings", "\n<details><summary>Waived</summary>\n\n", []string{"Rule", "Token", "Until", "Who and why", "What is wrong"}, rows, "\n</details>\n")
}

func (m *markdown) baseline() {
	list := func(what, summary string, findings []Finding) {
		var rows [][]string
		for i := range findings {
			f := &findings[i]
			rows = append(rows, []string{string(f.Severity), mdCode(f.Rule), mdCode(f.Subject()), f.Resolution.Text()})
		}
		m.table(what, "\n<details><summary>"+summary+"</summary>\n\n", []string{"Severity", "Rule", "Token", "Why"}, rows, "\n</details>\n")
	}
	list("the resolved findings", "Resolved since the baseline", m.v.r.Resolved)
	list("the stale findings", "Stale: findings of the baseline that could not be looked at again", m.v.r.Stale)
}

func (m *markdown) controls() {
	f := m.v.r.Framework
	if f == nil {
		return
	}
	var rows [][]string
	for _, c := range f.Controls {
		rules := make([]string, len(c.Rules))
		for i, rule := range c.Rules {
			rules[i] = mdCode(rule)
		}
		rows = append(rows, []string{string(c.Outcome), mdCode(c.ID), mdText(c.Title), thousands(c.Statuses.Fail), thousands(c.Statuses.Waived), thousands(c.Statuses.NotEvaluated), thousands(c.Statuses.Pass), strings.Join(rules, " ")})
	}
	m.table("the controls", "\n<details><summary>Controls of "+markdownText(f.Title+" "+f.Version)+"</summary>\n\n",
		[]string{"Outcome", "Control", "What it asks for", "Fail", "Waived", "Not evaluated", "Pass", "Rules"}, rows, "\n</details>\n")
}

// tail says what was left out, and how the report can be had again.
func (m *markdown) tail() {
	if n := len(m.v.r.Allowed); n > 0 {
		m.cut = append(m.cut, plural(n, "explained pass", "explained passes"))
	}
	if m.o.Hidden > 0 {
		m.cut = append(m.cut, fmt.Sprintf("%s below %s", plural(m.o.Hidden, "finding", "findings"), m.o.MinSeverity))
	}
	if len(m.cut) > 0 {
		text := markdownText("Not shown here: " + strings.Join(m.cut, "; ") + ". The JSON report has all of it.")
		m.text.WriteString("\n" + cutMarkdown(text) + "\n")
	}
	tool := m.v.r.Tool
	m.text.WriteString("\n<sub>" + cutMarkdown(markdownText(strings.TrimSpace(tool.Name+" "+tool.Version))) + "</sub>\n")
}

// cutMarkdown keeps the end within the room that was kept for it; a character
// reference is not cut in two.
func cutMarkdown(s string) string {
	const most = (markdownTail - 100) / 2
	if len(s) <= most {
		return s
	}
	cut := strings.LastIndexByte(s[:most], ' ')
	return s[:max(cut, 0)] + " " + ellipsis
}

// mdCode and mdText cut what stands in a cell and make it harmless.
func mdCode(s string) string { return markdownCode(cutRunes(oneLine(s), markdownName)) }

func mdText(s string) string { return markdownText(cutRunes(oneLine(s), markdownMessage)) }

// mdLink is a code span that opens the CMS's page, where that is safe to follow.
func mdLink(text, address string) string {
	code := mdCode(text)
	address = safeURL(address)
	if address == "" || strings.ContainsAny(address, "()<>|`\\[] ") || len(address) > markdownMessage {
		return code
	}
	return "[" + code + "](" + address + ")"
}
