package deliver

import (
	"slices"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

// The next command is about what decides: a finding that fails the gate, not the worst of
// those that it lets pass, and not a token where the source is at fault.
func TestNextIsAboutWhatDecides(t *testing.T) {
	commands := options.Next{Doctor: "doctor", About: func(command string, words ...string) string { return command + " " + strings.Join(words, " ") }}
	const worst, other = "show datocms/projects/77/access_tokens/400", "show contentful/spaces/abc123/api_keys/6gv"
	r := reporttest.Sample()
	gate := report.DefaultGate()
	if got := next(r, gate, commands); got != worst {
		t.Errorf("the worst token fails: %q", got)
	}
	for i := range r.Findings {
		r.Findings[i].Baseline = report.BaselineUnchanged
		if r.Findings[i].Rule == "delivery-token-one-environment" {
			r.Findings[i].Baseline = report.BaselineNew
		}
	}
	gate.OnlyNew = true
	if got := next(r, gate, commands); got != other {
		t.Errorf("another token has what is new: %q", got)
	}
	r.Findings = slices.DeleteFunc(r.Findings, func(f *report.Finding) bool { return f.Rule != "token-limit-near" })
	gate = report.Gate{FailOn: policies.Low}
	if got := next(r, gate, commands); got != "explain token-limit-near datocms/projects/77" {
		t.Errorf("a source fails: %q", got)
	}
	r.Findings = nil
	if got := next(r, gate, commands); got != "doctor" {
		t.Errorf("a list could not be read: %q", got)
	}
	if got := next(r, gate, options.Next{}); got != "" {
		t.Errorf("nothing can be run: %q", got)
	}
}
