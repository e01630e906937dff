package store

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

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

// over reports whether the finding has to be seen again to be open.
func (s State) over() bool { return s == StateResolved || s == StateGone }

// ruleChanged is why a finding is withdrawn that a rule with other settings does not find.
const ruleChanged report.Resolution = "rule_changed"

// state is a row of finding_state, with what identifies the finding.
type state struct {
	fingerprint, rule, source, cms, token string

	kind       string
	from       int
	state      State
	reason     string
	severity   policies.Severity
	team       string
	definition string
	waiver     Waiver
}

// sameAs reports whether the two rows say the same.
func (s state) sameAs(other state) bool {
	other.from = s.from
	return s == other
}

// version is a row of token_version.
type version struct {
	token, source, cms, kind string

	from    int
	content content
}

// content is what a version of a token says. It is comparable.
type content struct {
	facts, lastUse, notEvaluated string

	source           string
	worded           bool
	riskMin, riskMax int
}

// append adds a run after all others. n is its number.
func (t *tx) append(n int, o *Observation) error {
	w, err := newWorld(o)
	if err != nil {
		return err
	}
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
		text, err := packed(f.Data)
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
		n, run.ID, stamp(run.At), run.ConfigDigest, run.onlyRules(), number(run.Complete), len(o.Sources), len(o.Tokens), open, string(head), t.keep(string(rules)))
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
			n, s.ID, s.CMS, s.CollectedAt.Format(timeFormat), t.keep(s.Content), t.keep(string(judged)))
	}
}

// timeFormat loses nothing of the time of a collection.
const timeFormat = "2006-01-02T15:04:05.999999999Z07:00"

// putTokens ends the versions that do not hold any more, and begins new ones.
func (t *tx) putTokens(n int, w *world) error {
	current := map[string]version{}
	t.Each(func(scan func(...any)) error {
		v := scanVersion(scan)
		current[v.token] = v
		return nil
	}, `SELECT `+versionColumns+` FROM token_version WHERE to_run IS NULL`)
	for _, id := range sortedKeys(current) {
		v := current[id]
		if _, there := w.tokens[id]; !there && t.tokenGone(w, &v) {
			t.Exec(`UPDATE token_version SET to_run = ?, ended = 'gone' WHERE token = ? AND from_run = ?`, n, id, v.from)
		}
	}
	for i := range w.o.Tokens {
		seen := &w.o.Tokens[i]
		c := content{
			facts: bodyID(seen.Facts), lastUse: bodyID(seen.LastUse), notEvaluated: strings.Join(seen.NotEvaluated, " "),
			source: seen.Source, worded: seen.Worded, riskMin: seen.RiskMin, riskMax: seen.RiskMax,
		}
		v, there := current[seen.ID]
		if there && v.content == c {
			continue
		}
		if there {
			t.Exec(`UPDATE token_version SET to_run = ?, ended = 'changed' WHERE token = ? AND from_run = ?`, n, seen.ID, v.from)
		}
		t.Exec(`INSERT INTO token (token, source, first_run, first_at, first_collected) VALUES (?, ?, ?, ?, ?) ON CONFLICT (token) DO NOTHING`,
			seen.ID, seen.Source, n, stamp(w.o.Run.At), w.sources[seen.Source].CollectedAt.Format(timeFormat))
		if err := t.putVersion(n, seen, c); err != nil {
			return err
		}
	}
	return t.Err
}

const versionColumns = `token, from_run, source, cms, kind, facts, last_use, worded, risk_min, risk_max, not_evaluated`

func scanVersion(scan func(...any)) version {
	var v version
	var worded int
	scan(&v.token, &v.from, &v.source, &v.cms, &v.kind, &v.content.facts, &v.content.lastUse, &worded, &v.content.riskMin, &v.content.riskMax, &v.content.notEvaluated)
	v.content.source, v.content.worded = v.source, worded == 1
	return v
}

func (t *tx) putVersion(n int, seen *Token, c content) error {
	shown, err := seen.columns()
	if err != nil {
		return err
	}
	t.keep(seen.Facts)
	t.keep(seen.LastUse)
	t.Exec(`INSERT INTO token_version (token, from_run, to_run, ended, source, cms, kind, name, access, writes, owner, owner_state, expiry,
		facts, last_use, worded, risk_min, risk_max, not_evaluated) VALUES (?, ?, NULL, '', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		seen.ID, n, seen.Source, seen.CMS, string(seen.Kind), shown.name, shown.access, number(shown.writes), shown.owner, shown.ownerState, shown.expiry,
		c.facts, c.lastUse, number(c.worded), c.riskMin, c.riskMax, c.notEvaluated)
	return t.Err
}

// tokenGone reports whether the run proves that a token which it did not see is not there.
func (t *tx) tokenGone(w *world, v *version) bool {
	source, there := w.sources[v.source]
	if !there {
		return t.sourceGone(w, v.source, v.cms)
	}
	return !report.UnreadKind(&source.units, kindOf(v.kind))
}

// sourceGone reports whether the run proves that a source which it did not read is not
// there: it looked at all that is configured, found all sources of the CMS, and was
// configured as when the source was read last.
func (t *tx) sourceGone(w *world, source, cms string) bool {
	if w.o.Run.Scope.PartOfSources() || w.lost[cms] {
		return false
	}
	var config string
	return t.One([]any{&config}, `SELECT r.config_digest FROM reading g JOIN run r ON r.run = g.run WHERE g.source = ? ORDER BY g.run DESC LIMIT 1`, source) &&
		config == w.o.Run.ConfigDigest
}

const stateColumns = `s.fingerprint, f.rule, f.source, f.cms, f.token, s.kind, s.from_run, s.state, s.reason, s.severity, s.team, s.definition,
	s.waiver_owner, s.waiver_approved_by, s.waiver_expires`

func scanState(scan func(...any)) state {
	var s state
	scan(&s.fingerprint, &s.rule, &s.source, &s.cms, &s.token, &s.kind, &s.from, &s.state, &s.reason, &s.severity, &s.team, &s.definition,
		&s.waiver.Owner, &s.waiver.ApprovedBy, &s.waiver.Expires)
	return s
}

// putFindings notes what became of all findings, and returns how many are open.
func (t *tx) putFindings(n int, w *world) (open int) {
	current := map[string]state{}
	t.Each(func(scan func(...any)) error {
		s := scanState(scan)
		current[s.fingerprint] = s
		return nil
	}, `SELECT `+stateColumns+` FROM finding_state s JOIN finding f ON f.fingerprint = s.fingerprint WHERE s.to_run IS NULL`)
	seen := make(map[string]bool, len(w.o.Findings))
	for i := range w.o.Findings {
		f := &w.o.Findings[i]
		seen[f.Fingerprint] = true
		was, known := current[f.Fingerprint]
		if !known {
			t.Exec(`INSERT INTO finding (fingerprint, first_run, first_at, rule, source, cms, token, finding_key, message) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
				f.Fingerprint, n, stamp(w.o.Run.At), f.Rule, f.Source, f.CMS, f.Token, f.Key, f.Message)
		}
		now := f.state(w.rules[f.Rule])
		if now.state == StateOpen {
			open++
		}
		t.putState(n, was, now, known)
	}
	for _, fingerprint := range sortedKeys(current) {
		was := current[fingerprint]
		if seen[fingerprint] {
			continue
		}
		now := t.settled(w, was)
		if now.state == StateOpen || now.state == StateUnseen {
			open++
		}
		t.putState(n, was, now, true)
	}
	return open
}

// state returns a finding that a run had.
func (f *Finding) state(definition string) state {
	s := state{
		fingerprint: f.Fingerprint, rule: f.Rule, source: f.Source, cms: f.CMS, token: f.Token, kind: string(f.Kind),
		state: StateOpen, severity: f.Severity, team: f.Team, definition: definition,
	}
	if f.Waiver != nil {
		s.state, s.waiver = StateWaived, *f.Waiver
	}
	return s
}

func (t *tx) putState(n int, was, now state, known bool) {
	if known {
		if was.sameAs(now) {
			return
		}
		t.Exec(`UPDATE finding_state SET to_run = ? WHERE fingerprint = ? AND from_run = ?`, n, was.fingerprint, was.from)
	}
	t.Exec(`INSERT INTO finding_state (fingerprint, from_run, to_run, state, reason, severity, kind, team, definition, waiver_owner, waiver_approved_by, waiver_expires)
		VALUES (?, ?, NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		now.fingerprint, n, string(now.state), now.reason, string(now.severity), now.kind, now.team, now.definition, now.waiver.Owner, now.waiver.ApprovedBy, now.waiver.Expires)
}

// settled returns what a run that did not have a finding says of it.
func (t *tx) settled(w *world, s state) state {
	if s.state.over() {
		return s
	}
	became, reason, said := t.outcome(w, &s)
	if !said || (became == StateUnseen && s.state == StateWithdrawn) {
		return s
	}
	s.state, s.reason = became, string(reason)
	return s
}

// outcome says what became of a finding that the run did not have; said is false where the
// run did not look.
func (t *tx) outcome(w *world, s *state) (became State, reason report.Resolution, said bool) {
	source, there := w.sources[s.source]
	scope := w.o.Run.Scope
	asked := scope == nil || len(scope.Rules) == 0 || strings.Contains(w.o.Run.onlyRules(), "|"+s.rule+"|")
	switch {
	case !there && scope.PartOfSources():
		return "", "", false
	case !there && w.lost[s.cms]:
		return StateUnseen, report.StaleUnread, asked
	case !there:
		return StateGone, report.ResolvedSourceGone, t.sourceGone(w, s.source, s.cms)
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
		return StateWithdrawn, ruleChanged, true
	}
	return StateResolved, report.ResolvedPasses, true
}
