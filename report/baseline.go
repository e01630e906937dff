package report

import (
	"slices"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// BaselineRef identifies the report that another one was compared to.
type BaselineRef struct {
	// At is the baseline's audit time.
	At       time.Time `json:"at"`
	Complete bool      `json:"complete"`
}

// Before names what the report was compared to, for people: a run, whether a file or a store
// has it, or how things stand without a plan. It is empty without a baseline.
func (r *Report) Before() string {
	switch {
	case r.Baseline == nil:
		return ""
	case r.OfPlan():
		return "the state before the plan"
	}
	return "the run of " + r.Baseline.At.Format("2006-01-02 15:04 MST")
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
	// ResolvedRuleChanged: the rule, or its settings, are not those that found it, and it does
	// not find it any more. Only a store can say that.
	ResolvedRuleChanged Resolution = "rule_changed"

	// StaleUnread: the list that held the token could not be read.
	StaleUnread Resolution = "unread"
	// StaleNotEvaluated: the rule could not decide this time.
	StaleNotEvaluated Resolution = "not_evaluated"
	// StaleNotAsked: what the rule needs was not given this time.
	StaleNotAsked Resolution = "not_asked"
	// StaleOutOfScope: the run was restricted to something else, or configured
	// otherwise.
	StaleOutOfScope Resolution = "out_of_scope"
)

// Text says it in words.
func (r Resolution) Text() string {
	switch r {
	case ResolvedPasses:
		return "it no longer fails"
	case ResolvedTokenGone:
		return "the token is gone"
	case ResolvedGone:
		return "the token is gone or passes now"
	case ResolvedSourceGone:
		return "the source is gone"
	case ResolvedRuleOff:
		return "the rule is switched off"
	case ResolvedRuleChanged:
		return "the rule or its settings changed"
	case StaleUnread:
		return "the source could not be read"
	case StaleNotEvaluated:
		return "the rule could not decide"
	case StaleNotAsked:
		return "what the rule needs was not given"
	case StaleOutOfScope:
		return "this run did not cover it"
	}
	return string(r)
}

// Stale tells the second group from the first.
func (r Resolution) Stale() bool {
	return r == StaleUnread || r == StaleNotEvaluated || r == StaleNotAsked || r == StaleOutOfScope
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
