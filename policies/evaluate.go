package policies

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/sourcegraph/conc/pool"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// Evaluate judges one source at the audit time. The error is non-nil only if
// ctx ended: a rule that cannot run is part of the result.
func (e *Engine) Evaluate(ctx context.Context, source inventory.Source, at time.Time) (Result, error) {
	b := newBrief(&source, at)
	rulings := e.judgeAll(ctx, b)
	if err := ctx.Err(); err != nil {
		return Result{}, fmt.Errorf("judge %s: %w", source.ID, err)
	}
	result := Result{Counts: make(map[string]Counts, len(e.rules)), Derived: b.derived}
	for i, rule := range e.rules {
		result.Counts[rule.ID] = rulings[i].counts
		result.Verdicts = append(result.Verdicts, rulings[i].verdicts...)
		if rulings[i].err != nil {
			result.Errors = append(result.Errors, RuleError{Rule: rule.ID, Source: source.ID, Detail: rulings[i].detail()})
		}
	}
	slices.SortFunc(result.Verdicts, func(a, b Verdict) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Token, b.Token), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Reason, b.Reason))
	})
	source.Tokens = nil
	result.Source = source
	return result, nil
}

// judgeAll judges the source by every rule, in the order of the rules. The rules
// share a large source between the processors; small ones are many, and the
// caller judges them side by side.
func (e *Engine) judgeAll(ctx context.Context, b *brief) []*ruling {
	rulings := make([]*ruling, len(e.rules))
	judge := func(i int) {
		rule := e.rules[i]
		if v := rule.variantFor(b.source.ID); v.off {
			rulings[i] = &ruling{}
		} else {
			rulings[i] = e.judge(ctx, b, rule, v, nil)
		}
	}
	if len(b.chunks) == 1 {
		for i := range e.rules {
			judge(i)
		}
		return rulings
	}
	workers := pool.New().WithMaxGoroutines(runtime.GOMAXPROCS(0))
	for i := range e.rules {
		workers.Go(func() { judge(i) })
	}
	workers.Wait()
	return rulings
}

// A brief is one source prepared for judging: what all rules share.
type brief struct {
	source  *inventory.Source
	at      time.Time
	derived []Derived
	// place finds a token by id.
	place map[string]int
	// terms are the tokens of the input, built once.
	terms []*ast.Term
	// chunks are the indexes of the tokens of each query about tokens.
	chunks     [][]int
	chunkTerms []*ast.Term
	// all is the one array of all tokens, for rules about the source.
	all        *ast.Term
	sourceTerm *ast.Term
	atTerm     *ast.Term
}

func newBrief(source *inventory.Source, at time.Time) *brief {
	b := &brief{
		source:     source,
		at:         at,
		derived:    make([]Derived, len(source.Tokens)),
		place:      make(map[string]int, len(source.Tokens)),
		terms:      make([]*ast.Term, len(source.Tokens)),
		chunks:     chunks(source.Tokens, chunkTokens),
		sourceTerm: sourceTerm(source),
		atTerm:     ast.StringTerm(at.UTC().Format(time.RFC3339Nano)),
	}
	encoder := newEncoder()
	for i := range source.Tokens {
		token := &source.Tokens[i]
		b.derived[i] = Derive(token, at)
		b.place[token.ID] = i
		b.terms[i] = encoder.token(token, &b.derived[i])
	}
	for _, chunk := range b.chunks {
		terms := make([]*ast.Term, len(chunk))
		for j, i := range chunk {
			terms[j] = b.terms[i]
		}
		b.chunkTerms = append(b.chunkTerms, ast.ArrayTerm(terms...))
	}
	b.all = b.chunkTerms[0]
	if len(b.chunkTerms) > 1 {
		b.all = ast.ArrayTerm(b.terms...)
	}
	return b
}

// tokensOf gives the tokens of all queries of a rule: in chunks for a rule about
// tokens, all at once for a rule about the source.
func (b *brief) tokensOf(subject Subject) []*ast.Term {
	if subject == SubjectToken {
		return b.chunkTerms
	}
	return []*ast.Term{b.all}
}

func (b *brief) subjects(rule *compiledRule, query int) subjects {
	s := subjects{rule: rule, source: b.source.ID}
	if rule.Subject == SubjectSource || len(b.chunks) == 1 {
		s.known = b.place
		return s
	}
	s.known = make(map[string]int, len(b.chunks[query]))
	for _, i := range b.chunks[query] {
		s.known[b.source.Tokens[i].ID] = i
	}
	return s
}

// run asks the rule about the whole source, within the time limit.
func (e *Engine) run(ctx context.Context, b *brief, rule *compiledRule, v *variant) ([]*outcome, error) {
	limit := e.timeLimit(ctx)
	defer limit.stop()
	var outcomes []*outcome
	for i, tokens := range b.tokensOf(rule.Subject) {
		input := ast.NewObject(
			[2]*ast.Term{keySource, b.sourceTerm},
			[2]*ast.Term{keyTokens, tokens},
			[2]*ast.Term{keyAt, b.atTerm},
			[2]*ast.Term{keyParams, v.params})
		bindings, err := query(ctx, rule, input, limit)
		if err != nil {
			return nil, err
		}
		o, err := readOutcome(bindings, b.subjects(rule, i))
		if err != nil {
			return nil, err
		}
		outcomes = append(outcomes, o)
	}
	return outcomes, nil
}

// A timeLimit cancels the queries of one rule on one source when their time is
// over or the run ends.
type timeLimit struct {
	cancel  topdown.Cancel
	timeout time.Duration
	over    atomic.Bool
	stop    func()
}

func (e *Engine) timeLimit(ctx context.Context) *timeLimit {
	l := &timeLimit{cancel: topdown.NewCancel(), timeout: e.timeout}
	timer := time.AfterFunc(e.timeout, func() {
		l.over.Store(true)
		l.cancel.Cancel()
	})
	detach := context.AfterFunc(ctx, l.cancel.Cancel)
	l.stop = func() {
		timer.Stop()
		detach()
	}
	return l
}

// query evaluates the rule on one input. A panic in a built-in function is an
// error of the rule: the other rules must still judge.
func query(ctx context.Context, rule *compiledRule, input ast.Value, limit *timeLimit) (bindings map[string]*ast.Term, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the rule made the engine panic: %v", r)
		}
	}()
	results, err := rule.query.Eval(ctx,
		rego.EvalParsedInput(input),
		rego.EvalTransaction(rule.txn),
		rego.EvalExternalCancel(limit.cancel),
		rego.EvalMetrics(metrics.NoOp()),
		rego.EvalSortSets(false),
		rego.EvalGenerateJSON(func(term *ast.Term, _ *rego.EvalContext) (any, error) { return term, nil }),
	)
	switch {
	case limit.over.Load() && topdown.IsCancel(err):
		return nil, fmt.Errorf("it took longer than %s", limit.timeout)
	case err != nil:
		return nil, err
	case len(results) != 1:
		return nil, errors.New("the output sets are undefined")
	}
	bindings = make(map[string]*ast.Term, len(results[0].Bindings))
	for name, value := range results[0].Bindings {
		if term, ok := value.(*ast.Term); ok {
			bindings[name] = term
		}
	}
	return bindings, nil
}
