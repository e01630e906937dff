package policies

import (
	"path"
	"testing"
)

// The page beside a rule is made from its METADATA. -update writes it.
func TestPagesAreUpToDate(t *testing.T) {
	for _, rule := range load(t, LoadOptions{}).Rules() {
		golden(t, path.Join("..", path.Dir(rule.File), pageName), []byte(Page(rule)))
	}
}

// The Rego tests of the built-in rules, their coverage and the conventions.
func TestBuiltInRules(t *testing.T) {
	report, err := RunTests(t.Context(), nil, TestOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, broken := range report.Broken {
		t.Error(broken)
	}
	for _, test := range report.Tests {
		if test.Status != TestPassed {
			t.Errorf("%s:%d: %s %s: %s\n%s", test.File, test.Line, test.Name, test.Status, test.Detail, test.Output)
		}
	}
	for _, file := range report.Coverage {
		if file.Percent < 100 {
			t.Errorf("%s: tests reach %.0f %%; not lines %v", file.File, file.Percent, file.Missed)
		}
	}
	if len(report.Tests) < 4*len(report.Coverage) {
		t.Errorf("%d tests of %d rules", len(report.Tests), len(report.Coverage))
	}
}
