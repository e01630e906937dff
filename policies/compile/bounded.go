package compile

import (
	"errors"
	"math"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/tokenaudit/tokenaudit/policies/regofile"
)

// This file bounds what one call of a built-in function may make. OPA stops a
// rule between two calls, never in one, so a single call could fill the machine
// before the time limit is looked at. The calls of custom rules go to stand-ins
// that look at the arguments first and then call OPA's own.

// maxMade bounds what one call may make, in bytes.
const maxMade = 64 << 20

// What an item of a list, a number of a range and a part of a text that is cut
// up take, in bytes: at most a pointer, and the term that it points to.
const (
	itemBytes   = 4
	numberBytes = 64
	partBytes   = 16
)

// standIn begins the names of the stand-ins.
const standIn = "bounded."

var errTooLarge = errors.New("it would make more than a rule may have at once")

// guards tell what a call would make at most, in bytes, for the allowed built-in
// functions whose result may be much larger than their arguments, or than the
// parts that these share. The others make a small multiple of what exists already.
var guards = map[string]func(args []*ast.Term) int64{
	"array.concat":  func(args []*ast.Term) int64 { return itemBytes * (size(args[0]) + size(args[1])) },
	"array.flatten": itemsOfAll,
	"concat": func(args []*ast.Term) int64 {
		return sum(args[1], func(t *ast.Term) int64 { return length(t) + length(args[0]) })
	},
	"indexof_n":                func(args []*ast.Term) int64 { return partBytes * length(args[0]) },
	"internal.template_string": func(args []*ast.Term) int64 { return written(args[0], maxMade) },
	"json.marshal":             func(args []*ast.Term) int64 { return written(args[0], maxMade) },
	"json.unmarshal":           func(args []*ast.Term) int64 { return partBytes * length(args[0]) },
	"numbers.range":            span,
	"numbers.range_step":       span,
	"object.union_n":           itemsOfAll,
	"regex.find_n":             func(args []*ast.Term) int64 { return partBytes * length(args[1]) },
	"regex.replace":            func(args []*ast.Term) int64 { return replaced(args[0], args[2]) },
	"regex.split":              func(args []*ast.Term) int64 { return partBytes * length(args[1]) },
	"replace":                  func(args []*ast.Term) int64 { return replaced(args[0], args[2]) },
	"split":                    func(args []*ast.Term) int64 { return partBytes * length(args[0]) },
	"sprintf":                  formatted,
	"strings.replace_n":        func(args []*ast.Term) int64 { return replaced(args[1], args[0]) },
	"strings.split_n":          func(args []*ast.Term) int64 { return partBytes * length(args[0]) },
}

// length is the length of a text, 0 for what is not one; OPA refuses that.
func length(t *ast.Term) int64 {
	s, _ := t.Value.(ast.String)
	return int64(len(s))
}

// size is the number of items of a list, set or mapping.
func size(t *ast.Term) int64 {
	if v, ok := t.Value.(interface{ Len() int }); ok {
		return int64(v.Len())
	}
	return 0
}

// sum adds up what f returns for the items of a list or set.
func sum(t *ast.Term, f func(*ast.Term) int64) int64 {
	n := int64(0)
	add := func(item *ast.Term) { n += f(item) }
	switch v := t.Value.(type) {
	case *ast.Array:
		v.Foreach(add)
	case ast.Set:
		v.Foreach(add)
	}
	return n
}

func itemsOfAll(args []*ast.Term) int64 {
	return sum(args[0], func(t *ast.Term) int64 { return itemBytes * max(1, size(t)) })
}

// span: beyond 2⁵³ the difference of two numbers is lost in their rounding.
func span(args []*ast.Term) int64 {
	const exact = 1 << 53
	var ends [2]float64
	for i := range ends {
		n, isNumber := args[i].Value.(ast.Number)
		end, ok := n.Float64()
		if isNumber && (!ok || math.Abs(end) > exact) {
			return maxMade + 1
		}
		ends[i] = end
	}
	return int64(min(maxMade+1, numberBytes*math.Abs(ends[1]-ends[0])))
}

// replaced: each place of the text may be replaced by the longest new text.
func replaced(text, by *ast.Term) int64 {
	longest := length(by)
	if table, ok := by.Value.(ast.Object); ok {
		table.Foreach(func(_, value *ast.Term) { longest = max(longest, length(value)) })
	}
	return length(text) + (length(text)+1)*longest
}

// written is about how long a value is when it is written out, where parts that
// are shared stand in each place; it stops once that is more than limit.
func written(t *ast.Term, limit int64) int64 {
	n := int64(2)
	add := func(item *ast.Term) bool {
		n += 1 + written(item, limit-n)
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

// formatted: each verb may write all arguments, with each byte escaped, and as
// many characters as Go takes for a width where there is a digit or a star.
func formatted(args []*ast.Term) int64 {
	const escape, widest = 4, 1_000_000
	format, _ := args[0].Value.(ast.String)
	n, width, all := int64(len(format)), int64(0), written(args[1], maxMade)
	for _, c := range []byte(format) {
		switch {
		case c >= '0' && c <= '9':
			width = min(widest, width*10+int64(c-'0'))
			continue
		case c == '%':
			n += all * escape
		case c == '*':
			n += widest
		}
		n, width = n+width, 0
	}
	return n
}

// WithoutStandIns returns what an error of a rule says, with the names of functions that
// the author of the rule knows.
func WithoutStandIns(detail string) string { return strings.ReplaceAll(detail, ": "+standIn, ": ") }

// standIns are the options of queries that give them the stand-ins.
func standIns() []func(*rego.Rego) {
	var options []func(*rego.Rego)
	for name, most := range guards {
		original := topdown.GetBuiltin(name)
		decl := &rego.Function{Name: standIn + name, Decl: ast.BuiltinMap[name].Decl}
		options = append(options, rego.FunctionDyn(decl, func(bctx rego.BuiltinContext, args []*ast.Term) (*ast.Term, error) {
			if most(args) > maxMade {
				return nil, errTooLarge
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

// builtinOf returns the name of the built-in function that an expression calls, or
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
func refuseReplaced(modules []regofile.Module, f *regofile.Faults) {
	for _, m := range modules {
		ast.WalkWiths(m.Parsed, func(with *ast.With) bool {
			for _, term := range []*ast.Term{with.Target, with.Value} {
				if name := term.String(); regofile.Allowed(name) {
					f.At(with.Location, "a rule may not use %s in a with: built-in functions stay what they are", name)
				}
			}
			return false
		})
	}
}
