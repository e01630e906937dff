package compile

import (
	"testing"

	"github.com/tokenaudit/tokenaudit/policies/policytest"
	"github.com/tokenaudit/tokenaudit/policies/regofile"
)

// Whatever text stands in a custom rule, it is loaded whole or refused with an
// error, and a rule that is loaded judges without breaking the engine.
func FuzzCustomRule(f *testing.F) {
	f.Add(policytest.CustomRule(policytest.DenyNames))
	f.Add(policytest.CustomRule("deny contains {\"token\": token.id, \"message\": token.name} if some token in input.tokens\n"))
	f.Add("package custom.rules.ours\n")
	f.Add("# METADATA\n# custom: {params: {x: {default: [1, {a: b}]}}, controls: 3, kinds: delivery}\npackage custom.rules.ours\n")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := Modules(t.Context(), regofile.CustomNamespace, []regofile.Module{{Path: "ours.rego", Text: []byte(text)}}, nil, &regofile.Place{})
		if err != nil {
			return
		}
		for _, rule := range l.Rules {
			if rule.Title == "" || rule.Severity == "" || rule.Remediation["default"] == "" {
				t.Errorf("a rule was loaded without all of its METADATA: %+v", rule.Rule)
			}
		}
	})
}
