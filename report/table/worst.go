package table

import (
	"fmt"

	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/safetext"
	"github.com/tokenaudit/tokenaudit/report/triage"
)

// worst lists the tokens to fix first, what each can do, and the one step that removes most
// of its findings.
func (p *page) worst(v *format.View) {
	if len(v.Tokens) == 0 {
		return
	}
	shown := v.Tokens[:min(len(v.Tokens), triage.First)]
	title := "FIX FIRST: " + safetext.Plural(len(v.Tokens), "token has findings", "tokens have findings")
	if late := triage.Overdue(v.Tokens); late > 0 {
		title += ", " + safetext.Thousands(late) + " overdue"
	}
	if len(shown) < len(v.Tokens) {
		title += fmt.Sprintf("; these %d first", len(shown))
	}
	p.heading(red, title)
	var rows [][]string
	for i := range shown {
		t := &shown[i]
		rows = append(rows, []string{t.Score(), t.TokenName, t.CMS, string(t.Access), format.Answers(t), t.Token, format.FindingsText(t), "Do: " + t.Step.String()})
	}
	p.table([]column{{title: "RISK", whole: true}, {title: "NAME"}, {title: "CMS", whole: true}, {title: "CAN", whole: true}, {title: "OWNER"},
		{title: "TOKEN", id: true, below: true}, {title: "FINDINGS", below: true}, {title: "WHAT TO DO", below: true}}, rows)
	if rest := len(v.Tokens) - len(shown); rest > 0 {
		p.item(fmt.Sprintf("and %s: --group-by token lists all", safetext.Plural(rest, "more token", "more tokens")))
	}
}
