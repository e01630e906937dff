package engine

import (
	"cmp"
	"slices"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/input"
	"github.com/tokenaudit/tokenaudit/policies/owners"
	"github.com/tokenaudit/tokenaudit/policies/reads"
	"github.com/tokenaudit/tokenaudit/policies/reviews"
	"github.com/tokenaudit/tokenaudit/policies/selection"
)

// A preparedSource is one source prepared for judging: what all rules share.
type preparedSource struct {
	source  *inventory.Source
	at      time.Time
	derived []input.Derived
	// team answers for the source itself; empty for none.
	team string
	// place finds a token by id.
	place map[string]int
	// terms are the tokens of the input, built once.
	terms []*ast.Term
	// tokensTerm is the array of them.
	tokensTerm *ast.Term
	sourceTerm *ast.Term
	atTerm     *ast.Term
}

// prepare derives what the rules share. Reviews may be nil.
func prepare(source *inventory.Source, at time.Time, teams owners.Patterns, reviewed *reviews.Reviews) *preparedSource {
	b := &preparedSource{
		source:     source,
		at:         at,
		team:       teams.Team(source, nil),
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
		b.derived[i].Team, b.derived[i].TeamUnknown = teams.Team(source, token), teams.Unknown(source, token)
		b.derived[i].Review = reviewed.Of(token, at)
		b.place[token.ID] = i
		b.terms[i] = encoder.Token(token, &b.derived[i])
	}
	b.tokensTerm = ast.ArrayTerm(b.terms...)
	return b
}

// uncertain counts the tokens for which another team may answer than the one that is derived.
func (b *preparedSource) uncertain(teams owners.Patterns) []policies.Uncertain {
	counts := map[policies.Uncertain]int{}
	for i := range b.derived {
		if b.derived[i].TeamUnknown == "" {
			continue
		}
		for _, team := range teams.Possible(b.source, &b.source.Tokens[i]) {
			counts[policies.Uncertain{Team: b.derived[i].Team, MayBe: team}]++
		}
	}
	var list []policies.Uncertain
	for of, n := range counts {
		of.Tokens = n
		list = append(list, of)
	}
	slices.SortFunc(list, func(a, b policies.Uncertain) int {
		return cmp.Or(cmp.Compare(a.Team, b.Team), cmp.Compare(a.MayBe, b.MayBe))
	})
	return list
}

// document is the input of a rule with these tokens selected and these parameters.
func (b *preparedSource) document(tokens, params *ast.Term) ast.Object {
	return ast.NewObject(
		[2]*ast.Term{input.KeySource, b.sourceTerm},
		[2]*ast.Term{input.KeyTokens, tokens},
		[2]*ast.Term{input.KeySourceTokens, b.tokensTerm},
		[2]*ast.Term{input.KeyAt, b.atTerm},
		[2]*ast.Term{input.KeyParams, params})
}

// selected returns the array of the tokens that are selected, and whether there are any.
func (b *preparedSource) selected(s *selection.Selection) (tokens *ast.Term, some bool) {
	terms := make([]*ast.Term, 0, len(b.terms))
	for i, term := range b.terms {
		if s.Has(b.source, &b.source.Tokens[i], &b.derived[i]) {
			terms = append(terms, term)
		}
	}
	if len(terms) == len(b.terms) {
		return b.tokensTerm, len(terms) > 0
	}
	return ast.ArrayTerm(terms...), len(terms) > 0
}

// unknownSelection says which unknown facts of a token decide whether it is selected; ""
// for none.
func (b *preparedSource) unknownSelection(i int, s *selection.Selection) string {
	token, derived := &b.source.Tokens[i], &b.derived[i]
	return reads.OfSelection(s.Undecided(b.source, token, derived)).Unknown(b.source, token, derived)
}
