package compile

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/policies/regofile"
)

// TestBuiltInRulesPassAllChecks: the program trusts the rules that come with it, and leaves
// out of their compilation what could only refuse them. Nothing else is different.
func TestBuiltInRulesPassAllChecks(t *testing.T) {
	t.Parallel()
	modules, err := regofile.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	checked, err := Modules(t.Context(), regofile.BuiltInNamespace, modules, nil, &regofile.Place{})
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := builtinLibrary()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(checked.IDs(), trusted.IDs()); diff != "" {
		t.Fatal(diff)
	}
	for i, want := range checked.Rules {
		got := trusted.Rules[i]
		if diff := cmp.Diff(want.Rule, got.Rule) + cmp.Diff(want.Demands, got.Demands) + cmp.Diff(want.sets, got.sets); diff != "" {
			t.Errorf("rule %s (-checked +trusted):\n%s", want.ID, diff)
		}
	}
	for i := range modules {
		if strings.HasSuffix(modules[i].Path, "/lib.rego") {
			modules[i].Text = slices.Concat(modules[i].Text, []byte("\nwrong if input.source.owners == 1\n"))
		}
	}
	_, err = Modules(t.Context(), regofile.BuiltInNamespace, modules, nil, &regofile.Place{})
	if err == nil || !strings.Contains(err.Error(), "owners") {
		t.Errorf("a built-in rule that reads what is not there passes the checks: %v", err)
	}
}
