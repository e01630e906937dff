package policies

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/input"
)

// systemsOf finds the CMSes that a rule is for: if each body of its applies set
// compares a field cms with a constant, the rule applies to nothing else.
func systemsOf(compiler *ast.Compiler, pkg ast.Ref) []string {
	var systems []string
	for _, rule := range compiler.GetRulesExact(pkg.Append(ast.StringTerm(setApplies))) {
		before := len(systems)
		ast.WalkExprs(rule.Body, func(expr *ast.Expr) bool {
			if expr.IsEquality() && !expr.Negated {
				systems = append(systems, comparedCMS(expr.Operand(0), expr.Operand(1))...)
				systems = append(systems, comparedCMS(expr.Operand(1), expr.Operand(0))...)
			}
			return false
		})
		if len(systems) == before {
			return nil
		}
	}
	slices.Sort(systems)
	return slices.Compact(systems)
}

func comparedCMS(field, constant *ast.Term) []string {
	ref, isRef := field.Value.(ast.Ref)
	cms, isText := constant.Value.(ast.String)
	if !isRef || !isText || !ref[len(ref)-1].Equal(input.KeyCMS) {
		return nil
	}
	return []string{string(cms)}
}

// asksForPlans tells whether each body of a rule's applies set wants a source
// that is a plan, or, negated, one that is none.
func asksForPlans(compiler *ast.Compiler, pkg ast.Ref, negated bool) bool {
	rules := compiler.GetRulesExact(pkg.Append(ast.StringTerm(setApplies)))
	for _, rule := range rules {
		asks := slices.ContainsFunc(rule.Body, func(expr *ast.Expr) bool {
			return expr.IsEquality() && expr.Negated == negated &&
				(comparesPlan(expr.Operand(0), expr.Operand(1)) || comparesPlan(expr.Operand(1), expr.Operand(0)))
		})
		if !asks {
			return false
		}
	}
	return len(rules) > 0
}

func comparesPlan(field, constant *ast.Term) bool {
	ref, isRef := field.Value.(ast.Ref)
	return isRef && ref.Equal(ast.Ref{ast.InputRootDocument, input.KeySource, input.KeyKind}) &&
		constant.Value.Compare(ast.String(inventory.KindPlan)) == 0
}
