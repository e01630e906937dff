package report

import (
	"errors"
	"fmt"
	"io"
	"slices"
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
	// Whole: the format is read by programs that must see every finding, so
	// MinSeverity does not apply.
	Whole bool
	// Write renders the report; Render calls it with what it may show.
	Write func(w io.Writer, r *Report, o RenderOptions) error
}

// errNoTokens says that a report was made without its inventory, which the
// format needs.
var errNoTokens = errors.New("the report was made with --no-inventory, so it has no tokens to show")

// Render writes the report. It does not change it. The error is errNoTokens, or
// the writer's.
func (f Format) Render(w io.Writer, r *Report, o RenderOptions) error {
	if f.NeedsTokens && r.Tokens == nil {
		return fmt.Errorf("write the %s report: %w", f.Name, errNoTokens)
	}
	o.Decision = o.Gate.Decide(r)
	if o.Framework != nil {
		viewed := *r
		viewed.Framework = r.ByControl(o.Framework)
		r = &viewed
	}
	if !f.Whole && o.MinSeverity != "" {
		shown := *r
		shown.Findings = slices.DeleteFunc(slices.Clone(r.Findings), func(finding Finding) bool {
			return !reaches(finding.Severity, o.MinSeverity)
		})
		o.Hidden = len(r.Findings) - len(shown.Findings)
		r = &shown
	}
	if err := f.Write(w, r, o); err != nil {
		return fmt.Errorf("write the %s report: %w", f.Name, err)
	}
	return nil
}
