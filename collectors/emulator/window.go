package emulator

import (
	"sync"
	"time"
)

// Window counts requests by key in a period and refuses those over a limit.
// A refused request does not count.
type Window struct {
	period time.Duration
	fixed  bool

	mu   sync.Mutex
	hits map[string][]time.Time
}

// NewWindow returns a window that slides, or one that begins on the full period.
func NewWindow(period time.Duration, fixed bool) *Window {
	return &Window{period: period, fixed: fixed, hits: map[string][]time.Time{}}
}

// Take counts a request of key at now, unless limit requests are in the window
// already. It returns what is left of the limit, and for a refused request how
// long until one would pass.
func (w *Window) Take(key string, limit int, now time.Time) (remaining int, wait time.Duration, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	hits := w.open(w.hits[key], now)
	if len(hits) >= limit {
		w.hits[key] = hits
		return 0, w.wait(hits, now), false
	}
	w.hits[key] = append(hits, now)
	return limit - len(hits) - 1, 0, true
}

// open drops the hits that the window has left behind.
func (w *Window) open(hits []time.Time, now time.Time) []time.Time {
	for len(hits) > 0 && w.past(hits[0], now) {
		hits = hits[1:]
	}
	return hits
}

func (w *Window) past(hit, now time.Time) bool {
	if w.fixed {
		return hit.Truncate(w.period).Before(now.Truncate(w.period))
	}
	return now.Sub(hit) >= w.period
}

func (w *Window) wait(hits []time.Time, now time.Time) time.Duration {
	if w.fixed {
		return now.Truncate(w.period).Add(w.period).Sub(now)
	}
	if len(hits) == 0 {
		return w.period
	}
	return hits[0].Add(w.period).Sub(now)
}

// WholeSeconds rounds up, at least to 1: what a header of seconds can say.
func WholeSeconds(d time.Duration) int {
	return max(1, int((d+time.Second-1)/time.Second))
}
