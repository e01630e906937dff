package policies

import (
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/input"
)

// A brief is one source prepared for judging: what all rules share.
type brief struct {
	source  *inventory.Source
	at      time.Time
	derived []input.Derived
	// place finds a token by id.
	place map[string]int
	// terms are the tokens of the input, built once.
	terms []*ast.Term
	// tokensTerm is the array of them.
	tokensTerm *ast.Term
	sourceTerm *ast.Term
	atTerm     *ast.Term
}

func newBrief(source *inventory.Source, at time.Time) *brief {
	b := &brief{
		source:     source,
		at:         at,
		derived:    make([]input.Derived, len(source.Tokens)),
		place:      make(map[string]int, len(source.Tokens)),
		terms:      make([]*ast.Term, len(source.Tokens)),
		sourceTerm: input.SourceTerm(source),
		atTerm:     ast.StringTerm(at.UTC().Format(time.RFC3339Nano)),
	}
	encoder := input.NewEncoder()
	for i := range source.Tokens {
		token := &source.Tokens[i]
		b.derived[i] = input.Derive(token, at)
		b.place[token.ID] = i
		b.terms[i] = encoder.Token(token, &b.derived[i])
	}
	b.tokensTerm = ast.ArrayTerm(b.terms...)
	return b
}

// document is the input of a rule with these parameters.
func (b *brief) document(params *ast.Term) ast.Object {
	return ast.NewObject(
		[2]*ast.Term{input.KeySource, b.sourceTerm},
		[2]*ast.Term{input.KeyTokens, b.tokensTerm},
		[2]*ast.Term{input.KeyAt, b.atTerm},
		[2]*ast.Term{input.KeyParams, params})
}
