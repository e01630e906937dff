package policies

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// marking decides the conditions of all rules in force on each token, once.
type marking struct {
	// conditions are those of all rules, each once.
	conditions []markedCondition
	// fields finds the values that the conditions are about.
	fields *fieldTree
	// values is how many these are.
	values int
	// about are the conditions about each value.
	about [][]int
}

// markedCondition is a condition of the rules that share it.
type markedCondition struct {
	condition
	// value is the place of its value among those of the field tree.
	value int
	// rule has the parameters that the operand refers to; nil if it does not.
	rule *ruleInForce
}

// A mask has a bit for each condition of a marking.
type mask []uint64

func (m mask) set(bit int) { m[bit/64] |= 1 << (bit % 64) }

func (m mask) add(other mask) {
	for i, bits := range other {
		m[i] |= bits
	}
}

// satisfies tells whether all bits of the other mask are set.
func (m mask) satisfies(other mask) bool {
	for i, bits := range other {
		if m[i]&bits != bits {
			return false
		}
	}
	return true
}

func satisfiesAny(m mask, masks []mask) bool {
	return slices.ContainsFunc(masks, m.satisfies)
}

// newMarking gives the conditions of the rules their bits, and the rules their masks.
func newMarking(rules []*ruleInForce) *marking {
	m := &marking{fields: &fieldTree{}}
	places := map[string]int{}
	bitsOf := func(rule *ruleInForce, bodies [][]condition) [][]int {
		all := make([][]int, len(bodies))
		for i, conditions := range bodies {
			for _, c := range conditions {
				all[i] = append(all[i], m.add(places, rule, c))
			}
		}
		return all
	}
	type bits struct {
		left    [][][]int
		applies [][]int
	}
	bitsByRule := make([]bits, len(rules))
	for i, rule := range rules {
		for _, inquiry := range rule.inquiries {
			var bodies [][]condition
			if inquiry.sieve != nil {
				bodies = inquiry.sieve.bodies
			}
			bitsByRule[i].left = append(bitsByRule[i].left, bitsOf(rule, bodies))
		}
		bitsByRule[i].applies = bitsOf(rule, rule.appliesBy)
	}
	for i, rule := range rules {
		rule.left = make([][]mask, len(rule.inquiries))
		for n, bodies := range bitsByRule[i].left {
			rule.left[n] = m.masks(bodies)
		}
		rule.applies = m.masks(bitsByRule[i].applies)
	}
	m.about = make([][]int, m.values)
	for bit := range m.conditions {
		place := m.conditions[bit].value
		m.about[place] = append(m.about[place], bit)
	}
	return m
}

// add gives the bit of a condition.
func (m *marking) add(places map[string]int, rule *ruleInForce, c condition) int {
	marked, key := markedCondition{condition: c}, c.key()
	if c.operand.ref != nil && c.operand.ref[1].Equal(keyParams) {
		marked.rule = rule
		key += " of " + rule.ID
	}
	bit, ok := places[key]
	if !ok {
		bit = len(m.conditions)
		places[key] = bit
		marked.value = m.fields.add(c.path, &m.values)
		m.conditions = append(m.conditions, marked)
	}
	return bit
}

func (m *marking) masks(bits [][]int) []mask {
	masks := make([]mask, len(bits))
	for i := range bits {
		masks[i] = make(mask, m.words())
		for _, bit := range bits[i] {
			masks[i].set(bit)
		}
	}
	return masks
}

func (m *marking) words() int { return (len(m.conditions) + 63) / 64 }

// mark decides all conditions on the tokens of one source.
func (m *marking) mark(source string, sourceTerm *ast.Term, tokens []*ast.Term) []mask {
	operands := make([]*ast.Term, len(m.conditions))
	for i := range m.conditions {
		c := &m.conditions[i]
		var params *ast.Term
		if c.rule != nil {
			params = c.rule.variantFor(source).params
		}
		operands[i] = c.operand.in(sourceTerm, params)
	}
	words := m.words()
	marks := make([]mask, len(tokens))
	bits := make(mask, words*len(tokens))
	values := make([]*ast.Term, m.values)
	// The encoder shares the terms of values that come again, so most of them have
	// been decided for an earlier token.
	decided := make([]decision, m.values)
	for i, token := range tokens {
		marks[i] = bits[i*words : (i+1)*words]
		clear(values)
		m.fields.read(token, values)
		for place, value := range values {
			d := &decided[place]
			if d.bits == nil {
				d.bits = make(mask, words)
			} else if d.value == value {
				marks[i].add(d.bits)
				continue
			}
			d.value = value
			clear(d.bits)
			for _, bit := range m.about[place] {
				if m.conditions[bit].holds(value, operands[bit]) {
					d.bits.set(bit)
				}
			}
			marks[i].add(d.bits)
		}
	}
	return marks
}

// A decision is which conditions about a value hold.
type decision struct {
	value *ast.Term
	bits  mask
}

// A fieldTree finds many values of a token at once.
type fieldTree struct {
	key *ast.Term
	// place is where the value goes, counted from 1; 0 for nowhere.
	place    int
	children []*fieldTree
}

// add gives the place of the value at a path, a new one if it has none.
func (f *fieldTree) add(path []*ast.Term, places *int) int {
	if len(path) == 0 {
		if f.place == 0 {
			*places++
			f.place = *places
		}
		return f.place - 1
	}
	i := slices.IndexFunc(f.children, func(child *fieldTree) bool { return child.key.Equal(path[0]) })
	if i < 0 {
		i = len(f.children)
		f.children = append(f.children, &fieldTree{key: path[0]})
	}
	return f.children[i].add(path[1:], places)
}

// read puts the values that exist in their places.
func (f *fieldTree) read(term *ast.Term, values []*ast.Term) {
	if f.place > 0 {
		values[f.place-1] = term
	}
	if len(f.children) == 0 {
		return
	}
	object, ok := term.Value.(ast.Object)
	if !ok {
		return
	}
	for _, child := range f.children {
		if value := object.Get(child.key); value != nil {
			child.read(value, values)
		}
	}
}
