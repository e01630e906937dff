package store

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/store/observation"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
)

// State is what is known of a finding.
type State string

// The states of a finding. The last two are over, until it is seen again.
const (
	StateOpen   State = "open"
	StateWaived State = "waived"
	// StateUnseen: it was open, and nobody could look since.
	StateUnseen State = "unseen"
	// StateWithdrawn: the rule or its settings are not those that found it.
	StateWithdrawn State = "withdrawn"
	// StateResolved: its rule, as it was, judged its token or source again and did not find it.
	StateResolved State = "resolved"
	// StateGone: its token or source does not exist any more.
	StateGone State = "gone"
)

// Over reports whether the finding has to be seen again to be open.
func (s State) Over() bool { return s == StateResolved || s == StateGone }

// CountsAsOpen reports whether the finding is open, or was when somebody could look last.
func (s State) CountsAsOpen() bool { return s == StateOpen || s == StateUnseen }

// state is what was known of a finding, with what identifies it.
type state struct {
	fingerprint, rule, source, cms, token string

	kind       string
	state      State
	reason     string
	severity   policies.Severity
	team       string
	definition string
	waiver     Waiver
}

// append adds a run after all others. n is its number.
func (t *tx) append(n int, o *Observation) error {
	w, err := newWorld(o)
	if err != nil {
		return err
	}
	w.readWith = t.readWith(n - 1)
	t.putReadings(n, o)
	if err := t.putTokens(n, w); err != nil {
		return err
	}
	open := t.putFindings(n, w)
	return cmp.Or(t.Err, t.putRun(n, o, open))
}

func (t *tx) putRun(n int, o *Observation, open int) error {
	run := o.Run
	run.Rules, run.Files = nil, make([]File, len(o.Run.Files))
	for i, f := range o.Run.Files {
		text, err := observation.Packed(f.Data)
		if err != nil {
			return fmt.Errorf("keep %s: %w", f.Name, err)
		}
		run.Files[i] = File{Name: f.Name, Origin: f.Origin, Body: t.keep(text)}
	}
	head, err := json.Marshal(run)
	if err != nil {
		return fmt.Errorf("keep the run: %w", err)
	}
	rules, err := json.Marshal(o.Run.Rules)
	if err != nil {
		return fmt.Errorf("keep the rules: %w", err)
	}
	t.Exec(`INSERT INTO run (run, id, at, config_digest, only_rules, kept, complete, sources, tokens, open_findings, head, rules)
		VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?)`,
		n, run.ID, stamp(run.At), run.ConfigDigest, run.OnlyRules(), number(run.Complete), len(o.Sources), len(o.Tokens), open, string(head), t.keep(string(rules)))
	return t.Err
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (t *tx) putReadings(n int, o *Observation) {
	for i := range o.Sources {
		s := &o.Sources[i]
		judged, err := json.Marshal(s.Judged)
		t.Err = cmp.Or(t.Err, err)
		t.Exec(`INSERT INTO reading (run, source, cms, collected_at, content, judged) VALUES (?, ?, ?, ?, ?, ?)`,
			n, s.ID, s.CMS, s.CollectedAt.Format(time.RFC3339Nano), t.keep(s.Content), t.keep(string(judged)))
	}
}

// putTokens ends the versions that do not hold any more, and begins new ones.
func (t *tx) putTokens(n int, w *world) error {
	current := t.versions(n - 1)
	for _, of := range t.unseen(n-1, w, current) {
		if w.tokenGone(of) {
			t.endVersion(n, of.token, current[of.token].from, "gone")
		}
	}
	for i := range w.o.Tokens {
		seen := &w.o.Tokens[i]
		now := w.o.TokenDigest(i)
		v, there := current[seen.ID]
		if there && v.digest == now {
			continue
		}
		if there {
			t.endVersion(n, seen.ID, v.from, "changed")
		}
		t.Exec(`INSERT INTO token (token, source, first_run, first_at, first_collected) VALUES (?, ?, ?, ?, ?) ON CONFLICT (token) DO NOTHING`,
			seen.ID, seen.Source, n, stamp(w.o.Run.At), w.sources[seen.Source].CollectedAt.Format(time.RFC3339Nano))
		if err := t.putVersion(n, seen, now); err != nil {
			return err
		}
	}
	return t.Err
}

func (t *tx) endVersion(n int, token string, from int, ended string) {
	t.Exec(`UPDATE token_version SET to_run = ?, ended = ? WHERE token = ? AND from_run = ?`, n, ended, token, from)
}

func (t *tx) putVersion(n int, seen *Token, digest string) error {
	shown, err := columnsOf(seen)
	if err != nil {
		return err
	}
	t.Exec(`INSERT INTO token_version (token, from_run, to_run, ended, source, cms, kind, name, access, writes, owner, owner_state, expiry, team,
		facts, last_use, worded, risk_min, risk_max, not_evaluated, digest) VALUES (?, ?, NULL, '', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		seen.ID, n, seen.Source, seen.CMS, string(seen.Kind), shown.name, shown.access, number(shown.writes), shown.owner, shown.ownerState, shown.expiry, seen.Team,
		t.keep(seen.Facts), seen.LastUse, number(seen.Worded), seen.RiskMin, seen.RiskMax, strings.Join(seen.NotEvaluated, " "), digest)
	return t.Err
}

// tokenGone reports whether the run proves that a token which it did not see is not there.
func (w *world) tokenGone(of placed) bool {
	source, there := w.sources[of.source]
	if !there {
		return w.sourceGone(of.source, of.cms)
	}
	return !report.UnreadKind(&source.units, kindOf(of.kind))
}

// sourceGone reports whether the run proves that a source which it did not read is not
// there: it looked at all that is configured, found all sources of the CMS, and was
// configured as when the source was read last.
func (w *world) sourceGone(source, cms string) bool {
	return !w.o.Run.Scope.PartOfSources() && !w.lost[cms] && w.readWith(source) == w.o.Run.ConfigDigest
}

// readWith returns the digest of the configuration with which a source was read last, until
// the run last; empty where it was not.
func (t *tx) readWith(last int) func(source string) string {
	digests := map[string]string{}
	return func(source string) string {
		digest, asked := digests[source]
		if !asked {
			t.One([]any{&digest}, `SELECT r.config_digest FROM reading g JOIN run r ON r.run = g.run WHERE g.source = ? AND g.run <= ? ORDER BY g.run DESC LIMIT 1`, source, last)
			digests[source] = digest
		}
		return digest
	}
}

// putFindings notes what became of all findings, and returns how many are open.
func (t *tx) putFindings(n int, w *world) (open int) {
	t.becomes(n-1, w, func(f *Finding, was standing, now *state) {
		if was.from == 0 {
			t.Exec(`INSERT INTO finding (fingerprint, first_run, first_at, rule, source, cms, token, finding_key, message) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
				f.Fingerprint, n, stamp(w.o.Run.At), f.Rule, f.Source, f.CMS, f.Token, f.Key, f.Message)
		}
		if now.state.CountsAsOpen() {
			open++
		}
		t.putState(n, was, now)
	})
	return open
}

// becomes calls fn with what was known after the run last, and what a run says, of each
// finding that it had, and then of those that it did not have and that were not over. was is
// zero for a finding that was not known, f nil for one that the run did not have.
func (t *tx) becomes(last int, w *world, fn func(f *Finding, was standing, now *state)) {
	current := t.standings(last)
	seen := make(map[string]bool, len(w.o.Findings))
	for i := range w.o.Findings {
		f := &w.o.Findings[i]
		seen[f.Fingerprint] = true
		now := stateOf(f, w.rules[f.Rule])
		fn(f, current[f.Fingerprint], &now)
	}
	unseen := notOver(current, seen)
	rows := t.rows(last, unseen)
	for _, fingerprint := range unseen {
		now := w.settled(rows[fingerprint].state)
		fn(nil, current[fingerprint], &now)
	}
}

// notOver returns the findings that a run did not have and that are not over, sorted.
func notOver(current map[string]standing, seen map[string]bool) []string {
	var unseen []string
	for fingerprint, was := range current {
		if !seen[fingerprint] && !was.state.Over() {
			unseen = append(unseen, fingerprint)
		}
	}
	slices.Sort(unseen)
	return unseen
}

// stateOf returns a finding that a run had.
func stateOf(f *Finding, definition string) state {
	s := state{
		fingerprint: f.Fingerprint, rule: f.Rule, source: f.Source, cms: f.CMS, token: f.Token, kind: string(f.Kind),
		state: StateOpen, severity: f.Severity, team: f.Team, definition: definition,
	}
	if f.Waiver != nil {
		s.state, s.waiver = StateWaived, *f.Waiver
	}
	return s
}

// digest identifies what a state says. What identifies the finding is not in it.
func (s *state) digest() string {
	return observation.Digest(string(s.state), s.reason, string(s.severity), s.kind, s.team, s.definition, s.waiver.Owner, s.waiver.ApprovedBy, s.waiver.Expires)
}

// putState puts a state in the place of what was; was is zero for a finding that was not known.
func (t *tx) putState(n int, was standing, now *state) {
	digest := now.digest()
	if was.digest == digest {
		return
	}
	if was.from > 0 {
		t.Exec(`UPDATE finding_state SET to_run = ? WHERE fingerprint = ? AND from_run = ?`, n, now.fingerprint, was.from)
	}
	reopened := was.reopened
	if was.state.Over() && !now.state.Over() {
		reopened++
	}
	t.Exec(`INSERT INTO finding_state (fingerprint, from_run, to_run, state, reason, severity, kind, team, definition, waiver_owner, waiver_approved_by, waiver_expires, reopened, digest)
		VALUES (?, ?, NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		now.fingerprint, n, string(now.state), now.reason, string(now.severity), now.kind, now.team, now.definition, now.waiver.Owner, now.waiver.ApprovedBy, now.waiver.Expires, reopened, digest)
}

// settled returns what a run that did not have a finding says of it.
func (w *world) settled(s state) state {
	became, reason, said := w.outcome(&s)
	if !said || (became == StateUnseen && s.state == StateWithdrawn) {
		return s
	}
	s.state, s.reason = became, string(reason)
	return s
}

// outcome says what became of a finding that the run did not have; said is false where the
// run did not look.
func (w *world) outcome(s *state) (became State, reason report.Resolution, said bool) {
	source, there := w.sources[s.source]
	scope := w.o.Run.Scope
	asked := scope == nil || len(scope.Rules) == 0 || strings.Contains(w.o.Run.OnlyRules(), "|"+s.rule+"|")
	switch {
	case !there && scope.PartOfSources():
		return "", "", false
	case !there && w.lost[s.cms]:
		return StateUnseen, report.StaleUnread, asked
	case !there:
		return StateGone, report.ResolvedSourceGone, w.sourceGone(s.source, s.cms)
	}
	token := w.tokens[s.token]
	if s.token != "" && token == nil {
		if report.UnreadKind(&source.units, kindOf(s.kind)) {
			return StateUnseen, report.StaleUnread, asked
		}
		return StateGone, report.ResolvedTokenGone, true
	}
	definition, loaded := w.rules[s.rule]
	switch {
	case !asked:
		return "", "", false
	case !loaded:
		return StateWithdrawn, report.ResolvedRuleOff, true
	}
	if stale := undecided(source, token, s.rule); stale != "" {
		return StateUnseen, stale, true
	}
	if definition != s.definition {
		return StateWithdrawn, report.ResolvedRuleChanged, true
	}
	return StateResolved, report.ResolvedPasses, true
}
