package conformance

import (
	"net/http"
	"sync/atomic"
	"testing"
)

// TestTheHealthyServerIsAskedOnce: a case costs what its fault makes different, and not the
// making of a healthy world.
func TestTheHealthyServerIsAskedOnce(t *testing.T) {
	t.Parallel()
	target := paperTarget(none)
	healthy := target.Handler
	var asked atomic.Int32
	target.Handler = func() http.Handler {
		asked.Add(1)
		return healthy()
	}
	s, problems := newSuite(t, target)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	before := asked.Load()
	if got := s.run(t, nil); len(got.problems) > 0 || len(got.requests) != len(s.healthy.requests) {
		t.Errorf("the second run sent %d requests, the first %d: %v", len(got.requests), len(s.healthy.requests), got.problems)
	}
	if now := asked.Load(); now != before || int(before) > len(s.healthy.requests) {
		t.Errorf("%d requests of the first run and %d of the second were answered anew", before, now-before)
	}
}
