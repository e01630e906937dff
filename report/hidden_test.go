package report

import (
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
)

func TestMayHide(t *testing.T) {
	source := func(id string, units ...inventory.Unit) []Source {
		return []Source{{Source: inventory.Source{ID: id, CMS: "datocms", Units: units}}}
	}
	seen := Report{Sources: source("datocms/projects/77")}
	gap := seen
	gap.Gaps = []Gap{{Rule: "unused-token", Source: "datocms/projects/77"}}
	erred := seen
	erred.RuleErrors = []RuleError{{Rule: "unused-token", Source: "datocms/projects/77"}}
	lost := Report{Sources: source("datocms/x", inventory.Unit{Name: "projects", Sources: true, Status: inventory.UnitFailed})}
	part := seen
	part.Scope = &Scope{Rules: []string{"x"}}
	for name, tt := range map[string]struct {
		report      Report
		rule, token string
		want        bool
	}{
		"everything was seen":         {seen, "*", "*", false},
		"a part":                      {part, "unused-token", "datocms/projects/77/access_tokens/1", true},
		"a gap":                       {gap, "unused-token", "datocms/projects/77/access_tokens/1", true},
		"a gap below a wide glob":     {gap, "*", "datocms/*", true},
		"a gap of another rule":       {gap, "admin-token", "*", false},
		"a gap of another source":     {gap, "unused-token", "datocms/projects/78/access_tokens/*", false},
		"a gap, and one other id":     {gap, "unused-token", "datocms", false},
		"a rule that could not run":   {erred, "unused-token", "*", true},
		"sources that were not found": {lost, "unused-token", "datocms/projects/9/access_tokens/1", true},
		"sources of another CMS":      {lost, "unused-token", "contentful/*", false},
	} {
		if got := tt.report.MayHide(policies.Waiver{Rule: tt.rule, Token: tt.token}); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
