package html

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/safetext"
	"github.com/tokenaudit/tokenaudit/report/triage"
)

// htmlMaxRows bounds the tables that have no pages.
const htmlMaxRows = 200

// htmlMaxText cuts untrusted text on the page, in characters.
const htmlMaxText = 500

// htmlPage is what the template shows. Its texts are one line each.
type htmlPage struct {
	At, Sources, Tokens, RuleCount, Tool string
	Policies, Config, OPA                string
	Verdict, Reason, Exit                string
	Tiles                                []htmlTile
	Notice, Scope                        string
	FindingsNote                         string
	Missing                              []htmlMissing
	Worst                                []htmlWorst
	WorstNote                            string
	MissingMore                          string
	Rules                                []htmlRule
	// HasTokens: the report has its inventory, so there are charts.
	HasTokens        bool
	Matrix           htmlMatrix
	Expiry, NoExpiry barChart
	Age, Idle        barChart
	Flow             htmlFlow
	Gaps             []htmlGap
	GapsMore         string
	Accepted         []htmlAccepted
	Waivers          []htmlWaiver
	WaiversMore      string
	Allowed          []htmlAllowed
	AllowedMore      string
	Framework        string
	Controls         []htmlControl
}

type htmlTile struct{ Label, Count, Class string }

type htmlMissing struct{ What, Where, Labels, Why, ToDo string }

type htmlRule struct {
	Severity                         policies.Severity
	ID, Title, Controls, Label       string
	Fail, Waived, NotEvaluated, Pass string
	Bar                              []barPart
}

// barPart is a part of a bar that lies on its side.
type barPart struct {
	Class string
	X, W  string
}

type htmlWorst struct{ Risk, Name, CMS, ID, Can, Owner, Findings, ToDo string }

type htmlGap struct{ Rule, Count, Sources, Why string }

type htmlAccepted struct{ State, Source, List, Until, Reason, Owner, ApprovedBy string }

type htmlWaiver struct{ State, Rule, Token, Until, Findings, Reason, Owner, ApprovedBy string }

type htmlControl struct{ Class, Outcome, ID, Title, Fail, Waived, NotEvaluated, Pass, Rules, Why string }

type htmlAllowed struct{ Rule, Token, Why string }

func newHTMLPage(v *format.View, o format.Options) *htmlPage {
	r := v.R
	d := o.Decision
	p := &htmlPage{
		At: r.At.Format("2006-01-02 15:04 MST"), Sources: safetext.Plural(len(r.Sources), "source", "sources"), Tokens: safetext.Plural(r.Summary.Tokens, "token", "tokens"),
		RuleCount: safetext.Plural(len(r.Rules), "rule", "rules"), Tool: htmlText(strings.TrimSpace(r.Tool.Name + " " + r.Tool.Version)),
		Policies: htmlText(r.Policies.Digest), Config: htmlText(r.ConfigDigest), OPA: htmlText(r.Policies.OPA),
		Verdict: string(d.Verdict), Reason: htmlText(d.Reason), Exit: d.ExitText(),
		Tiles: tiles(v), HasTokens: r.Tokens != nil, Scope: htmlText(r.ScopeNote()),
	}
	p.FindingsNote = "Open a row to see what to do and what the finding rests on."
	if o.Hidden > 0 {
		p.FindingsNote = fmt.Sprintf("%s below %s not shown, as asked. %s", safetext.Plural(o.Hidden, "finding", "findings"), o.MinSeverity, p.FindingsNote)
	}
	p.missing(v)
	p.worst(r)
	p.rules(v)
	p.gaps(v)
	p.signed(v)
	p.controls(r.Framework)
	if !p.HasTokens {
		p.Notice = "This report was made without its inventory (--no-inventory). What tokens can do, when they expire, how old and how idle they are, their blast radius and the list of all tokens cannot be shown."
		return p
	}
	p.Matrix = newMatrix(r.Tokens)
	p.Expiry, p.NoExpiry = expiryCharts(r)
	p.Age, p.Idle = ageChart(r), idleChart(r)
	p.Flow = newFlow(r)
	return p
}

func htmlText(s string) string { return safetext.CutRunes(safetext.OneLine(s), htmlMaxText) }

func tiles(v *format.View) []htmlTile {
	var list []htmlTile
	for _, s := range report.AllSeverities() {
		list = append(list, htmlTile{string(s), safetext.Thousands(v.R.Summary.Findings.Of(s)), string(s)})
	}
	statuses := v.R.Summary.Statuses
	list = append(list, htmlTile{"waived", safetext.Thousands(statuses.Waived), "waived"}, htmlTile{"not evaluated", safetext.Thousands(statuses.NotEvaluated), ""})
	if v.Compared {
		list = append(list, htmlTile{"new", safetext.Thousands(v.NewFindings), "new"}, htmlTile{"resolved", safetext.Thousands(len(v.R.Resolved)), "resolved"}, htmlTile{"stale", safetext.Thousands(len(v.R.Stale)), ""})
	}
	return list
}

func (p *htmlPage) missing(v *format.View) {
	var list []htmlMissing
	for _, n := range v.NotRead() {
		list = append(list, htmlMissing{htmlText(strings.Join(n.Lists, ", ")), htmlText(n.Source), htmlText(v.LabelsText(n.Source)), htmlText(n.Problem()), htmlText(n.Hint)})
	}
	for _, e := range v.R.RuleErrors {
		list = append(list, htmlMissing{"rule " + htmlText(e.Rule), htmlText(e.Source), htmlText(v.LabelsText(e.Source)), htmlText(e.Detail), ""})
	}
	if len(v.R.Sources) == 0 {
		list = append(list, htmlMissing{What: "everything", Why: "no source was found"})
	}
	p.Missing, p.MissingMore = firstRows(list)
}

// worst lists the tokens to fix first.
func (p *htmlPage) worst(r *report.Report) {
	tokens := triage.Tokens(r)
	shown := tokens[:min(len(tokens), triage.First)]
	p.WorstNote = safetext.Plural(len(tokens), "token has findings", "tokens have findings") + "; those with the highest risk come first."
	for i := range shown {
		t := &shown[i]
		p.Worst = append(p.Worst, htmlWorst{t.Score(), htmlText(t.Name), htmlText(t.CMS), htmlText(t.ID), htmlText(string(t.Access)), htmlText(format.Answers(t)), htmlText(format.RulesText(t.Findings)), htmlText(t.Step.String())})
	}
}

// firstRows returns what fits a table without pages, and how many more there are.
func firstRows[T any](list []T) (rows []T, more string) {
	if len(list) <= htmlMaxRows {
		return list, ""
	}
	return list[:htmlMaxRows], safetext.Thousands(len(list) - htmlMaxRows)
}

func (p *htmlPage) rules(v *format.View) {
	// The rules that failed worst come first, as in every other format.
	for _, g := range v.Groups {
		if rule, ok := v.Rules[g.Rule]; ok && !p.hasRule(g.Rule) {
			p.Rules = append(p.Rules, newHTMLRule(rule))
		}
	}
	for i := range v.R.Rules {
		if !p.hasRule(v.R.Rules[i].ID) {
			p.Rules = append(p.Rules, newHTMLRule(&v.R.Rules[i]))
		}
	}
}

func (p *htmlPage) hasRule(id string) bool {
	for i := range p.Rules {
		if p.Rules[i].ID == htmlText(id) {
			return true
		}
	}
	return false
}

func newHTMLRule(rule *report.Rule) htmlRule {
	c := rule.Statuses
	h := htmlRule{
		Severity: rule.Severity, ID: htmlText(rule.ID), Title: htmlText(rule.Title), Controls: htmlText(report.ControlsText(rule.Controls)),
		Fail: safetext.Thousands(c.Fail), Waived: safetext.Thousands(c.Waived), NotEvaluated: safetext.Thousands(c.NotEvaluated), Pass: safetext.Thousands(c.Pass),
	}
	h.Label = fmt.Sprintf("%s fail, %s waived, %s not evaluated, %s pass", h.Fail, h.Waived, h.NotEvaluated, h.Pass)
	total := c.Fail + c.Waived + c.NotEvaluated + c.Pass
	x := 0.0
	for _, part := range []struct {
		class string
		n     int
	}{{"fail", c.Fail}, {"waived", c.Waived}, {"unknown", c.NotEvaluated}, {"pass", c.Pass}} {
		if part.n == 0 {
			continue
		}
		w := 160 * float64(part.n) / float64(total)
		h.Bar = append(h.Bar, barPart{part.class, coordinate(x), coordinate(w)})
		x += w
	}
	return h
}

func (p *htmlPage) gaps(v *format.View) {
	var list []htmlGap
	for _, gap := range v.MergedGaps() {
		list = append(list, htmlGap{htmlText(gap.Rule), safetext.Thousands(gap.Count), safetext.Thousands(gap.Sources), htmlText(gap.Reason)})
	}
	p.Gaps, p.GapsMore = firstRows(list)
}

// signed are the things that somebody signed for, and the passes explained.
func (p *htmlPage) signed(v *format.View) {
	for _, gap := range v.R.AcceptedGaps {
		p.Accepted = append(p.Accepted, htmlAccepted{string(gap.State), htmlText(gap.Source), htmlText(gap.Unit), htmlText(format.ExpiryText(gap.Expires, gap.ExpiresInDays)), htmlText(gap.Reason), htmlText(gap.Owner), htmlText(gap.ApprovedBy)})
	}
	var waivers []htmlWaiver
	for _, w := range v.Waivers {
		waivers = append(waivers, htmlWaiver{string(w.State), htmlText(w.Rule), htmlText(w.Token), htmlText(format.ExpiryText(w.Expires, w.ExpiresInDays)), safetext.Thousands(w.Findings), htmlText(w.Reason), htmlText(w.Owner), htmlText(w.ApprovedBy)})
	}
	p.Waivers, p.WaiversMore = firstRows(waivers)
	var allowed []htmlAllowed
	for _, a := range v.R.Allowed {
		id := a.Token
		if id == "" {
			id = a.Source
		}
		allowed = append(allowed, htmlAllowed{htmlText(a.Rule), htmlText(id), htmlText(a.Message)})
	}
	p.Allowed, p.AllowedMore = firstRows(allowed)
}

func (p *htmlPage) controls(f *report.FrameworkView) {
	if f == nil {
		return
	}
	p.Framework = htmlText(f.Title + " " + f.Version)
	classes := map[report.ControlOutcome]string{report.ControlFails: "critical", report.ControlWaived: "waived", report.ControlPasses: "pass"}
	for _, c := range f.Controls {
		p.Controls = append(p.Controls, htmlControl{
			Class: cmp.Or(classes[c.Outcome], "unknown"), Outcome: strings.ReplaceAll(string(c.Outcome), "_", " "), ID: htmlText(c.ID), Title: htmlText(c.Title),
			Fail: safetext.Thousands(c.Statuses.Fail), Waived: safetext.Thousands(c.Statuses.Waived), NotEvaluated: safetext.Thousands(c.Statuses.NotEvaluated), Pass: safetext.Thousands(c.Statuses.Pass), Rules: htmlText(strings.Join(c.Rules, ", ")), Why: htmlText(strings.Join(c.Reasons, "; ")),
		})
	}
}
