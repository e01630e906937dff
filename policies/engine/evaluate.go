package engine

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/sourcegraph/conc/pool"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/output"
)

// Evaluate judges one source at the audit time. The error is non-nil only if
// ctx ended: a rule that cannot run is part of the result. It takes about 8 KB a
// token, because a rule sees all tokens of the source.
func (e *Engine) Evaluate(ctx context.Context, source inventory.Source, at time.Time) (policies.Result, error) {
	b := prepare(&source, at, e.owners, e.reviews)
	results := e.judgeAll(ctx, b)
	if err := ctx.Err(); err != nil {
		return policies.Result{}, fmt.Errorf("judge %s: %w", source.ID, err)
	}
	result := policies.Result{Counts: make(map[string]policies.Counts, len(e.rules)), Derived: b.derived, Team: b.team, Uncertain: b.uncertain(e.owners)}
	for i, rule := range e.rules {
		result.Counts[rule.ID] = results[i].counts
		countTeams(&result, rule.ID, results[i].teams)
		result.Verdicts = append(result.Verdicts, results[i].verdicts...)
		if results[i].notAsked {
			result.NotAsked = append(result.NotAsked, policies.NotAsked{Rule: rule.ID, Reason: rule.OnlyWith.Missing()})
		}
		if results[i].err != nil {
			result.Errors = append(result.Errors, policies.RuleError{Rule: rule.ID, Source: source.ID, Detail: results[i].detail()})
		}
	}
	slices.SortFunc(result.Verdicts, func(a, b policies.Verdict) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Token, b.Token), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Reason, b.Reason))
	})
	if e.risk != nil {
		var err error
		if result.Risks, err = e.scores(ctx, b, result.Verdicts); err != nil {
			result.Errors = append(result.Errors, couldNotScore(source.ID, err))
		}
	}
	if err := ctx.Err(); err != nil {
		return policies.Result{}, fmt.Errorf("judge %s: %w", source.ID, err)
	}
	source.Tokens = nil
	result.Source = source
	return result, nil
}

// countTeams adds the verdicts of a rule by team.
func countTeams(r *policies.Result, rule string, teams map[string]policies.Counts) {
	for team, counts := range teams {
		if r.Teams == nil {
			r.Teams = map[string]map[string]policies.Counts{}
		}
		if r.Teams[team] == nil {
			r.Teams[team] = map[string]policies.Counts{}
		}
		r.Teams[team][rule] = counts
	}
}

// largeSource is from how many tokens on the rules share a source between the
// processors.
const largeSource = 1000

// judgeAll judges the source by every rule, in the order of the rules. The rules
// share a large source between the processors; small ones are many, and the
// caller judges them side by side.
func (e *Engine) judgeAll(ctx context.Context, b *preparedSource) []*ruleResult {
	results := make([]*ruleResult, len(e.rules))
	judge := func(i int) {
		rule := e.rules[i]
		if v := rule.variantFor(b.source.ID); v.off {
			results[i] = &ruleResult{}
		} else {
			results[i] = e.judge(ctx, b, rule, v, nil)
		}
	}
	if len(b.terms) < largeSource {
		for i := range e.rules {
			judge(i)
		}
		return results
	}
	workers := pool.New().WithMaxGoroutines(runtime.GOMAXPROCS(0))
	for i := range e.rules {
		workers.Go(func() { judge(i) })
	}
	workers.Wait()
	return results
}

// run asks the rule about the tokens of the source that it selects, within the time limit. It
// does not where none has what the rule judges with: nothing would come of the answer.
func (e *Engine) run(ctx context.Context, b *preparedSource, rule *ruleInForce, v *variant) (*output.Output, error) {
	if !e.givenForAny(b, rule) {
		return &output.Output{}, nil
	}
	tokens, some := b.selected(&rule.Select)
	if !some && rule.Subject == policies.SubjectToken {
		return &output.Output{}, nil
	}
	bindings, err := e.ask(ctx, rule, b.document(tokens, v.params))
	if err != nil {
		return nil, err
	}
	return output.Read(bindings, output.Subjects{Tokens: b.place, Source: b.source.ID, OfTokens: rule.Subject == policies.SubjectToken})
}

// Input returns the input of a rule for a source at the audit time, as encoding/json
// decodes it: what Evaluate feeds to the rule. rule is named as ruleid.Find finds it; where
// it is empty, the input has every token and no parameters.
func (e *Engine) Input(source inventory.Source, rule string, at time.Time) (any, error) {
	b := prepare(&source, at, e.owners, e.reviews)
	tokens, params := b.tokensTerm, ast.ObjectTerm()
	if rule != "" {
		r, err := e.named(rule)
		if err != nil {
			return nil, err
		}
		tokens, _ = b.selected(&r.Select)
		params = r.variantFor(source.ID).params
	}
	value, err := ast.JSON(b.document(tokens, params))
	if err != nil {
		return nil, fmt.Errorf("print the input of %s: %w", source.ID, err)
	}
	return value, nil
}
