package complexity

import (
	"fmt"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

// chain is a rule whose variables x1 to xn are each made of the one before.
func chain(n int, format string) string {
	var b strings.Builder
	b.WriteString("p if {\n\tx0 := [1]\n")
	for i := range n {
		b.WriteString("\t" + strings.NewReplacer("NEW", fmt.Sprintf("x%d", i+1), "OLD", fmt.Sprintf("x%d", i)).Replace(format) + "\n")
	}
	fmt.Fprintf(&b, "\tx%d == 1\n}\n", n)
	return b.String()
}

// rules is the same with rules in the place of variables.
func rules(n int, format string) string {
	var b strings.Builder
	b.WriteString("x0 := [1]\nx0f(_) := 1\nx0s contains 1\n")
	for i := range n {
		b.WriteString(strings.NewReplacer("NEW", fmt.Sprintf("x%d", i+1), "OLD", fmt.Sprintf("x%d", i)).Replace(format) + "\n")
	}
	return b.String()
}

func nested(n int, left, middle, right string) string {
	return "p if {\n\tx := " + strings.Repeat(left, n) + middle + strings.Repeat(right, n) + "\n\tx == 1\n}\n"
}

func TestCheck(t *testing.T) {
	const parts, closures, depth = "parts", "comprehensions, every, not and template strings are nested", "terms are nested"
	elses := "f(x) := 0 if x == 0\n" + strings.Repeat("else := 1 if x == 1\n", 101)
	for name, tt := range map[string]struct {
		text, want string
	}{
		"arrays":               {chain(20, "NEW := [OLD, OLD]"), parts},
		"unified":              {chain(20, "[OLD, OLD] = NEW"), parts},
		"in a pattern":         {chain(20, "[NEW, _] := [[OLD, OLD], 1]"), parts},
		"objects":              {chain(20, `NEW := {"a": OLD, "b": OLD}`), parts},
		"keys":                 {chain(20, `NEW := {[OLD, 1]: OLD}`), parts},
		"sets":                 {chain(20, "NEW := {OLD, [OLD]}"), parts},
		"members":              {chain(20, "some NEW in [[OLD, OLD]]"), parts},
		"array comprehension":  {chain(20, "NEW := [[OLD, OLD] | true]"), parts},
		"object comprehension": {chain(20, "NEW := {k: [OLD, OLD] | some k in [1]}"), parts},
		"part of a variable":   {chain(20, "NEW := [OLD[0], OLD[0]]"), parts},
		"rules":                {rules(20, "NEW := [OLD, OLD]"), parts},
		"rules by data":        {rules(20, "NEW := [data.custom.rules.ours.OLD, data.custom.rules.ours.OLD]"), parts},
		"rules by brackets":    {rules(20, `NEW := [data.custom.rules.ours["OLD"], data.custom.rules.ours["OLD"]]`), parts},
		"functions":            {rules(20, "NEWf(y) := [OLDf(y), OLDf(y)]"), parts},
		"functions, last":      {rules(20, "NEWf(y) := [z, z] if OLDf(y, z)"), parts},
		"partial sets":         {rules(20, "NEWs contains [y, y] if some y in OLDs"), parts},
		"partial objects":      {rules(20, `NEW["a"] := [OLD, OLD]`), parts},
		"else":                 {rules(20, "NEW := 1 if input.a == 1\nelse := [OLD, OLD]"), parts},
		"imported":             {"import data.custom.rules.ours as us\n" + rules(20, "NEW := [us.OLD, us.OLD]"), parts},
		"arrays in arrays":     {nested(201, "[", "1", "]"), depth},
		"sums":                 {nested(201, "1 + ", "1", ""), depth},
		"comprehensions":       {nested(9, "[y | y := ", "1", "]"), closures},
		"sets of":              {nested(9, "{y | y := ", "1", "}"), closures},
		"objects of":           {nested(9, "{1: y | y := ", "1", "}"), closures},
		"templates":            {nested(5, "$\"{$`{", "1", "}`}\""), closures},
		"every":                {"p if {\n" + strings.Repeat("every _ in [1] {\n", 9) + "true" + strings.Repeat("}\n", 9) + "}\n", closures},
		"in the head":          {"p contains " + strings.Repeat("[y | y := ", 9) + "1" + strings.Repeat("]", 9), closures},
		"in a with":            {"p if input == 1 with input as " + strings.Repeat("[y | y := ", 9) + "1" + strings.Repeat("]", 9), closures},
		"many else":            {elses, "more than 100 else branches"},

		"a short chain":    {chain(8, "NEW := [OLD, OLD]"), ""},
		"a long chain":     {chain(500, "NEW := OLD"), ""},
		"a rule of itself": {rules(20, "NEW := NEW"), ""},
		"a circle":         {"a := b\nb := [a, a]\n", ""},
		"a large table":    {"t := [" + strings.Repeat("1, ", 20_000) + "1]\np if 5 in t\nq if 6 in t\n", ""},
		"some nesting":     {nested(8, "[y | y := ", "1", "]") + nested(100, "[", "1", "]"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := ast.ParseModule("ours.rego", "package custom.rules.ours\n\n"+tt.text)
			if err != nil {
				t.Fatal(err)
			}
			errs := Check([]*ast.Module{nil, m})
			if tt.want == "" {
				if len(errs) > 0 {
					t.Errorf("it was refused: %v", errs)
				}
				return
			}
			if len(errs) != 1 || !strings.Contains(errs[0].Message, tt.want) || errs[0].Location == nil {
				t.Errorf("got %v, want one error with a place and %q", errs, tt.want)
			}
		})
	}
}
