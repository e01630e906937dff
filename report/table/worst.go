package table

import (
	"fmt"

	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// worst lists the credentials in the code, which are of no token, and the tokens to fix first,
// what each can do, and the one step that removes most of its findings.
func (p *page) worst(v *format.View) {
	heading := "FIX FIRST: "
	if credentials, all := format.HardCodedIn(v.R); len(credentials) > 0 {
		p.heading(red, heading+all)
		heading = "FIX NEXT: "
		var rows [][]string
		for _, c := range credentials {
			rows = append(rows, []string{c.Place, c.Wrong, "Do: " + c.Fix})
		}
		p.table([]column{{title: "PLACE", id: true}, {title: "WHAT IS WRONG", prose: true}, {title: "WHAT TO DO", below: true}}, rows)
	}
	if v.Affected == 0 {
		return
	}
	title := heading + safetext.Plural(v.Affected, "token has findings", "tokens have findings")
	if v.Overdue > 0 {
		title += ", " + safetext.Thousands(v.Overdue) + " overdue"
	}
	if len(v.First) < v.Affected {
		title += fmt.Sprintf("; these %d first", len(v.First))
	}
	p.heading(red, title)
	var rows [][]string
	for i := range v.First {
		t := &v.First[i]
		rows = append(rows, []string{t.Score(), t.TokenName, t.CMS, string(t.Access), format.Answers(t), t.Token, format.FindingsText(t), "Do: " + t.Step.String()})
	}
	p.table([]column{{title: "RISK", whole: true}, {title: "NAME"}, {title: "CMS", whole: true}, {title: "CAN", whole: true}, {title: "OWNER"},
		{title: "TOKEN", id: true, below: true}, {title: "FINDINGS", below: true}, {title: "WHAT TO DO", below: true}}, rows)
	if rest := v.Affected - len(v.First); rest > 0 {
		text := "and " + safetext.Plural(rest, "more token", "more tokens")
		if p.o.GroupBy != format.ByToken { // else they follow
			text += ": --group-by token lists all"
		}
		p.item(text)
	}
}
