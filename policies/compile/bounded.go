package compile

import (
	"errors"
	"math"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// maxMade bounds what one call of a built-in function may make, in bytes: OPA stops a
// rule between two calls, never in one, and one alone could fill the machine.
const maxMade = 64 << 20

const itemBytes, numberBytes, partBytes = 4, 64, 16 // of a list, a range, a text that is cut up

// guards say what a call would make at most, in bytes, for the allowed built-in
// functions whose result may be much larger than their arguments, or than the
// parts that these share. The others make a small multiple of what exists already.
var guards = map[string]func(args []*ast.Term) int64{
	"array.concat":             func(args []*ast.Term) int64 { return itemBytes * (size(args[0]) + size(args[1])) },
	"array.flatten":            flattened,
	"concat":                   func(args []*ast.Term) int64 { return written(args[1]) + size(args[1])*written(args[0]) },
	"indexof_n":                func(args []*ast.Term) int64 { return partBytes * written(args[0]) },
	"internal.template_string": func(args []*ast.Term) int64 { return written(args[0]) },
	"json.marshal":             func(args []*ast.Term) int64 { return written(args[0]) },
	"json.unmarshal":           func(args []*ast.Term) int64 { return partBytes * written(args[0]) },
	"numbers.range":            span,
	"numbers.range_step":       span,
	"object.union_n":           flattened,
	"regex.find_n":             func(args []*ast.Term) int64 { return partBytes * written(args[1]) },
	"regex.replace":            func(args []*ast.Term) int64 { return replaced(args[0], args[2]) },
	"regex.split":              func(args []*ast.Term) int64 { return partBytes * written(args[1]) },
	"replace":                  func(args []*ast.Term) int64 { return replaced(args[0], args[2]) },
	"split":                    func(args []*ast.Term) int64 { return partBytes * written(args[0]) },
	"sprintf":                  formatted,
	"strings.replace_n":        func(args []*ast.Term) int64 { return replaced(args[1], args[0]) },
	"strings.split_n":          func(args []*ast.Term) int64 { return partBytes * written(args[0]) },
}

// guardCalls puts the guards before OPA's own functions, for the whole process.
var guardCalls = sync.OnceFunc(func() {
	for name, most := range guards {
		original := topdown.GetBuiltin(name)
		topdown.RegisterBuiltinFunc(name, func(bctx topdown.BuiltinContext, args []*ast.Term, iter func(*ast.Term) error) error {
			if most(args) > maxMade {
				return errors.New("it would produce more than a rule may hold at once")
			}
			return original(bctx, args, iter)
		})
	}
})

func size(t *ast.Term) int64 {
	if v, ok := t.Value.(interface{ Len() int }); ok {
		return int64(v.Len())
	}
	return 0
}

func flattened(args []*ast.Term) (n int64) {
	if list, ok := args[0].Value.(interface{ Foreach(func(*ast.Term)) }); ok {
		list.Foreach(func(t *ast.Term) { n += itemBytes * max(1, size(t)) })
	}
	return n
}

// span: beyond 2⁵³ the difference of two numbers is lost in their rounding.
func span(args []*ast.Term) int64 {
	var ends [2]float64
	for i := range ends {
		n, isNumber := args[i].Value.(ast.Number)
		end, ok := n.Float64()
		if isNumber && (!ok || math.Abs(end) > 1<<53) {
			return maxMade + 1
		}
		ends[i] = end
	}
	return int64(min(maxMade+1, numberBytes*math.Abs(ends[1]-ends[0])))
}

// replaced: each place of the text may be replaced by the longest new text.
func replaced(text, by *ast.Term) int64 {
	longest := written(by)
	if table, ok := by.Value.(ast.Object); ok {
		longest = 0
		table.Foreach(func(_, value *ast.Term) { longest = max(longest, written(value)) })
	}
	return written(text) * (longest + 1)
}

// written is about how long a value is when it is written out, where parts that
// are shared stand in each place; it stops once that is more than maxMade.
func written(t *ast.Term) (n int64) {
	ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case *ast.Term:
			n += 2
		case ast.String:
			n += int64(len(x))
		case ast.Number:
			n += int64(len(x))
		}
		return n > maxMade
	}).Walk(t)
	return n
}

// formatted: each verb may write all arguments, with each byte as "0x61 ", and be as
// wide and as precise as Go takes where there is a digit or a star.
func formatted(args []*ast.Term) int64 {
	format, _ := args[0].Value.(ast.String)
	each := 5 * written(args[1])
	if strings.ContainsAny(string(format), "0123456789*") {
		each += 2_000_000
	}
	return each * int64(strings.Count(string(format), "%"))
}
