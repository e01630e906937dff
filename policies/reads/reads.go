// Package reads finds out what a rule reads of its input, and which facts have to be
// known for it to decide, so that no pass rests on an unknown fact.
package reads

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/output"
)

// Usage is what a rule reads, found from its compiled form so that no pass rests on
// an unknown fact unnoticed. fields.go says what there is to read, flow.go and
// follow.go follow the input through one definition, and this file puts the
// definitions together. The argument that nothing is missed:
//
// OPA computes a value from constants and references only. So whatever a rule knows
// of the input came through a reference that begins at the input, at a variable or
// at another rule. Such a value is followed through constant keys, a variable that is
// bound in one place, elements of a list, comprehensions of whole tokens or fields,
// parameters of functions, and values of rules. Where a field is looked at, its
// parts count as read; what is derived counts as what it is derived from. Wherever
// else a value goes (a built-in function, a comparison, a list, an object, a key,
// a second binding, the result of a function), all that is below it counts as read.
// The input as a whole, a computed key of it, `with`, and any term that this code does
// not know count as reading everything. So a part that does not count as read has no
// way into the rule, and making it unknown changes nothing.
//
// A fact that counts as read has to be named in requires, unless the rule has an
// unknown set and so decides itself. A named fact that is unknown means no verdict.
// That holds for the judged token; what a rule reads of other tokens and of the source
// has to be known of all of them before anything passes.
//
// Some uses need not be named, because there an unknown fact can only add findings: a
// condition in the body of an output set, neither negated nor in a comprehension, that
// stays true when the value becomes what it is for an unknown fact. For example,
// token.status == "active": a token whose expiry is unknown counts as active. In an
// applies set that goes for every fact: only a known one keeps a token out.
type Usage struct {
	Demands
	// Unnamed are the facts that it reads and would have to require, sorted.
	Unnamed []inventory.Fact
	// Location is where the first fact is read; nil for none.
	Location *ast.Location
	// Params are the parameters that it reads, as often as it does.
	Params []ParamUse
}

// Demands are what has to be known for a rule to decide.
type Demands struct {
	// Reads are the facts that the rule reads, Needs the ones it cannot do without.
	Reads, Needs FactBits
	// PassNeeds are what a pass needs of the token in addition, SharedNeeds of all
	// tokens and of the source; Narrows and SharedNarrows are the same for a token to
	// be left out.
	PassNeeds, SharedNeeds, Narrows, SharedNarrows FactBits
	// Compares: the rule reads which tokens there are, so a token of which it is not known
	// whether it is selected matters to all.
	Compares bool
}

// Facts are all parts of facts that the rule reads or cannot do without.
func (d *Demands) Facts() FactBits { return d.Reads | d.Needs }

// ParamUse is a place where a rule reads a parameter.
type ParamUse struct {
	Name     string
	Location *ast.Location
}

// Rule is what has to be known of a rule, besides its definitions, to find out what it
// reads.
type Rule struct {
	Package ast.Ref
	// OfSource: it judges the source, not the tokens.
	OfSource bool
	// Custom: it is not built in. A built-in rule may take an undecided status for active,
	// and an undecided access for write access, anywhere: its verdicts are held to an
	// oracle and to what the property of this file says.
	Custom bool
	// Requires are the facts that its METADATA names.
	Requires []inventory.Fact
	// SelectsWrite: its METADATA selects tokens by whether they can write.
	SelectsWrite bool
	// HasUnknown: it has an unknown set, and so decides itself what it cannot know.
	HasUnknown bool
}

// A total is what the definitions of a rule do together.
type total struct {
	// parts are all that the rule reads, about those of them that it reads by name.
	parts, about FactBits
	// own is what deny reads of the token that a finding is about, others what it
	// reads of all tokens and of the source: for a rule about the source, everything.
	own, others FactBits
	// narrows are the parts by which applies may keep out the token that they belong
	// to, sharedNarrows those of other tokens and of the source.
	narrows, sharedNarrows FactBits
}

// demands says what the rule needs to know.
func (t *total) demands(rule Rule) Demands {
	d := Demands{
		Reads: t.about | t.parts&Write, Needs: needs(rule.Requires, t.parts), Narrows: t.narrows,
		Compares: rule.OfSource || (t.others|t.sharedNarrows)&partTokens != 0,
	}
	if rule.SelectsWrite {
		d.Reads |= Write
	}
	if rule.Custom {
		d.SharedNarrows = t.sharedNarrows
	}
	if rule.Custom && !rule.HasUnknown {
		d.PassNeeds = oneBound(t.own|t.narrows) & partsOfPasses
		d.SharedNeeds = oneBound(t.others | t.sharedNarrows)
	}
	return d
}

// A clause is what one definition of a rule or function does.
type clause struct {
	// own is read of the token that the clause is about, other of anything else.
	own, other, about FactBits
	// narrows and otherNarrows are those of own and other of which a change may make
	// the clause say less.
	narrows, otherNarrows FactBits
	// same are the rules that are asked about the same token, elsewhere the others that
	// are referred to.
	same, elsewhere map[*ast.Rule]bool
	location        *ast.Location
	params          []ParamUse
}

// A reader follows the input through the rules of a package.
type reader struct {
	Rule
	compiler *ast.Compiler
	clauses  map[*ast.Rule]*clause
	// order are the clauses in the order they are met.
	order []*ast.Rule
	// args are what the parameters of functions hold, results what rules hold, by name.
	args    map[string]map[int]values
	results map[string]values
	// doubted are the rules whose truth is used in any way that could turn a
	// condition in them around.
	doubted map[string]bool
	changed bool
}

// Of finds out what the definitions of a rule read, through helpers as well.
func Of(compiler *ast.Compiler, rule Rule) *Usage {
	r := &reader{Rule: rule, compiler: compiler, args: map[string]map[int]values{}, results: map[string]values{}, doubted: map[string]bool{}}
	// What a rule is given may be known only after the rules that use it were read.
	for r.changed = true; r.changed; {
		r.changed, r.order, r.clauses = false, nil, map[*ast.Rule]*clause{}
		for _, definition := range packageRules(compiler, rule.Package) {
			r.visit(definition)
		}
	}
	u, t := &Usage{}, total{}
	for _, definition := range r.order {
		c := r.clauses[definition]
		t.parts |= c.own | c.other
		t.about |= c.about
		u.Params = append(u.Params, c.params...)
		if u.Location == nil {
			u.Location = c.location
		}
	}
	deny, applies := r.behind(rule.Package, output.Deny), r.behind(rule.Package, output.Applies)
	t.own, t.others, t.narrows, t.sharedNarrows = deny.own, deny.other, applies.narrows, applies.otherNarrows
	u.Demands = t.demands(rule)
	if !rule.HasUnknown {
		u.Unnamed = unnamed(rule.Requires, t.parts)
	}
	return u
}

// visit reads a rule and all that it depends on.
func (r *reader) visit(rule *ast.Rule) {
	if r.clauses[rule] != nil {
		return
	}
	c := &clause{same: map[*ast.Rule]bool{}, elsewhere: map[*ast.Rule]bool{}}
	r.clauses[rule] = c
	r.order = append(r.order, rule)
	r.read(rule, c)
	for node := range r.compiler.Graph.Dependencies(rule) {
		dependency, ok := node.(*ast.Rule)
		if !ok {
			continue
		}
		if !c.same[dependency] {
			c.elsewhere[dependency] = true
		}
		r.visit(dependency)
	}
}

// behind is what an output set does, itself and through other rules.
func (r *reader) behind(pkg ast.Ref, set string) (all clause) {
	type stay struct {
		rule *ast.Rule
		same bool
	}
	seen := map[stay]bool{}
	var visit func(rule *ast.Rule, same bool)
	visit = func(rule *ast.Rule, same bool) {
		c := r.clauses[rule]
		if c == nil || seen[stay{rule, same}] {
			return
		}
		seen[stay{rule, same}] = true
		all.other, all.otherNarrows = all.other|c.other, all.otherNarrows|c.otherNarrows
		if same {
			// Which tokens there are is nothing of the one that is asked about.
			all.own, all.narrows = all.own|c.own&^partTokens, all.narrows|c.narrows&^partTokens
		} else {
			all.other, all.otherNarrows = all.other|c.own, all.otherNarrows|c.narrows
		}
		for next := range c.same {
			visit(next, same)
		}
		for next := range c.elsewhere {
			visit(next, false)
		}
	}
	for _, rule := range r.compiler.GetRulesExact(pkg.Append(ast.StringTerm(set))) {
		visit(rule, true)
	}
	return all
}

// packageRules returns the rules of a package, in the order of the modules' names.
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
