// Package timelimit bounds the time of what obeys no context, such as OPA's compiler
// and single calls of its built-in functions.
package timelimit

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"
)

// What Run returns errors of, apart from those of its function.
var (
	// ErrExceeded is for a function that took longer than its limit.
	ErrExceeded = errors.New("it took longer")
	// ErrDoesNotStop is for one that was left behind.
	ErrDoesNotStop = errors.New("and does not stop")
	// ErrPanicked is for one that panicked.
	ErrPanicked = errors.New("the rule made the engine panic")
)

// Run runs f on a goroutine of its own with a context that ends with the limit,
// and waits for it until then and for the grace after that. What has not returned
// by then is left behind: its goroutine ends when f returns, or with the process.
// So f must not share anything with its caller that one of them changes. A panic
// in f is an error.
func Run[T any](ctx context.Context, limit, grace time.Duration, f func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("%w than %s", ErrExceeded, limit))
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
				a.err = fmt.Errorf("%w: %v", ErrPanicked, r)
			}
			done <- a
		}()
		growStack()
		a.value, a.err = f(ctx)
	}()
	var a answer
	select {
	case a = <-done:
	case <-ctx.Done():
		select {
		case a = <-done:
		case <-time.After(grace):
			a.err = fmt.Errorf("%w, %w", context.Cause(ctx), ErrDoesNotStop)
		}
	}
	if a.err != nil && ctx.Err() != nil && !errors.Is(a.err, ErrDoesNotStop) {
		// OPA only says that it was cancelled.
		a.err = context.Cause(ctx)
	}
	return a.value, a.err
}

// growStack has the goroutine that calls it get a large stack at once. OPA calls deeply, and
// a stack that grows on the way down is copied at each doubling: with small sources that
// was a tenth of all CPU.
//
//go:noinline
func growStack() {
	var frame [48 << 10]byte
	runtime.KeepAlive(&frame)
}
