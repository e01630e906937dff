package reads

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/tokenaudit/tokenaudit/policies/input"
)

// follow returns what a term may hold. What it looks at on its way counts as read.
func (f *flow) follow(term *ast.Term) values {
	switch value := term.Value.(type) {
	case ast.Var:
		switch {
		case value.Equal(ast.InputRootDocument.Value):
			return values{element{field: inputField}: true}
		case value.Equal(ast.DefaultRootDocument.Value):
			return f.document(ast.Ref{term}, false)
		}
		return f.vars[value]
	case ast.Ref:
		return f.reference(value)
	case *ast.ArrayComprehension:
		f.body(value.Body, false)
		return f.follow(value.Term).deeper(1)
	case *ast.SetComprehension:
		f.body(value.Body, false)
		return f.distinct(f.follow(value.Term), term.Location).deeper(1)
	case *ast.ObjectComprehension:
		f.body(value.Body, false)
		f.sink(value.Key)
		return f.follow(value.Value).deeper(1)
	case ast.String, ast.Number, ast.Boolean, ast.Null:
		return nil
	case *ast.Array:
		value.Foreach(f.sink)
	case ast.Set:
		value.Foreach(f.sink)
	case ast.Object:
		value.Foreach(func(key, item *ast.Term) { f.sink(key); f.sink(item) })
	default:
		f.readAll(values{element{field: inputField}: true}, term.Location)
	}
	return nil
}

// distinct lets tokens into a set: each has an id, so it is another one than all others.
// Of anything else the set tells how many are different.
func (f *flow) distinct(of values, location *ast.Location) values {
	tokens := values{}
	for e := range of {
		if e.field == tokenField && e.depth == 0 {
			tokens[e] = true
		} else {
			f.readAll(values{e: true}, location)
		}
	}
	return tokens
}

// reference follows a reference.
func (f *flow) reference(ref ast.Ref) values {
	head := ref[0]
	if head.Equal(ast.DefaultRootDocument) {
		return f.document(ref, false)
	}
	f.sinks(ref[1:])
	if name, ok := paramOf(ref); ok {
		f.params = append(f.params, ParamUse{name, head.Location})
	}
	if _, isVar := head.Value.(ast.Var); !isVar {
		f.sink(head)
		return nil
	}
	return f.path(f.follow(head), ref[1:])
}

func paramOf(ref ast.Ref) (string, bool) {
	if len(ref) < 3 || !ref[0].Equal(ast.InputRootDocument) || !ref[1].Equal(input.KeyParams) {
		return "", false
	}
	name, ok := ref[2].Value.(ast.String)
	return string(name), ok
}

func (f *flow) path(of values, keys []*ast.Term) values {
	for _, key := range keys {
		of = f.step(of, key, key.Location)
	}
	return of
}

// step returns what is below values under a key; a nil key is any.
func (f *flow) step(of values, key *ast.Term, location *ast.Location) values {
	below := values{}
	for e := range of {
		if e.depth > 0 {
			e.depth--
			below[e] = true
			continue
		}
		var member *field
		if key == nil {
			member = e.field.each
		} else {
			member = e.field.member(key.Value)
		}
		if member == nil {
			f.readAll(values{e: true}, location)
			continue
		}
		f.note(e, member, member.parts, member.parts, location)
		below[element{field: member, own: e.own}] = true
	}
	return below
}

func (f *flow) sink(term *ast.Term) { f.readAll(f.follow(term), term.Location) }

func (f *flow) sinks(terms []*ast.Term) {
	for _, term := range terms {
		f.sink(term)
	}
}

// readAll reads all there is of values.
func (f *flow) readAll(of values, location *ast.Location) {
	for e := range of {
		parts := e.field.whole()
		if !f.Custom && e.field == writeField {
			parts = Write
		}
		f.note(e, e.field, parts, parts, location)
	}
}

// note notes that parts are read by a field, of which some may keep a token out of
// applies.
func (f *flow) note(e element, by *field, parts, narrows FactBits, location *ast.Location) {
	if !by.aside {
		f.about |= parts
	}
	if e.own {
		f.own |= parts
		f.narrows |= narrows
	} else {
		f.other |= parts
		f.otherNarrows |= narrows
	}
	if parts&partsAll != 0 && f.location == nil {
		f.location = location
	}
}

// head reads what a definition makes.
func (f *flow) head(name string) {
	head, ref := f.rule.Head, f.rule.Ref()
	path := ref.ConstantPrefix()
	f.sinks(ref[len(path):])
	var made values
	switch {
	case isSet(f.rule):
		made = f.distinct(f.follow(head.Key), head.Location).deeper(1)
	case len(head.Args) > 0:
		f.sink(head.Value)
		return
	default:
		made = f.follow(head.Value)
	}
	if f.results[name] == nil {
		f.results[name] = values{}
	}
	before := len(f.results[name])
	for e := range made.deeper(len(ref) - len(path)) {
		e.own = false
		f.results[name][e] = true
	}
	f.changed = f.changed || len(f.results[name]) > before
}

// judged finds the variable of the token that the elements of a set are about: whose
// id they are, or hold under "token". "" where it cannot be told.
func (r *reader) judged(rule *ast.Rule) ast.Var {
	key := rule.Head.Key
	if !isSet(rule) || r.OfSource {
		return ""
	}
	if v := idOf(rule.Body, key); v != "" {
		return v
	}
	if v := tokenOf(rule.Body, key); v != "" {
		return v
	}
	for _, expr := range rule.Body {
		args := expr.Operands()
		if !expr.IsCall() || len(args) == 0 || !args[len(args)-1].Equal(key) {
			continue
		}
		return r.passed(r.compiler.GetRulesExact(expr.Operator()), args)
	}
	return ""
}

// passed finds the argument that the results of all definitions of a function are about.
func (r *reader) passed(rules []*ast.Rule, args []*ast.Term) ast.Var {
	var found ast.Var
	for n, rule := range rules {
		v := tokenOf(rule.Body, rule.Head.Value)
		var passed ast.Var
		for i, arg := range rule.Head.Args {
			if v != "" && arg.Value.Compare(v) == 0 && i < len(args) {
				passed, _ = args[i].Value.(ast.Var)
			}
		}
		if rule.Else != nil || n > 0 && passed != found {
			return ""
		}
		found = passed
	}
	return found
}

// tokenOf finds the variable whose id an object has under "token".
func tokenOf(body ast.Body, term *ast.Term) ast.Var {
	made, ok := meant(body, term).Value.(ast.Object)
	if !ok {
		return ""
	}
	id := made.Get(input.KeyToken)
	if id == nil {
		return ""
	}
	return idOf(body, id)
}

// idOf finds the variable whose id a term is.
func idOf(body ast.Body, term *ast.Term) ast.Var {
	ref, ok := meant(body, term).Value.(ast.Ref)
	if !ok || len(ref) != 2 || !ref[1].Equal(input.KeyID) {
		return ""
	}
	v, _ := ref[0].Value.(ast.Var)
	return v
}

// meant is the other side of the only equation of a body that has a variable as
// a side, or the term itself.
func meant(body ast.Body, term *ast.Term) *ast.Term {
	if _, ok := term.Value.(ast.Var); !ok {
		return term
	}
	found, n := term, 0
	for _, expr := range body {
		if !expr.IsEquality() || expr.Negated {
			continue
		}
		for i, side := range expr.Operands() {
			if side.Equal(term) {
				found = expr.Operand(1 - i)
				n++
			}
		}
	}
	if n != 1 {
		return term
	}
	return found
}
