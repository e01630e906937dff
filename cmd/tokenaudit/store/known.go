package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/deadlines"
	"github.com/tokenaudit/tokenaudit/report"
)

// Known is what a store knew of findings before a run, as far as a report of the run tells of it.
type Known struct {
	// At is the time of the last run before; zero where there is none. Complete is as of its report.
	At       time.Time `json:"at,omitzero"`
	Complete bool      `json:"complete"`
	// Findings are those of the report that were known, and those that it does not have and
	// that were not over, by fingerprint.
	Findings map[string]KnownFinding `json:"findings"`
}

// KnownFinding is a finding as it was known after the last run.
type KnownFinding struct {
	State     State     `json:"state"`
	FirstSeen time.Time `json:"first_seen"`
	// Reopened is how often it came back, WaivedDays how many days it was waived.
	Reopened   int `json:"reopened,omitempty"`
	WaivedDays int `json:"waived_days,omitempty"`
	// Missing is nil for a finding that the report has.
	Missing *MissingFinding `json:"missing,omitempty"`
}

// MissingFinding is what only the store tells of a finding.
type MissingFinding struct {
	Rule     string            `json:"rule"`
	Source   string            `json:"source"`
	CMS      string            `json:"cms"`
	Token    string            `json:"token,omitempty"`
	Kind     string            `json:"kind,omitempty"`
	Key      string            `json:"key,omitempty"`
	Severity policies.Severity `json:"severity"`
	Team     string            `json:"team,omitempty"`
	Message  string            `json:"message"`
	// Definition identifies the rule and its settings when the finding was seen last.
	Definition string `json:"definition"`
	// Waived: the waiver says who accepted it.
	Waived bool `json:"waived,omitempty"`
	// TokenName is the last that the token had.
	TokenName string `json:"token_name,omitempty"`
	// LastSeen is the time of the last run that had it; zero where that was pruned.
	LastSeen time.Time `json:"last_seen,omitzero"`
	// ReadWith is the digest of the configuration with which the source was read last.
	ReadWith string `json:"read_with"`
}

// Known returns what the store knew of findings before a run, for its report.
func (s *Store) Known(ctx context.Context, r *report.Report) (*Known, error) {
	var known *Known
	err := s.reading(ctx, func(t *tx) (err error) {
		known, err = t.known(r)
		return cmp.Or(t.Err, err)
	})
	if err != nil {
		return nil, fmt.Errorf("compare with the store: %w", err)
	}
	return known, nil
}

func (t *tx) known(r *report.Report) (*Known, error) {
	last := t.before(r.At)
	k := &Known{Findings: make(map[string]KnownFinding, len(r.Findings))}
	var at string
	var complete int
	if !t.One([]any{&at, &complete}, `SELECT at, complete FROM run WHERE run = ?`, last) {
		return k, t.Err
	}
	k.Complete = complete == 1
	here := make(map[string]bool, len(r.Findings))
	for _, f := range r.Findings {
		here[f.Fingerprint] = true
	}
	standings, firsts, waived := t.standings(last), t.firstTimes(), t.waivedDays(last, r.At)
	var missing []string
	for fingerprint, was := range standings {
		if !here[fingerprint] {
			if was.state.Over() || was.state == StateWithdrawn {
				continue
			}
			missing = append(missing, fingerprint)
		}
		f := KnownFinding{State: was.state, Reopened: was.reopened, WaivedDays: waived[fingerprint]}
		if err := parseTimes([]string{firsts[fingerprint]}, &f.FirstSeen); err != nil {
			return nil, err
		}
		k.Findings[fingerprint] = f
	}
	t.recent.Store(&recent{t.at(last), standings})
	if err := t.miss(last, missing, standings, k.Findings); err != nil {
		return nil, err
	}
	return k, cmp.Or(t.Err, parseTimes([]string{at}, &k.At))
}

// firstTimes returns by fingerprint when findings were seen first.
func (t *tx) firstTimes() map[string]string {
	firsts := map[string]string{}
	var fingerprint, at string
	t.Each(func(scan func(...any)) error {
		scan(&fingerprint, &at)
		firsts[fingerprint] = at
		return nil
	}, `SELECT fingerprint, first_at FROM finding`)
	return firsts
}

// waivedDays counts by fingerprint the days on which findings were waived, until a moment after
// the run last, and no longer than their waivers held.
func (t *tx) waivedDays(last int, until time.Time) map[string]int {
	counted := map[string]int{}
	t.Each(func(scan func(...any)) error {
		var fingerprint, from, to string
		var waiver policies.Waiver
		scan(&fingerprint, &from, &to, &waiver.Expires)
		begin, end := time.Time{}, until
		err := parseTimes([]string{from, to}, &begin, &end)
		if waiver.Expired(end) {
			end = waiver.End()
		}
		counted[fingerprint] += max(0, deadlines.DaysBetween(begin, end))
		return err
	}, `SELECT s.fingerprint, b.at, COALESCE(e.at, ''), s.waiver_expires FROM finding_state s JOIN run b ON b.run = s.from_run
		LEFT JOIN run e ON e.run = s.to_run AND e.run <= ? WHERE s.state = 'waived' AND s.from_run <= ?`, last, last)
	return counted
}

// miss adds what only the store tells of findings, as of the run last.
func (t *tx) miss(last int, missing []string, standings map[string]standing, known map[string]KnownFinding) error {
	rows := t.rows(last, missing)
	var tokens []string
	for _, r := range rows {
		tokens = append(tokens, r.token)
	}
	names, readWith, lastSeen := t.names(last, tokens), t.readWith(last), t.lastSeen()
	for fingerprint, r := range rows {
		was, until := standings[fingerprint], last
		if was.state == StateUnseen {
			until = was.from - 1
		}
		seen, err := lastSeen(r.source, r.rule, until)
		if err := cmp.Or(t.Err, err); err != nil {
			return err
		}
		f := known[fingerprint]
		f.Missing = &MissingFinding{
			Rule: r.rule, Source: r.source, CMS: r.cms, Token: r.token, Kind: r.kind, Key: r.key, Severity: r.severity, Team: r.team, Message: r.message,
			Definition: r.definition, Waived: r.waiver != (Waiver{}), TokenName: names[r.token], LastSeen: seen, ReadWith: readWith(r.source),
		}
		known[fingerprint] = f
	}
	return t.Err
}

// names returns the last names that tokens had, until the run last.
func (t *tx) names(last int, tokens []string) map[string]string {
	type name struct {
		text string
		from int
	}
	slices.Sort(tokens)
	all := map[string]name{}
	t.eachOf(slices.Compact(tokens), func(scan func(...any)) error {
		var token string
		var n name
		scan(&token, &n.text, &n.from)
		if n.from > all[token].from {
			all[token] = n
		}
		return nil
	}, `SELECT token, name, from_run FROM token_version WHERE token IN (*) AND from_run <= ?`, last)
	names := make(map[string]string, len(all))
	for token, n := range all {
		names[token] = n.text
	}
	return names
}

// lastSeen returns a function that returns the time of the last run that looked at a source by
// a rule; zero where there is none.
func (t *tx) lastSeen() func(source, rule string, until int) (time.Time, error) {
	type look struct {
		source, rule string
		until        int
	}
	seen := map[look]time.Time{}
	return func(source, rule string, until int) (at time.Time, err error) {
		at, known := seen[look{source, rule, until}]
		if !known {
			var text string
			// As the view findings does.
			t.One([]any{&text}, `SELECT r.at FROM reading g JOIN run r ON r.run = g.run WHERE g.source = ? AND g.run <= ?
				AND (r.only_rules = '' OR r.only_rules LIKE '%|' || ? || '|%') ORDER BY g.run DESC LIMIT 1`, source, until, rule)
			err = parseTimes([]string{text}, &at)
			seen[look{source, rule, until}] = at
		}
		return at, err
	}
}
