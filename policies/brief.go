package policies

import (
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// A brief is one source prepared for judging: what all rules share.
type brief struct {
	source  *inventory.Source
	at      time.Time
	derived []Derived
	// place finds a token by id.
	place map[string]int
	// terms are the tokens of the input, built once.
	terms []*ast.Term
	// marks tell which conditions of the rules each token satisfies.
	marks []mask
	// tokensTerm is the array of them.
	tokensTerm *ast.Term
	sourceTerm *ast.Term
	atTerm     *ast.Term
}

// brief prepares a source for the rules of the engine.
func (e *Engine) brief(source *inventory.Source, at time.Time) *brief {
	b := newBrief(source, at)
	b.marks = e.marking.mark(source.ID, b.sourceTerm, b.terms)
	return b
}

func newBrief(source *inventory.Source, at time.Time) *brief {
	b := &brief{
		source:     source,
		at:         at,
		derived:    make([]Derived, len(source.Tokens)),
		place:      make(map[string]int, len(source.Tokens)),
		terms:      make([]*ast.Term, len(source.Tokens)),
		sourceTerm: sourceTerm(source),
		atTerm:     ast.StringTerm(at.UTC().Format(time.RFC3339Nano)),
	}
	encoder := newEncoder()
	for i := range source.Tokens {
		token := &source.Tokens[i]
		b.derived[i] = derive(token, at)
		b.place[token.ID] = i
		b.terms[i] = encoder.token(token, &b.derived[i])
	}
	b.tokensTerm = ast.ArrayTerm(b.terms...)
	return b
}

// array gives the tokens with these indexes.
func (b *brief) array(indexes []int) *ast.Term {
	terms := make([]*ast.Term, len(indexes))
	for j, i := range indexes {
		terms[j] = b.terms[i]
	}
	return ast.ArrayTerm(terms...)
}

// left gives the tokens that an inquiry of a rule has to be about; nil if OPA
// would have nothing to say.
func (b *brief) left(rule *ruleInForce, inquiry int) *ast.Term {
	sieve := rule.inquiries[inquiry].sieve
	if sieve == nil {
		return b.tokensTerm
	}
	var left []int
	for i := range b.terms {
		if satisfiesAny(b.marks[i], rule.left[inquiry]) {
			left = append(left, i)
		}
	}
	switch {
	case len(left) == 0 && sieve.perToken:
		return nil
	case len(left) == len(b.terms):
		return b.tokensTerm
	}
	return b.array(left)
}
