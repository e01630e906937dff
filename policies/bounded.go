package policies

import (
	"errors"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// This file bounds what one call of a built-in function may make. OPA stops a
// rule between two calls, never in one, so a single call could fill the machine
// before the limits of time and memory are looked at. The calls of custom rules
// go to stand-ins that look at the arguments first and then call OPA's own.

const (
	// maxText bounds a text that one call makes, in bytes.
	maxText = 64 << 20
	// maxCut bounds a text that one call takes apart: each part costs a hundred
	// bytes.
	maxCut = 4 << 20
	// maxItems bounds a list or mapping that one call makes.
	maxItems = 16 << 20
)

// standIn begins the names of the stand-ins.
const standIn = "bounded."

var errTooLarge = errors.New("it would make more than a rule may have at once")

// A guard looks at the arguments of a call, and refuses it before it is made.
type guard func(args []*ast.Term) error

// guards are those of the allowed built-in functions whose result may be much
// larger than their arguments, or than the parts that these share. The others
// make no more than a small multiple of what exists already.
var guards = map[string]guard{
	"array.concat":             func(args []*ast.Term) error { return notMore(int64(size(args[0])+size(args[1])), maxItems) },
	"array.flatten":            itemsOfAll,
	"concat":                   concatenated,
	"indexof_n":                cutUp(0),
	"internal.template_string": written,
	"json.marshal":             written,
	"json.unmarshal":           cutUp(0),
	"object.union_n":           itemsOfAll,
	"regex.find_n":             cutUp(1),
	"regex.replace":            func(args []*ast.Term) error { return replacedEverywhere(args[0], args[2]) },
	"regex.split":              cutUp(1),
	"replace":                  replaced,
	"split":                    cutUp(0),
	"sprintf":                  formatted,
	"strings.replace_n":        func(args []*ast.Term) error { return replacedEverywhere(args[1], args[0]) },
	"strings.split_n":          cutUp(0),
}

func notMore(n, limit int64) error {
	if n > limit {
		return errTooLarge
	}
	return nil
}

// length is the length of a text; 0 for what is none, which OPA refuses.
func length(t *ast.Term) int64 {
	s, _ := t.Value.(ast.String)
	return int64(len(s))
}

// size is the number of items of a list, set or mapping.
func size(t *ast.Term) int {
	switch v := t.Value.(type) {
	case *ast.Array:
		return v.Len()
	case ast.Set:
		return v.Len()
	case ast.Object:
		return v.Len()
	}
	return 0
}

// each calls f for the items of a list or set until it gives false.
func each(t *ast.Term, f func(*ast.Term) bool) {
	switch v := t.Value.(type) {
	case *ast.Array:
		v.Until(func(item *ast.Term) bool { return !f(item) })
	case ast.Set:
		v.Until(func(item *ast.Term) bool { return !f(item) })
	}
}

func itemsOfAll(args []*ast.Term) error {
	n := int64(0)
	each(args[0], func(item *ast.Term) bool {
		n += int64(max(1, size(item)))
		return n <= maxItems
	})
	return notMore(n, maxItems)
}

func concatenated(args []*ast.Term) error {
	n := int64(0)
	each(args[1], func(item *ast.Term) bool {
		n += length(item) + length(args[0])
		return n <= maxText
	})
	return notMore(n, maxText)
}

func cutUp(text int) guard {
	return func(args []*ast.Term) error { return notMore(length(args[text]), maxCut) }
}

func replaced(args []*ast.Term) error {
	text, _ := args[0].Value.(ast.String)
	old, _ := args[1].Value.(ast.String)
	grows := max(0, length(args[2])-int64(len(old)))
	return notMore(int64(len(text))+int64(strings.Count(string(text), string(old)))*grows, maxText)
}

// replacedEverywhere bounds a replacement by what it makes if each place of the
// text is replaced by the longest new one.
func replacedEverywhere(text, by *ast.Term) error {
	longest := length(by)
	if table, ok := by.Value.(ast.Object); ok {
		table.Foreach(func(_, value *ast.Term) { longest = max(longest, length(value)) })
	}
	return notMore(length(text)+(length(text)+1)*longest, maxText)
}

// written bounds a value that is written out, in which parts may stand that are
// shared.
func written(args []*ast.Term) error {
	return notMore(textOf(args[0], maxText), maxText)
}

// textOf is about how long a value is when it is written; it stops once that is
// more than limit.
func textOf(t *ast.Term, limit int64) int64 {
	n := int64(2)
	add := func(item *ast.Term) bool {
		n += 1 + textOf(item, limit-n)
		return n > limit
	}
	switch v := t.Value.(type) {
	case ast.String:
		n += int64(len(v))
	case ast.Number:
		n += int64(len(v))
	case *ast.Array:
		v.Until(add)
	case ast.Set:
		v.Until(add)
	case ast.Object:
		v.Until(func(key, value *ast.Term) bool { return add(key) || add(value) })
	}
	return n
}

// formatted bounds sprintf: each verb may write the longest argument, with each
// byte escaped, and as many characters as its width says.
func formatted(args []*ast.Term) error {
	// widest is what Go takes for a width or precision.
	const escape, widest = 4, 1_000_000
	format, _ := args[0].Value.(ast.String)
	longest, n := int64(0), int64(len(format))
	each(args[1], func(item *ast.Term) bool {
		longest = max(longest, textOf(item, maxText))
		return longest <= maxText
	})
	number := int64(0)
	for _, c := range []byte(format) {
		switch {
		case c >= '0' && c <= '9':
			number = min(widest, number*10+int64(c-'0'))
			continue
		case c == '%':
			n += longest * escape
		case c == '*':
			n += widest
		}
		n, number = n+number, 0
	}
	return notMore(n, maxText)
}

// standIns are the options of queries that give them the stand-ins.
func standIns() []func(*rego.Rego) {
	var options []func(*rego.Rego)
	for name, check := range guards {
		original := topdown.GetBuiltin(name)
		decl := &rego.Function{Name: standIn + name, Decl: ast.BuiltinMap[name].Decl}
		options = append(options, rego.FunctionDyn(decl, func(bctx rego.BuiltinContext, args []*ast.Term) (*ast.Term, error) {
			if err := check(args); err != nil {
				return nil, err
			}
			var result *ast.Term
			err := original(bctx, args, func(t *ast.Term) error { result = t; return nil })
			if problem, ok := errors.AsType[*topdown.Error](err); ok && problem.Code != topdown.CancelErr {
				err = errors.New(strings.TrimPrefix(problem.Message, name+": "))
			}
			return result, err
		}))
	}
	return options
}

// useStandIns sends the calls of compiled modules to the stand-ins. It comes last,
// when everything that looks at the rules has seen OPA's own names.
func useStandIns(compiler *ast.Compiler) {
	for _, m := range compiler.Modules {
		ast.WalkExprs(m, func(expr *ast.Expr) bool {
			if name := builtinOf(expr); guards[name] != nil {
				head := ast.VarTerm(strings.TrimSuffix(standIn, "."))
				expr.SetOperator(ast.NewTerm(append(ast.Ref{head}, named(name)...)))
			}
			return false
		})
	}
}

func named(name string) ast.Ref {
	var ref ast.Ref
	for part := range strings.SplitSeq(name, ".") {
		ref = append(ref, ast.StringTerm(part))
	}
	return ref
}

// builtinOf gives the name of the built-in function that an expression calls, or
// "" if it calls none.
func builtinOf(expr *ast.Expr) string {
	if !expr.IsCall() {
		return ""
	}
	name := expr.Operator().String()
	if _, ok := ast.BuiltinMap[name]; !ok {
		return ""
	}
	return name
}

// refuseReplaced keeps rules from putting a built-in function in the place of
// something else, or something else in its place: the stand-ins would be passed
// by. Tests may.
func refuseReplaced(modules []module, f *faults) {
	for _, m := range modules {
		ast.WalkWiths(m.parsed, func(with *ast.With) bool {
			for _, term := range []*ast.Term{with.Target, with.Value} {
				if name := term.String(); slices.Contains(allowedBuiltins, name) {
					f.at(with.Location, "a rule may not use %s in a with: built-in functions stay what they are", name)
				}
			}
			return false
		})
	}
}
