package engine

import (
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/inputcheck"
	"github.com/tokenaudit/tokenaudit/policies/pages"
	"github.com/tokenaudit/tokenaudit/policies/policytest"
	"github.com/tokenaudit/tokenaudit/policies/ruletest"
)

// brokenInputs runs tests of a custom rule and returns what is wrong with their inputs.
func brokenInputs(t *testing.T, tests string) []string {
	t.Helper()
	dir := policytest.Write(t, map[string]string{"ours.rego": policytest.CustomRule(policytest.DenyNames), "ours_test.rego": tests})
	report, err := ruletest.Run(t.Context(), []string{dir}, ruletest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var broken []string
	for _, e := range report.Broken {
		if strings.Contains(e.Detail, "cannot occur") {
			broken = append(broken, strings.TrimPrefix(e.Error(), dir+"/"))
		}
	}
	return broken
}

// A rule may be green on an input that no run ever has: each test that feeds one is
// named, with the place and what is allowed there, whatever the input is made of.
func TestInputsOfTestsAreChecked(t *testing.T) {
	broken := brokenInputs(t, `# METADATA
# custom:
#   input: partial
package custom.rules.ours_test

import data.custom.rules.ours

scoped(items) := {"tokens": [{"id": "t", "name": "x", "environments": {"items": items}}]}

test_right if count(ours.deny) == 0 with input as scoped([{"id": "master"}])

test_items_are_objects if count(ours.deny) == 0 with input as scoped(["master"])

test_a_misspelt_member if count(ours.deny) == 0 with input as {"tokens": [{"nam": "x"}]}

test_a_part_of_the_input if count(ours.deny) == 0 with input.tokens as "none"

test_the_second_input if {
	count(ours.deny) == 0 with input as scoped([])
	count(ours.deny) == 0 with input as scoped([7])
}

test_fails_on_what_it_feeds if count(ours.deny) == 5 with input as scoped([true])

test_without_input if 1 == 1
`)
	want := []string{
		`ours_test.rego:12: the input of custom.rules.ours_test.test_items_are_objects cannot occur: /tokens/0/environments/items/0 is a string: it must be an object`,
		`ours_test.rego:14: the input of custom.rules.ours_test.test_a_misspelt_member cannot occur: /tokens/0 has a member "nam" that no input has; did you mean name?`,
		`ours_test.rego:16: the input of custom.rules.ours_test.test_a_part_of_the_input cannot occur: /tokens is a string: it must be an array`,
		`ours_test.rego:18: the input of custom.rules.ours_test.test_the_second_input cannot occur: /tokens/0/environments/items/0 is an integer: it must be an object`,
		`ours_test.rego:23: the input of custom.rules.ours_test.test_fails_on_what_it_feeds cannot occur: /tokens/0/environments/items/0 is a boolean: it must be an object`,
	}
	if strings.Join(broken, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(broken, "\n"), strings.Join(want, "\n"))
	}
}

// What is left out has to be said to be: of one test, or of all in a package.
func TestPartialInputsAreDeliberate(t *testing.T) {
	const tests = `package custom.rules.ours_test

import data.custom.rules.ours

# METADATA
# custom:
#   input: partial
test_marked if count(ours.deny) == 0 with input as {"tokens": []}

test_unmarked if count(ours.deny) == 0 with input as {"tokens": []}
`
	broken := brokenInputs(t, tests)
	if len(broken) != 1 || !strings.Contains(broken[0], "test_unmarked cannot occur: the input lacks at, params, source, which every input has; add them, or say in the METADATA") {
		t.Errorf("one test is marked: %q", broken)
	}
	if broken := brokenInputs(t, "# METADATA\n# custom:\n#   input: partial\n"+tests); len(broken) != 0 {
		t.Errorf("the package is marked: %q", broken)
	}
}

// What an engine feeds is what the check lets pass: nothing that is required is ever
// left out, whatever is known of a token.
func TestEveryInputPassesTheCheck(t *testing.T) {
	shape, err := inputcheck.OfRules()
	if err != nil {
		t.Fatal(err)
	}
	var sources []inventory.Source
	for seed := range uint64(50) {
		sources = append(sources, randomSource(newDice(seed), 3), newDice(seed).source(3, 4))
	}
	for n, source := range sources {
		b := prepare(&source, auditTime, nil, nil)
		value, err := ast.JSON(b.document(b.tokensTerm, ast.ObjectTerm()))
		if err != nil {
			t.Fatal(err)
		}
		if problem := shape.Check(value, false); problem != "" {
			t.Errorf("source %d: %s", n, problem)
		}
	}
}

// The page of a custom rule says what its METADATA does, like that of a built-in one.
func TestPagesOfCustomRules(t *testing.T) {
	files := map[string]string{"ours/ours.rego": policytest.CustomRule(policytest.DenyNames), "ours/ours_test.rego": "package custom.rules.ours_test\n\ntest_x if true\n"}
	var page string
	for _, rule := range load(t, LoadOptions{Paths: []string{policytest.Write(t, files)}}).Rules() {
		if rule.Custom {
			page = pages.Page(rule, nil)
		}
	}
	for name, c := range map[string]struct{ page, want string }{
		"as it is made":      {page, ""},
		"with more around":   {"<!-- ours -->\n\n" + page + "\n## Runbook\n\nCall us.\n", ""},
		"of another system":  {strings.ReplaceAll(page, "\n", "\r\n"), ""},
		"of another version": {strings.Replace(page, "severity ", "severity very ", 1), "lacks \"`custom/ours`, severity"},
		"empty":              {"", "lacks \"# "},
	} {
		files["ours/README.md"] = c.page
		report, err := ruletest.Run(t.Context(), []string{policytest.Write(t, files)}, ruletest.Options{})
		if err != nil {
			t.Fatal(err)
		}
		found := ""
		for _, e := range report.Broken {
			if strings.Contains(e.Detail, "page of rule") {
				found = e.Detail
			}
		}
		if (c.want == "") != (found == "") || !strings.Contains(found, c.want) {
			t.Errorf("%s: %q, want %q", name, found, c.want)
		}
	}
}
