package store

import (
	"slices"
	"time"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
)

// Compare marks what is new in a report since the last run before it, and lists what is
// resolved and what nobody can tell, as a comparison with a baseline does. found is false
// where there is no earlier run: every finding is new then, and since now.
func (k *Known) Compare(r *report.Report, o *Observation) (found bool, err error) {
	found = !k.At.IsZero()
	for _, f := range r.Findings {
		k.mark(f, r.At)
	}
	if found {
		if err := k.settle(r, o); err != nil {
			return false, err
		}
	}
	r.CountChanges()
	return found, nil
}

// mark says of a finding whether it is new, and since when it is open.
func (k *Known) mark(f *report.Finding, at time.Time) {
	was, there := k.Findings[f.Fingerprint]
	if !there {
		f.SeenSince(at.Truncate(time.Second), at)
		if !k.At.IsZero() {
			f.Baseline = report.BaselineNew
		}
		return
	}
	f.Baseline, f.Reopened, f.WaivedDays = report.BaselineUnchanged, was.Reopened, was.WaivedDays
	f.SeenSince(was.FirstSeen, at)
	switch {
	case was.State.Over():
		f.Baseline = report.BaselineReopened
		f.Reopened++
	case was.State == StateWaived && f.Status != policies.Waived:
		// A waiver that ended brings a finding back as if it were new.
		f.Baseline = report.BaselineNew
	}
}

// settle lists what became of the findings that the report does not have.
func (k *Known) settle(r *report.Report, o *Observation) error {
	w, err := newWorld(o)
	if err != nil {
		return err
	}
	r.Baseline = &report.BaselineRef{At: k.At.UTC(), Complete: k.Complete}
	r.Resolved, r.Stale = []*report.Finding{}, []*report.Finding{}
	for _, fingerprint := range sortedKeys(k.Findings) {
		was := k.Findings[fingerprint]
		if was.Missing == nil {
			continue
		}
		w.readWith = func(string) string { return was.Missing.ReadWith }
		became, reason, said := w.outcome(was.Missing.state())
		if !said {
			became, reason = StateUnseen, report.StaleOutOfScope
		}
		f := was.finding(fingerprint, reason, r.At)
		if became == StateUnseen {
			r.Stale = append(r.Stale, f)
		} else {
			r.Resolved = append(r.Resolved, f)
		}
	}
	slices.SortFunc(r.Resolved, report.CompareFindings)
	slices.SortFunc(r.Stale, report.CompareFindings)
	return nil
}

// state returns what decides on what became of the finding.
func (m *MissingFinding) state() *state {
	return &state{rule: m.Rule, source: m.Source, cms: m.CMS, token: m.Token, kind: m.Kind, definition: m.Definition}
}

// finding returns a finding that the report does not have.
func (k KnownFinding) finding(fingerprint string, reason report.Resolution, at time.Time) *report.Finding {
	m := k.Missing
	f := &report.Finding{
		Fingerprint: fingerprint, Rule: m.Rule, Severity: m.Severity, Status: policies.Fail, Resolution: reason, CMS: m.CMS, Source: m.Source,
		Token: m.Token, TokenName: m.TokenName, Kind: kindOf(m.Kind), Team: m.Team, Key: m.Key, Message: m.Message, Reopened: k.Reopened, WaivedDays: k.WaivedDays,
	}
	if m.Waived {
		f.Status = policies.Waived
	}
	f.SeenSince(k.FirstSeen, at)
	if !m.LastSeen.IsZero() {
		last := m.LastSeen.UTC()
		f.LastSeen = &last
	}
	return f
}
