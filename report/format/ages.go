package format

import (
	"fmt"
	"strings"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
	"github.com/tokenaudit/tokenaudit/report/triage"
)

// Since says for people since when a finding is there, and how long it is overdue, such as
// "143 days, 4 overdue"; what it is against the baseline where no day has passed.
func Since(f *report.Finding) string {
	text := string(f.Baseline)
	if f.OpenDays != nil && *f.OpenDays > 0 {
		days := safetext.Plural(*f.OpenDays, "day", "days")
		if text == string(report.BaselineUnchanged) || text == "" {
			text = days
		} else {
			text += ", " + days
		}
	}
	if f.OverdueDays > 0 {
		text += ", " + safetext.Thousands(f.OverdueDays) + " overdue"
	}
	return text
}

// OverdueText says how long something is overdue; empty for 0.
func OverdueText(days int) string {
	if days == 0 {
		return ""
	}
	return "overdue by " + safetext.Plural(days, "day", "days")
}

// Changes says in one line what is different since the baseline, how old what is open is, and
// what is overdue; empty where nothing of that is known or asked for.
func Changes(r *report.Report, gate report.Gate) string {
	c := r.Changes
	if c == nil {
		if n := r.UnknownDue(); n > 0 {
			return fmt.Sprintf("Deadlines unknown: when %s first seen is not known without --store, or an earlier report as --baseline", safetext.Plural(n, "finding was", "findings were"))
		}
		return ""
	}
	counts := []string{safetext.Thousands(c.New) + " new", safetext.Thousands(c.Resolved) + " resolved", safetext.Thousands(c.Reopened) + " reopened"}
	if c.Stale > 0 {
		counts = append(counts, safetext.Thousands(c.Stale)+" not checked again")
	}
	since := " since " + c.Since.Format("2 Jan 2006")
	if r.OfPlan() {
		since = " by the plan"
	}
	parts := []string{strings.Join(counts, ", ") + since}
	if oldest := oldestText(r); oldest != "" {
		parts = append(parts, "oldest "+oldest)
	}
	if r.Deadlines != nil {
		parts = append(parts, safetext.Thousands(len(r.Overdue()))+" overdue")
	}
	if hidden := Hidden(r); gate.OnlyNew && hidden > 0 {
		parts = append(parts, fmt.Sprintf("%s of severity high or above ignored as not new", safetext.Thousands(hidden)))
	}
	return strings.Join(parts, "; ")
}

// oldestText says of critical and high findings, else of the worst there are, how long the
// oldest one is there. What stands before a plan has no age.
func oldestText(r *report.Report) string {
	var texts []string
	for _, s := range report.AllSeverities() {
		days, ok := r.Changes.Oldest[s]
		if ok && (days > 0 || !r.OfPlan()) && (report.Reaches(s, policies.High) || len(texts) == 0) {
			texts = append(texts, fmt.Sprintf("%s: %s", s, safetext.Plural(days, "day", "days")))
		}
	}
	return strings.Join(texts, ", ")
}

// Hidden counts the failed findings of severity high or above that a gate on new findings
// passes over.
func Hidden(r *report.Report) int {
	n := 0
	for _, f := range r.Findings {
		if f.Status == policies.Fail && f.Baseline == report.BaselineUnchanged && report.Reaches(f.Severity, policies.High) {
			n++
		}
	}
	return n
}

// FindingsText names the rules of the findings of a token, and how long it is overdue.
func FindingsText(t *triage.Token) string {
	text := RulesText(t.Findings)
	if t.OverdueDays > 0 {
		text += " (" + OverdueText(t.OverdueDays) + ")"
	}
	return text
}
