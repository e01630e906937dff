package complexity

import (
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// A name is a variable of a rule, or, with a nil scope, a rule with its package
// ("data.custom.rules.ours.deny").
type name struct {
	scope *ast.Rule
	text  string
}

// A definition is a term that a name may have the type of, or that is a part of
// its type.
type definition struct {
	term *ast.Term
	// in is where the variables of the term live.
	in scope
}

// A scope resolves variables: those of the rule first, then rules of the package
// and imports. Names of nested closures fall together, which overstates at worst.
type scope struct {
	rule    *ast.Rule
	pkg     string
	imports map[string]string
}

// weights count the parts of types, without making these.
type weights struct {
	defs map[name][]definition
	// known are the counts so far; a name that is being counted counts as one, as
	// it can only be its own part in rules that the compiler refuses.
	known map[name]int
	// functions have the number of arguments of each function.
	functions map[string]int
	uses      []definition
	terms     int
}

// checkParts adds up the parts of all names and of all terms in expressions.
func checkParts(modules []*ast.Module) *ast.Error {
	w := &weights{defs: map[name][]definition{}, known: map[name]int{}, functions: map[string]int{}}
	for _, m := range modules {
		if m != nil {
			w.declare(m)
		}
	}
	for _, m := range modules {
		if m != nil {
			w.module(m)
		}
	}
	limit := maxParts + 4*w.terms
	total := 0
	for _, use := range w.uses {
		if total += w.term(use.term, use.in); total > limit {
			return tooComplex(use.term.Location, "the values here have more than %d parts: repeat fewer values within others", limit)
		}
	}
	return nil
}

// declare enters the rules of a module by name, so that others can refer to them.
func (w *weights) declare(m *ast.Module) {
	for _, r := range m.Rules {
		global := m.Package.Path.String() + "." + string(r.Head.Reference[0].Value.(ast.Var)) //nolint:forcetypeassert // a parsed head begins with a name
		w.defs[name{text: global}] = nil
		w.functions[global] = len(r.Head.Args)
	}
}

// module enters what the names of a module are made of.
func (w *weights) module(m *ast.Module) {
	in := scope{pkg: m.Package.Path.String(), imports: map[string]string{}}
	for _, i := range m.Imports {
		in.imports[string(i.Name())] = i.Path.String()
	}
	for _, r := range m.Rules {
		global := name{text: in.pkg + "." + string(r.Head.Reference[0].Value.(ast.Var))} //nolint:forcetypeassert // as above
		for branch := r; branch != nil; branch = branch.Else {
			in.rule = branch
			for _, t := range append(slices.Clone([]*ast.Term(branch.Head.Reference[1:])), branch.Head.Key, branch.Head.Value) {
				if t != nil {
					w.defs[global] = append(w.defs[global], definition{t, in})
					w.uses = append(w.uses, definition{t, in})
				}
			}
			w.walk(branch.Head, in)
			w.walk(branch.Body, in)
		}
	}
}

// walk enters what variables are made of below a node, and the terms whose types
// the compiler looks at.
func (w *weights) walk(node any, in scope) {
	switch n := node.(type) {
	case *ast.Term:
		w.terms++
	case *ast.Every:
		w.define(n.Key, n.Domain, in)
		w.define(n.Value, n.Domain, in)
	case *ast.SomeDecl:
		for _, symbol := range n.Symbols {
			if call, ok := symbol.Value.(ast.Call); ok {
				w.defineAll(call[1:len(call)-1], call[len(call)-1], in)
			}
		}
	case *ast.Expr:
		w.expr(n, in)
	}
	children(node, func(child any) { w.walk(child, in) })
}

func (w *weights) expr(e *ast.Expr, in scope) {
	switch terms := e.Terms.(type) {
	case *ast.Term:
		w.uses = append(w.uses, definition{terms, in})
	case []*ast.Term:
		for _, t := range terms[1:] {
			w.uses = append(w.uses, definition{t, in})
		}
		switch {
		case e.IsEquality() || e.IsAssignment():
			w.define(terms[1], terms[2], in)
			if e.IsEquality() {
				w.define(terms[2], terms[1], in)
			}
		case w.hasOutput(terms, in):
			w.define(terms[len(terms)-1], terms[0], in)
		}
	}
}

// hasOutput reports whether a call of a function has its result as last argument.
func (w *weights) hasOutput(terms []*ast.Term, in scope) bool {
	ref, ok := terms[0].Value.(ast.Ref)
	if !ok {
		return false
	}
	for _, global := range w.globals(ref, in) {
		if len(terms)-1 > w.functions[global] {
			return true
		}
	}
	return false
}

// define enters that the variables of a pattern are made of a value.
func (w *weights) define(pattern, value *ast.Term, in scope) {
	if pattern != nil {
		w.defineAll([]*ast.Term{pattern}, value, in)
	}
}

func (w *weights) defineAll(patterns []*ast.Term, value *ast.Term, in scope) {
	var enter func(node any)
	enter = func(node any) {
		switch n := node.(type) {
		case ast.Var:
			local := name{in.rule, string(n)}
			w.defs[local] = append(w.defs[local], definition{value, in})
		case *ast.Term, *ast.Array, ast.Object:
			children(n, enter)
		}
	}
	for _, pattern := range patterns {
		enter(pattern)
	}
}

// term counts the parts of the type of a term, at least 1.
func (w *weights) term(t *ast.Term, in scope) int {
	n := 1
	add := func(t *ast.Term) { n = saturate(n + w.term(t, in)) }
	switch v := t.Value.(type) {
	case ast.Var:
		return w.variable(v, in)
	case ast.Ref:
		return w.ref(v, in)
	case ast.Call:
		if ref, ok := v[0].Value.(ast.Ref); ok {
			return w.ref(ref, in)
		}
	case *ast.Array:
		v.Foreach(add)
	case ast.Set:
		v.Foreach(add)
	case ast.Object:
		v.Foreach(func(key, value *ast.Term) { add(key); add(value) })
	case *ast.ArrayComprehension:
		add(v.Term)
	case *ast.SetComprehension:
		add(v.Term)
	case *ast.ObjectComprehension:
		add(v.Key)
		add(v.Value)
	}
	return n
}

func (w *weights) variable(v ast.Var, in scope) int {
	local := name{in.rule, string(v)}
	if _, ok := w.defs[local]; ok {
		return w.name(local)
	}
	return w.ref(ast.Ref{ast.NewTerm(v)}, in)
}

// ref counts at most what its head is made of.
func (w *weights) ref(ref ast.Ref, in scope) int {
	head, ok := ref[0].Value.(ast.Var)
	if !ok {
		return w.term(ref[0], in)
	}
	if local := (name{in.rule, string(head)}); w.defs[local] != nil {
		return w.name(local)
	}
	n := 1
	for _, global := range w.globals(ref, in) {
		n = saturate(n + w.name(name{text: global}))
	}
	return n
}

// globals returns the names of the rules that a reference may lead to, sorted.
func (w *weights) globals(ref ast.Ref, in scope) []string {
	head, ok := ref[0].Value.(ast.Var)
	if !ok {
		return nil
	}
	path := in.pkg + "." + string(head)
	if _, isRule := w.functions[path]; isRule {
		return []string{path}
	}
	prefix := ref.ConstantPrefix()
	path = prefix.String()
	if imported, ok := in.imports[string(head)]; ok {
		path = imported + strings.TrimPrefix(path, string(head))
	}
	if !strings.HasPrefix(path, "data") {
		return nil
	}
	for p := path; p != ""; p = p[:max(0, strings.LastIndexByte(p, '.'))] {
		if _, isRule := w.functions[p]; isRule {
			return []string{p}
		}
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(w.functions)), func(rule string) bool { return !strings.HasPrefix(rule, path+".") })
}

func (w *weights) name(key name) int {
	if n, ok := w.known[key]; ok {
		return n
	}
	w.known[key] = 1
	n := 1
	for _, d := range w.defs[key] {
		n = saturate(n + w.term(d.term, d.in))
	}
	w.known[key] = n
	return n
}

// saturate keeps a count from overflowing.
func saturate(n int) int { return min(n, 1<<40) }
