// Package format holds what the formats of a report share: the contract of a
// format, its options, the view of a report that people read, and where in code a
// finding belongs.
package format

import (
	"fmt"
	"io"
	"slices"

	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/controls"
	"github.com/tokenaudit/tokenaudit/report/difference"
)

// Format renders a Report. Whatever text a report quotes, it can be rendered.
type Format struct {
	// Name is what -o takes.
	Name string
	// Help is one sentence.
	Help string
	// NeedsTokens: the format shows nothing without the inventory, so a report
	// made with --no-inventory cannot be rendered in it.
	NeedsTokens bool
	// UsesTokens: the format shows the inventory where a report has it. If no
	// format of a run does, nobody need keep it.
	UsesTokens bool
	// UsesEvidence: the format shows the evidence of findings.
	UsesEvidence bool
	// UsesTrend: the format shows how things have developed.
	UsesTrend bool
	// Whole: the format is read by programs that must see every finding, so
	// MinSeverity does not apply.
	Whole bool
	// News: the format shows what has changed, and nothing of what has not.
	News bool
	// Write renders the report; Render calls it with what it may show.
	Write func(w io.Writer, r *report.Report, o Options) error
}

// Render writes the report. It does not change it. The error is [report.ErrNoTokens], or
// the writer's.
func (f Format) Render(w io.Writer, r *report.Report, o Options) error {
	if f.NeedsTokens && r.Tokens == nil {
		return fmt.Errorf("write the %s report: %w", f.Name, difference.ErrNoTokens)
	}
	o.Decision = o.Gate.Decide(r)
	if o.Framework != nil {
		viewed := *r
		viewed.Framework = controls.Of(r, o.Framework)
		r = &viewed
	}
	if !f.Whole && o.MinSeverity != "" {
		shown := *r
		shown.Findings = slices.DeleteFunc(slices.Clone(r.Findings), func(finding *report.Finding) bool {
			return !report.Reaches(finding.Severity, o.MinSeverity)
		})
		o.Hidden = len(r.Findings) - len(shown.Findings)
		r = &shown
	}
	if err := f.Write(w, r, o); err != nil {
		return fmt.Errorf("write the %s report: %w", f.Name, err)
	}
	return nil
}
