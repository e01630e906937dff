package reads

import (
	"maps"

	"github.com/open-policy-agent/opa/v1/ast"
)

// An element is where in the input a value comes from.
type element struct {
	field *field
	// depth: the value is not such a field, but that many lists or mappings deep
	// around such fields.
	depth int
	// own: it belongs to the token that the clause is about.
	own bool
}

// values are all that a term may hold of the input; empty for what does not come from
// it, or counts as read already.
type values map[element]bool

func (v values) deeper(levels int) values {
	lists := make(values, len(v))
	for e := range v {
		lists[element{field: e.field, depth: e.depth + levels, own: e.own}] = true
	}
	return lists
}

// inputField is the input as a whole.
var inputField = aside(mapping(map[string]*field{"tokens": {parts: partTokens, each: tokenField}, "source_tokens": {parts: partTokens, each: tokenField}, "source": sourceField, "params": {}, "at": {}}))

var tokensRef = ast.MustParseRef("input.tokens")

// A flow follows the input through one definition of a rule.
type flow struct {
	*reader
	*clause
	rule *ast.Rule
	// vars are what the variables may hold.
	vars map[ast.Var]values
	// places counts where a variable may get its value: as a side of an equation, as a
	// parameter, from every. With one place, that is where.
	places map[ast.Var]int
	// token is the variable of the token that the clause is about; "" for none.
	token ast.Var
}

// read follows the input through a definition of a rule.
func (r *reader) read(rule *ast.Rule, c *clause) {
	alone := *rule
	alone.Else = nil
	f := &flow{reader: r, clause: c, rule: &alone, vars: map[ast.Var]values{}, places: map[ast.Var]int{}, token: r.judged(rule)}
	f.parameters()
	f.count()
	// A variable may get its value from one that gets its own later in the text.
	for f.bind() {
	}
	name := nameOf(rule)
	f.body(rule.Body, !r.doubted[name] && (isSet(rule) || isCondition(rule)))
	f.head(name)
}

// nameOf is the name that all definitions of a rule have.
func nameOf(rule *ast.Rule) string { return rule.Ref().ConstantPrefix().String() }

func isSet(rule *ast.Rule) bool { return rule.Head.RuleKind() == ast.MultiValue }

// isCondition: the definition can only make the rule true.
func isCondition(rule *ast.Rule) bool {
	return !rule.Default && rule.Else == nil && rule.Head.Value != nil && rule.Head.Value.Equal(ast.InternedTerm(true))
}

func (f *flow) parameters() {
	for i, arg := range f.rule.Head.Args {
		given := f.args[nameOf(f.rule)][i]
		v, isVar := arg.Value.(ast.Var)
		if !isVar || f.places[v] > 0 {
			// It is taken apart, or compared with another argument.
			f.readAll(given, arg.Location)
			continue
		}
		f.places[v]++
		f.assign(v, given)
	}
}

func (f *flow) count() {
	ast.WalkExprs(f.rule, func(expr *ast.Expr) bool {
		var sides []*ast.Term
		if every, ok := expr.Terms.(*ast.Every); ok {
			sides = []*ast.Term{every.Key, every.Value}
		} else if expr.IsEquality() {
			sides = expr.Operands()
		}
		for _, side := range sides {
			if side == nil {
				continue
			}
			if v, ok := side.Value.(ast.Var); ok {
				f.places[v]++
			}
		}
		return false
	})
}

// bind assigns variables their values, and reports whether one got a new one.
func (f *flow) bind() (more bool) {
	ast.WalkExprs(f.rule, func(expr *ast.Expr) bool {
		if every, ok := expr.Terms.(*ast.Every); ok {
			v, _ := every.Value.Value.(ast.Var)
			more = f.assign(v, f.step(f.follow(every.Domain), every.Key, every.Domain.Location)) || more
		} else if v, from := f.binding(expr); from != nil {
			more = f.assign(v, f.bound(v, from)) || more
		}
		return false
	})
	return more
}

// binding returns the variable that an equation binds, and to what; nil if the
// equation compares.
func (f *flow) binding(expr *ast.Expr) (ast.Var, *ast.Term) {
	if !expr.IsEquality() {
		return "", nil
	}
	left, right := expr.Operand(0), expr.Operand(1)
	if v, ok := left.Value.(ast.Var); ok && f.places[v] == 1 {
		return v, right
	}
	if v, ok := right.Value.(ast.Var); ok && f.places[v] == 1 {
		return v, left
	}
	return "", nil
}

// bound follows what a variable gets. To look for the token that the clause is about
// is not to ask which others there are, unless more than this token is asked about: see
// [reader.behind].
func (f *flow) bound(v ast.Var, from *ast.Term) values {
	ref, ok := from.Value.(ast.Ref)
	if ok && v == f.token && len(ref) == 3 && ref.HasPrefix(tokensRef) {
		f.sink(ref[2])
		f.own |= partTokens
		f.narrows |= partTokens
		return values{element{field: tokenField}: true}
	}
	return f.follow(from)
}

func (f *flow) assign(v ast.Var, from values) bool {
	if f.vars[v] == nil {
		f.vars[v] = values{}
	}
	before := len(f.vars[v])
	for e := range from {
		e.own = e.own || v == f.token && e == element{field: tokenField}
		f.vars[v][e] = true
	}
	return len(f.vars[v]) > before
}

// body reads expressions. adds: that one of them becomes true can only add to what
// the rule finds.
func (f *flow) body(body ast.Body, adds bool) {
	for _, expr := range body {
		if len(expr.With) > 0 {
			f.readAll(values{element{field: inputField}: true}, expr.Location)
			for _, with := range expr.With {
				f.sink(with.Value)
			}
		}
		switch terms := expr.Terms.(type) {
		case *ast.Term:
			f.statement(terms, expr.Negated, adds)
		case *ast.Every:
			f.follow(terms.Domain)
			f.body(terms.Body, false)
		case []*ast.Term:
			f.call(expr, adds)
		}
	}
}

// statement reads a term that stands alone.
func (f *flow) statement(term *ast.Term, negated, adds bool) {
	if ref, ok := term.Value.(ast.Ref); ok && ref[0].Equal(ast.DefaultRootDocument) {
		f.readAll(f.document(ref, adds && !negated), term.Location)
		return
	}
	f.condition(term, adds, func(v ast.Value) bool { return (v.Compare(ast.Boolean(false)) != 0) != negated })
}

// call reads an expression that calls a function.
func (f *flow) call(expr *ast.Expr, adds bool) {
	operator, args := expr.Operator(), expr.Operands()
	name := operator.String()
	holds, tested := test(name, args)
	switch {
	case operator[0].Equal(ast.DefaultRootDocument):
		f.function(operator, args, adds && !expr.Negated)
	case tested != nil:
		f.condition(tested, adds, func(v ast.Value) bool { return holds(v) != expr.Negated })
	case expr.IsEquality():
		if v, from := f.binding(expr); from != nil {
			f.bound(v, from)
			return
		}
		f.sinks(args)
	case name == ast.Count.Name:
		for e := range f.follow(args[0]) {
			if e.depth == 0 && e.field.each == nil {
				f.readAll(values{e: true}, expr.Location)
			}
		}
		f.sinks(args[1:])
	default:
		f.sinks(args)
	}
}

// test returns the term that an expression compares with a constant, and what it asks
// of its value; nil if the expression is no such comparison.
func test(operator string, args []*ast.Term) (holds func(ast.Value) bool, tested *ast.Term) {
	if len(args) != 2 {
		return nil, nil
	}
	tested, constant := args[0], args[1]
	if tested.IsGround() && !isReference(tested) && operator != ast.Member.Name {
		tested, constant = constant, tested
	}
	if !constant.IsGround() || isReference(constant) || !isReference(tested) {
		return nil, nil
	}
	switch operator {
	case ast.Equality.Name, ast.Equal.Name:
		return func(v ast.Value) bool { return v.Compare(constant.Value) == 0 }, tested
	case ast.NotEqual.Name:
		return func(v ast.Value) bool { return v.Compare(constant.Value) != 0 }, tested
	case ast.Member.Name:
		if set, ok := constant.Value.(ast.Set); ok {
			return func(v ast.Value) bool { return set.Contains(ast.NewTerm(v)) }, tested
		}
	}
	return nil, nil
}

func isReference(term *ast.Term) bool {
	switch term.Value.(type) {
	case ast.Var, ast.Ref:
		return true
	}
	return false
}

// condition reads a term of which something is asked. adds: that the answer is yes can
// only add findings, so a change to unknown that keeps the answer yes hides nothing.
// A derived value is decided for every token, so such a change then counts as no
// reading at all; of other values the part still has to be named.
func (f *flow) condition(term *ast.Term, adds bool, holds func(ast.Value) bool) {
	for e := range f.follow(term) {
		if e.depth > 0 || e.field.becomes == nil {
			f.readAll(values{e: true}, term.Location)
			continue
		}
		derived := e.field == statusField || e.field == writeField
		for _, c := range e.field.becomes {
			stays := holds(c.to) || c.from != nil && !holds(c.from)
			switch {
			case derived && (adds && stays || !f.Custom && (stays || e.field == writeField)):
			case adds && stays:
				f.note(e, e.field, c.part, 0, term.Location)
			default:
				f.note(e, e.field, c.part, c.part, term.Location)
			}
		}
	}
}

// function reads the call of a function that rules define.
func (f *flow) function(operator ast.Ref, args []*ast.Term, adds bool) {
	rules := f.compiler.GetRulesExact(operator)
	if len(rules) == 0 {
		f.sinks(args)
		return
	}
	arity, name := len(rules[0].Head.Args), nameOf(rules[0])
	if f.args[name] == nil {
		f.args[name] = map[int]values{}
	}
	for i := range min(arity, len(args)) {
		if f.args[name][i] == nil {
			f.args[name][i] = values{}
		}
		before := len(f.args[name][i])
		maps.Copy(f.args[name][i], f.follow(args[i]))
		f.changed = f.changed || len(f.args[name][i]) > before
	}
	// After the arguments comes what the result has to be.
	f.sinks(args[min(arity, len(args)):])
	if !adds || len(args) != arity {
		f.doubt(name)
	}
	for _, rule := range rules {
		for ; rule != nil; rule = rule.Else {
			f.same[rule] = true
		}
	}
}

func (r *reader) doubt(name string) {
	r.changed = r.changed || !r.doubted[name]
	r.doubted[name] = true
}

// document follows a reference to rules. adds: that they are true can only add.
func (f *flow) document(ref ast.Ref, adds bool) values {
	found := values{}
	f.sinks(ref[1:])
	for _, rule := range f.compiler.GetRulesDynamicWithOpts(ref, ast.RulesOptions{IncludeHiddenModules: true}) {
		name, path := nameOf(rule), rule.Ref().ConstantPrefix()
		if !adds {
			f.doubt(name)
		}
		if adds && isSet(rule) && len(ref) == len(path)+1 && f.token != "" && idOf(f.rule.Body, ref[len(path)]) == f.token {
			f.same[rule] = true
		} else {
			f.elsewhere[rule] = true
		}
		if !ref.HasPrefix(path) {
			f.readAll(f.results[name], ref[0].Location)
			continue
		}
		for e := range f.path(f.results[name], ref[len(path):]) {
			found[e] = true
		}
	}
	return found
}
