package markdown

import (
	"fmt"
	"io"
	"strings"

	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/difference"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// WriteDifference writes a difference for an issue or a comment: what newly
// fails first, as much as fits, and the rest counted. Text from a CMS is
// escaped, so that nothing in it is followed, mentioned or referred to.
func WriteDifference(w io.Writer, d *difference.Difference) error {
	m := &markdown{room: markdownLimit - markdownTail}
	m.put(fmt.Sprintf("## API tokens: what changed\n\nFrom %s to %s: %s.\n", d.Old.Format("2006-01-02 15:04 MST"), d.New.Format("2006-01-02 15:04 MST"), counts(d)))
	if d.Empty() {
		m.put("\nNothing changed.\n")
	}
	m.findings("New findings", d.FindingsNew)
	m.tokens("Tokens added", d.Added)
	m.tokens("Tokens removed", d.Removed)
	var rows [][]string
	for _, change := range d.Changed {
		for _, field := range change.Fields {
			rows = append(rows, []string{mdCode(change.Name), mdCode(change.ID), mdCode(field.Field), mdText(field.Old), mdText(field.New)})
		}
	}
	m.section("Tokens changed", []string{"Name", "Token", "Field", "Old", "New"}, rows)
	rows = nil
	for _, unknown := range d.Unknown {
		rows = append(rows, []string{mdCode(unknown.Name), mdCode(unknown.ID), unknown.In})
	}
	m.section("Tokens added or removed: unknown, the other side could not read the list", []string{"Name", "Token", "Seen in"}, rows)
	m.sources("Sources added", d.SourcesAdded)
	m.sources("Sources removed", d.SourcesRemoved)
	m.sources("Sources added or removed: unknown, the other side could not see all of their CMS", d.SourcesUnknown)
	m.findings("Stale findings", d.FindingsStale)
	m.findings("Resolved findings", d.FindingsResolved)
	if d.Decisions != nil {
		m.decisions(d.Decisions)
	}
	if len(m.cut) > 0 {
		text := safetext.MarkdownText("Not shown here: " + strings.Join(m.cut, "; ") + ". The JSON difference has all of it.")
		m.text.WriteString("\n" + cutMarkdown(text) + "\n")
	}
	_, err := io.WriteString(w, m.text.String())
	return err
}

// decisions lists what people decided: it silences findings as a fix does.
func (m *markdown) decisions(d *difference.Decisions) {
	m.findings("Waived before, failing now", d.Unwaived)
	var rows [][]string
	for _, f := range d.Waived {
		row := []string{mdCode(f.Rule), mdCode(f.Subject()), "", ""}
		if f.Waiver != nil {
			row[2], row[3] = mdText(f.Waiver.Expires), mdText(f.Waiver.Owner+": "+f.Waiver.Reason)
		}
		rows = append(rows, row)
	}
	m.section("Newly waived", []string{"Rule", "Token", "Until", "Who and why"}, rows)
	rows = nil
	for _, w := range d.WaiversEnded {
		rows = append(rows, []string{w.Why, mdCode(w.Rule), mdCode(w.Token), mdText(w.Expires), mdText(w.Owner)})
	}
	m.section("Waivers ended", []string{"Why", "Rule", "Token", "Until", "Owner"}, rows)
	m.gapList("Gaps newly accepted", d.GapsAccepted)
	m.gapList("Accepted gaps ended", d.GapsEnded)
	rows = nil
	for _, c := range d.Rules {
		rows = append(rows, []string{mdCode(c.Rule), mdCode(c.Field), mdText(c.Old), mdText(c.New)})
	}
	m.section("Rules changed", []string{"Rule", "Setting", "Old", "New"}, rows)
}

func (m *markdown) gapList(title string, gaps []report.AcceptedGap) {
	var rows [][]string
	for _, g := range gaps {
		rows = append(rows, []string{mdCode(g.Source), mdCode(g.List()), mdText(g.Expires), mdText(g.Owner + ": " + g.Reason)})
	}
	m.section(title, []string{"Source", "List", "Until", "Who and why"}, rows)
}

// counts says in a line what changed; of findings only where both sides have them.
func counts(d *difference.Difference) string {
	text := fmt.Sprintf("%s added, %s removed, %s changed", safetext.Plural(len(d.Added), "token", "tokens"), safetext.Thousands(len(d.Removed)), safetext.Thousands(len(d.Changed)))
	if d.FindingsNew != nil {
		text += fmt.Sprintf("; %s, %s resolved, %s stale", safetext.Plural(len(d.FindingsNew), "new finding", "new findings"), safetext.Thousands(len(d.FindingsResolved)), safetext.Thousands(len(d.FindingsStale)))
	}
	return text
}

// section is a table under its title, left out when it is empty.
func (m *markdown) section(title string, columns []string, rows [][]string) {
	m.table("the rows of “"+title+"”", "\n### "+title+"\n\n", columns, rows, "")
}

func (m *markdown) sources(title string, ids []string) {
	var rows [][]string
	for _, id := range ids {
		rows = append(rows, []string{mdCode(id)})
	}
	m.section(title, []string{"Source"}, rows)
}

func (m *markdown) tokens(title string, refs []difference.TokenRef) {
	var rows [][]string
	for _, ref := range refs {
		rows = append(rows, []string{mdCode(ref.Name), mdCode(ref.ID), string(ref.Kind), string(ref.Level)})
	}
	m.section(title, []string{"Name", "Token", "Kind", "Level"}, rows)
}

func (m *markdown) findings(title string, findings []*report.Finding) {
	var rows [][]string
	for _, f := range findings {
		why := f.Message
		if f.Resolution != "" {
			why = f.Resolution.Text()
		}
		rows = append(rows, []string{string(f.Severity), mdCode(f.Rule), mdCode(f.TokenName), mdLink(f.Subject(), f.URL), mdText(why)})
	}
	m.section(title, []string{"Severity", "Rule", "Name", "Token", "Why"}, rows)
}
