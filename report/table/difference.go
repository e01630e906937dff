package table

import (
	"fmt"
	"io"

	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/difference"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// WriteDifference writes a difference for people.
func WriteDifference(w io.Writer, d *difference.Difference, o format.Options) error {
	p := newPage(w, o)
	p.heading(bold, fmt.Sprintf("From %s to %s: %s added, %s removed, %s changed", d.Old.Format("2006-01-02 15:04 MST"), d.New.Format("2006-01-02 15:04 MST"),
		safetext.Plural(len(d.Added), "token", "tokens"), safetext.Thousands(len(d.Removed)), safetext.Thousands(len(d.Changed))))
	if d.Empty() {
		p.put("Nothing changed.\n")
		return p.close()
	}
	p.ids("SOURCES ADDED", d.SourcesAdded)
	p.ids("SOURCES REMOVED", d.SourcesRemoved)
	p.ids("SOURCES OF ONE SIDE, for unknown reasons: the other could not see, or did not look at, all of their CMS", d.SourcesUnknown)
	p.tokenRefs(bold, "ADDED", d.Added)
	p.tokenRefs(bold, "REMOVED", d.Removed)
	var rows [][]string
	for _, change := range d.Changed {
		for _, field := range change.Fields {
			rows = append(rows, []string{change.ID, change.Name, field.Field, field.Old, field.New})
		}
	}
	p.list(bold, "CHANGED", []column{{title: "TOKEN", id: true}, {title: "NAME", optional: true}, {title: "FIELD", whole: true}, {title: "OLD"}, {title: "NEW"}}, rows)
	rows = nil
	for _, unknown := range d.Unknown {
		rows = append(rows, []string{unknown.ID, unknown.Name, unknown.In})
	}
	p.list(yellow, "ADDED OR REMOVED, unknown which: the list could not be read on the other side", []column{{title: "TOKEN", id: true}, {title: "NAME"}, {title: "SEEN IN", whole: true}}, rows)
	p.findings(red, "NEW FINDINGS", d.FindingsNew)
	p.findings(green, "RESOLVED FINDINGS", d.FindingsResolved)
	p.findings(yellow, "STALE FINDINGS", d.FindingsStale)
	if d.Decisions != nil {
		p.decisions(d.Decisions)
	}
	return p.close()
}

// decisions lists what people decided: it silences findings as a fix does.
func (p *page) decisions(d *difference.Decisions) {
	p.findings(red, "WAIVED BEFORE, FAILING NOW", d.Unwaived)
	var rows [][]string
	for _, f := range d.Waived {
		row := []string{f.Rule, f.Subject(), "", ""}
		if f.Waiver != nil {
			row[2], row[3] = f.Waiver.Expires, f.Waiver.Owner+": "+f.Waiver.Reason
		}
		rows = append(rows, row)
	}
	p.list(yellow, "NEWLY WAIVED", []column{{title: "RULE", id: true}, {title: "TOKEN", id: true}, {title: "UNTIL", whole: true}, {title: "WHO AND WHY", prose: true}}, rows)
	rows = nil
	for _, w := range d.WaiversEnded {
		rows = append(rows, []string{w.Why, w.Rule, w.Token, w.Expires, w.Owner})
	}
	p.list(bold, "WAIVERS ENDED", []column{{title: "WHY", whole: true}, {title: "RULE", id: true}, {title: "TOKEN", id: true}, {title: "UNTIL", whole: true}, {title: "OWNER"}}, rows)
	p.gapList(yellow, "GAPS NEWLY ACCEPTED", d.GapsAccepted)
	p.gapList(bold, "ACCEPTED GAPS ENDED", d.GapsEnded)
	rows = nil
	for _, c := range d.Rules {
		rows = append(rows, []string{c.Rule, c.Field, c.Old, c.New})
	}
	p.list(yellow, "RULES CHANGED", []column{{title: "RULE", id: true}, {title: "SETTING", whole: true}, {title: "OLD"}, {title: "NEW"}}, rows)
}

func (p *page) gapList(s style, title string, gaps []report.AcceptedGap) {
	var rows [][]string
	for _, g := range gaps {
		rows = append(rows, []string{g.Source, g.List(), g.Expires, g.Owner + ": " + g.Reason})
	}
	p.list(s, title, []column{{title: "SOURCE", id: true}, {title: "LIST"}, {title: "UNTIL", whole: true}, {title: "WHO AND WHY", prose: true}}, rows)
}

func (p *page) ids(title string, ids []string) {
	rows := make([][]string, len(ids))
	for i, id := range ids {
		rows[i] = []string{id}
	}
	p.list(bold, title, []column{{title: "SOURCE", id: true}}, rows)
}

func (p *page) tokenRefs(s style, title string, refs []difference.TokenRef) {
	var rows [][]string
	for _, ref := range refs {
		rows = append(rows, []string{ref.ID, ref.Name, string(ref.Kind), string(ref.Level)})
	}
	p.list(s, title, []column{{title: "TOKEN", id: true}, {title: "NAME"}, {title: "KIND", whole: true}, {title: "LEVEL", whole: true}}, rows)
}

func (p *page) findings(s style, title string, findings []*report.Finding) {
	var rows [][]string
	for _, f := range findings {
		why := f.Message
		if f.Resolution != "" {
			why = f.Resolution.Text()
		}
		rows = append(rows, []string{string(f.Severity), f.Rule, f.Subject(), why})
	}
	p.list(s, title, []column{{title: "SEVERITY", whole: true}, {title: "RULE", id: true}, {title: "TOKEN", id: true}, {title: "WHY", prose: true}}, rows)
}

// list is a section with a table, left out when it is empty.
func (p *page) list(s style, title string, columns []column, rows [][]string) {
	if len(rows) > 0 {
		p.heading(s, title)
		p.table(columns, rows)
	}
}
