package policies

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// A bodyReader reads the expressions that follow a generator, in the compiled
// form, as conditions on its token.
type bodyReader struct {
	scope scope
	token ast.Var
	// place is of the expression that is read next.
	place int
	// values are the variables that stand for a value of the token or an operand.
	values map[ast.Var]value
	// read is how many expressions could be read.
	read int
}

// A value is what a term of an expression stands for: a value of the token, or
// an operand.
type value struct {
	ofToken bool
	path    []*ast.Term
	// any: the value is that of any element below path, found by inner.
	any   bool
	inner []*ast.Term
	// made is the function that was applied; empty for none.
	made    string
	operand operand
}

func (v value) condition(c check, other operand, negated bool) condition {
	return condition{path: v.path, any: v.any, inner: v.inner, made: v.made, check: c, operand: other, negated: negated}
}

// equality is the operator of x = y, also where it gives x a value.
const equality = "eq"

// reader reads what follows the generator at i.
func (s scope) reader(i int) *bodyReader {
	token, _ := s.body[i].Operand(0).Value.(ast.Var)
	return &bodyReader{scope: s, token: token, place: i + 1, values: map[ast.Var]value{}}
}

// conditions reads expressions up to the first that is no condition.
func (r *bodyReader) conditions(exprs []*ast.Expr) []condition {
	conditions := []condition{}
	for _, expr := range exprs {
		read, ok := r.expr(expr)
		if !ok {
			break
		}
		conditions = append(conditions, read)
		r.place++
		r.read++
	}
	return conditions
}

// binds tells whether an expression gives a variable the field of the token.
func (r *bodyReader) binds(expr *ast.Expr, variable, field *ast.Term) bool {
	if !expr.IsEquality() || expr.Negated || !expr.Operand(0).Equal(variable) {
		return false
	}
	v, ok := r.term(expr.Operand(1), false)
	return ok && v.ofToken && !v.any && v.made == "" && len(v.path) == 1 && v.path[0].Equal(field)
}

// sufficient tells whether conditions together are what their expressions say:
// two on the elements of a value may be satisfied by different ones.
func sufficient(conditions []condition) bool {
	n := 0
	for _, c := range conditions {
		if c.any && (c.check != isDefined || len(c.inner) > 0) {
			n++
		}
	}
	return n <= 1
}

// expr reads one expression.
func (r *bodyReader) expr(expr *ast.Expr) (condition, bool) {
	if len(expr.With) > 0 {
		return condition{}, false
	}
	if term, ok := expr.Terms.(*ast.Term); ok {
		v, ok := r.term(term, expr.Negated)
		return v.condition(isTrue, operand{}, expr.Negated), ok && v.ofToken
	}
	if !expr.IsCall() {
		return condition{}, false
	}
	args := expr.Operands()
	operator := expr.Operator().String()
	if !expr.Negated {
		if variable, source, ok := r.assignment(operator, args); ok {
			return r.assign(variable, source, operator)
		}
	}
	checks, ok := comparisons[operator]
	if !ok || len(args) != 2 {
		return condition{}, false
	}
	left, leftRead := r.term(args[0], expr.Negated)
	right, rightRead := r.term(args[1], expr.Negated)
	switch {
	case !leftRead || !rightRead || left.ofToken == right.ofToken:
		return condition{}, false
	case left.ofToken:
		return left.condition(checks[0], right.operand, expr.Negated), true
	default:
		return right.condition(checks[1], left.operand, expr.Negated), true
	}
}

// assignment finds the two forms that give a new variable a value: x = value,
// and function(value, x).
func (r *bodyReader) assignment(operator string, args []*ast.Term) (variable ast.Var, source *ast.Term, ok bool) {
	if len(args) != 2 {
		return "", nil, false
	}
	if operator == equality {
		variable, ok = args[0].Value.(ast.Var)
		source = args[1]
	} else if makers[operator] != nil {
		variable, ok = args[1].Value.(ast.Var)
		source = args[0]
	}
	_, known := r.values[variable]
	return variable, source, ok && !known && variable != r.token && r.scope.isNew(variable, r.place)
}

// assign lets a variable stand for a value, without which the body is false.
func (r *bodyReader) assign(variable ast.Var, source *ast.Term, operator string) (condition, bool) {
	v, ok := r.term(source, false)
	if !ok {
		return condition{}, false
	}
	if operator != equality {
		if !v.ofToken || v.made != "" {
			return condition{}, false
		}
		v.made = operator
	}
	r.values[variable] = v
	if !v.ofToken {
		return condition{path: []*ast.Term{keyID}, check: isKnown, operand: v.operand}, true
	}
	return v.condition(isDefined, operand{}, false), true
}

// term reads what a term stands for. A new element of a collection can only be
// taken outside of a negation: in it, the condition would be about all elements.
func (r *bodyReader) term(term *ast.Term, negated bool) (value, bool) {
	switch v := term.Value.(type) {
	case ast.Var:
		known, ok := r.values[v]
		return known, ok
	case ast.Ref:
		head, isVar := v[0].Value.(ast.Var)
		known, isKnown := r.values[head]
		switch {
		case isVar && head == r.token && len(v) > 1:
			return r.below(value{ofToken: true}, v[1:], negated)
		case isVar && isKnown && known.ofToken && known.made == "":
			return r.below(known, v[1:], negated)
		case len(v) > 2 && v[0].Equal(ast.InputRootDocument) && isText(v[1:]) && (v[1].Equal(keyParams) || v[1].Equal(keySource)):
			return value{operand: operand{ref: v}}, true
		}
		return value{}, false
	}
	return value{operand: operand{constant: term}}, isScalar(term)
}

// below follows a path from a value. One step may be to any element: [_].
func (r *bodyReader) below(v value, path []*ast.Term, negated bool) (value, bool) {
	step := slices.IndexFunc(path, func(term *ast.Term) bool { return !isText([]*ast.Term{term}) })
	switch {
	case step < 0 && v.any:
		v.inner = slices.Concat(v.inner, path)
		return v, true
	case step < 0:
		v.path = slices.Concat(v.path, path)
		return v, true
	}
	index, isVar := path[step].Value.(ast.Var)
	if !isVar || v.any || negated || occurrences(index, r.scope.rule) != 1 || !isText(path[step+1:]) {
		return v, false
	}
	v.path, v.any, v.inner = slices.Concat(v.path, path[:step]), true, path[step+1:]
	return v, true
}
