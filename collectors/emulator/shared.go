package emulator

import (
	"slices"
	"sync"
	"time"
)

// Shared is the state of an emulator. Its requests read it, at the same time as
// tests change it.
type Shared[S any] struct {
	mu    sync.RWMutex
	state S
}

// NewShared makes a state that only Update changes from then on.
func NewShared[S any](state S) *Shared[S] { return &Shared[S]{state: state} }

// Update changes the state. The function must not call the emulator.
func (s *Shared[S]) Update(change func(*S)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.state)
}

// View reads the state. The function must not change it nor call the emulator.
func (s *Shared[S]) View(read func(*S)) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	read(&s.state)
}

// Decide returns what the function makes of the state, which it must not change.
func (s *Shared[S]) Decide(decide func(*S) Reply) Reply {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return decide(&s.state)
}

// Uses remembers when tokens were used last. It is apart from the state, because
// reading requests, which share that, are uses too.
type Uses[T any] struct {
	mu   sync.Mutex
	last map[*T]time.Time
}

// Record notes a use of a token.
func (u *Uses[T]) Record(token *T, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.last == nil {
		u.last = map[*T]time.Time{}
	}
	u.last[token] = at
}

// Latest is the last use that was recorded; zero for none.
func (u *Uses[T]) Latest(token *T) time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.last[token]
}

// Default sets an option that is zero to its default.
func Default(value *int, n int) {
	if *value == 0 {
		*value = n
	}
}

// Find returns the first item that matches, or nil.
func Find[T any](items []*T, match func(*T) bool) *T {
	if i := slices.IndexFunc(items, match); i >= 0 {
		return items[i]
	}
	return nil
}
