package inputcheck

import (
	"errors"
	"fmt"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/input"
)

// OfRules is what every input of a rule looks like.
var OfRules = sync.OnceValues(func() (*Shape, error) {
	bare, errBare := barestInput(nil)
	role, errRole := barestInput(&inventory.Role{})
	if err := errors.Join(errBare, errRole); err != nil {
		return nil, err
	}
	return New(input.Schema, bare, role)
})

// barestInput has what an input has of which nothing is known, with one element in
// each list: what is in it is in every input.
func barestInput(role *inventory.Role) (any, error) {
	source := inventory.Source{Units: []inventory.Unit{{}}, Environments: []inventory.Environment{{}}, Literals: []inventory.Literal{{}}}
	token := inventory.Token{Role: role, Environments: inventory.Scope{Items: []inventory.ScopeItem{{}}}}
	value, err := ast.JSON(ast.NewObject(
		[2]*ast.Term{input.KeySource, input.SourceTerm(&source)},
		[2]*ast.Term{input.KeyTokens, ast.ArrayTerm(input.NewEncoder().Token(&token, &input.Derived{}))},
		[2]*ast.Term{input.KeyAt, ast.StringTerm("")},
		[2]*ast.Term{input.KeyParams, ast.ObjectTerm()}))
	if err != nil {
		return nil, fmt.Errorf("make an input: %w", err)
	}
	return value, nil
}

// partial reports whether METADATA of a test or of its package says that its inputs
// are deliberately partial.
func partial(modules map[string]*ast.Module, test *ast.Rule) bool {
	for _, m := range modules {
		if !m.Package.Path.Equal(test.Module.Package.Path) {
			continue
		}
		for _, annotations := range m.Annotations {
			if annotations.Custom["input"] == "partial" && (annotations.Scope == "package" || annotations.GetTargetPath().Equal(test.Ref())) {
				return true
			}
		}
	}
	return false
}
