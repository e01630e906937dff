package emulator

import (
	"sync"
	"time"
)

// window counts requests by key in a period and refuses those over a limit.
// A refused request does not count.
type window struct {
	period time.Duration
	fixed  bool

	mu   sync.Mutex
	hits map[string][]time.Time
}

func newWindow(period time.Duration, fixed bool) *window {
	return &window{period: period, fixed: fixed, hits: map[string][]time.Time{}}
}

// take counts a request of key at now, unless limit requests are in the window
// already. It gives what is left of the limit, and for a refused request how
// long until one would pass.
func (w *window) take(key string, limit int, now time.Time) (remaining int, wait time.Duration, ok bool) {
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
func (w *window) open(hits []time.Time, now time.Time) []time.Time {
	for len(hits) > 0 && w.past(hits[0], now) {
		hits = hits[1:]
	}
	return hits
}

func (w *window) past(hit, now time.Time) bool {
	if w.fixed {
		return hit.Truncate(w.period).Before(now.Truncate(w.period))
	}
	return now.Sub(hit) >= w.period
}

func (w *window) wait(hits []time.Time, now time.Time) time.Duration {
	if w.fixed {
		return now.Truncate(w.period).Add(w.period).Sub(now)
	}
	if len(hits) == 0 {
		return w.period
	}
	return hits[0].Add(w.period).Sub(now)
}

// wholeSeconds rounds up, at least to 1: what a header of seconds can say.
func wholeSeconds(d time.Duration) int {
	return max(1, int((d+time.Second-1)/time.Second))
}
