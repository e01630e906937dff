package report

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
)

// BaselineRef identifies the report that another one was compared to.
type BaselineRef struct {
	// At is the baseline's audit time.
	At       time.Time `json:"at"`
	Complete bool      `json:"complete"`
}

// Resolution says why a finding of the baseline is not among the findings of
// this run.
type Resolution string

// The resolutions. The first group is resolved; the second is stale, because
// nobody knows.
const (
	// ResolvedPasses: it was judged again and does not fail any more: the rule
	// passes, does not apply any more, or is off for the source.
	ResolvedPasses Resolution = "passes"
	// ResolvedTokenGone: the list was read, and the token is not in it.
	ResolvedTokenGone Resolution = "token_gone"
	// ResolvedGone: one of the two; without the inventory they look alike.
	ResolvedGone Resolution = "gone"
	// ResolvedSourceGone: the CMS's sources were all found, and it is not among them.
	ResolvedSourceGone Resolution = "source_gone"
	// ResolvedRuleOff: the rule was not loaded.
	ResolvedRuleOff Resolution = "rule_off"

	// StaleUnread: the list that held the token could not be read.
	StaleUnread Resolution = "unread"
	// StaleNotEvaluated: the rule could not decide this time.
	StaleNotEvaluated Resolution = "not_evaluated"
	// StaleNotAsked: what the rule judges with was not given this time.
	StaleNotAsked Resolution = "not_asked"
	// StaleOutOfScope: the run was restricted to something else, or configured
	// otherwise.
	StaleOutOfScope Resolution = "out_of_scope"
)

// Text says it in words.
func (r Resolution) Text() string {
	switch r {
	case ResolvedPasses:
		return "it does not fail any more"
	case ResolvedTokenGone:
		return "the token is gone"
	case ResolvedGone:
		return "the token is gone or passes now"
	case ResolvedSourceGone:
		return "the source is gone"
	case ResolvedRuleOff:
		return "the rule is switched off"
	case StaleUnread:
		return "the source could not be read"
	case StaleNotEvaluated:
		return "the rule could not decide"
	case StaleNotAsked:
		return "what the rule judges with was not given"
	case StaleOutOfScope:
		return "this run did not cover it"
	}
	return string(r)
}

// stale tells the second group from the first.
func (r Resolution) stale() bool {
	return r == StaleUnread || r == StaleNotEvaluated || r == StaleNotAsked || r == StaleOutOfScope
}

// BaselineError says why a report cannot be a baseline.
type BaselineError struct {
	// Reasons are one sentence each.
	Reasons []string
}

func (e *BaselineError) Error() string {
	return "the baseline is incomplete: " + strings.Join(e.Reasons, "; ") + ". What it lacks would look new"
}

// CompareTo marks the findings as new or unchanged against a baseline, and
// lists those of the baseline that are resolved, and those about which nobody
// can tell (stale): their source could not be read now, or was not looked at.
// The error is a *BaselineError where the baseline is not complete, unless
// allowIncomplete is set. Gaps that somebody accepted do not count.
func (r *Report) CompareTo(baseline *Report, allowIncomplete bool) error {
	if r.Baseline != nil {
		return errors.New("the report was compared to a baseline already")
	}
	if reasons := r.objections(baseline); len(reasons) > 0 && !allowIncomplete {
		return &BaselineError{reasons}
	}
	r.Baseline = &BaselineRef{At: baseline.At, Complete: baseline.Complete}
	old := make(map[string]*Finding, len(baseline.Findings)+len(baseline.Stale))
	for _, findings := range [][]Finding{baseline.Stale, baseline.Findings} {
		for i := range findings {
			old[findings[i].Fingerprint] = &findings[i]
		}
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Baseline = BaselineNew
		if before, ok := old[f.Fingerprint]; ok {
			delete(old, f.Fingerprint)
			// A waiver that ended brings a finding back as if it were new.
			if before.Status != policies.Waived || f.Status == policies.Waived {
				f.Baseline = BaselineUnchanged
			}
		}
	}
	r.settle(old, baseline)
	return nil
}

// objections says why the baseline is not complete for this report.
func (r *Report) objections(baseline *Report) []string {
	reasons := baseline.Shortfalls()
	switch {
	case baseline.Scope == nil || reflect.DeepEqual(baseline.Scope, r.Scope):
	case baseline.Scope.Change && (r.Scope == nil || !r.Scope.Change):
		reasons = append(reasons, "it is of a change that was not made yet")
	default:
		reasons = append(reasons, "it was restricted to a part of the sources or rules")
	}
	return reasons
}

// settle sorts the findings of the baseline that are not there any more.
func (r *Report) settle(old map[string]*Finding, baseline *Report) {
	r.Resolved, r.Stale = []Finding{}, []Finding{}
	d := newBaselineDiff(r, baseline)
	for _, before := range old {
		f := *before
		f.Baseline, f.Resolution = "", d.resolution(before)
		if f.Resolution.stale() {
			r.Stale = append(r.Stale, f)
		} else {
			r.Resolved = append(r.Resolved, f)
		}
	}
	slices.SortFunc(r.Resolved, CompareFindings)
	slices.SortFunc(r.Stale, CompareFindings)
}

// baselineDiff decides what became of single findings of the baseline.
type baselineDiff struct {
	r *Report
	// reconfigured: the two runs had different configurations.
	reconfigured bool
	rules        map[string]bool
	sources      map[string]*Source
	// undecided are the pairs of rule and source with a gap or an error.
	undecided map[[2]string]bool
	// notAsked are those of which the rule was not asked.
	notAsked map[[2]string]bool
	// tokens is nil without the inventory.
	tokens map[string]*Token
	// lost are the CMSes of which not all sources may have been found.
	lost map[string]bool
}

func newBaselineDiff(r, baseline *Report) *baselineDiff {
	d := &baselineDiff{
		r: r, reconfigured: r.ConfigDigest != baseline.ConfigDigest,
		rules: map[string]bool{}, sources: map[string]*Source{}, undecided: map[[2]string]bool{}, notAsked: map[[2]string]bool{}, lost: map[string]bool{},
	}
	for i := range r.Rules {
		d.rules[r.Rules[i].ID] = true
	}
	for i := range r.Sources {
		d.sources[r.Sources[i].ID] = &r.Sources[i]
	}
	for _, gap := range r.Gaps {
		d.undecided[[2]string{gap.Rule, gap.Source}] = true
	}
	for _, e := range r.RuleErrors {
		d.undecided[[2]string{e.Rule, e.Source}] = true
	}
	for i := range r.Sources {
		if LacksSources(&r.Sources[i]) {
			d.lost[r.Sources[i].CMS] = true
		}
		for _, n := range r.Sources[i].NotAsked {
			d.notAsked[[2]string{n.Rule, r.Sources[i].ID}] = true
		}
	}
	if r.Tokens != nil {
		d.tokens = make(map[string]*Token, len(r.Tokens))
		for i := range r.Tokens {
			d.tokens[r.Tokens[i].ID] = &r.Tokens[i]
		}
	}
	return d
}

func (d *baselineDiff) resolution(f *Finding) Resolution {
	source, there := d.sources[f.Source]
	switch {
	case d.outOfScope(f, there):
		return StaleOutOfScope
	case !d.rules[f.Rule]:
		return ResolvedRuleOff
	case !there && d.lost[f.CMS]:
		return StaleUnread
	case !there && d.reconfigured:
		return StaleOutOfScope
	case !there:
		return ResolvedSourceGone
	case f.Token == "":
		return d.decided(f)
	}
	if token, ok := d.tokens[f.Token]; ok {
		switch {
		case token.Verdicts[f.Rule] == policies.NotEvaluated:
			return StaleNotEvaluated
		case d.notAsked[[2]string{f.Rule, f.Source}]:
			return StaleNotAsked
		}
		return ResolvedPasses
	}
	if UnreadKind(source, f.Kind) {
		return StaleUnread
	}
	if d.tokens != nil {
		return ResolvedTokenGone
	}
	if open := d.decided(f); open.stale() {
		return open
	}
	return ResolvedGone
}

// decided asks whether the rule could decide everything on the source.
func (d *baselineDiff) decided(f *Finding) Resolution {
	switch of := [2]string{f.Rule, f.Source}; {
	case d.notAsked[of]:
		return StaleNotAsked
	case d.undecided[of]:
		return StaleNotEvaluated
	}
	return ResolvedPasses
}

// outOfScope: the run was told to look elsewhere.
func (d *baselineDiff) outOfScope(f *Finding, there bool) bool {
	scope := d.r.Scope
	if scope == nil {
		return false
	}
	if len(scope.Rules) > 0 && !slices.Contains(scope.Rules, f.Rule) {
		return true
	}
	return !there && scope.PartOfSources()
}

// LacksSources reports whether with a list of the source, which was not wholly
// read, other sources may be missing.
func LacksSources(source *Source) bool {
	return slices.ContainsFunc(source.Units, func(unit inventory.Unit) bool {
		return unit.Status != inventory.UnitComplete && unit.Sources
	})
}

// UnreadKind reports whether a list that may hold tokens of this kind was not
// wholly read.
func UnreadKind(source *Source, kind inventory.Kind) bool {
	for _, unit := range source.Units {
		if unit.Status != inventory.UnitComplete && (len(unit.Kinds) == 0 || kind == "" || slices.Contains(unit.Kinds, kind)) {
			return true
		}
	}
	return false
}
