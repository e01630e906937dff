package policies

import (
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// What to do is said for where it has to be done: a planned token is never
// changed in the web app, even if a rule says nothing about code.
func TestRemediationOf(t *testing.T) {
	rule := Rule{Remediation: map[string]string{"default": "default", "terraform": "in code", "contentful": "in the web app"}}
	plain := Rule{Remediation: map[string]string{"default": "default", "contentful": "in the web app"}}
	token := func(planned inventory.Planned, file string) *inventory.Token {
		t := &inventory.Token{CMS: "contentful", Planned: planned, Origin: inventory.Origin{File: file}}
		if planned != "" {
			t.Address = "a.b"
		}
		return t
	}
	for name, c := range map[string]struct {
		rule  Rule
		cms   string
		token *inventory.Token
		want  string
	}{
		"live":                        {rule, "contentful", token("", ""), "in the web app"},
		"planned, in a live source":   {rule, "contentful", token(inventory.PlannedCreate, "main.tf"), "in code"},
		"left as it is by a plan":     {rule, "contentful", token(inventory.PlannedUnchanged, ""), "in code"},
		"planned, nothing for code":   {plain, "terraform", token(inventory.PlannedCreate, ""), "default"},
		"declared in a manifest":      {rule, "contentful", token(inventory.PlannedCreate, "tokens.yaml"), "in the web app"},
		"about the plan's own source": {rule, "terraform", nil, "in code"},
		"about a live source":         {rule, "contentful", nil, "in the web app"},
	} {
		if got := c.rule.RemediationOf(c.cms, c.token); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
