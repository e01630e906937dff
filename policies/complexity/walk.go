package complexity

import "github.com/open-policy-agent/opa/v1/ast"

// children calls f with each part of a node of the syntax tree. OPA's own visitors
// pass over template strings and over the values of some heads.
func children(node any, f func(any)) {
	switch n := node.(type) {
	case *ast.Module:
		each(n.Rules, f)
	case *ast.Rule:
		f(n.Head)
		f(n.Body)
		if n.Else != nil {
			f(n.Else)
		}
	case *ast.Head:
		f(n.Reference)
		f(n.Args)
		some(n.Key, f)
		some(n.Value, f)
	case ast.Body:
		each(n, f)
	case ast.Args:
		each(n, f)
	case *ast.Expr:
		if terms, ok := n.Terms.([]*ast.Term); ok {
			each(terms, f)
		} else {
			f(n.Terms)
		}
		each(n.With, f)
	case *ast.With:
		some(n.Target, f)
		some(n.Value, f)
	case *ast.Every:
		some(n.Key, f)
		some(n.Value, f)
		some(n.Domain, f)
		f(n.Body)
	case *ast.SomeDecl:
		each(n.Symbols, f)
	case *ast.Not:
		f(n.Body)
	case *ast.LogicalAnd:
		f(n.Lhs)
		f(n.Rhs)
	case *ast.LogicalOr:
		f(n.Lhs)
		f(n.Rhs)
	case *ast.Term:
		f(n.Value)
	default:
		parts(node, f)
	}
}

// parts calls f with each part of the value of a term.
func parts(value any, f func(any)) {
	item := func(t *ast.Term) { f(t) }
	switch v := value.(type) {
	case ast.Ref:
		each(v, f)
	case ast.Call:
		each(v, f)
	case *ast.Array:
		v.Foreach(item)
	case ast.Set:
		v.Foreach(item)
	case ast.Object:
		v.Foreach(func(key, value *ast.Term) { f(key); f(value) })
	case *ast.ArrayComprehension:
		f(v.Term)
		f(v.Body)
	case *ast.SetComprehension:
		f(v.Term)
		f(v.Body)
	case *ast.ObjectComprehension:
		f(v.Key)
		f(v.Value)
		f(v.Body)
	case *ast.TemplateString:
		each(v.Parts, f)
	}
}

func each[T any](nodes []T, f func(any)) {
	for _, n := range nodes {
		f(n)
	}
}

func some(t *ast.Term, f func(any)) {
	if t != nil {
		f(t)
	}
}
