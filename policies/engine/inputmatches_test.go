package engine

import (
	"bytes"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/tokenaudit/tokenaudit/policies/input"
)

// What rules get is what the schema says, values too.
func TestInputMatchesItsSchema(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("input.json", bytes.NewReader(input.Schema)); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("input.json")
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(50) {
		source := newDice(seed).source(int(seed), 20)
		b := prepare(&source, auditTime, nil, nil)
		value, err := ast.JSON(ast.NewObject([2]*ast.Term{input.KeySource, b.sourceTerm}, [2]*ast.Term{input.KeyTokens, b.tokensTerm}, [2]*ast.Term{input.KeyAt, b.atTerm}))
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range value.(map[string]any)["tokens"].([]any) {
			// OPA's checker knows no type with null; rules that look into it find nothing.
			if fields := item.(map[string]any); fields["role"] == nil {
				delete(fields, "role")
			}
		}
		if err := schema.Validate(value); err != nil {
			t.Fatalf("seed %d: %#v", seed, err)
		}
	}
}
