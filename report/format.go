package report

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/policies"
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
	// whole: the format is read by programs that must see every finding, so
	// MinSeverity does not apply.
	whole  bool
	render func(w io.Writer, r *Report, o RenderOptions) error
}

// RenderOptions say how a report is shown, never what is in it. The zero value
// is right for a file.
type RenderOptions struct {
	// Gate is the gate whose verdict is shown.
	Gate Gate
	// MinSeverity leaves findings below it out of every format but json, and
	// says how many; empty for all.
	MinSeverity policies.Severity
	// Terminal: the output is a terminal, so text is aligned and cut to Width
	// columns (0 means 80). Colour adds ANSI colours to it.
	Terminal bool
	Width    int
	Colour   bool
	// Framework has table, json, markdown, html and csv show the report control
	// by control too; nil for not.
	Framework *Framework
	// Suppressed has the sarif format include waived findings, with their suppressions.
	Suppressed bool

	// hidden is how many findings MinSeverity left out.
	hidden int
	// decision is that of Gate on the whole report: what is not shown still counts.
	decision Decision
}

// Formats gives every format, in the order in which help lists them.
func Formats() []Format {
	return []Format{
		{Name: "table", Help: "what to fix first, for people (default)", render: renderTable},
		{Name: "json", Help: "the whole report; the baseline of the next run", whole: true, UsesTokens: true, UsesEvidence: true, render: renderJSON},
		{Name: "sarif", Help: "for GitHub and GitLab code scanning", render: renderSARIF},
		{Name: "markdown", Help: "for a pull-request comment or a job summary, cut to what they take", render: renderMarkdown},
		{Name: "html", Help: "one self-contained page, for looking", UsesTokens: true, UsesEvidence: true, render: renderHTML},
		{Name: "junit", Help: "for the test reports of CI systems", render: renderJUnit},
		{Name: "csv", Help: "one row a finding, for spreadsheets", UsesEvidence: true, render: renderCSV},
		{Name: "csv-inventory", Help: "one row a token, for spreadsheets", NeedsTokens: true, UsesTokens: true, render: renderCSVInventory},
		{Name: "prometheus", Help: "metrics for the node exporter's textfile collector", whole: true, UsesTokens: true, render: renderPrometheus},
		{Name: "gitlab", Help: "for GitLab's Code Quality widget", render: renderGitLab},
	}
}

// FormatNames gives the names of all formats.
func FormatNames() []string {
	formats := Formats()
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.Name
	}
	return names
}

// Lookup finds a format by its name. The error names the nearest one.
func Lookup(name string) (Format, error) {
	formats := Formats()
	for _, f := range formats {
		if f.Name == name {
			return f, nil
		}
	}
	names := FormatNames()
	err := fmt.Errorf("unknown format %q: one of %s", name, strings.Join(names, ", "))
	if near := nearest(name, names); near != "" {
		err = fmt.Errorf("unknown format %q: did you mean %q? (one of %s)", name, near, strings.Join(names, ", "))
	}
	return Format{}, err
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
	o.decision = o.Gate.Decide(r)
	if o.Framework != nil {
		viewed := *r
		viewed.Framework = r.ByControl(o.Framework)
		r = &viewed
	}
	if !f.whole && o.MinSeverity != "" {
		shown := *r
		shown.Findings = slices.DeleteFunc(slices.Clone(r.Findings), func(finding Finding) bool {
			return !reaches(finding.Severity, o.MinSeverity)
		})
		o.hidden = len(r.Findings) - len(shown.Findings)
		r = &shown
	}
	if err := f.render(w, r, o); err != nil {
		return fmt.Errorf("write the %s report: %w", f.Name, err)
	}
	return nil
}
