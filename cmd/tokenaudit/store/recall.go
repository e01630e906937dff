package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/store/observation"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/report"
)

func kindOf(s string) inventory.Kind { return inventory.Kind(s) }

// undecided says why a rule did not come to a verdict on a token, or, where that is nil, on
// a source; empty where it did.
func undecided(source *readSource, token *Token, rule string) report.Resolution {
	switch {
	case token != nil && slices.Contains(token.NotEvaluated, rule):
		return report.StaleNotEvaluated
	case slices.Contains(source.Judged.NotAsked, rule):
		return report.StaleNotAsked
	case token == nil && slices.Contains(source.Judged.Undecided, rule):
		return report.StaleNotEvaluated
	}
	return ""
}

// recall returns what a run saw. The message of a finding is that of the run that saw it first.
func (t *tx) recall(n int) (*Observation, error) {
	o := &Observation{}
	if err := t.recallRun(n, o); err != nil {
		return nil, err
	}
	if err := t.recallSources(n, o); err != nil {
		return nil, err
	}
	w, err := newWorld(o)
	if err != nil {
		return nil, err
	}
	t.recallTokens(n, w)
	t.recallFindings(n, w)
	o.Sort()
	return o, t.Err
}

func (t *tx) recallRun(n int, o *Observation) error {
	var head, rules string
	if !t.One([]any{&head, &rules}, `SELECT r.head, b.data FROM run r JOIN body b ON b.id = r.rules WHERE r.run = ? AND r.kept = 1`, n) {
		if t.Err != nil {
			return t.Err
		}
		return fmt.Errorf("the store keeps nothing of run %d", n)
	}
	if err := json.Unmarshal([]byte(head), &o.Run); err != nil {
		return fmt.Errorf("run %d in the store: %w", n, err)
	}
	if err := json.Unmarshal([]byte(rules), &o.Run.Rules); err != nil {
		return fmt.Errorf("the rules of run %d in the store: %w", n, err)
	}
	for i := range o.Run.Files {
		f := &o.Run.Files[i]
		var text string
		if !t.One([]any{&text}, `SELECT data FROM body WHERE id = ?`, f.Body) && t.Err == nil {
			return fmt.Errorf("%s of run %d is missing in the store", f.Name, n)
		}
		var err error
		if f.Data, err = observation.Unpacked(text); err != nil {
			return fmt.Errorf("%s of run %d in the store: %w", f.Name, n, err)
		}
		f.Body = ""
	}
	return t.Err
}

func (t *tx) recallSources(n int, o *Observation) error {
	t.Each(func(scan func(...any)) error {
		var s Source
		var collected, judged string
		scan(&s.ID, &s.CMS, &collected, &s.Content, &judged)
		if err := parseTimes([]string{collected}, &s.CollectedAt); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(judged), &s.Judged); err != nil {
			return fmt.Errorf("a reading in the store: %w", err)
		}
		o.Sources = append(o.Sources, s)
		return nil
	}, `SELECT g.source, g.cms, g.collected_at, c.data, j.data FROM reading g JOIN body c ON c.id = g.content JOIN body j ON j.id = g.judged WHERE g.run = ?`, n)
	return t.Err
}

// covering selects the rows that hold for a run.
const covering = `from_run <= ? AND (to_run IS NULL OR to_run > ?)`

func (t *tx) recallTokens(n int, w *world) {
	t.Each(func(scan func(...any)) error {
		var seen Token
		var worded int
		var rules string
		scan(&seen.ID, &seen.Source, &seen.CMS, &seen.Kind, &seen.Facts, &seen.LastUse, &worded, &seen.RiskMin, &seen.RiskMax, &seen.Team, &rules)
		seen.Worded, seen.NotEvaluated = worded == 1, strings.Fields(rules)
		if len(seen.NotEvaluated) == 0 {
			seen.NotEvaluated = nil
		}
		source, there := w.sources[seen.Source]
		if !there {
			return nil
		}
		if _, partly := slices.BinarySearch(source.Judged.Seen, seen.ID); !partly && report.UnreadKind(&source.units, seen.Kind) {
			return nil
		}
		w.o.Tokens = append(w.o.Tokens, seen)
		return nil
	}, `SELECT v.token, v.source, v.cms, v.kind, f.data, v.last_use, v.worded, v.risk_min, v.risk_max, v.team, v.not_evaluated
		FROM token_version v JOIN body f ON f.id = v.facts WHERE v.`+covering, n, n)
}

func (t *tx) recallFindings(n int, w *world) {
	only := w.o.Run.OnlyRules()
	t.Each(func(scan func(...any)) error {
		var f Finding
		var waiver Waiver
		var was State
		scan(&f.Fingerprint, &f.Rule, &f.Source, &f.CMS, &f.Token, &f.Kind, &f.Key, &f.Severity, &f.Team, &f.Message, &was, &waiver.Owner, &waiver.ApprovedBy, &waiver.Expires)
		if _, there := w.sources[f.Source]; !there || (only != "" && !strings.Contains(only, "|"+f.Rule+"|")) {
			return nil
		}
		if was == StateWaived {
			f.Waiver = &waiver
		}
		w.o.Findings = append(w.o.Findings, f)
		return nil
	}, `SELECT s.fingerprint, f.rule, f.source, f.cms, f.token, s.kind, f.finding_key, s.severity, s.team, f.message, s.state,
		s.waiver_owner, s.waiver_approved_by, s.waiver_expires
		FROM finding_state s JOIN finding f ON f.fingerprint = s.fingerprint WHERE s.state IN ('open', 'waived') AND s.`+covering, n, n)
}
