package output

import (
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

// deny are the output sets of a rule that denies the token "a" for this evidence.
func deny(evidence *ast.Term) map[string]*ast.Term {
	return map[string]*ast.Term{Deny: ast.SetTerm(ast.ObjectTerm(
		[2]*ast.Term{ast.StringTerm("token"), ast.StringTerm("a")},
		[2]*ast.Term{ast.StringTerm("message"), ast.StringTerm("m")},
		[2]*ast.Term{ast.StringTerm("evidence"), ast.ObjectTerm([2]*ast.Term{ast.StringTerm("e"), evidence})},
	))}
}

// A list that many parts share is written out in each: what evidence becomes is
// bounded, whatever it is made of.
func TestEvidenceIsBounded(t *testing.T) {
	subjects := Subjects{Tokens: map[string]int{"a": 0}, OfTokens: true}
	shared := ast.ArrayTerm(ast.IntNumberTerm(1))
	for range 40 {
		shared = ast.ArrayTerm(shared, shared)
	}
	if _, err := Read(deny(shared), subjects); err == nil {
		t.Error("a value that would be a terabyte is evidence")
	}
	row := ast.ArrayTerm(slices.Repeat([]*ast.Term{ast.StringTerm("x")}, 90)...)
	if _, err := Read(deny(ast.ArrayTerm(slices.Repeat([]*ast.Term{row}, 90)...)), subjects); err == nil || !strings.Contains(err.Error(), "more than 2000 values") {
		t.Errorf("got %v", err)
	}
	o, err := Read(deny(row), subjects)
	if err != nil {
		t.Fatal(err)
	}
	if got := o.Deny["a"][0].Evidence["e"].([]any); len(got) != 90 {
		t.Errorf("got %d items", len(got))
	}
}

func TestReadRefuses(t *testing.T) {
	element := func(members ...[2]*ast.Term) map[string]*ast.Term {
		return map[string]*ast.Term{Deny: ast.SetTerm(ast.ObjectTerm(members...))}
	}
	member := func(key, value string) [2]*ast.Term {
		return [2]*ast.Term{ast.StringTerm(key), ast.StringTerm(value)}
	}
	for want, bindings := range map[string]map[string]*ast.Term{
		"deny is not a set":                     {Deny: ast.StringTerm("x")},
		"applies must hold ids":                 {Applies: ast.SetTerm(ast.IntNumberTerm(1))},
		`applies names "b"`:                     {Applies: ast.SetTerm(ast.StringTerm("b"))},
		"an element is a string, not an object": {Deny: ast.SetTerm(ast.StringTerm("a"))},
		"an element has no message":             element(member("token", "a")),
		"an element names no token":             element(member("message", "m")),
		`an element names token "b"`:            element(member("token", "b"), member("message", "m")),
		"unknown key \"why\"":                   element(member("token", "a"), member("why", "m")),
		"evidence is a string":                  element(member("token", "a"), member("message", "m"), member("evidence", "e")),
	} {
		if _, err := Read(bindings, Subjects{Tokens: map[string]int{"a": 0}, OfTokens: true}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
