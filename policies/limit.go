package policies

import (
	"context"
	"errors"
	"fmt"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

const (
	// defaultMemory bounds by how much what lives in memory may grow while a
	// custom rule judges a source, in bytes, beside what the input itself takes.
	defaultMemory = 1 << 30
	// inputBytes is what the input takes for a token, and more.
	inputBytes = 16 << 10
	// memoryInterval is the time between two looks at the memory.
	memoryInterval = 20 * time.Millisecond
	// defaultGrace is what a custom rule has for coming to its end after it was
	// stopped: OPA looks for that between two calls of built-in functions.
	defaultGrace = 5 * time.Second
)

// A limit stops the queries of one rule on one source when their time is over,
// when they take too much memory, or when the run ends.
type limit struct {
	cancel topdown.Cancel
	grace  time.Duration
	stop   func()
	// over is closed when the limit is passed.
	over chan struct{}

	mu      sync.Mutex
	reason  error
	stopped bool
}

func (e *Engine) limit(ctx context.Context, rule *ruleInForce, b *brief) *limit {
	l := &limit{cancel: topdown.NewCancel(), grace: e.grace, over: make(chan struct{})}
	timer := time.AfterFunc(e.timeout, func() { l.pass(fmt.Errorf("it took longer than %s", e.timeout)) })
	detach := context.AfterFunc(ctx, func() { l.pass(ctx.Err()) })
	l.stop = func() {
		timer.Stop()
		detach()
		l.mu.Lock()
		l.stopped = true
		l.mu.Unlock()
	}
	if rule.Custom {
		l.watchMemory(e.memory, inputBytes*int64(len(b.source.Tokens)))
	}
	return l
}

// pass notes that a limit was passed, and stops the rule. The first reason stays.
func (l *limit) pass(reason error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reason != nil {
		return
	}
	l.reason = reason
	close(l.over)
	l.cancel.Cancel()
}

// passed gives the limit that was passed, or nil.
func (l *limit) passed() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reason
}

// watchMemory looks now and then at what lives in memory. The whole process
// counts, because nothing tells whose memory it is; what the guards let one call
// make is small beside the limit.
func (l *limit) watchMemory(most, input int64) {
	before := livingBytes()
	var timer *time.Timer
	l.mu.Lock()
	defer l.mu.Unlock()
	timer = time.AfterFunc(memoryInterval, func() {
		l.mu.Lock()
		stopped := l.stopped
		l.mu.Unlock()
		switch {
		case stopped:
		case livingBytes() > before+input+most:
			l.pass(fmt.Errorf("it took more than %d MiB of memory", most>>20))
		default:
			timer.Reset(memoryInterval)
		}
	})
}

// livingBytes is what the last garbage collection found alive.
func livingBytes() int64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return int64(sample[0].Value.Uint64())
}

// ask evaluates the rule. A custom rule that does not come to its end although it
// was stopped, because a built-in function is busy with what it was given, is left
// behind: its goroutine ends with the call, or the process. It is not asked again,
// so that one goroutine a processor is the most there can be.
func (r *ruleInForce) ask(ctx context.Context, input ast.Value, l *limit) (map[string]*ast.Term, error) {
	if !r.Custom {
		return r.evaluate(ctx, input, l)
	}
	if r.stuck.Load() {
		return nil, errors.New("it did not stop on another source, and is not asked again")
	}
	type answer struct {
		bindings map[string]*ast.Term
		err      error
	}
	done := make(chan answer, 1)
	go func() {
		bindings, err := r.evaluate(ctx, input, l)
		done <- answer{bindings, err}
	}()
	select {
	case a := <-done:
		return a.bindings, a.err
	case <-l.over:
	}
	patience := time.NewTimer(l.grace)
	defer patience.Stop()
	select {
	case a := <-done:
		return a.bindings, a.err
	case <-patience.C:
		r.stuck.Store(true)
		return nil, fmt.Errorf("%w, and does not stop", l.passed())
	}
}
