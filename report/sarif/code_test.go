package sarif

import (
	"slices"
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
		{Address: "provider.contentful", Attribute: "headers.X-Api-Key", Place: inventory.LiteralHeader, Origin: inventory.Origin{File: "main.tf", Line: 5}},
		{Address: "var.t", Attribute: "default", Place: inventory.LiteralVariable},
	}
	var verdicts []policies.Verdict
	for _, l := range plan.Literals {
		verdicts = append(verdicts, policies.Verdict{
			Rule: rule.ID, Status: policies.Fail, Key: l.Address + " " + l.Attribute, Message: "hard-coded credential in " + l.Attribute,
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
		"provider.contentful cma_token":         {File: "main.tf", Line: 4},
		"provider.contentful access_token":      {File: "main.tf", Line: 5},
		"provider.contentful headers.X-Api-Key": {File: "main.tf", Line: 5},
		"var.t default":                         {File: "plan.json"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	prints := map[string]bool{}
	var texts []string
	for _, run := range sarifOf(t, r, format.Options{}).Runs {
		for _, result := range run.Results {
			prints[result.PartialFingerprints["primaryLocationLineHash"]] = true
			texts = append(texts, result.Message.Text)
		}
	}
	for _, l := range plan.Literals {
		if !slices.Contains(texts, "hard-coded credential in "+l.Attribute+". Revoke it.") {
			t.Errorf("no result names %s", l.Attribute)
		}
	}
	if len(prints) != len(plan.Literals) || len(texts) != len(plan.Literals) {
		t.Errorf("%d results with %d fingerprints for %d literals", len(texts), len(prints), len(plan.Literals))
	}
}
