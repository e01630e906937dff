package report

import (
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
)

// What to do is said for where it has to be done.
func TestRemediationOfPlannedTokens(t *testing.T) {
	rule := policies.Rule{ID: "r", Remediation: map[string]string{"default": "default", "terraform": "in code", "contentful": "in the web app", "datocms": "in DatoCMS"}}
	plain := policies.Rule{ID: "plain", Remediation: map[string]string{"default": "default", "datocms": "in DatoCMS"}}
	b := NewBuilder(BuildOptions{Rules: []policies.Rule{rule, plain}})
	live := &Source{Source: inventory.Source{CMS: "contentful"}}
	plan := &Source{Source: inventory.Source{CMS: "terraform"}}
	token := func(cms string, planned inventory.Planned, file string) *inventory.Token {
		t := &inventory.Token{CMS: cms, Planned: planned, Origin: inventory.Origin{File: file}}
		if planned != "" {
			t.Address = "a.b"
		}
		return t
	}
	for name, c := range map[string]struct {
		rule   string
		source *Source
		token  *inventory.Token
		want   string
	}{
		"live":                        {"r", live, token("contentful", "", ""), "in the web app"},
		"planned, in a live source":   {"r", live, token("contentful", inventory.PlannedCreate, "main.tf"), "in code"},
		"planned, nothing for code":   {"plain", plan, token("datocms", inventory.PlannedCreate, ""), "in DatoCMS"},
		"declared in a manifest":      {"r", live, token("contentful", inventory.PlannedCreate, "tokens.yaml"), "in the web app"},
		"about the plan's own source": {"r", plan, nil, "in code"},
	} {
		if got := b.remediation(c.rule, c.source, c.token); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
