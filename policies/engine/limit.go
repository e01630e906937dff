package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tokenaudit/tokenaudit/policies/timelimit"
)

// defaultGrace is what a rule has for coming to its end after it was stopped: OPA
// looks for that between two calls of built-in functions.
const defaultGrace = 5 * time.Second

// ask evaluates the rule within the time limit. A rule that was left behind, because a
// built-in function is busy with what it was given, is not asked again, so that one
// goroutine a processor is the most there can be.
func (e *Engine) ask(ctx context.Context, rule *ruleInForce, input ast.Value) (map[string]*ast.Term, error) {
	if rule.stuck.Load() {
		return nil, errors.New("it did not stop on another source, and is not run again")
	}
	bindings, err := timelimit.Run(ctx, e.timeout, e.grace, func(ctx context.Context) (map[string]*ast.Term, error) {
		return rule.Evaluate(ctx, input)
	})
	if errors.Is(err, timelimit.ErrDoesNotStop) {
		rule.stuck.Store(true)
	}
	if errors.Is(err, timelimit.ErrExceeded) {
		err = fmt.Errorf("%w: simplify the rule, or raise limits.rule_timeout", err)
	}
	return bindings, err
}
