package policies

import (
	"context"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
)

// An inquiry is one query of a rule: output sets that OPA is asked for together.
// Sets that rest on the same helpers are, so that these are computed once; the
// others are asked for apart, so that each is only about its own tokens.
type inquiry struct {
	sets  []string
	query rego.PreparedEvalQuery
	// sieve leaves out tokens of which the sets cannot hold anything; nil for none.
	sieve *sieve
}

// prepare divides the output sets of the rule between the engine and OPA, and
// prepares the queries. options are what all queries of the house have in common.
func (r *compiledRule) prepare(ctx context.Context, compiler *ast.Compiler, pkg ast.Ref, options ...func(*rego.Rego)) error {
	asked := r.sets
	if r.Subject == SubjectToken {
		if bodies, ok := appliesBy(compiler, pkg); ok {
			r.appliesBy = bodies
			asked = slices.DeleteFunc(slices.Clone(asked), func(set string) bool { return set == setApplies })
		}
	}
	for _, sets := range together(compiler, pkg, asked) {
		query, err := rego.New(append(slices.Clone(options), rego.ParsedQuery(outputQuery(pkg, sets)))...).PrepareForEval(ctx)
		if err != nil {
			return err
		}
		r.inquiries = append(r.inquiries, inquiry{sets: sets, query: query, sieve: sieveOf(compiler, pkg, sets)})
	}
	return nil
}

// outputQuery asks for output sets, all in one query.
func outputQuery(pkg ast.Ref, sets []string) ast.Body {
	var body ast.Body
	for _, set := range sets {
		body = append(body, ast.Equality.Expr(ast.VarTerm(set), ast.NewTerm(setRef(pkg, set))))
	}
	return body
}

func setRef(pkg ast.Ref, set string) ast.Ref { return pkg.Append(ast.StringTerm(set)) }

// together groups output sets by the rules they share that read tokens. Sets that
// read none are in the first group.
func together(compiler *ast.Compiler, pkg ast.Ref, sets []string) [][]string {
	type group struct {
		sets    []string
		readers []*ast.Rule
	}
	var groups []group
	for _, set := range sets {
		joined := group{sets: []string{set}, readers: tokenReaders(compiler, setRef(pkg, set))}
		groups = slices.DeleteFunc(groups, func(g group) bool {
			shares := len(g.readers) == 0 || len(joined.readers) == 0 ||
				slices.ContainsFunc(g.readers, func(r *ast.Rule) bool { return slices.Contains(joined.readers, r) })
			if shares {
				joined.sets = append(slices.Clone(g.sets), joined.sets...)
				joined.readers = append(joined.readers, g.readers...)
			}
			return shares
		})
		groups = append(groups, joined)
	}
	all := make([][]string, len(groups))
	for i, g := range groups {
		all[i] = g.sets
	}
	return all
}

// tokenReaders gives the rules behind a set that read tokens from the input.
func tokenReaders(compiler *ast.Compiler, set ast.Ref) []*ast.Rule {
	return slices.DeleteFunc(reachable(compiler, compiler.GetRulesExact(set)), func(rule *ast.Rule) bool {
		bodies, ok := tokenBodies(rule)
		return ok && len(bodies) == 0
	})
}
