package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/report"
)

// RunInfo is a run in the list of runs.
type RunInfo struct {
	// Run is its place in time, from 1.
	Run      int       `json:"run"`
	ID       string    `json:"id"`
	At       time.Time `json:"at"`
	Complete bool      `json:"complete"`
	Sources  int       `json:"sources"`
	Tokens   int       `json:"tokens"`
	// OpenFindings are all that were open after the run, also those that it could not see.
	OpenFindings int           `json:"open_findings"`
	Scope        *report.Scope `json:"scope,omitempty"`
	// Version is that of the program.
	Version string `json:"version"`
	// Kept: what the run saw is still there.
	Kept bool `json:"kept"`
}

// Runs returns all runs, the earliest first.
func (s *Store) Runs(ctx context.Context) ([]RunInfo, error) {
	return list(ctx, s, func(scan func(...any)) (r RunInfo, err error) {
		var head string
		var kept, complete int
		scan(&r.Run, &r.ID, &kept, &complete, &r.Sources, &r.Tokens, &r.OpenFindings, &head)
		var run Run
		if err := json.Unmarshal([]byte(head), &run); err != nil {
			return r, fmt.Errorf("run %d: %w", r.Run, err)
		}
		r.At, r.Scope, r.Version, r.Kept, r.Complete = run.At, run.Scope, run.Tool.Version, kept == 1, complete == 1
		return r, nil
	}, `SELECT run, id, kept, complete, sources, tokens, open_findings, head FROM run ORDER BY run`)
}

// FindingInfo is a finding with what became of it.
type FindingInfo struct {
	Fingerprint string    `json:"fingerprint"`
	Rule        string    `json:"rule"`
	Severity    string    `json:"severity"`
	State       State     `json:"state"`
	Reason      string    `json:"reason,omitempty"`
	Source      string    `json:"source"`
	Token       string    `json:"token,omitempty"`
	TokenName   string    `json:"token_name,omitempty"`
	Team        string    `json:"team,omitempty"`
	Message     string    `json:"message"`
	FirstSeen   time.Time `json:"first_seen"`
	// LastSeen is zero where the run that saw it last was pruned.
	LastSeen time.Time `json:"last_seen,omitzero"`
	// StateSince is when it came to the state.
	StateSince time.Time `json:"state_since"`
	Reopened   int       `json:"reopened,omitempty"`
	Waiver     *Waiver   `json:"waiver,omitempty"`
}

// Findings returns all findings, by rule, source, token and fingerprint.
func (s *Store) Findings(ctx context.Context) ([]FindingInfo, error) {
	findings := []FindingInfo{}
	err := s.reading(ctx, func(t *tx) error {
		t.Each(func(scan func(...any)) error {
			var f FindingInfo
			var w Waiver
			var first, last, since string
			scan(&f.Fingerprint, &f.Rule, &f.Severity, &f.State, &f.Reason, &f.Source, &f.Token, &f.TokenName, &f.Team, &f.Message, &first, &last, &since, &w.Owner, &w.ApprovedBy, &w.Expires)
			if w != (Waiver{}) {
				f.Waiver = &w
			}
			err := parseTimes([]string{first, last, since}, &f.FirstSeen, &f.LastSeen, &f.StateSince)
			findings = append(findings, f)
			return err
		}, `SELECT fingerprint, rule, severity, state, reason, source, token, token_name, team, message, first_seen, COALESCE(last_seen, ''), state_since,
			waiver_owner, waiver_approved_by, waiver_expires FROM findings`)
		reopened := t.reopenings()
		for i := range findings {
			findings[i].Reopened = reopened[findings[i].Fingerprint]
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the store: %w", err)
	}
	slices.SortFunc(findings, func(a, b FindingInfo) int {
		return slices.Compare([]string{a.Rule, a.Source, a.Token, a.Fingerprint}, []string{b.Rule, b.Source, b.Token, b.Fingerprint})
	})
	return findings, nil
}

// reopenings returns by fingerprint how often findings came back after they were over.
func (t *tx) reopenings() map[string]int {
	counts := map[string]int{}
	t.Each(func(scan func(...any)) error {
		var fingerprint string
		var n int
		scan(&fingerprint, &n)
		counts[fingerprint] = n
		return nil
	}, `SELECT fingerprint, reopened FROM finding_state WHERE to_run IS NULL AND reopened > 0`)
	return counts
}

// parseTimes reads times in RFC 3339, as UTC; an empty text leaves its time zero.
func parseTimes(texts []string, to ...*time.Time) error {
	for i, text := range texts {
		if text == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return fmt.Errorf("a time in the store: %w", err)
		}
		*to[i] = at.UTC()
	}
	return nil
}

// list returns what row makes of every row of a query.
func list[T any](ctx context.Context, s *Store, row func(scan func(...any)) (T, error), query string, arguments ...any) ([]T, error) {
	all := []T{}
	err := s.reading(ctx, func(t *tx) error {
		t.Each(func(scan func(...any)) error {
			one, err := row(scan)
			all = append(all, one)
			return err
		}, query, arguments...)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the store: %w", err)
	}
	return all, nil
}

// Version is a token for as long as it did not change.
type Version struct {
	From time.Time `json:"from"`
	// To is when it was seen to be other, or not there; zero while it holds.
	To time.Time `json:"to,omitzero"`
	// Ended is changed or gone; empty while it holds.
	Ended  string `json:"ended,omitempty"`
	Source string `json:"source"`
	Name   string `json:"name"`
	Kind   string `json:"kind"`
	Access string `json:"access"`
	Owner  string `json:"owner,omitempty"`
	Expiry string `json:"expiry"`
	// RiskMin and RiskMax are -1 where it was not judged by risk.
	RiskMin int `json:"risk_min"`
	RiskMax int `json:"risk_max"`
	// Team answers for it; empty for none.
	Team string `json:"team,omitempty"`
	// Facts is the token as it was, without its last use.
	Facts json.RawMessage `json:"facts"`
}

// TokenIDs returns the ids of all tokens that ever were, sorted.
func (s *Store) TokenIDs(ctx context.Context) ([]string, error) {
	ids, err := list(ctx, s, func(scan func(...any)) (id string, err error) {
		scan(&id)
		return id, nil
	}, `SELECT token FROM token`)
	slices.Sort(ids)
	return ids, err
}

// Versions returns the versions of a token, the earliest first.
func (s *Store) Versions(ctx context.Context, token string) ([]Version, error) {
	return list(ctx, s, func(scan func(...any)) (v Version, err error) {
		var from, to, facts string
		scan(&from, &to, &v.Ended, &v.Source, &v.Name, &v.Kind, &v.Access, &v.Owner, &v.Expiry, &v.RiskMin, &v.RiskMax, &v.Team, &facts)
		v.Facts = json.RawMessage(facts)
		err = parseTimes([]string{from, to}, &v.From, &v.To)
		return v, err
	}, `SELECT b.at, COALESCE(e.at, ''), v.ended, v.source, v.name, v.kind, v.access, v.owner, v.expiry, v.risk_min, v.risk_max, v.team, f.data
		FROM token_version v JOIN run b ON b.run = v.from_run LEFT JOIN run e ON e.run = v.to_run JOIN body f ON f.id = v.facts
		WHERE v.token = ? ORDER BY v.from_run`, token)
}

// Span is a finding for as long as its state did not change.
type Span struct {
	Rule     string    `json:"rule"`
	Key      string    `json:"key,omitempty"`
	Severity string    `json:"severity"`
	State    State     `json:"state"`
	Reason   string    `json:"reason,omitempty"`
	From     time.Time `json:"from"`
	// To is zero while it holds.
	To     time.Time `json:"to,omitzero"`
	Waiver *Waiver   `json:"waiver,omitempty"`
	Team   string    `json:"team,omitempty"`
	// Fingerprint identifies the finding.
	Fingerprint string `json:"fingerprint"`
}

// Spans returns what became of findings, in the order of time. With a token, of those about it.
func (s *Store) Spans(ctx context.Context, token string) ([]Span, error) {
	where, arguments := ``, []any(nil)
	if token != "" {
		where, arguments = ` WHERE f.token = ?`, []any{token}
	}
	spans, err := list(ctx, s, func(scan func(...any)) (p Span, err error) {
		var w Waiver
		var from, to string
		scan(&p.Fingerprint, &p.Rule, &p.Key, &p.Severity, &p.State, &p.Reason, &p.Team, &from, &to, &w.Owner, &w.ApprovedBy, &w.Expires)
		if p.State == StateWaived {
			p.Waiver = &w
		}
		err = parseTimes([]string{from, to}, &p.From, &p.To)
		return p, err
	}, `SELECT s.fingerprint, f.rule, f.finding_key, s.severity, s.state, s.reason, s.team, b.at, COALESCE(e.at, ''), s.waiver_owner, s.waiver_approved_by, s.waiver_expires
		FROM finding_state s JOIN finding f ON f.fingerprint = s.fingerprint JOIN run b ON b.run = s.from_run LEFT JOIN run e ON e.run = s.to_run`+where+` ORDER BY s.from_run`, arguments...)
	slices.SortStableFunc(spans, func(a, b Span) int {
		if c := a.From.Compare(b.From); c != 0 {
			return c
		}
		return strings.Compare(a.Rule+"\x00"+a.Fingerprint, b.Rule+"\x00"+b.Fingerprint)
	})
	return spans, err
}

// At returns the last run until a moment, with what it saw; nil where there is none.
func (s *Store) At(ctx context.Context, until time.Time) (*Observation, error) {
	var o *Observation
	err := s.reading(ctx, func(t *tx) error {
		var n int
		t.One([]any{&n}, `SELECT COALESCE(MAX(run), 0) FROM run WHERE at <= ?`, stamp(until))
		if n == 0 || t.Err != nil {
			return t.Err
		}
		var err error
		o, err = t.recall(n)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the store: %w", err)
	}
	return o, nil
}
