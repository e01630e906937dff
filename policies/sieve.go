package policies

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// A sieve says which tokens a rule can have anything to say about. OPA takes
// about a microsecond for one expression on one token, and most tokens fail the
// first expressions of most rules: these are decided here instead, once for all
// rules that have them in common, and OPA is given the tokens that are left.
//
// That changes no verdict. Each body that takes tokens from the input, in the
// rule, its helpers and their comprehensions, does so by `some token in
// input.tokens`, and is false of a token that fails what it asks right after
// that; so a token that fails in all of them could as well not be there. A rule
// that reads input.tokens in any other way, such as to count them, has no sieve.
type sieve struct {
	// bodies are what each body asks of a token; a token that satisfies one of
	// them is left.
	bodies [][]condition
	// perToken: without a token that is left the rule has nothing to say.
	perToken bool
}

// sieveOf makes the sieve of the rules that define these sets of a package, or
// gives nil if there can be none.
func sieveOf(compiler *ast.Compiler, pkg ast.Ref, sets []string) *sieve {
	s := &sieve{perToken: true}
	var defining []*ast.Rule
	for _, set := range sets {
		for _, rule := range compiler.GetRulesExact(setRef(pkg, set)) {
			defining = append(defining, rule)
			s.perToken = s.perToken && scope{rule: rule, body: rule.Body}.isGenerator(0)
		}
	}
	for _, rule := range reachable(compiler, defining) {
		bodies, ok := tokenBodies(rule)
		if !ok {
			return nil
		}
		s.bodies = append(s.bodies, bodies...)
	}
	return s
}

// reachable gives the rules and all that they depend on.
func reachable(compiler *ast.Compiler, rules []*ast.Rule) []*ast.Rule {
	seen := map[*ast.Rule]bool{}
	var found []*ast.Rule
	var visit func(rule *ast.Rule)
	visit = func(rule *ast.Rule) {
		if seen[rule] {
			return
		}
		seen[rule] = true
		found = append(found, rule)
		for node := range compiler.Graph.Dependencies(rule) {
			if dependency, ok := node.(*ast.Rule); ok {
				visit(dependency)
			}
		}
	}
	for _, rule := range rules {
		visit(rule)
	}
	return found
}

// appliesBy gives the conditions of the applies set of a package if these decide
// it alone: a token is in the set if it satisfies those of one of its bodies.
func appliesBy(compiler *ast.Compiler, pkg ast.Ref) (bodies [][]condition, ok bool) {
	rules := compiler.GetRulesExact(setRef(pkg, setApplies))
	for _, rule := range rules {
		s := scope{rule: rule, body: rule.Body}
		if _, ok := tokenBodies(rule); !ok || rule.Else != nil || !s.isGenerator(0) {
			return nil, false
		}
		// The last expression makes the element of the set: the token's id.
		last := len(rule.Body) - 1
		r := s.reader(0)
		conditions := r.conditions(rule.Body[1:last])
		if r.read != last-1 || !sufficient(conditions) || !r.binds(rule.Body[last], rule.Head.Key, keyID) {
			return nil, false
		}
		bodies = append(bodies, conditions)
	}
	return bodies, len(rules) > 0
}

// tokenBodies gives what each body of a rule that takes tokens from the input
// asks of them. ok is false if the rule uses the input in a way that may depend
// on tokens which fail.
func tokenBodies(rule *ast.Rule) (bodies [][]condition, ok bool) {
	generators := 0
	for _, s := range scopes(rule) {
		for i := range s.body {
			if s.isGenerator(i) {
				generators++
				bodies = append(bodies, decisive(s.reader(i).conditions(s.body[i+1:])))
			}
		}
	}
	ok = true
	ast.WalkWiths(rule, func(*ast.With) bool {
		ok = false
		return true
	})
	tokens, inputs := 0, 0
	ast.WalkRefs(rule, func(ref ast.Ref) bool {
		if ref[0].Equal(ast.InputRootDocument) && len(ref) > 1 {
			inputs++
			name, constant := field(ref, 1)
			ok = ok && constant
			if name == "tokens" {
				tokens++
			}
		}
		return false
	})
	// The input as a whole holds the tokens too.
	return bodies, ok && tokens == generators && inputs == occurrences(ast.InputRootDocument.Value, rule)
}

// decisive leaves out what hardly any token lacks.
func decisive(conditions []condition) []condition {
	return slices.DeleteFunc(conditions, func(c condition) bool { return c.check == isDefined || c.check == isKnown })
}

// A scope is a body with the part of the rule in which its variables may be bound.
type scope struct {
	rule *ast.Rule
	body ast.Body
	// closure is nil for the body of the rule itself.
	closure any
}

// scopes gives all bodies of a rule.
func scopes(rule *ast.Rule) []scope {
	var all []scope
	for r := rule; r != nil; r = r.Else {
		all = append(all, scope{rule: r, body: r.Body})
	}
	ast.WalkClosures(rule, func(closure any) bool {
		s := scope{rule: rule, closure: closure}
		switch c := closure.(type) {
		case *ast.ArrayComprehension:
			s.body = c.Body
		case *ast.SetComprehension:
			s.body = c.Body
		case *ast.ObjectComprehension:
			s.body = c.Body
		case *ast.Every:
			s.body = c.Body
		}
		all = append(all, s)
		return false
	})
	return all
}

// isGenerator tells whether an expression takes any token from the input into a
// variable that has no value yet: some token in input.tokens.
func (s scope) isGenerator(i int) bool {
	expr := s.body[i]
	if !expr.IsEquality() || expr.Negated {
		return false
	}
	token, isVar := expr.Operand(0).Value.(ast.Var)
	ref, isRef := expr.Operand(1).Value.(ast.Ref)
	if !isVar || !isRef || len(ref) != 3 || !ref[0].Equal(ast.InputRootDocument) || !ref[1].Equal(keyTokens) {
		return false
	}
	index, isVar := ref[2].Value.(ast.Var)
	return isVar && occurrences(index, s.rule) == 1 && s.isNew(token, i)
}

// isNew tells whether a variable has no value before an expression of the body.
func (s scope) isNew(v ast.Var, i int) bool {
	outside := 0
	if s.closure != nil {
		outside = occurrences(v, s.rule) - occurrences(v, s.closure)
	}
	for _, arg := range s.rule.Head.Args {
		outside += occurrences(v, arg)
	}
	return outside == 0 && occurrences(v, s.body[:i]) == 0
}

// occurrences counts a variable in a part of a rule.
func occurrences(v ast.Value, in any) int {
	n := 0
	ast.WalkVars(in, func(other ast.Var) bool {
		if other == v {
			n++
		}
		return false
	})
	return n
}
