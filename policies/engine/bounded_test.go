package engine

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/policytest"
)

// detailOf judges by a custom rule with this body, which must not be able to run,
// and returns what is said of that.
func detailOf(t *testing.T, lines string) string {
	t.Helper()
	e := load(t, LoadOptions{Paths: []string{policytest.Write(t, map[string]string{"ours.rego": body(lines)})}, Only: []string{"custom/ours"}})
	result, err := e.Evaluate(t.Context(), aSource(aToken("a")), auditTime)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(policies.Counts{NotEvaluated: 1}, result.Counts["custom/ours"]); diff != "" {
		t.Error(diff)
	}
	if len(result.Errors) != 1 {
		t.Fatalf("the errors are %+v", result.Errors)
	}
	return result.Errors[0].Detail
}

// megabyte makes a text of a million characters, x.
const megabyte = "x := concat(\"\", [\"0123456789\" | some _ in numbers.range(1, 100000)])\n\t"

// What one call would make is known before it is made: none of these takes the
// gigabytes that it asks for.
func TestOneCallIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("one after the other: nothing for the race detector")
	}
	for name, lines := range map[string]string{
		"concat":             megabyte + "count(concat(\"\", [x | some _ in numbers.range(1, 1000)])) < 0",
		"concat, separator":  megabyte + "count(concat(x, [\"\" | some _ in numbers.range(1, 100000)])) < 0",
		"replace":            megabyte + "count(replace(x, \"0\", x)) < 0",
		"replace nothing":    megabyte + "count(replace(x, \"\", x)) < 0",
		"strings.replace_n":  megabyte + "count(strings.replace_n({\"0\": x}, x)) < 0",
		"regex.replace":      megabyte + "count(regex.replace(x, \"0\", x)) < 0",
		"regex.replace, $0":  megabyte + "count(regex.replace(x, \".*\", concat(\"\", [\"$0\" | some _ in numbers.range(1, 10000)]))) < 0",
		"sprintf":            megabyte + "count(sprintf(concat(\"\", [\"%[1]s\" | some _ in numbers.range(1, 100000)]), [x])) < 0",
		"sprintf, widths":    "count(sprintf(concat(\"\", [\"%[1]1000000d\" | some _ in numbers.range(1, 100000)]), [1])) < 0",
		"sprintf, stars":     "count(sprintf(concat(\"\", [\"%[1]*d\" | some _ in numbers.range(1, 100000)]), [1000000])) < 0",
		"template":           megabyte + "y := $\"" + strings.Repeat("{x}", 70) + "\"\n\tcount(y) < 0",
		"json.marshal":       megabyte + "y := [x | some _ in numbers.range(1, 1000)]\n\tcount(json.marshal([y | some _ in numbers.range(1, 1000)])) < 0",
		"split":              megabyte + "y := concat(\"\", [x, x, x, x, x])\n\tcount(split(y, \"\")) < 0",
		"array.flatten":      "y := numbers.range(1, 100000)\n\tcount(array.flatten([y | some _ in numbers.range(1, 10000)])) < 0",
		"numbers.range, far": "count(numbers.range(100000000000000000000000000000000, 100000000000000000000000001000000)) < 0",
		"numbers.range":      "count(numbers.range(1, 1000000000)) < 0",
		"numbers.range_step": "count(numbers.range_step(1, 1e300, 1)) < 0",
		"object.union_n":     "y := {n: 1 | some n in numbers.range(1, 1000)}\n\tcount(object.union_n([y | some _ in numbers.range(1, 20000)])) < 0",
	} {
		t.Run(name, func(t *testing.T) {
			if detail := detailOf(t, lines); !strings.Contains(detail, "more than a rule may hold at once") || strings.Contains(detail, "bounded.") {
				t.Error(detail)
			}
		})
	}
}

// Behind their guards functions do what they do in OPA, and err as they do.
func TestGuardedCallsDoTheSame(t *testing.T) {
	e := load(t, LoadOptions{Paths: []string{policytest.Write(t, map[string]string{"ours.rego": body(strings.Join([]string{
		`concat("-", ["a", "b"]) == "a-b"`,
		`replace("aba", "a", "c") == "cbc"`,
		`strings.replace_n({"a": "c"}, "aba") == "cbc"`,
		`regex.replace("aba", "a", "c") == "cbc"`,
		`sprintf("%5.1f|%q|%v", [1.25, "x", {"a": [1]}]) == "  1.2|\"x\"|{\"a\": [1]}"`,
		`json.unmarshal(json.marshal({"a": [1, "b"]})) == {"a": [1, "b"]}`,
		`split("a,b", ",") == ["a", "b"]`,
		`strings.split_n("a,b,c", ",", 2) == ["a", "b"]`,
		`indexof_n("aba", "a") == [0, 2]`,
		`regex.split(",", "a,b") == ["a", "b"]`,
		`regex.find_n("a", "aba", -1) == ["a", "a"]`,
		`array.concat([1], [2]) == [1, 2]`,
		`array.flatten([[1], [2]]) == [1, 2]`,
		`object.union_n([{"a": 1}, {"b": 2}]) == {"a": 1, "b": 2}`,
		`x := "b"`,
		`$"a{x}c" == "abc"`,
		`every y in ["a"] { concat("", [y, y]) == "aa" }`,
	}, "\n\t"))})}, Only: []string{"custom/ours"}})
	if diff := cmp.Diff(policies.Counts{Fail: 1}, evaluate(t, e, aSource(aToken("a"))).Counts["custom/ours"]); diff != "" {
		t.Error(diff)
	}
	if detail := detailOf(t, `json.unmarshal("{")`); !strings.Contains(detail, "json.unmarshal: unexpected EOF") {
		t.Error(detail)
	}
}

// Nothing may be put in the place of a built-in function, nor one of them in the
// place of something else: what a rule reads could not be told.
func TestWithDoesNotReachBuiltins(t *testing.T) {
	for name, text := range map[string]string{
		"in its place":       body(`concat("", ["a"]) == "b" with concat as "b"`),
		"elsewhere":          body(`count("a") == 1 with count as upper`),
		"in place of a rule": policytest.CustomRule("f(x) := x\n\n" + policytest.DenyNames + "\nx if f(\"a\") == \"A\" with data.custom.rules.ours.f as upper\n"),
	} {
		_, err := Load(t.Context(), LoadOptions{Paths: []string{policytest.Write(t, map[string]string{"ours.rego": text})}})
		if err == nil || !strings.Contains(err.Error(), "built-in functions cannot be replaced") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A list that many parts share is written out in each: what evidence becomes is
// bounded, whatever it is made of.
func TestEvidenceIsBounded(t *testing.T) {
	text := policytest.CustomRule("deny contains {\"token\": token.id, \"message\": \"m\", \"evidence\": {\"a\": c}} if {\n\tsome token in input.tokens\n" +
		"\ta := numbers.range(1, 100)\n\tb := [a | some _ in a]\n\tc := [b | some _ in a]\n}\n")
	e := load(t, LoadOptions{Paths: []string{policytest.Write(t, map[string]string{"ours.rego": text})}, Only: []string{"custom/ours"}})
	result, err := e.Evaluate(t.Context(), aSource(aToken("a")), auditTime)
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Errors) != 1 || !strings.Contains(result.Errors[0].Detail, "nested more than 4 levels deep") {
		t.Errorf("the errors are %+v", result.Errors)
	}
}
