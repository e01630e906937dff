package emulator

import (
	"slices"
	"sync"
	"time"
)

// shared is the state of an emulator. Its requests read it, at the same time as
// tests change it.
type shared[S any] struct {
	mu    sync.RWMutex
	state S
}

// Update changes the state. The function must not call the emulator.
func (s *shared[S]) Update(change func(*S)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.state)
}

// View reads the state. The function must not change it nor call the emulator.
func (s *shared[S]) View(read func(*S)) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	read(&s.state)
}

// uses remembers when tokens were used last. It is apart from the state, because
// reading requests, which share that, are uses too.
type uses[T any] struct {
	mu   sync.Mutex
	last map[*T]time.Time
}

func (u *uses[T]) record(token *T, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.last == nil {
		u.last = map[*T]time.Time{}
	}
	u.last[token] = at
}

// latest is the last use that was recorded; zero for none.
func (u *uses[T]) latest(token *T) time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.last[token]
}

// standard fills in the default of an option.
func standard(value *int, n int) {
	if *value == 0 {
		*value = n
	}
}

// find gives the first item that matches, or nil.
func find[T any](items []*T, match func(*T) bool) *T {
	if i := slices.IndexFunc(items, match); i >= 0 {
		return items[i]
	}
	return nil
}
