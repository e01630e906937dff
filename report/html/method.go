package html

import (
	"fmt"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/risk"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// htmlMethod says how the report came about: what it looked at, by which rules it judged,
// and what its words mean.
type htmlMethod struct {
	Coverage              []htmlCoverage
	Facts                 []htmlFact
	Gate, Risk, Evaluated string
}

// htmlCoverage counts what was read of one CMS.
type htmlCoverage struct{ CMS, Sources, Tokens, Read, Missed, Accepted string }

type htmlFact struct{ Name, Value string }

func newMethod(v *format.View, o format.Options) htmlMethod {
	r := v.R
	m := htmlMethod{Coverage: coverage(v), Gate: gateText(o.Gate, r.Baseline != nil), Risk: riskText(r)}
	c := r.Summary.Statuses
	m.Evaluated = fmt.Sprintf("%s failed, %s waived, %s not evaluated, %s passed", safetext.Thousands(c.Fail), safetext.Thousands(c.Waived), safetext.Thousands(c.NotEvaluated), safetext.Thousands(c.Pass))
	add := func(name, value string) {
		if value != "" {
			m.Facts = append(m.Facts, htmlFact{name, htmlText(value)})
		}
	}
	add("Time of the audit", r.At.Format("2006-01-02 15:04:05 MST"))
	add("Program", strings.TrimSpace(r.Tool.Name+" "+r.Tool.Version))
	add("Rules", fmt.Sprintf("%s, digest %s, judged by OPA %s", safetext.Plural(len(r.Rules), "rule", "rules"), r.Policies.Digest, r.Policies.OPA))
	add("Configuration", r.ConfigDigest)
	add("Waivers", r.WaiversDigest)
	add("Scope", r.ScopeNote())
	for _, e := range r.Evidence {
		add("Evidence", fmt.Sprintf("%s file %s, SHA-256 %s", e.Kind, e.File, e.SHA256))
	}
	return m
}

// coverage counts by CMS, sorted.
func coverage(v *format.View) []htmlCoverage {
	type counts struct{ sources, tokens, read, missed int }
	by := map[string]*counts{}
	for i := range v.R.Sources {
		s := &v.R.Sources[i]
		if by[s.CMS] == nil {
			by[s.CMS] = &counts{}
		}
		c := by[s.CMS]
		c.sources++
		c.tokens += s.Tokens
		for _, unit := range s.Units {
			if unit.Status == inventory.UnitComplete {
				c.read++
			}
		}
	}
	accepted := map[string]int{}
	for _, unit := range v.Unread {
		if unit.Accepted != nil {
			accepted[unit.CMS]++
		} else {
			by[unit.CMS].missed++
		}
	}
	var rows []htmlCoverage
	for _, cms := range safetext.SortedKeys(by) {
		c := by[cms]
		rows = append(rows, htmlCoverage{htmlText(cms), safetext.Thousands(c.sources), safetext.Thousands(c.tokens), safetext.Thousands(c.read), safetext.Thousands(c.missed), safetext.Thousands(accepted[cms])})
	}
	return rows
}

// gateText says in one sentence what makes the verdict fail.
func gateText(g report.Gate, compared bool) string {
	var parts []string
	if g.FailOn != "" && g.FailOn != report.NoSeverity {
		which := "a finding"
		if g.OnlyNew && compared {
			which = "a new finding"
		}
		parts = append(parts, fmt.Sprintf("%s of severity %s or above that is not waived", which, g.FailOn))
	}
	if g.FailOnRisk != "" {
		parts = append(parts, fmt.Sprintf("a token whose risk is %s or worse", g.FailOnRisk))
	}
	if g.Overdue {
		parts = append(parts, "a finding that is overdue")
	}
	text := "No finding makes the verdict fail."
	if len(parts) > 0 {
		text = "The verdict fails on " + strings.Join(parts, " and on ") + "."
	}
	text += " It is incomplete where a list could not be read or a rule could not run, unless somebody accepted that"
	if g.NotEvaluated != "" && g.NotEvaluated != report.NoSeverity {
		text += fmt.Sprintf(", or where a rule of severity %s or above could not be evaluated", g.NotEvaluated)
	}
	return text + "."
}

// riskText says how scores are made; empty for a report without them.
func riskText(r *report.Report) string {
	if r.Risk() == nil {
		return ""
	}
	bands := make([]string, 0, len(risk.AllBands()))
	for _, band := range risk.AllBands() {
		bands = append(bands, string(band))
	}
	return "The risk of a token is the sum of the points of its factors, from 0 to 100; its row in the inventory lists them. " +
		"A fact that is not known makes a range: the lower end is certain, the upper end is possible. Tokens are sorted by what is certain. The bands are " + safetext.And(bands) + ". " +
		"The points are a judgement that puts tokens in an order, not a probability."
}
