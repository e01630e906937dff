package format

import (
	"slices"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/frameworks"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/trend"
)

// Section is a part of a report for people that is short unless it is asked for.
type Section string

// The sections.
const (
	SectionNotEvaluated Section = "not-evaluated"
	SectionAllowed      Section = "allowed"
)

// AllSections returns the sections.
func AllSections() []Section { return []Section{SectionNotEvaluated, SectionAllowed} }

// Shows reports whether a section is shown whole.
func (o *Options) Shows(s Section) bool { return slices.Contains(o.Shown, s) }

// Bundle is a file that a report was sealed in, with all that it rests on. The zero value is
// none. The report in it does not depend on it.
type Bundle struct {
	// File is its name, without folders, and SHA256 its digest, in hex.
	File, SHA256 string
}

// Options say how a report is shown, never what is in it. The zero value
// is right for a file.
type Options struct {
	// Gate is the gate whose verdict is shown.
	Gate report.Gate
	// MinSeverity leaves findings below it out of every format but json, and
	// says how many; empty for all.
	MinSeverity policies.Severity
	// Width is how many columns the terminal has; 0 where the output is not a
	// terminal, and then nothing is cut. Color adds ANSI colors for people.
	Width int
	Color bool
	// Framework has table, json, markdown, html and csv show the report control
	// by control too, and oscal by no other framework; nil for not.
	Framework *frameworks.Framework
	// GroupBy is how table, markdown and html group the findings: by "rule" (also for ""),
	// "token", "owner", "cms" or "label:KEY".
	GroupBy string
	// Shown are the sections that are shown whole; a line for each CMS stands for them
	// otherwise.
	Shown []Section
	// Suppressed has the sarif format include waived findings, with their suppressions.
	Suppressed bool

	// Bundle is where the report was sealed, for formats that name it.
	Bundle Bundle

	// Trend returns how findings and tokens have developed until the report: those of some
	// teams, or all where none is named. It is nil where there is no store.
	Trend func(teams []string) *trend.Trend

	// Next is the command that people run next; empty for none.
	Next string

	// Hidden is how many findings MinSeverity left out.
	Hidden int
	// Decision is that of Gate on the whole report: what is not shown still counts.
	Decision report.Decision
}
