package store

import (
	"context"
	"fmt"
)

// Ahead is what a run would change that is not written yet.
type Ahead struct {
	// Spans are the findings whose state changes with it, as they are from it on.
	Spans []Span
	// Kinds counts by kind the tokens that there are after it.
	Kinds map[string]int
}

// Ahead returns what a run would change if it came after all runs that are earlier. It writes
// nothing.
func (s *Store) Ahead(ctx context.Context, o *Observation) (Ahead, error) {
	a := Ahead{Kinds: map[string]int{}}
	w, err := newWorld(o)
	if err != nil {
		return a, err
	}
	err = s.reading(ctx, func(t *tx) error {
		last := t.before(o.Run.At)
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
	states := map[string]state{}
	t.Each(func(scan func(...any)) error {
		s := scanState(scan)
		states[s.fingerprint] = s
		return nil
	}, `SELECT `+stateColumns+` FROM finding_state s JOIN finding f ON f.fingerprint = s.fingerprint WHERE s.`+covering, last, last)
	look := func(was, now state, known bool) {
		if !known || !was.sameAs(now) {
			a.Spans = append(a.Spans, Span{
				Fingerprint: now.fingerprint, Rule: now.rule, Severity: string(now.severity), State: now.state, Reason: now.reason, Team: now.team, From: w.o.Run.At,
			})
		}
	}
	for i := range w.o.Findings {
		f := &w.o.Findings[i]
		was, known := states[f.Fingerprint]
		look(was, f.state(w.rules[f.Rule]), known)
		delete(states, f.Fingerprint)
	}
	for _, fingerprint := range sortedKeys(states) {
		was := states[fingerprint]
		look(was, t.settled(w, was), true)
	}
}

func (t *tx) lookAtTokens(last int, w *world, a *Ahead) {
	for i := range w.o.Tokens {
		a.Kinds[string(w.o.Tokens[i].Kind)]++
	}
	var unseen []version
	t.Each(func(scan func(...any)) error {
		if v := scanVersion(scan); w.tokens[v.token] == nil {
			unseen = append(unseen, v)
		}
		return nil
	}, `SELECT `+versionColumns+` FROM token_version WHERE `+covering, last, last)
	for i := range unseen {
		if !t.tokenGone(w, &unseen[i]) {
			a.Kinds[unseen[i].kind]++
		}
	}
}
