package report

import (
	"strings"

	"github.com/tokenaudit/tokenaudit/policies"
)

// MayHide tells whether findings that a waiver covers may be there although the
// report has none: the run was restricted, a list was not read, or a rule could
// not decide. Such a waiver must not be called idle.
func (r *Report) MayHide(w policies.Waiver) bool {
	if r.Scope != nil {
		return true
	}
	for i := range r.Sources {
		if s := &r.Sources[i]; lacksSources(s) && mayBeBelow(w.Token, s.CMS) {
			return true
		}
	}
	for _, gap := range r.Gaps {
		if policies.Glob(w.Rule, gap.Rule) && mayBeBelow(w.Token, gap.Source) {
			return true
		}
	}
	for _, e := range r.RuleErrors {
		if policies.Glob(w.Rule, e.Rule) && mayBeBelow(w.Token, e.Source) {
			return true
		}
	}
	return false
}

// mayBeBelow tells whether a glob on ids may match one that begins with prefix.
func mayBeBelow(glob, prefix string) bool {
	head, _, open := strings.Cut(glob, "*")
	return strings.HasPrefix(head, prefix) || open && strings.HasPrefix(prefix, head)
}
