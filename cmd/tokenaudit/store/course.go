package store

import (
	"context"
	"fmt"
	"time"
)

// Course is how findings and tokens have developed.
type Course struct {
	Runs []RunInfo
	// Spans are by fingerprint, and then in the order of time. They have no key, reason or
	// waiver.
	Spans []Span
	Kinds []KindSpan
}

// KindOf is a kind of tokens, and who answers for them; empty for no team.
type KindOf struct{ Kind, Team string }

// KindSpan are tokens of a kind and team that were there as long as each other.
type KindSpan struct {
	KindOf

	From time.Time
	// To is zero while they are there.
	To    time.Time
	Count int
}

// Course returns all that is known of how findings and tokens have developed.
func (s *Store) Course(ctx context.Context) (Course, error) {
	runs, err := s.Runs(ctx)
	if err != nil {
		return Course{}, err
	}
	c := Course{Runs: runs}
	at := []time.Time{{}} // by the numbers of the runs, from 1
	err = s.reading(ctx, func(t *tx) error {
		t.Each(func(scan func(...any)) error {
			var text string
			scan(&text)
			var one time.Time
			err := parseTimes([]string{text}, &one)
			at = append(at, one)
			return err
		}, `SELECT at FROM run ORDER BY run`)
		// Years have many rows: the times of runs are not joined to each of them.
		span := func(from, to int) (time.Time, time.Time, error) {
			if from < 1 || from >= len(at) || to >= len(at) {
				return time.Time{}, time.Time{}, fmt.Errorf("a run between %d and %d is missing", from, to)
			}
			return at[from], at[to], nil
		}
		t.Each(func(scan func(...any)) error {
			var p Span
			var from, to int
			scan(&p.Fingerprint, &p.Rule, &p.Severity, &p.State, &p.Team, &from, &to)
			var err error
			p.From, p.To, err = span(from, to)
			c.Spans = append(c.Spans, p)
			return err
		}, `SELECT s.fingerprint, f.rule, s.severity, s.state, s.team, s.from_run, COALESCE(s.to_run, 0)
			FROM finding_state s JOIN finding f ON f.fingerprint = s.fingerprint ORDER BY s.fingerprint, s.from_run`)
		t.Each(func(scan func(...any)) error {
			var k KindSpan
			var from, to int
			scan(&k.Kind, &k.Team, &from, &to, &k.Count)
			var err error
			k.From, k.To, err = span(from, to)
			c.Kinds = append(c.Kinds, k)
			return err
		}, `SELECT kind, team, from_run, COALESCE(to_run, 0), COUNT(*) FROM token_version GROUP BY kind, team, from_run, to_run ORDER BY kind, team, from_run, to_run`)
		return t.Err
	})
	if err != nil {
		return Course{}, fmt.Errorf("read the store: %w", err)
	}
	return c, nil
}
