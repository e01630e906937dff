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
	// chunks are the tokens of each query of a rule about tokens; whole are all
	// of them, for rules about the source.
	chunks     []chunk
	whole      chunk
	sourceTerm *ast.Term
	atTerm     *ast.Term
}

// A chunk is some tokens of a source.
type chunk struct {
	indexes []int
	// term is the array of the tokens.
	term *ast.Term
	// known finds the tokens by id.
	known map[string]int
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
	b.whole = chunk{indexes: indexes(len(source.Tokens)), term: ast.ArrayTerm(b.terms...), known: b.place}
	parts := chunks(source.Tokens, chunkTokens)
	if len(parts) == 1 {
		b.chunks = []chunk{b.whole}
		return b
	}
	for _, part := range parts {
		c := chunk{indexes: part, term: b.array(part), known: make(map[string]int, len(part))}
		for _, i := range part {
			c.known[source.Tokens[i].ID] = i
		}
		b.chunks = append(b.chunks, c)
	}
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

// chunksOf gives the tokens of all queries of a rule: in chunks for a rule about
// tokens, all at once for a rule about the source.
func (b *brief) chunksOf(subject Subject) []chunk {
	if subject == SubjectToken {
		return b.chunks
	}
	return []chunk{b.whole}
}

// left gives the tokens of a chunk that an inquiry of a rule has to be about; nil
// if OPA would have nothing to say.
func (b *brief) left(c chunk, rule *ruleInForce, inquiry int) *ast.Term {
	sieve := rule.inquiries[inquiry].sieve
	if sieve == nil {
		return c.term
	}
	var left []int
	for _, i := range c.indexes {
		if satisfiesAny(b.marks[i], rule.left[inquiry]) {
			left = append(left, i)
		}
	}
	switch {
	case len(left) == 0 && sieve.perToken:
		return nil
	case len(left) == len(c.indexes):
		return c.term
	}
	return b.array(left)
}
