package ruleresult

import (
	"context"
	"fmt"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/engine"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// Reach is what rules come to on inventories. The zero value is ready for use; it may
// not be used concurrently.
type Reach struct {
	sources, tokens int
	counts          map[string]policies.Counts
	errors          map[string]string
}

// Judge adds a source, judged at a moment.
func (r *Reach) Judge(ctx context.Context, judge *engine.Engine, s inventory.Source, at time.Time) error {
	result, err := judge.Evaluate(ctx, s, at)
	if err != nil {
		return fmt.Errorf("judge %s: %w", safetext.OneLine(s.ID), err)
	}
	if r.counts == nil {
		r.counts, r.errors = map[string]policies.Counts{}, map[string]string{}
	}
	r.sources++
	r.tokens += len(s.Tokens)
	for rule, counts := range result.Counts {
		r.counts[rule] = r.counts[rule].Plus(counts)
	}
	for _, e := range result.Errors {
		r.errors[e.Rule] = e.Detail
	}
	return nil
}

// Warnings name the rules of the engine, the custom or the built-in ones, whose deny
// found nothing, by id.
func (r *Reach) Warnings(judge *engine.Engine, custom bool) []string {
	var warnings []string
	for _, rule := range judge.Rules() {
		c := r.counts[rule.ID]
		if rule.Custom != custom || c.Fail+c.Waived > 0 {
			continue
		}
		text := fmt.Sprintf("UNREACHED %s: deny found nothing in %s of %s: %d pass, %d not evaluated, %d not applicable", rule.ID,
			safetext.Plural(r.tokens, "token", "tokens"), safetext.Plural(r.sources, "source", "sources"), c.Pass, c.NotEvaluated, c.NotApplicable)
		if detail := r.errors[rule.ID]; detail != "" {
			text += "; it could not run: " + safetext.OneLine(detail)
		}
		warnings = append(warnings, text)
	}
	return warnings
}
