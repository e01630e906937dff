package policies

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
)

// defaultGrace is what a rule has for coming to its end after it was stopped: OPA
// looks for that between two calls of built-in functions.
const defaultGrace = 5 * time.Second

var (
	errTooLong     = errors.New("it took longer")
	errDoesNotStop = errors.New("and does not stop")
	errPanicked    = errors.New("the rule made the engine panic")
)

// within runs f on a goroutine of its own with a context that ends with the limit,
// and waits for it until then and for the grace after that. What has not returned
// by then is left behind: its goroutine ends when f returns, or with the process.
// So f must not share anything with its caller that one of them changes. A panic
// in f is an error.
func within[T any](ctx context.Context, limit, grace time.Duration, f func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("%w than %s", errTooLong, limit))
	defer cancel()
	type answer struct {
		value T
		err   error
	}
	done := make(chan answer, 1)
	go func() {
		var a answer
		defer func() {
			if r := recover(); r != nil {
				a.err = fmt.Errorf("%w: %v", errPanicked, r)
			}
			done <- a
		}()
		a.value, a.err = f(ctx)
	}()
	var a answer
	select {
	case a = <-done:
	case <-ctx.Done():
		select {
		case a = <-done:
		case <-time.After(grace):
			a.err = fmt.Errorf("%w, %w", context.Cause(ctx), errDoesNotStop)
		}
	}
	if a.err != nil && ctx.Err() != nil && !errors.Is(a.err, errDoesNotStop) {
		// OPA only says that it was cancelled.
		a.err = context.Cause(ctx)
	}
	return a.value, a.err
}

// ask evaluates the rule within the time limit. A rule that was left behind, because a
// built-in function is busy with what it was given, is not asked again, so that one
// goroutine a processor is the most there can be.
func (e *Engine) ask(ctx context.Context, rule *ruleInForce, input ast.Value) (map[string]*ast.Term, error) {
	if rule.stuck.Load() {
		return nil, errors.New("it did not stop on another source, and is not asked again")
	}
	bindings, err := within(ctx, e.timeout, e.grace, func(ctx context.Context) (map[string]*ast.Term, error) {
		return rule.evaluate(ctx, input)
	})
	if errors.Is(err, errDoesNotStop) {
		rule.stuck.Store(true)
	}
	if errors.Is(err, errTooLong) {
		err = fmt.Errorf("%w: simplify the rule, or raise limits.rule_timeout", err)
	}
	return bindings, err
}
