package store

import (
	"context"
	"fmt"
)

// Ahead is what a run would change that is not written yet.
type Ahead struct {
	// Spans are the findings whose state changes with it, as they are from it on.
	Spans []Span
	// Kinds counts by kind and team the tokens that there are after it.
	Kinds map[KindOf]int
}

// Ahead returns what a run would change if it came after all runs that are earlier. It writes
// nothing.
func (s *Store) Ahead(ctx context.Context, o *Observation) (Ahead, error) {
	a := Ahead{Kinds: map[KindOf]int{}}
	w, err := newWorld(o)
	if err != nil {
		return a, err
	}
	err = s.reading(ctx, func(t *tx) error {
		last := t.before(o.Run.At)
		w.readWith = t.readWith(last)
		t.lookAtFindings(last, w, &a)
		t.lookAtTokens(last, w, &a)
		return t.Err
	})
	if err != nil {
		return a, fmt.Errorf("read the store: %w", err)
	}
	return a, nil
}

func (t *tx) lookAtFindings(last int, w *world, a *Ahead) {
	t.becomes(last, w, func(_ *Finding, was standing, now *state) {
		if was.digest != now.digest() {
			a.Spans = append(a.Spans, Span{
				Fingerprint: now.fingerprint, Rule: now.rule, Severity: string(now.severity), State: now.state, Reason: now.reason, Team: now.team, From: w.o.Run.At,
			})
		}
	})
}

func (t *tx) lookAtTokens(last int, w *world, a *Ahead) {
	for i := range w.o.Tokens {
		a.Kinds[KindOf{string(w.o.Tokens[i].Kind), w.o.Tokens[i].Team}]++
	}
	for _, of := range t.unseen(last, w, t.versions(last)) {
		if !w.tokenGone(of) {
			a.Kinds[KindOf{of.kind, of.team}]++
		}
	}
}
