package format

import (
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
)

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
	// by control too; nil for not.
	Framework *report.Framework
	// Suppressed has the sarif format include waived findings, with their suppressions.
	Suppressed bool

	// Hidden is how many findings MinSeverity left out.
	Hidden int
	// Decision is that of Gate on the whole report: what is not shown still counts.
	Decision report.Decision
}
