package cmsapi

import (
	"context"
	"sync"
)

// Memo asks for something once, however many sources need it: the members of
// an organization, the token of the scan itself. The zero value is usable.
type Memo[K comparable, V any] struct {
	mu    sync.Mutex
	calls map[K]*call[V]
}

type call[V any] struct {
	done  chan struct{}
	value V
	err   error
}

// Do returns the result of ask for key, calling it if nobody has. Whoever comes
// while it is being asked waits for the answer. A result that is only the end
// of the asker's context is not kept: the next one asks anew.
func (m *Memo[K, V]) Do(ctx context.Context, key K, ask func(context.Context) (V, error)) (V, error) {
	for {
		m.mu.Lock()
		c := m.calls[key]
		if c == nil {
			return m.ask(ctx, key, ask)
		}
		m.mu.Unlock()
		select {
		case <-c.done:
		case <-ctx.Done():
			var zero V
			return zero, ctx.Err()
		}
		m.mu.Lock()
		kept := m.calls[key] == c
		m.mu.Unlock()
		if kept {
			return c.value, c.err
		}
	}
}

// ask is called with the lock held, and releases it while it asks.
func (m *Memo[K, V]) ask(ctx context.Context, key K, ask func(context.Context) (V, error)) (V, error) {
	if m.calls == nil {
		m.calls = map[K]*call[V]{}
	}
	c := &call[V]{done: make(chan struct{})}
	m.calls[key] = c
	m.mu.Unlock()
	finished := false
	defer func() {
		// After a panic, too: those who wait ask for themselves.
		m.mu.Lock()
		if !finished || ctx.Err() != nil && c.err != nil {
			delete(m.calls, key)
		}
		m.mu.Unlock()
		close(c.done)
	}()
	c.value, c.err = ask(ctx)
	finished = true
	return c.value, c.err
}
