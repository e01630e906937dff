// Package message renders what has changed in a report as messages: for Slack, Teams and
// Jira, and as JSON for any other program. A message has what is new, reopened, overdue or
// gone, and what could not be read; it is bounded, and says what it leaves out.
package message

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// Kind says what happened to a finding.
type Kind string

// The kinds, in the order in which they are shown.
const (
	Overdue  Kind = "overdue"
	Reopened Kind = "reopened"
	New      Kind = "new"
	// Gone: the list was read and the rule judged, and there is no such finding any more.
	Gone Kind = "gone"
)

// kinds are all kinds.
func kinds() []Kind { return []Kind{Overdue, Reopened, New, Gone} }

// Item is a finding that something happened to.
type Item struct {
	Kind Kind
	*report.Finding
	// Title is that of the rule; it may be empty.
	Title string
}

// Message is what a report has to tell. All text of it is untrusted.
type Message struct {
	// Compared: there is a baseline. Without one, every finding counts as new.
	Compared bool
	// Items are sorted by kind, and within a kind as the report has them.
	Items []Item
	// Missing says what was not measured, the worst first; a message without it is of a
	// run that saw everything.
	Missing []string
	// open counts what of it nobody has accepted.
	open int
	// Teams are those that the report is about alone; nil for everybody.
	Teams  []string
	report *report.Report
	gate   report.Decision
}

// Of returns the message of a report. Findings below the severity are left out; the gate's
// decision is on all of them.
func Of(r *report.Report, o format.Options) *Message {
	m := &Message{Compared: r.Baseline != nil, report: r, gate: o.Decision}
	m.missing()
	m.undecided(o)
	if r.Scope != nil {
		m.Teams = r.Scope.Owners
	}
	titles := map[string]string{}
	for i := range r.Rules {
		titles[r.Rules[i].ID] = r.Rules[i].Title
	}
	add := func(kind Kind, f *report.Finding) {
		if report.Reaches(f.Severity, severityOr(o.MinSeverity)) {
			m.Items = append(m.Items, Item{Kind: kind, Finding: f, Title: titles[f.Rule]})
		}
	}
	for _, f := range r.Findings {
		if f.Status == policies.Fail {
			if kind := kindOf(f, m.Compared); kind != "" {
				add(kind, f)
			}
		}
	}
	for _, f := range r.Resolved {
		if f.Status == policies.Fail && f.Resolution != report.ResolvedRuleOff {
			add(Gone, f)
		}
	}
	slices.SortStableFunc(m.Items, func(a, b Item) int { return slices.Index(kinds(), a.Kind) - slices.Index(kinds(), b.Kind) })
	return m
}

func severityOr(s policies.Severity) policies.Severity {
	if s == "" {
		return policies.Info
	}
	return s
}

// kindOf returns what happened to a finding; empty for nothing.
func kindOf(f *report.Finding, compared bool) Kind {
	switch {
	case f.OverdueDays > 0:
		return Overdue
	case !compared || f.Baseline == report.BaselineNew:
		return New
	case f.Baseline == report.BaselineReopened:
		return Reopened
	}
	return ""
}

// Told reports whether the message of the baseline has told the item already: a finding is
// overdue in each message until it is gone.
func (m *Message) Told(i *Item) bool {
	return m.Compared && i.Kind == Overdue && i.Baseline == report.BaselineUnchanged && i.Due < m.report.Baseline.At.UTC().Format(time.DateOnly)
}

// missing says what of the report was not measured. A gap that somebody accepted is named
// too: nothing is known of it all the same.
func (m *Message) missing() {
	var accepted []string
	for _, u := range m.report.Unread() {
		text := fmt.Sprintf("%s: the list %s could not be read in full: %s", u.Source, u.Name, u.Problem())
		if u.Accepted != nil {
			accepted = append(accepted, text+" (accepted until "+u.Accepted.Expires+")")
			continue
		}
		m.Missing = append(m.Missing, text)
	}
	for _, e := range m.report.RuleErrors {
		m.Missing = append(m.Missing, fmt.Sprintf("%s: the rule %s could not judge it: %s", e.Source, e.Rule, e.Detail))
	}
	if len(m.report.Sources) == 0 {
		m.Missing = append(m.Missing, "no source was found")
	}
	m.open = len(m.Missing)
	if n := len(m.report.Stale); n > 0 {
		m.Missing = append(m.Missing, safetext.Plural(n, "earlier finding", "earlier findings")+" could not be checked again: it is not known whether they are gone")
	}
	off := 0
	for _, f := range m.report.Resolved {
		if f.Resolution == report.ResolvedRuleOff {
			off++
		}
	}
	if off > 0 {
		m.Missing = append(m.Missing, safetext.Plural(off, "earlier finding is", "earlier findings are")+" not judged any more: the rule is switched off")
	}
	m.Missing = append(m.Missing, accepted...)
}

// undecided adds what else keeps the gate from passing, such as verdicts that it wants to be
// decided: what is not in the lists of a report.
func (m *Message) undecided(o format.Options) {
	blind := o.Gate // for findings
	blind.FailOn, blind.FailOnRisk = report.NoSeverity, ""
	for _, d := range []report.Decision{o.Decision, blind.Decide(m.report)} {
		if d.Verdict == report.VerdictIncomplete && m.open == 0 {
			m.open, m.Missing = 1, append([]string{d.Reason}, m.Missing...)
		}
	}
}

// count counts the items of a kind.
func (m *Message) count(kind Kind) int {
	n := 0
	for i := range m.Items {
		if m.Items[i].Kind == kind {
			n++
		}
	}
	return n
}

// Empty reports whether there is nothing to tell: nothing happened, and everything was
// measured or accepted.
func (m *Message) Empty() bool {
	return len(m.Items) == 0 && m.open == 0
}

// Incomplete reports whether something was not measured that nobody has accepted.
func (m *Message) Incomplete() bool { return m.open > 0 }

// Summary says in one line, without a name, what happened.
func (m *Message) Summary() string {
	var parts []string
	for _, kind := range kinds() {
		if n := m.count(kind); n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", safetext.Thousands(n), kind))
		}
	}
	text := "nothing new"
	switch {
	case len(parts) > 0 && m.Compared:
		text = strings.Join(parts, ", ")
	case !m.Compared:
		text = safetext.Plural(len(m.Items), "finding", "findings") + ", compared with nothing earlier"
	}
	if !m.report.Complete || m.open > 0 {
		text += "; the measurement is incomplete"
	}
	return "API tokens: " + text
}

// lead are the lines before the findings: the verdict, and what it is about.
func (m *Message) lead() []string {
	lines := []string{fmt.Sprintf("%s: %s", strings.ToUpper(string(m.gate.Verdict)), m.gate.Reason)}
	about := "Audited at " + m.report.At.UTC().Format(time.RFC3339)
	if m.Compared {
		about += ", compared with " + m.report.Baseline.At.UTC().Format(time.RFC3339)
		if !m.report.Baseline.Complete {
			about += ", which was incomplete"
		}
	}
	if len(m.Teams) > 0 {
		about += ", for " + safetext.And(m.Teams)
	}
	return append(lines, about)
}

// heading is the line above the items of a kind.
func (m *Message) heading(kind Kind) string {
	word := map[Kind]string{Overdue: "Overdue", Reopened: "Reopened", New: "New", Gone: "Gone"}[kind]
	if kind == New && !m.Compared {
		word = "Findings"
	}
	return fmt.Sprintf("%s (%s)", word, safetext.Thousands(m.count(kind)))
}

// line says in one line what an item is about.
func (i Item) line() string {
	title := i.Title
	if title == "" {
		title = i.Rule
	}
	text := fmt.Sprintf("%s  %s: ", strings.ToUpper(string(i.Severity)), title)
	if i.Kind == Gone {
		if i.TokenName != "" {
			text += safetext.CutRunes(i.TokenName, maxName) + ": "
		}
		return fmt.Sprintf("%s%s (%s)", text, i.Resolution.Text(), i.Subject())
	}
	if i.Kind == Overdue {
		text += safetext.Plural(i.OverdueDays, "day", "days") + " overdue: "
	}
	return fmt.Sprintf("%s%s (%s)", text, safetext.CutRunes(i.Message, maxLine/2), i.Subject())
}

const (
	// maxName and maxLine bound a name and a line, in characters.
	maxName, maxLine = 100, 400
	// maxMissing is how many lines say what was not measured, and maxItems how many findings
	// of a kind a message for people has: nobody reads on.
	maxMissing, maxItems = 10, 25
)

// plain returns a line that is one line, and not too long.
func plain(s string) string { return safetext.CutRunes(safetext.OneLine(s), maxLine) }

// what is how the items of a kind are called that are left out.
func (m *Message) what(kind Kind) string {
	if kind == New && !m.Compared {
		return "findings"
	}
	return string(kind)
}

// left says how many lines were left out; empty for none.
func left(n int, what string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("and %s more %s: see the report", safetext.Thousands(n), what)
}

// missingLines are the first of what was not measured.
func (m *Message) missingLines() []string {
	lines := make([]string, 0, maxMissing+1)
	for i, text := range m.Missing {
		if i == maxMissing {
			lines = append(lines, left(len(m.Missing)-i, "that could not be read or judged"))
			break
		}
		lines = append(lines, plain(text))
	}
	return lines
}
