package report

import "time"

// BaselineRef identifies the report that another one was compared to.
type BaselineRef struct {
	// At is the baseline's audit time.
	At       time.Time `json:"at"`
	Complete bool      `json:"complete"`
}

// Resolution says why a finding of the baseline is not among the findings of
// this run.
type Resolution string

// The resolutions.
const (
	// ResolvedPasses: the rule was judged again and does not fail any more.
	ResolvedPasses Resolution = "passes"
	// ResolvedTokenGone: the list was read, and the token is not in it.
	ResolvedTokenGone Resolution = "token_gone"
	// ResolvedSourceGone: the CMS's sources were all found, and it is not among them.
	ResolvedSourceGone Resolution = "source_gone"
	// ResolvedRuleOff: the rule was not loaded.
	ResolvedRuleOff Resolution = "rule_off"
	// StaleUnread: the list that held the token could not be read.
	StaleUnread Resolution = "unread"
	// StaleNotEvaluated: the token was read, and the rule could not decide.
	StaleNotEvaluated Resolution = "not_evaluated"
	// StaleOutOfScope: the run was restricted to something else.
	StaleOutOfScope Resolution = "out_of_scope"
)

// Text says it in words.
func (r Resolution) Text() string {
	switch r {
	case ResolvedPasses:
		return "the rule passes now"
	case ResolvedTokenGone:
		return "the token is gone"
	case ResolvedSourceGone:
		return "the source is gone"
	case ResolvedRuleOff:
		return "the rule is switched off"
	case StaleUnread:
		return "the source could not be read"
	case StaleNotEvaluated:
		return "the rule could not decide"
	case StaleOutOfScope:
		return "the run was restricted to something else"
	}
	return string(r)
}
