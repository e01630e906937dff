package format

import (
	"slices"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
)

// What is to be done in code is not said to be done in the CMS of the token.
func TestRemediationsNamePlaces(t *testing.T) {
	finding := func(planned inventory.Planned, fix string) *report.Finding {
		return &report.Finding{Rule: "r", Status: policies.Fail, CMS: "contentful", Planned: planned, Remediation: fix}
	}
	r := &report.Report{
		Rules:    []report.Rule{{ID: "r", Remediation: map[string]string{"terraform": "Set expires_in.", "contentful": "Revoke it."}}},
		Findings: []*report.Finding{finding("", "Revoke it."), finding(inventory.PlannedCreate, "Set expires_in."), finding(inventory.PlannedCreate, "Set expires_in.")},
	}
	want := []string{"contentful: Revoke it.", "terraform: Set expires_in."}
	if got := NewView(r).Groups[0].Remediations; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
