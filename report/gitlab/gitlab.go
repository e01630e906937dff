// Package gitlab renders a report for GitLab's Code Quality widget.
package gitlab

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/controls"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// codeQuality is one entry of GitLab's Code Quality report.
type codeQuality struct {
	Description string              `json:"description"`
	CheckName   string              `json:"check_name"`
	Fingerprint string              `json:"fingerprint"`
	Severity    string              `json:"severity"`
	Location    codeQualityLocation `json:"location"`
}

type codeQualityLocation struct {
	Path  string           `json:"path"`
	Lines codeQualityLines `json:"lines"`
}

type codeQualityLines struct {
	Begin int `json:"begin"`
}

// maxDescription bounds a description, in characters.
const maxDescription = 1_024

// Format is GitLab's Code Quality report.
func Format() format.Format {
	return format.Format{
		Name: "gitlab", Help: "for GitLab's Code Quality widget",
		Write: renderGitLab,
	}
}

// renderGitLab writes GitLab's Code Quality report: the findings that are not
// waived, at the line that declares a planned token, else at a path that stands
// for the token. What was not measured is an entry too: the widget shows no more.
func renderGitLab(w io.Writer, r *report.Report, _ format.Options) error {
	v := format.NewView(r)
	out := bufio.NewWriterSize(w, 1<<16)
	separator := "[\n  "
	put := func(e codeQuality) error {
		b, err := json.MarshalIndent(e, "  ", "  ")
		if err != nil {
			return err
		}
		if _, err := io.WriteString(out, separator); err != nil {
			return err
		}
		separator = ",\n  "
		_, err = safetext.NewJSONWriter(out).Write(b)
		return err
	}
	for _, f := range r.Findings {
		if f.Status == policies.Fail {
			if err := put(findingQuality(v, f)); err != nil {
				return err
			}
		}
	}
	for _, e := range missingQuality(v) {
		if err := put(e); err != nil {
			return err
		}
	}
	end := "\n]\n"
	if separator[0] == '[' {
		end = "[]\n"
	}
	if _, err := io.WriteString(out, end); err != nil {
		return err
	}
	return out.Flush()
}

func findingQuality(v *format.View, f *report.Finding) codeQuality {
	description := safetext.OneLine(f.Message)
	if title := v.Title(f.Rule); title != "" {
		description = safetext.OneLine(title) + ": " + description
	}
	if late := format.OverdueText(f.OverdueDays); late != "" {
		description = late + ": " + description
	}
	e := codeQuality{
		Description: safetext.CutRunes(description, maxDescription),
		CheckName:   safetext.OneLine(f.Rule),
		Fingerprint: f.Fingerprint,
		Severity:    gitlabSeverity(f.Severity),
		Location:    codeQualityLocation{Path: format.URIPath(f.Subject()), Lines: codeQualityLines{Begin: 1}},
	}
	if e.Description == "" {
		e.Description = e.CheckName
	}
	if format.InCode(f) {
		e.Location = codeQualityLocation{Path: safetext.OneLine(format.RepositoryPath(f.Origin.File)), Lines: codeQualityLines{Begin: f.Origin.Line}}
	}
	return e
}

// missingQuality returns an entry for a run without a source, each list that was not
// read, each rule that erred, each setting that asks less than controls need, each rule
// that could not decide everything or was not asked, and each waiver that needs somebody.
func missingQuality(v *format.View) []codeQuality {
	var entries []codeQuality
	add := func(check, source, detail, severity, text string) {
		entries = append(entries, codeQuality{
			Description: safetext.CutRunes(safetext.OneLine(text), maxDescription), CheckName: check, Severity: severity,
			Fingerprint: report.Fingerprint(check, source, detail, ""),
			Location:    codeQualityLocation{Path: format.URIPath(source), Lines: codeQualityLines{Begin: 1}},
		})
	}
	if len(v.R.Sources) == 0 {
		add("tokenaudit/no-source", "tokenaudit", "", "major", "No source was found, so nothing was audited")
	}
	for _, unit := range v.Unread {
		text := fmt.Sprintf("%s of %s could not be read in full: %s", unit.Name, unit.Source, unit.Problem())
		if unit.Accepted != nil {
			add("tokenaudit/accepted-gap", unit.Source, unit.Name, "info", text+" ("+unit.Accepted.Until()+")")
			continue
		}
		add("tokenaudit/unread-list", unit.Source, unit.Name, "major", text)
	}
	for _, e := range v.R.RuleErrors {
		add("tokenaudit/rule-error", e.Source, e.Rule, "major", fmt.Sprintf("%s could not judge %s: %s", e.Rule, e.Source, e.Detail))
	}
	for _, r := range v.R.Lowered() {
		add("tokenaudit/relaxed", "tokenaudit", strings.Join(r.Path(), " ")+" "+r.Needs, "minor", fmt.Sprintf("%s; these controls cannot pass: %s", r, controls.Text(r.Controls)))
	}
	for i := range v.R.Rules {
		rule := &v.R.Rules[i]
		if n := rule.Statuses.NotEvaluated; n > 0 {
			add("tokenaudit/not-evaluated", "tokenaudit", rule.ID, "info", fmt.Sprintf("%s could not decide %s", rule.ID, safetext.Plural(n, "verdict", "verdicts")))
		}
	}
	for _, n := range format.NotAsked(v.R.Sources) {
		add("tokenaudit/not-asked", "tokenaudit", n.Rule+" "+n.Reason, "info", fmt.Sprintf("%s was not asked in %s: %s", n.Rule, safetext.Plural(n.Sources, "source", "sources"), n.Reason))
	}
	for _, w := range v.Waivers {
		if w.State != format.WaiverApplied {
			add("tokenaudit/waiver", "tokenaudit", w.Rule+" "+w.On(), "info", fmt.Sprintf("The waiver of %s on %s (%s, until %s) needs attention: %s", w.Rule, w.On(), w.State, w.Expires, w.Owner))
		}
	}
	return entries
}

func gitlabSeverity(s policies.Severity) string {
	switch s {
	case policies.Critical:
		return "blocker"
	case policies.High:
		return "critical"
	case policies.Medium:
		return "major"
	case policies.Low:
		return "minor"
	}
	return "info"
}
