package triage_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/risk"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/triage"
)

func rules() []report.Rule {
	return []report.Rule{
		{ID: "admin-token", Fix: policies.FixRights},
		{ID: "token-manages-tokens", Fix: policies.FixRights, PartOf: "admin-token"},
		{ID: "never-expires", Fix: policies.FixExpiry},
		{ID: "unused-token", Fix: policies.FixDelete},
		{ID: "duplicate-name", Fix: policies.FixOther},
		{ID: "custom/ours"},
	}
}

// finding is "rule token severity score", the last two optional.
func finding(text string) *report.Finding {
	words := strings.Fields(text)
	words = append(words, []string{"high", ""}[len(words)-2:]...)
	f := &report.Finding{Rule: words[0], Token: words[1], Severity: policies.Severity(words[2]), Status: policies.Fail, Remediation: "Fix " + words[0] + "."}
	if words[3] != "" {
		f.Risk = &risk.Score{}
		if _, err := fmt.Sscanf(words[3], "%d-%d", &f.Risk.Min, &f.Risk.Max); err != nil {
			panic(err)
		}
	}
	return f
}

func reportOf(findings ...string) *report.Report {
	r := &report.Report{Rules: rules()}
	for _, text := range findings {
		r.Findings = append(r.Findings, finding(text))
	}
	return r
}

func TestOrder(t *testing.T) {
	t.Parallel()
	r := reportOf(
		"never-expires b high 40-50", "admin-token d high 60-60", "never-expires a high 40-70", "never-expires c high 40-50",
		"unused-token c low 40-50",
	)
	r.Findings = append(r.Findings, &report.Finding{Rule: "token-limit-near", Severity: policies.Critical, Status: policies.Fail},
		&report.Finding{Rule: "never-expires", Token: "waived", Severity: policies.Critical, Status: policies.Waived})
	var got []string
	for _, token := range triage.Tokens(r) {
		got = append(got, token.Token)
	}
	if diff := cmp.Diff([]string{"d", "a", "c", "b"}, got); diff != "" {
		t.Errorf("tokens (-want +got):\n%s", diff)
	}
	// What is overdue comes before what is worse.
	for i := range r.Findings {
		if r.Findings[i].Token == "b" {
			r.Findings[i].OverdueDays = 1
		}
	}
	if first := triage.Tokens(r)[0]; first.Token != "b" || first.OverdueDays != 1 {
		t.Errorf("%s is before the token that is overdue", first.Token)
	}
	// A report of an older version has no risk: what was found decides.
	r = reportOf("admin-token d", "never-expires c", "duplicate-name c", "unused-token a low")
	for i := range r.Findings {
		r.Findings[i].Risk = nil
	}
	got = nil
	for _, token := range triage.Tokens(r) {
		got = append(got, token.Token)
	}
	if diff := cmp.Diff([]string{"c", "d", "a"}, got); diff != "" {
		t.Errorf("tokens without risk (-want +got):\n%s", diff)
	}
}

func TestParts(t *testing.T) {
	t.Parallel()
	tokens := triage.Tokens(reportOf("admin-token a", "token-manages-tokens a", "never-expires a", "token-manages-tokens b"))
	var got []string
	for _, token := range tokens {
		for _, f := range token.Findings {
			text := token.Token + " " + f.Rule
			for _, part := range f.Contains {
				text += " with " + part.Rule
				if !token.IsPart(part) {
					t.Errorf("%s is not part of anything", part.Rule)
				}
			}
			got = append(got, text)
		}
	}
	want := []string{"a admin-token with token-manages-tokens", "a never-expires", "b token-manages-tokens"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestStep(t *testing.T) {
	t.Parallel()
	for want, findings := range map[string][]string{
		"Take rights away":                           {"admin-token a"},
		"Take rights away (removes 2 of 2 findings)": {"admin-token a", "token-manages-tokens a"},
		"Replace it with a token with fewer rights and an expiry date (removes 3 of 3 findings)": {"admin-token a", "token-manages-tokens a", "never-expires a"},
		"Replace it with a token with fewer rights and an expiry date (removes 2 of 3 findings)": {"admin-token a", "duplicate-name a", "never-expires a"},
		"Delete it (removes 3 of 3 findings)":                                                    {"admin-token a", "never-expires a", "unused-token a"},
		"Set an expiry date (removes 1 of 2 findings)":                                           {"duplicate-name a", "never-expires a"},
		"Fix duplicate-name.": {"duplicate-name a"},
		"Fix custom/ours.":    {"custom/ours a"},
	} {
		if got := triage.Tokens(reportOf(findings...))[0].Step.String(); got != want {
			t.Errorf("%v: got %q, want %q", findings, got, want)
		}
	}
}
