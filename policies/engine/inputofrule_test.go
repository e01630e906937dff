package engine

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/policytest"
)

// What is printed as the input of a rule is what the engine feeds to it: a rule that has
// it as a parameter finds that it is its own.
func TestInputIsWhatTheRuleGets(t *testing.T) {
	source := aSource(aToken("contentstack/stacks/blt1/management_tokens/a"), aToken("contentstack/stacks/blt1/management_tokens/b"))
	dir := policytest.Write(t, map[string]string{"ours.rego": strings.Replace(policytest.CustomRule(`
deny contains {"token": token.id, "message": "the same"} if {
	some token in input.tokens
	object.remove(input, ["params"]) == object.remove(json.unmarshal(input.params.printed), ["params"])
}

# The rule decides whatever is unknown.
unknown contains gap if some gap in set()
`), "#     limit:", "#     printed: {type: string, default: \"{}\", description: What was printed.}\n#     limit:", 1)})
	printed, err := load(t, LoadOptions{}).Input(source, "", auditTime)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(printed)
	if err != nil {
		t.Fatal(err)
	}
	engine := load(t, LoadOptions{Paths: []string{dir}, Settings: policies.Settings{Rules: map[string]policies.RuleSettings{
		"custom/ours": {Params: map[string]any{"printed": string(text)}},
	}}})
	if counts := evaluate(t, engine, source).Counts["custom/ours"]; counts.Fail != 2 {
		t.Errorf("the rule gets another input than %s", text)
	}
	input, err := engine.Input(source, "ours", auditTime)
	if err != nil {
		t.Fatal(err)
	}
	if params, _ := input.(map[string]any)["params"].(map[string]any); params["printed"] != string(text) || len(params) != 2 {
		t.Errorf("the parameters of the rule are %v", params)
	}
	if _, err := engine.Input(source, "unusd-token", auditTime); err == nil || !strings.Contains(err.Error(), "did you mean unused-token?") {
		t.Errorf("an unknown rule: %v", err)
	}
}
