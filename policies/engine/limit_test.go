package engine

import (
	"strings"
	"testing"
)

// A rule that was left behind on one source is not asked about another.
func TestRuleThatDoesNotStop(t *testing.T) {
	e := load(t, LoadOptions{Only: []string{"admin-token"}})
	e.rules[0].stuck.Store(true)
	result, err := e.Evaluate(t.Context(), aSource(aToken("a")), auditTime)
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Errors) != 1 || !strings.Contains(result.Errors[0].Detail, "is not run again") || result.Counts["admin-token"].NotEvaluated != 1 {
		t.Errorf("got %+v", result)
	}
}
