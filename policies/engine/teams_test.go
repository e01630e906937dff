package engine

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/owners"
	"github.com/tokenaudit/tokenaudit/policies/policytest"
)

// The verdicts of each team are counted apart, and what no team answers for is left over.
func TestVerdictsAreCountedByTeam(t *testing.T) {
	named := func(name string) func(*inventory.Token) { return func(t *inventory.Token) { t.Name = name } }
	never := func(t *inventory.Token) {
		t.Expiry = inventory.Expiry{State: inventory.ExpiryNever, Supported: true}
	}
	source := aSource(aToken("a", named("web 1"), never), aToken("b", named("web 2")), aToken("c", named("shop"), never), aToken("d", named("other"), never))
	e, err := Load(t.Context(), LoadOptions{
		Only:   []string{"write-token-never-expires", "token-limit-near"},
		Owners: owners.Patterns{{Team: "platform", Source: "contentstack/*", Label: "team=none"}, {Team: "web", Name: "web *"}, {Team: "shop", Name: "shop"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	result, err := e.Evaluate(t.Context(), source, auditTime)
	if err != nil {
		t.Fatal(err)
	}
	const rule = "write-token-never-expires"
	for team, want := range map[string]policies.Counts{"web": {Fail: 1, Pass: 1}, "shop": {Fail: 1}} {
		if got := result.Teams[team][rule]; got != want {
			t.Errorf("%s: %+v, want %+v", team, got, want)
		}
	}
	if want := (policies.Counts{Fail: 3, Pass: 1}); result.Counts[rule] != want || len(result.Teams) != 2 || result.Team != "" {
		t.Errorf("in all %+v by teams %v, the source of %q", result.Counts[rule], result.Teams, result.Team)
	}
	if got := []string{result.Derived[0].Team, result.Derived[1].Team, result.Derived[2].Team, result.Derived[3].Team}; got[0] != "web" || got[1] != "web" || got[2] != "shop" || got[3] != "" {
		t.Errorf("teams of the tokens: %q", got)
	}
	e.owners = owners.Patterns{{Team: "platform", Source: "contentstack/*"}}
	if result, err = e.Evaluate(t.Context(), source, auditTime); err != nil {
		t.Fatal(err)
	}
	if got, want := result.Teams["platform"], result.Counts; result.Team != "platform" || got[rule] != want[rule] || got["token-limit-near"] != want["token-limit-near"] {
		t.Errorf("one team for all: %v of %v", got, want)
	}
}

func TestTokensOfUncertainTeamsAreCounted(t *testing.T) {
	hidden := func(t *inventory.Token) { t.Owner = inventory.UnknownOwner("hidden") }
	shop := func(t *inventory.Token) { t.Name = "shop" }
	source := aSource(aToken("a", hidden), aToken("b", hidden, shop), aToken("c", hidden), aToken("d", person(inventory.OwnerActive, 1)))
	e, err := Load(t.Context(), LoadOptions{
		Only:   []string{"token-limit-near"},
		Owners: owners.Patterns{{Team: "shop", Name: "shop"}, {Team: "web", Owner: "Nobody"}, {Team: "ops", Owner: "No *"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	result, err := e.Evaluate(t.Context(), source, auditTime)
	if err != nil {
		t.Fatal(err)
	}
	want := []policies.Uncertain{{MayBe: "ops", Tokens: 2}, {MayBe: "web", Tokens: 2}, {Team: "shop", MayBe: "ops", Tokens: 1}, {Team: "shop", MayBe: "web", Tokens: 1}}
	if diff := cmp.Diff(want, result.Uncertain); diff != "" {
		t.Error(diff)
	}
}

// A custom rule that reads the team does not pass where another team may answer, because a
// pattern asks for an owner who is unknown.
func TestUnknownTeamNeverPasses(t *testing.T) {
	text := policytest.CustomRule("deny contains finding if {\n\tsome token in input.tokens\n\ttoken.team == \"people\"\n\tfinding := {\"token\": token.id, \"message\": \"m\"}\n}\n")
	e, err := loadRule(t, text)
	if err != nil {
		t.Fatal(err)
	}
	hidden := func(t *inventory.Token) { t.Owner = inventory.UnknownOwner("hidden") }
	decided := func(t *inventory.Token) { t.Name = "web deploy"; t.Owner = inventory.Owner{Type: inventory.OwnerNone} }
	source := aSource(aToken("a", person(inventory.OwnerActive, 1)), aToken("b", hidden), aToken("c", hidden, named("web deploy")), aToken("d", decided), aToken("e"))
	want := []policies.Status{policies.Fail, policies.NotEvaluated, policies.NotEvaluated, policies.Pass, policies.Pass}
	if diff := cmp.Diff(want, verdicts(t, e, e.rules[0], source)); diff != "" {
		t.Error(diff)
	}
}
