package inputcheck

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tokenaudit/tokenaudit/collectors/suggest"
)

// WrongWord is a comparison in a rule that is never true, or always, because the text is
// none of the words that the field of the input may be.
type WrongWord struct {
	Location *ast.Location
	Detail   string
}

// WrongWords returns the comparisons of a module, as it was parsed, of fields of the input
// with texts that they never are. It follows `some x in` and `x :=`, and takes a parameter
// called token for one. What it cannot follow it leaves out.
func (s *Shape) WrongWords(module *ast.Module) []WrongWord {
	w := words{root: s}
	for _, rule := range module.Rules {
		w.known = map[ast.Var]*Shape{}
		if tokens := s.Properties["tokens"]; tokens != nil {
			for _, arg := range rule.Head.Args {
				if name, ok := arg.Value.(ast.Var); ok && name == "token" {
					w.known[name] = tokens.Items
				}
			}
		}
		// Once for what the variables are, wherever they are declared, then for the words.
		ast.WalkExprs(rule, func(e *ast.Expr) bool {
			w.declare(e)
			return false
		})
		ast.WalkExprs(rule, func(e *ast.Expr) bool {
			w.compare(e)
			return false
		})
	}
	return w.wrong
}

type words struct {
	root *Shape
	// known are what the variables of a rule hold; nil for what cannot be told.
	known map[ast.Var]*Shape
	wrong []WrongWord
}

// declare notes what a variable holds.
func (w *words) declare(e *ast.Expr) {
	switch terms := e.Terms.(type) {
	case *ast.SomeDecl:
		for _, symbol := range terms.Symbols {
			// some x in xs, or some i, x in xs: the element is the last but one.
			if call, ok := symbol.Value.(ast.Call); ok && len(call) >= 3 {
				w.hold(call[len(call)-2], w.shape(call[len(call)-1]).items())
			}
		}
	case []*ast.Term:
		if len(terms) == 3 && e.IsAssignment() {
			w.hold(terms[1], w.shape(terms[2]))
		}
	}
}

func (w *words) hold(variable *ast.Term, shape *Shape) {
	name, ok := variable.Value.(ast.Var)
	if !ok {
		return
	}
	if before, declared := w.known[name]; declared && before != shape {
		shape = nil // two variables of one name
	}
	w.known[name] = shape
}

// shape is that of a part of the input; nil for anything else.
func (w *words) shape(term *ast.Term) *Shape {
	ref, ok := term.Value.(ast.Ref)
	if name, variable := term.Value.(ast.Var); variable {
		ref, ok = ast.Ref{ast.NewTerm(name)}, true
	}
	if !ok {
		return nil
	}
	name, _ := ref[0].Value.(ast.Var)
	shape := w.known[name]
	if name == "input" {
		shape = w.root
	}
	for _, step := range ref[1:] {
		if shape == nil {
			return nil
		}
		if key, ok := step.Value.(ast.String); ok && shape.Items == nil {
			shape = shape.Properties[string(key)]
			continue
		}
		shape = shape.Items
	}
	return shape
}

func (s *Shape) items() *Shape {
	if s == nil {
		return nil
	}
	return s.Items
}

// compare looks at a comparison with a text, or with one of several.
func (w *words) compare(e *ast.Expr) {
	terms, ok := e.Terms.([]*ast.Term)
	if !ok || len(terms) != 3 {
		return
	}
	switch e.Operator().String() {
	case ast.Equal.Name, ast.NotEqual.Name, ast.Equality.Name:
		w.check(terms[1], terms[2])
		w.check(terms[2], terms[1])
	case ast.Member.Name:
		if element := w.shape(terms[2]).items(); element != nil {
			w.checkText(element, terms[2], terms[1]) // "text" in token.apis
			return
		}
		each := func(text *ast.Term) { w.check(terms[1], text) }
		switch texts := terms[2].Value.(type) {
		case ast.Set:
			texts.Foreach(each)
		case *ast.Array:
			texts.Foreach(each)
		}
	}
}

func (w *words) check(field, text *ast.Term) { w.checkText(w.shape(field), field, text) }

func (w *words) checkText(shape *Shape, field, text *ast.Term) {
	word, ok := text.Value.(ast.String)
	if !ok || shape == nil {
		return
	}
	if detail := shape.wrongWord(string(word)); detail != "" {
		w.wrong = append(w.wrong, WrongWord{text.Location, fmt.Sprintf("%s is compared with %s", field, detail)})
	}
}

// wrongWord says what is wrong with a text; empty for nothing.
func (s *Shape) wrongWord(text string) string {
	if len(s.Enum) == 0 || slices.Contains(s.Enum, text) {
		return ""
	}
	return fmt.Sprintf("%q: expected one of %s%s", text, strings.Join(s.Enum, ", "), suggest.DidYouMean(text, s.Enum))
}
