package sarif

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

// A finding about a literal stands at the line of the code that holds it.
func TestLiteralsStandAtTheirLine(t *testing.T) {
	rule := policies.Rule{ID: "token-literal-in-code", Title: "t", Description: "d", Severity: policies.Critical, Remediation: map[string]string{"default": "Revoke it."}}
	plan := reporttest.SampleSource("terraform", "terraform/web", inventory.KindPlan, "web")
	plan.Origin = inventory.Origin{File: "plan.json"}
	plan.Literals = []inventory.Literal{
		{Address: "provider.contentful", Attribute: "cma_token", Place: inventory.LiteralProvider, Origin: inventory.Origin{File: "main.tf", Line: 4}},
		{Address: "provider.contentful", Attribute: "access_token", Place: inventory.LiteralProvider, Origin: inventory.Origin{File: "main.tf", Line: 5}},
		{Address: "var.t", Attribute: "default", Place: inventory.LiteralVariable},
	}
	var verdicts []policies.Verdict
	for _, l := range plan.Literals {
		verdicts = append(verdicts, policies.Verdict{
			Rule: rule.ID, Status: policies.Fail, Key: l.Address + " " + l.Attribute, Message: "a credential stands in code",
			Evidence: map[string]any{"address": l.Address, "attribute": l.Attribute},
		})
	}
	options := reporttest.SampleOptions()
	options.Rules = []policies.Rule{rule}
	r := reporttest.Build(options, []reporttest.Judged{reporttest.Judge(plan, options.Rules, verdicts...)})
	got := map[string]inventory.Origin{}
	for _, f := range r.Findings {
		got[f.Key] = *f.Origin
		if f.Address == "" {
			t.Errorf("%s has no address", f.Key)
		}
	}
	want := map[string]inventory.Origin{
		"provider.contentful cma_token":    {File: "main.tf", Line: 4},
		"provider.contentful access_token": {File: "main.tf", Line: 5},
		"var.t default":                    {File: "plan.json"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	results := sarifOf(t, r, format.Options{}).Runs
	prints := map[string]bool{}
	for _, run := range results {
		for _, result := range run.Results {
			prints[result.PartialFingerprints["primaryLocationLineHash"]] = true
		}
	}
	if len(prints) != 3 {
		t.Errorf("%d fingerprints in SARIF for 3 literals", len(prints))
	}
}
