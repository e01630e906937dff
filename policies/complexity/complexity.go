// Package complexity refuses Rego that OPA's compiler would take forever or all
// memory for. The compiler's time is exponential in how deeply closures are nested,
// and in chains of variables that hold each other several times over: the type of
// x9 in x1 := [x0, x0], …, x9 := [x8, x8] has 512 places of x0. Check looks at
// parsed modules only, in a time that is linear in their size.
package complexity

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
)

// What modules may amount to: far more than people write, and little enough for the
// compiler to end within seconds.
const (
	// maxDepth bounds terms within terms, as in [[[1]]] and 1 + 1 + 1.
	maxDepth = 200
	// maxClosures bounds comprehensions, every, not and template strings within each other.
	maxClosures = 8
	// maxElse bounds the else branches of one rule.
	maxElse = 100
	// maxParts bounds the parts of the types of all expressions, on top of four for
	// each term that is written out.
	maxParts = 1_000_000
)

// Check returns what is too complex in modules, with the place where it becomes so;
// nil for nothing. It needs all modules that refer to each other, and passes over
// those that are nil.
func Check(modules []*ast.Module) ast.Errors {
	var errs ast.Errors
	for _, m := range modules {
		if m == nil {
			continue
		}
		var n nesting
		n.visit(m)
		if n.err != nil {
			errs = append(errs, n.err)
		}
	}
	if len(errs) == 0 {
		if err := checkParts(modules); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// nesting counts how deep a walk is.
type nesting struct {
	terms, closures, branches int
	// at is the last place that was passed.
	at  *ast.Location
	err *ast.Error
}

func (n *nesting) visit(node any) {
	if n.err != nil {
		return
	}
	depth := n.depth(node)
	if depth != nil {
		*depth++
		defer func() { *depth-- }()
	}
	switch {
	case n.terms > maxDepth:
		n.refuse("terms are nested more than %d levels deep: name the inner ones", maxDepth)
	case n.closures > maxClosures:
		n.refuse("comprehensions, every, not and template strings are nested more than %d levels deep: move the inner ones to rules of their own", maxClosures)
	case n.branches > maxElse:
		n.refuse("a rule has more than %d else branches: use a table, or several rules", maxElse)
	default:
		children(node, n.visit)
	}
}

// depth returns the counter of a kind of node, or nil for none.
func (n *nesting) depth(node any) *int {
	switch node := node.(type) {
	case *ast.Term:
		if node.Location != nil {
			n.at = node.Location
		}
		return &n.terms
	case *ast.LogicalAnd, *ast.LogicalOr:
		return &n.terms
	case *ast.ArrayComprehension, *ast.SetComprehension, *ast.ObjectComprehension, *ast.Every, *ast.Not, *ast.TemplateString:
		return &n.closures
	case *ast.Rule:
		// An else branch is a rule within its rule.
		return &n.branches
	}
	return nil
}

func (n *nesting) refuse(format string, args ...any) { n.err = tooComplex(n.at, format, args...) }

func tooComplex(at *ast.Location, format string, args ...any) *ast.Error {
	return &ast.Error{Code: "rego_complexity_error", Message: fmt.Sprintf(format, args...), Location: at}
}
