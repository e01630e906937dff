package html

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/safetext"
	"github.com/tokenaudit/tokenaudit/report/triage"
)

type htmlWorst struct {
	Risk, Band, Name, Where, ID, Can, Owner string
	Findings                                []htmlFinding
	ToDo                                    string
	// Overdue is empty where none of the findings is.
	Overdue string
}

// htmlFinding names the rule of a finding, and those of the findings that are a part of it.
type htmlFinding struct{ Fingerprint, Rule, With string }

// worst lists the credentials in the code, which are of no token, and the tokens to fix first.
func (p *htmlPage) worst(v *format.View) {
	credentials, all := format.HardCodedIn(v.R)
	for _, c := range credentials {
		p.HardCoded = append(p.HardCoded, format.HardCoded{Fingerprint: c.Fingerprint, Place: htmlText(c.Place), Wrong: htmlText(c.Wrong), Fix: htmlText(c.Fix)})
	}
	p.HardCodedNote = all
	tokens := triage.Tokens(v.R)
	shown := tokens[:min(len(tokens), triage.First)]
	p.WorstNote = safetext.Plural(len(tokens), "token has findings", "tokens have findings") + "; those with the highest risk come first."
	if late := triage.Overdue(tokens); late > 0 {
		p.WorstNote = fmt.Sprintf("%s; the %s overdue come first, then those with the highest risk.", safetext.Plural(len(tokens), "token has findings", "tokens have findings"), safetext.Thousands(late))
	}
	for i := range shown {
		t := &shown[i]
		w := htmlWorst{
			Risk: t.Score(), Band: bandText(t.Risk), Name: htmlText(cmp.Or(strings.TrimSpace(t.TokenName), t.Token)), Where: htmlText(strings.TrimRight(t.CMS+" · "+v.SourceName(t.Source), " ·")), ID: htmlText(t.Token),
			Can: htmlText(string(t.Access)), Owner: htmlText(format.Answers(t)), ToDo: htmlText(t.Step.String()), Overdue: format.OverdueText(t.OverdueDays),
		}
		for _, f := range t.Findings {
			w.Findings = append(w.Findings, htmlFinding{Fingerprint: f.Fingerprint, Rule: htmlText(f.Rule), With: htmlText(format.PartsText(f))})
		}
		p.Worst = append(p.Worst, w)
	}
}
