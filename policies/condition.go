package policies

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/open-policy-agent/opa/v1/ast"
)

// A condition is what a body of a rule asks of a token in one plain expression,
// such as token.status == "active". It is decided here exactly as OPA does.
type condition struct {
	// path leads from the token to the value: texts.
	path []*ast.Term
	// any: the condition is about the elements of the value, or what inner leads
	// to in them, and one that satisfies it is enough.
	any   bool
	inner []*ast.Term
	// made is the built-in function whose result the condition is about; empty
	// for the value itself.
	made  string
	check check
	// operand is what the value is compared with; the zero operand where check
	// needs none.
	operand operand
	// negated: the condition holds if the check does not.
	negated bool
}

// An operand is a constant, or a value of the input that is no token's.
type operand struct {
	constant *ast.Term
	// ref leads from the input to the value; nil for a constant.
	ref ast.Ref
}

// check says what is asked of a value.
type check string

const (
	isDefined check = "defined"
	// isKnown: the operand is defined, whatever the value.
	isKnown check = "known"
	// isTrue holds for every value but false.
	isTrue     check = "true"
	isEqual    check = "="
	isNotEqual check = "!="
	isLess     check = "<"
	isAtMost   check = "<="
	isGreater  check = ">"
	isAtLeast  check = ">="
	// isIn: the value is an element of the operand; has: the other way round.
	isIn check = "in"
	has  check = "has"
)

// comparisons are the built-in functions that compare, as checks of their first
// and of their second argument.
var comparisons = map[string][2]check{
	equality: {isEqual, isEqual},
	"equal":  {isEqual, isEqual},
	"neq":    {isNotEqual, isNotEqual},
	"lt":     {isLess, isGreater},
	"lte":    {isAtMost, isAtLeast},
	"gt":     {isGreater, isLess},
	"gte":    {isAtLeast, isAtMost},

	"internal.member_2": {isIn, has},
}

// key tells conditions apart.
func (c condition) key() string {
	key := string(c.check) + " " + ast.Ref(c.path).String()
	if c.any {
		key += " any " + ast.Ref(c.inner).String()
	}
	if c.made != "" {
		key = c.made + " " + key
	}
	if c.negated {
		key = "not " + key
	}
	switch {
	case c.operand.ref != nil:
		key += " input " + c.operand.ref.String()
	case c.operand.constant != nil:
		key += " constant " + c.operand.constant.String()
	}
	return key
}

// holds decides the condition. value and other, the operand, are nil where they
// are undefined.
func (c *condition) holds(value, other *ast.Term) bool {
	if !c.any {
		return c.holdsOf(value, other)
	}
	if value == nil {
		return false
	}
	of := func(element *ast.Term) bool { return c.holdsOf(find(element, c.inner), other) }
	switch elements := value.Value.(type) {
	case *ast.Array:
		return elements.Until(of)
	case ast.Object:
		return elements.Until(func(_, element *ast.Term) bool { return of(element) })
	case ast.Set:
		return elements.Until(of)
	}
	return false
}

func (c *condition) holdsOf(value, other *ast.Term) bool {
	if c.made != "" && value != nil {
		value = makers[c.made](value)
	}
	return c.satisfied(value, other) != c.negated
}

func (c *condition) satisfied(value, other *ast.Term) bool {
	if value == nil {
		return false
	}
	switch c.check {
	case isDefined:
		return true
	case isKnown:
		return other != nil
	case isTrue:
		return !value.Equal(ast.InternedTerm(false))
	}
	if other == nil {
		return false
	}
	switch c.check {
	case isEqual:
		return value.Equal(other)
	case isNotEqual:
		return !value.Equal(other)
	case isIn:
		return contains(other.Value, value)
	case has:
		return contains(value.Value, other)
	}
	order := ast.Compare(value.Value, other.Value)
	switch c.check {
	case isLess:
		return order < 0
	case isAtMost:
		return order <= 0
	case isGreater:
		return order > 0
	default:
		return order >= 0
	}
}

// contains is the operator in.
func contains(collection ast.Value, element *ast.Term) bool {
	switch c := collection.(type) {
	case ast.Set:
		return c.Contains(element)
	case *ast.Array:
		return c.Until(element.Equal)
	case ast.Object:
		return c.Until(func(_, value *ast.Term) bool { return value.Equal(element) })
	}
	return false
}

// makers are the built-in functions of one argument that conditions may use. They
// give nil for what OPA's give an error for; the schema of the input keeps rules
// from calling them so.
var makers = map[string]func(*ast.Term) *ast.Term{
	"count":      number,
	"trim_space": trimmed,
}

func number(value *ast.Term) *ast.Term {
	switch v := value.Value.(type) {
	case *ast.Array:
		return ast.InternedTerm(v.Len())
	case ast.Object:
		return ast.InternedTerm(v.Len())
	case ast.Set:
		return ast.InternedTerm(v.Len())
	case ast.String:
		return ast.InternedTerm(utf8.RuneCountInString(string(v)))
	}
	return nil
}

func trimmed(value *ast.Term) *ast.Term {
	text, ok := value.Value.(ast.String)
	if !ok {
		return nil
	}
	short := strings.TrimSpace(string(text))
	if len(short) == len(text) {
		return value
	}
	return ast.StringTerm(short)
}

// in gives the value of the operand for one source; nil if it is undefined.
func (o operand) in(source, params *ast.Term) *ast.Term {
	if o.ref == nil {
		return o.constant
	}
	root := source
	if o.ref[1].Equal(keyParams) {
		root = params
	}
	return find(root, o.ref[2:])
}

// find follows texts through objects; nil where a step leads nowhere.
func find(term *ast.Term, path []*ast.Term) *ast.Term {
	for _, key := range path {
		object, ok := term.Value.(ast.Object)
		if !ok {
			return nil
		}
		if term = object.Get(key); term == nil {
			return nil
		}
	}
	return term
}

// isText tells whether all terms of a path are texts.
func isText(path []*ast.Term) bool {
	return !slices.ContainsFunc(path, func(term *ast.Term) bool {
		_, ok := term.Value.(ast.String)
		return !ok
	})
}

// isScalar: the term is a text, a number, a boolean or null, or a constant
// collection of such.
func isScalar(term *ast.Term) bool {
	switch v := term.Value.(type) {
	case ast.String, ast.Number, ast.Boolean, ast.Null:
		return true
	case *ast.Array:
		return !v.Until(func(t *ast.Term) bool { return !isScalar(t) })
	case ast.Set:
		return !v.Until(func(t *ast.Term) bool { return !isScalar(t) })
	}
	return false
}
