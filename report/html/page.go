package html

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/input"
	"github.com/tokenaudit/tokenaudit/policies/risk"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/controls"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// htmlMaxRows bounds the tables that have no pages.
const htmlMaxRows = 200

// htmlMissingAtOnce is how much of what was not read is before the tokens to fix first.
const htmlMissingAtOnce = 6

// htmlMaxText cuts untrusted text on the page, in characters.
const htmlMaxText = 500

// htmlPage is what the template shows. Its texts are one line each.
type htmlPage struct {
	At, Sources, Tokens, RuleCount, Tool string
	Verdict, Reason, Exit, Changes       string
	Tiles                                []htmlTile
	Risks                                []htmlTile
	Notice, Scope                        string
	FindingsNote                         string
	// Missing are those that are shown at once; MissingRest opens.
	Missing, MissingRest []htmlMissing
	Worst                []htmlWorst
	WorstNote            string
	HardCoded            []format.HardCoded
	HardCodedNote        string
	MissingMore          string
	Rules                []htmlRule
	Relaxed              []htmlRelaxed
	// HasControls: a rule names controls.
	HasControls bool
	// HasTokens: the report has its inventory, so there are charts.
	HasTokens        bool
	Matrix           htmlMatrix
	Expiry, NoExpiry barChart
	// Ended says how many tokens are in no chart.
	Ended        []htmlTile
	Age, Idle    barChart
	Flow         htmlFlow
	Gaps         []htmlGap
	GapsByCMS    []htmlCounts
	GapsMore     string
	NotAsked     []string
	Accepted     []htmlAccepted
	Waivers      []htmlWaiver
	WaiversMore  string
	Allowed      []htmlAllowed
	AllowedMore  string
	AllowedByCMS []htmlCounts
	// Trend is a section of its own; empty where there is no store.
	Trend     template.HTML
	Framework string
	Controls  []htmlControl
	Method    htmlMethod
}

// htmlTile is a number that links to what it counts, unless that is nothing: to a place
// of the page, and there to what a filter of the table lets through.
type htmlTile struct {
	Label, Count, Class string
	Place, Value        string
	// Filter ends in the name of the filter that has Value.
	Filter template.URL
	// More is what may have to be added to the number; empty for nothing.
	More      string
	MoreValue string
}

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

// htmlCounts count verdicts of one CMS: what paper has of a long list.
type htmlCounts struct{ CMS, Count, Rules, Sources string }

func countsOf(list []format.CMSCount) []htmlCounts {
	var counts []htmlCounts
	for _, c := range list {
		counts = append(counts, htmlCounts{htmlText(c.CMS), safetext.Thousands(c.Count), safetext.Thousands(c.Rules), safetext.Thousands(c.Sources)})
	}
	return counts
}

type htmlRelaxed struct{ Setting, Controls string }

type htmlGap struct{ Rule, Count, Sources, Why string }

type htmlAccepted struct{ State, Source, List, Until, Reason, Owner, ApprovedBy string }

type htmlWaiver struct{ State, Rule, Token, Until, Findings, Reason, Owner, ApprovedBy string }

type htmlControl struct {
	Class, Outcome, ID, Title, Fail, Waived, NotEvaluated, Pass, Why string
	Rules                                                            []string
}

type htmlAllowed struct{ Rule, Token, Why string }

func newHTMLPage(v *format.View, o format.Options, developed template.HTML) *htmlPage {
	r := v.R
	d := o.Decision
	p := &htmlPage{
		At: r.At.Format("2006-01-02 15:04 MST"), Sources: safetext.Plural(len(r.Sources), "source", "sources"), Tokens: safetext.Plural(r.Summary.Tokens, "token", "tokens"),
		RuleCount: safetext.Plural(len(r.Rules), "rule", "rules"), Tool: htmlText(strings.TrimSpace(r.Tool.Name + " " + r.Tool.Version)),
		Verdict: string(d.Verdict), Reason: htmlText(d.Reason), Exit: d.ExitText(), Changes: format.Changes(r, o.Gate),
		Tiles: tiles(v), Risks: riskTiles(r), HasTokens: r.Tokens != nil, Trend: developed, Scope: htmlText(r.ScopeNote()),
	}
	p.FindingsNote = "Open a row to see what to do and what the finding is based on."
	if o.Hidden > 0 {
		p.FindingsNote = fmt.Sprintf("%s below %s not shown, as requested. %s", safetext.Plural(o.Hidden, "finding", "findings"), o.MinSeverity, p.FindingsNote)
	}
	p.missing(v)
	p.relaxed(r)
	p.worst(v)
	p.rules(v)
	p.gaps(v)
	p.signed(v)
	p.controls(r.Framework)
	p.Method = newMethod(v, o)
	if !p.HasTokens {
		p.Notice = "This report was made without its inventory (--no-inventory). What tokens can do, when they expire, how old and how idle they are, their blast radius and the list of all tokens cannot be shown."
		return p
	}
	p.Matrix = newMatrix(r.Tokens)
	p.Ended = ended(r)
	p.Expiry, p.NoExpiry = expiryCharts(r)
	p.Age, p.Idle = ageChart(r), idleChart(r)
	p.Flow = newFlow(r)
	return p
}

func htmlText(s string) string { return safetext.CutRunes(safetext.OneLine(s), htmlMaxText) }

func htmlTexts(list []string) []string {
	texts := make([]string, len(list))
	for i, s := range list {
		texts[i] = htmlText(s)
	}
	return texts
}

// tiles count the findings, and what was not decided.
func tiles(v *format.View) []htmlTile {
	var list []htmlTile
	add := func(n int, t htmlTile) {
		t.Count = safetext.Thousands(n)
		if n == 0 {
			t.Place = ""
		}
		list = append(list, t)
	}
	for _, s := range report.AllSeverities() {
		add(v.R.Summary.Findings.Of(s), htmlTile{Label: string(s), Class: string(s), Place: "findings", Filter: "findings.status=open&findings.severity", Value: string(s)})
	}
	statuses := v.R.Summary.Statuses
	add(statuses.Waived, htmlTile{Label: "waived", Class: "waived", Place: "findings", Filter: "findings.status", Value: "waived"})
	add(statuses.NotEvaluated, htmlTile{Label: "not evaluated", Place: "gaps"})
	if c := v.R.Changes; c != nil {
		add(c.New, htmlTile{Label: "new", Class: "new", Place: "findings", Filter: "findings.since", Value: "new"})
		add(c.Reopened, htmlTile{Label: "reopened", Class: "new", Place: "findings", Filter: "findings.since", Value: "reopened"})
		add(c.Resolved, htmlTile{Label: "resolved", Class: "resolved", Place: "findings", Filter: "findings.status", Value: "resolved"})
		add(c.Stale, htmlTile{Label: "stale", Place: "findings", Filter: "findings.status", Value: "stale"})
		if v.R.Deadlines != nil {
			add(len(v.R.Overdue()), htmlTile{Label: "overdue", Class: "new", Place: "findings", Filter: "findings.status=open&findings.due", Value: "overdue"})
		}
	}
	return list
}

// riskTiles count the tokens by risk, and apart those that could be worse than is certain.
func riskTiles(r *report.Report) []htmlTile {
	counts := r.Risk()
	if counts == nil || r.Tokens == nil {
		return nil
	}
	could := map[risk.Band]int{}
	for i := range r.Tokens {
		if s := r.Tokens[i].Risk; s != nil && s.MaxBand != s.Band {
			could[s.MaxBand]++
		}
	}
	var list []htmlTile
	for _, band := range risk.AllBands() {
		t := htmlTile{Label: string(band), Class: string(band), Count: safetext.Thousands(counts.Certain.Of(band)), Place: "inventory", Filter: "inventory.risk", Value: string(band)}
		if counts.Certain.Of(band) == 0 {
			t.Place = ""
		}
		if n := could[band]; n > 0 {
			t.More, t.MoreValue = "and "+safetext.Thousands(n)+" could be", couldBe(band)
		}
		list = append(list, t)
	}
	return list
}

// couldBe is what the filter by risk calls a band that is not certain.
func couldBe(band risk.Band) string { return "could be " + string(band) }

// ended counts the tokens that no longer work.
func ended(r *report.Report) []htmlTile {
	var list []htmlTile
	for _, status := range []input.TokenStatus{input.Expired, input.Revoked} {
		n := 0
		for i := range r.Tokens {
			if r.Tokens[i].Status == status {
				n++
			}
		}
		if n > 0 {
			list = append(list, htmlTile{Count: safetext.Thousands(n), Label: string(status), Place: "inventory", Filter: "inventory.status", Value: string(status)})
		}
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
	if len(p.Missing) > htmlMissingAtOnce {
		p.Missing, p.MissingRest = p.Missing[:htmlMissingAtOnce], p.Missing[htmlMissingAtOnce:]
	}
}

// relaxed lists the settings with which controls cannot pass.
func (p *htmlPage) relaxed(r *report.Report) {
	for _, s := range r.Lowered() {
		p.Relaxed = append(p.Relaxed, htmlRelaxed{htmlText(s.String()), htmlText(controls.Text(s.Controls))})
	}
}

// bandText returns "high", or "high to severe" where it is not certain.
func bandText(s *risk.Score) string {
	switch {
	case s == nil:
		return ""
	case s.Band == s.MaxBand:
		return string(s.Band)
	}
	return string(s.Band) + " to " + string(s.MaxBand)
}

// firstRows returns what fits a table without pages, and how many more there are.
func firstRows[T any](list []T) (rows []T, more string) {
	if len(list) <= htmlMaxRows {
		return list, ""
	}
	return list[:htmlMaxRows], safetext.Thousands(len(list) - htmlMaxRows)
}

func (p *htmlPage) rules(v *format.View) {
	p.HasControls = slices.ContainsFunc(v.R.Rules, func(rule report.Rule) bool { return len(rule.Controls) > 0 })
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
		Severity: rule.Severity, ID: htmlText(rule.ID), Title: htmlText(rule.Title), Controls: htmlText(controls.Text(rule.Controls)),
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
	gaps, lists := v.FoldedGaps()
	for _, l := range lists {
		list = append(list, htmlGap{"", safetext.Thousands(l.Count), "1", htmlText(fmt.Sprintf("the list %s of %s could not be read", l.Name, l.Source))})
	}
	for _, gap := range gaps {
		list = append(list, htmlGap{htmlText(gap.Rule), safetext.Thousands(gap.Count), safetext.Thousands(gap.Sources), htmlText(gap.Reason)})
	}
	p.Gaps, p.GapsMore = firstRows(list)
	p.GapsByCMS = countsOf(v.GapsByCMS())
	for _, line := range v.NotAsked() {
		p.NotAsked = append(p.NotAsked, htmlText(line))
	}
}

// signed are the things that somebody signed for, and the passes explained.
func (p *htmlPage) signed(v *format.View) {
	for _, gap := range v.R.AcceptedGaps {
		p.Accepted = append(p.Accepted, htmlAccepted{string(gap.State), htmlText(gap.Source), htmlText(gap.List()), htmlText(format.ExpiryText(gap.Expires, gap.ExpiresInDays)), htmlText(gap.Reason), htmlText(gap.Owner), htmlText(gap.ApprovedBy)})
	}
	var waivers []htmlWaiver
	for _, w := range v.Waivers {
		waivers = append(waivers, htmlWaiver{string(w.State), htmlText(w.Rule), htmlText(w.On()), htmlText(format.ExpiryText(w.Expires, w.ExpiresInDays)), safetext.Thousands(w.Findings), htmlText(w.Reason), htmlText(w.Owner), htmlText(w.ApprovedBy)})
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
	p.AllowedByCMS = countsOf(v.AllowedByCMS())
}

func (p *htmlPage) controls(f *report.FrameworkView) {
	if f == nil {
		return
	}
	p.Framework = htmlText(f.Title + " " + f.Version)
	classes := map[report.ControlOutcome]string{report.ControlFails: "critical", report.ControlRelaxed: "waived", report.ControlWaived: "waived", report.ControlPasses: "pass"}
	for _, c := range f.Controls {
		p.Controls = append(p.Controls, htmlControl{
			Class: cmp.Or(classes[c.Outcome], "unknown"), Outcome: strings.ReplaceAll(string(c.Outcome), "_", " "), ID: htmlText(c.ID), Title: htmlText(c.Title),
			Fail: safetext.Thousands(c.Statuses.Fail), Waived: safetext.Thousands(c.Statuses.Waived), NotEvaluated: safetext.Thousands(c.Statuses.NotEvaluated), Pass: safetext.Thousands(c.Statuses.Pass), Rules: htmlTexts(c.Rules), Why: htmlText(strings.Join(c.Reasons, "; ")),
		})
	}
}
