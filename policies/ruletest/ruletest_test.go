package ruletest

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/builtin"
	"github.com/tokenaudit/tokenaudit/policies/policytest"
)

// The Rego tests of the built-in rules, their coverage and the conventions.
func TestBuiltInRules(t *testing.T) {
	registry, err := collectors.NewRegistry(builtin.Definitions()...)
	if err != nil {
		t.Fatal(err)
	}
	report, err := Run(t.Context(), nil, Options{Timeout: time.Minute, LoadTimeout: time.Minute, Titles: registry.Title})
	if err != nil {
		t.Fatal(err)
	}
	for _, broken := range report.Broken {
		t.Error(broken)
	}
	for _, test := range report.Tests {
		if test.Status != Passed {
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

func TestRunTestsTellsWhatFailedAndWhy(t *testing.T) {
	dir := policytest.Write(t, map[string]string{
		"ours.rego": policytest.CustomRule(policytest.DenyNames),
		"ours_test.rego": `# METADATA
# custom: {input: partial}
package custom.rules.ours_test

import data.custom.rules.ours

test_passes if count(ours.deny) == 0 with input as {"tokens": []}

test_fails if {
	print("before")
	count(ours.deny) == 1 with input as {"tokens": []}
}

test_errs if {
	some n in ["x"]
	to_number(n) == 1
}

todo_test_later if false
`,
	})
	report, err := Run(t.Context(), []string{dir}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, test := range report.Tests {
		got = append(got, test.Name+" "+string(test.Status)+" "+test.Output)
	}
	want := []string{"test_errs error ", "test_fails fail before\n", "test_passes pass ", "todo_test_later skip "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if detail := report.Tests[1].Detail; !strings.Contains(detail, "count(ours.deny) == 1") || !strings.Contains(detail, "ours_test.rego:11") {
		t.Errorf("the failure is explained by %q", detail)
	}
	if detail := report.Tests[0].Detail; !strings.Contains(detail, "to_number") {
		t.Errorf("the error is explained by %q", detail)
	}
	if report.Passed() || len(report.Broken) != 1 || !strings.Contains(report.Broken[0].Detail, "has no page") {
		t.Errorf("the conventions broken are %v", report.Broken)
	}
	if cover := report.Coverage[0]; cover.Percent > 99 || len(cover.Missed) == 0 {
		t.Errorf("the coverage is %+v", cover)
	}

	only, err := Run(t.Context(), []string{dir}, Options{Run: "test_passes"})
	if err != nil || len(only.Tests) != 1 {
		t.Errorf("with a filter: %v, %+v", err, only)
	}
}

func TestConventions(t *testing.T) {
	text := policytest.CustomRule(strings.Replace(policytest.DenyNames, "\t", "  ", 1), "# description: What it is for.\n", "", "#   remediation: {default: Do something.}\n", "#   controls: {owasp: [\"NHI1:2025\"], soc2: [CC6.1]}\n")
	dir := policytest.Write(t, map[string]string{"ours/ours.rego": text, "ours/README.md": ""})
	report, err := Run(t.Context(), []string{dir}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"not formatted", "no test in a package custom.rules.ours_test", "has no description", "has no custom.remediation.default", "names controls of owasp, which", "does not say which values of limit are stricter", "README.md: the page of rule custom/ours lacks \"# A rule of our own\""} {
		if !strings.Contains(report.Broken.Error(), want) {
			t.Errorf("%q is not among the conventions broken:\n%s", want, report.Broken)
		}
	}
	if len(report.Broken) != 7 {
		t.Errorf("%d conventions are broken:\n%s", len(report.Broken), report.Broken)
	}
}

// A test that would pass on a rule that does not load is worth nothing.
func TestRunTestsChecksTheRules(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"a rule without METADATA":    {"ours.rego": "package custom.rules.ours\n\ndeny contains 1 if false\n"},
		"a test that does not parse": {"ours.rego": policytest.CustomRule(policytest.DenyNames), "ours_test.rego": "package custom.rules.ours_test\n\ntest_x if {\n"},
		"a forbidden built-in":       {"ours.rego": policytest.CustomRule(policytest.DenyNames), "ours_test.rego": "package custom.rules.ours_test\n\ntest_x if http.send({})\n"},
	} {
		if _, err := Run(t.Context(), []string{policytest.Write(t, files)}, Options{}); err == nil || !strings.Contains(err.Error(), "ours") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
