package policies

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"
)

// usage is what a rule reads of its input.
type usage struct {
	parts part
	// location is where the first fact is read.
	location *ast.Location
	params   []paramUse
}

type paramUse struct {
	name     string
	location *ast.Location
}

// readsOf finds out, from the compiled form, which facts and parameters the
// rules of a package read, through helpers as well. A field is recognised by its
// name, wherever a token may have been passed to; only what certainly is no
// token (the source, the parameters) is left out. A token that is read as a
// whole or by a computed key counts as every fact.
func readsOf(compiler *ast.Compiler, pkg ast.Ref) usage {
	var u usage
	seen := map[*ast.Rule]bool{}
	var visit func(rule *ast.Rule)
	visit = func(rule *ast.Rule) {
		if seen[rule] {
			return
		}
		seen[rule] = true
		u.rule(rule)
		for node := range compiler.Graph.Dependencies(rule) {
			if dependency, ok := node.(*ast.Rule); ok {
				visit(dependency)
			}
		}
	}
	for _, rule := range packageRules(compiler, pkg) {
		visit(rule)
	}
	return u
}

// packageRules gives the rules of a package, in the order of the modules' names.
func packageRules(compiler *ast.Compiler, pkg ast.Ref) []*ast.Rule {
	var rules []*ast.Rule
	for _, name := range util.KeysSorted(compiler.Modules) {
		if m := compiler.Modules[name]; m.Package.Path.Equal(pkg) {
			for _, rule := range m.Rules {
				for r := rule; r != nil; r = r.Else {
					rules = append(rules, r)
				}
			}
		}
	}
	return rules
}

// bindings knows of the variables of one rule which certainly hold a token and
// which certainly hold something else of the input.
type bindings struct{ token, other map[ast.Var]bool }

func (u *usage) rule(rule *ast.Rule) {
	b := bindings{token: map[ast.Var]bool{}, other: map[ast.Var]bool{}}
	// A binding may rest on another one that comes later in the text.
	for range 2 {
		ast.WalkExprs(rule, func(expr *ast.Expr) bool {
			b.learn(expr)
			return false
		})
	}
	ast.WalkExprs(rule, func(expr *ast.Expr) bool {
		if expr.IsCall() {
			u.call(b, expr.Operator().String(), expr.Operands(), expr.Location)
		}
		return false
	})
	ast.WalkTerms(rule, func(term *ast.Term) bool {
		switch value := term.Value.(type) {
		case ast.Ref:
			u.ref(b, value, term.Location)
		case ast.Call:
			u.call(b, value[0].String(), value[1:], term.Location)
		}
		return false
	})
}

func (b bindings) learn(expr *ast.Expr) {
	if !expr.IsEquality() && !expr.IsAssignment() {
		return
	}
	left, right := expr.Operand(0), expr.Operand(1)
	b.bind(left, right)
	b.bind(right, left)
}

func (b bindings) bind(to, from *ast.Term) {
	v, isVar := to.Value.(ast.Var)
	if !isVar {
		return
	}
	switch value := from.Value.(type) {
	case ast.Var:
		b.token[v] = b.token[v] || b.token[value]
		b.other[v] = b.other[v] || b.other[value]
	case ast.Ref:
		head, _ := value[0].Value.(ast.Var)
		switch {
		case head == ast.InputRootDocument.Value:
			field, _ := field(value, 1)
			b.token[v] = b.token[v] || (field == "tokens" && len(value) == 3)
			b.other[v] = b.other[v] || field == "source" || field == "params" || field == "at"
		case b.other[head]:
			b.other[v] = true
		}
	}
}

func field(ref ast.Ref, i int) (name string, constant bool) {
	if i >= len(ref) {
		return "", false
	}
	s, ok := ref[i].Value.(ast.String)
	return string(s), ok
}

func (u *usage) add(p part, location *ast.Location) {
	u.parts |= p
	if p&partsAll != 0 && u.location == nil {
		u.location = location
	}
}

func (u *usage) ref(b bindings, ref ast.Ref, location *ast.Location) {
	head, ok := ref[0].Value.(ast.Var)
	if !ok || b.other[head] {
		return
	}
	start := 1
	switch {
	case head == ast.InputRootDocument.Value:
		first, constant := field(ref, 1)
		switch {
		case first == "params":
			u.param(ref, location)
			return
		case first == "tokens":
			start = 3
			if len(ref) > 3 {
				u.computed(ref[3], location)
			}
		case constant:
			return
		default:
			u.add(partsAll|partWrite, location)
			return
		}
	case head == ast.DefaultRootDocument.Value:
		// The names of packages and rules are no fields of tokens.
		start = 5
	case b.token[head] && len(ref) > 1:
		u.computed(ref[1], location)
	}
	for i := start; i < len(ref); i++ {
		name, _ := field(ref, i)
		next, constant := field(ref, i+1)
		if p, isFact := partsRead(name, next, constant); isFact {
			u.add(p, location)
			return
		}
	}
}

// computed takes a token's field whose name is computed for every fact.
func (u *usage) computed(key *ast.Term, location *ast.Location) {
	if _, constant := key.Value.(ast.String); !constant {
		u.add(partsAll|partWrite, location)
	}
}

func (u *usage) param(ref ast.Ref, location *ast.Location) {
	if name, constant := field(ref, 2); constant {
		u.params = append(u.params, paramUse{name, location})
	}
}

// call looks at the arguments of a call: object.get and its like name fields by
// text, and a token that is passed to a built-in as a whole is read as a whole.
func (u *usage) call(b bindings, operator string, args []*ast.Term, location *ast.Location) {
	switch operator {
	case "eq", "assign", "internal.member_2", "internal.member_3":
		return
	}
	if !isBuiltin(operator) {
		return
	}
	for _, arg := range args {
		u.argument(b, operator, arg, location)
	}
}

func isBuiltin(operator string) bool {
	_, ok := ast.BuiltinMap[operator]
	return ok
}

func (u *usage) argument(b bindings, operator string, arg *ast.Term, location *ast.Location) {
	switch value := arg.Value.(type) {
	case ast.String:
		if namesFields(operator) {
			p, _ := partsRead(string(value), "", false)
			u.add(p, location)
		}
	case *ast.Array:
		value.Foreach(func(item *ast.Term) { u.argument(b, operator, item, location) })
	case ast.Set:
		value.Foreach(func(item *ast.Term) { u.argument(b, operator, item, location) })
	case ast.Var:
		if b.token[value] && operator != "object.get" {
			u.add(partsAll|partWrite, location)
		}
	case ast.Ref:
		if len(value) == 1 && value[0].Equal(ast.InputRootDocument) {
			u.add(partsAll|partWrite, location)
		}
	}
}

// namesFields: do the texts among the arguments of this built-in name fields.
func namesFields(operator string) bool {
	switch operator {
	case "object.get", "object.filter", "object.remove", "json.filter", "json.remove":
		return true
	}
	return false
}

// partsRead tells what reading a field of a token reads of which fact. next is
// the field below it; constant tells whether its name is known.
func partsRead(name, next string, constant bool) (p part, isFact bool) {
	switch name {
	case "access":
		return accessRead(next), true
	case "role":
		if next == "id" || next == "name" {
			return 0, true
		}
		return partRoleLevel, true
	case "environments":
		return partEnvironments, true
	case "branches":
		return partBranches, true
	case "created_at", "age", "age_days":
		return partCreatedAt, true
	case "updated_at":
		return partUpdatedAt, true
	case "revoked_at":
		return partRevokedAt, true
	case "expiry":
		if next == "supported" {
			return 0, true
		}
		return partExpiry, true
	case "expires_in_days":
		return partExpiry, true
	case "lifetime_days":
		return partLifetimeDays, true
	case "last_used":
		return partLastUsed, true
	case "last_used_by_api":
		return partLastUsedByAPI, true
	case "unused_days":
		return partUnusedDays, true
	case "owner_idle_days":
		return partOwnerActive, true
	case "owner":
		return ownerRead(next, constant), true
	case "traits":
		return traitsRead(next), true
	case "description":
		return partDescription, true
	}
	return 0, false
}

func accessRead(next string) part {
	switch next {
	case "write":
		return partWrite
	case "assumed", "reason":
		return 0
	case "level", "grants":
		return partAccessLevel
	case "manages_tokens":
		return partManagesTokens
	}
	return partAccessLevel | partManagesTokens | partWrite
}

func ownerRead(next string, constant bool) part {
	switch next {
	case "level":
		return partOwnerLevel
	case "last_active":
		return partOwnerActive
	case "reason":
		return 0
	}
	if constant {
		return partOwner
	}
	return partOwner | partOwnerLevel | partOwnerActive
}

func traitsRead(next string) part {
	switch next {
	case "factory":
		return partFactory
	case "notifies_before_expiry":
		return partNotifies
	}
	return partFactory | partNotifies
}
