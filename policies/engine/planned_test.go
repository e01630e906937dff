package engine

import (
	"slices"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
)

// Every rule that can fail on a token of a plan says what to do in the code.
func TestRulesSayWhatToDoInCode(t *testing.T) {
	// What no plan holds: a credential, secrets that have leaked, what a person looked at, and tokens of Contentstack, for which no
	// provider has a resource.
	never := []string{"audit-credential-too-strong", "expiry-notification-off", "leaked-token", "possibly-leaked-token", "revocation-overdue", "token-limit-near", "token-not-reviewed", "write-scope-everything"}
	for _, rule := range load(t, LoadOptions{}).Rules() {
		if _, says := rule.Remediation["terraform"]; says == slices.Contains(never, rule.ID) {
			t.Errorf("%s says what to do in code: %t", rule.ID, says)
		}
	}
}

// The explanation says the same as the report.
func TestExplanationOfPlannedToken(t *testing.T) {
	planned := func(token *inventory.Token) {
		token.Planned, token.Address = inventory.PlannedCreate, "contentful_apikey.web"
	}
	e := load(t, LoadOptions{})
	for rule, source := range map[string]inventory.Source{
		"delivery-token-one-environment": aSource(aToken("a", planned, delivering, opens(inventory.ScopeListed, "main", "qa"))),
		"duplicate-token-name":           aSource(aToken("a", planned, func(token *inventory.Token) { token.Name = "name of b" }), aToken("b")),
	} {
		x, err := e.Explain(t.Context(), source, rule, "a", auditTime)
		if err != nil {
			t.Fatal(err)
		}
		if x.Status != policies.Fail || x.Remediation != x.Rule.Remediation["terraform"] {
			t.Errorf("%s is %s, and what to do is %q", rule, x.Status, x.Remediation)
		}
	}
}
