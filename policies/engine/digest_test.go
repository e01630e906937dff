package engine

import (
	"testing"

	"github.com/tokenaudit/tokenaudit/policies"
)

// A rule is another one when its own settings are, and not when those of others are, or when
// others are not asked.
func TestDefinitions(t *testing.T) {
	load := func(o LoadOptions) map[string]string {
		t.Helper()
		e, err := Load(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		return e.Definitions()
	}
	const rule, other = "unused-token", "admin-token"
	plain := load(LoadOptions{})
	changed := load(LoadOptions{Settings: policies.Settings{Rules: map[string]policies.RuleSettings{rule: {Severity: policies.Critical}}}})
	alone := load(LoadOptions{Only: []string{rule}})
	seen := map[string]string{}
	for id, definition := range plain {
		if seen[definition] != "" {
			t.Errorf("%s and %s are defined alike", id, seen[definition])
		}
		seen[definition] = id
		if same := changed[id] == definition; same != (id != rule) {
			t.Errorf("%s: the same is %v", id, same)
		}
	}
	if len(alone) != 1 || alone[rule] != plain[rule] {
		t.Errorf("alone: %v", alone)
	}
	if plain[other] == "" {
		t.Errorf("%s is not defined", other)
	}
}
