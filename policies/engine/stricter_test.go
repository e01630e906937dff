package engine

import (
	"slices"
	"testing"

	"github.com/tokenaudit/tokenaudit/policies"
)

// A weaker value of a parameter, as its METADATA declares it, never has more findings, and
// a stricter one never fewer.
func TestStricterNeverFindsLess(t *testing.T) {
	if testing.Short() {
		t.Skip("many worlds, one after the other: nothing for the race detector")
	}
	d := newDice(7)
	base := load(t, LoadOptions{})
	for _, rule := range base.Rules() {
		for name, param := range rule.Params {
			// From the weakest to the strictest.
			var ladder []any
			n, _ := param.Default.(int)
			switch param.Stricter {
			case policies.StricterLower:
				ladder = []any{36500, 3 * n, n + 1, n, max(1, n-1), max(1, n/3), 1}
			case policies.StricterHigher:
				ladder = []any{0, n / 3, n - 1, n, n + 1, 3 * n, 36500}
			default:
				ladder = slices.Clone(param.Enum)
				slices.Reverse(ladder)
			}
			engines := make([]*Engine, len(ladder))
			for i, value := range ladder {
				engines[i] = load(t, LoadOptions{Only: []string{rule.ID}, Reviews: reviewed(), Settings: policies.Settings{Rules: map[string]policies.RuleSettings{rule.ID: {Params: map[string]any{name: value}}}}})
			}
			most := 0
			for range 12 {
				source := d.source(0, 30)
				before := 0
				for i, e := range engines {
					fails := evaluate(t, e, source).Counts[rule.ID].Fail
					if fails < before {
						t.Fatalf("%s with %s of %v has %d findings, and %d with %v", rule.ID, name, ladder[i], fails, before, ladder[i-1])
					}
					before = fails
				}
				most = max(most, before)
			}
			if most == 0 {
				t.Errorf("%s never fails, so that %s was not tried", rule.ID, name)
			}
		}
	}
}
