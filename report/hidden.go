package report

import (
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
)

// MayHide reports whether findings that a waiver covers may be there although the
// report has none: the run was restricted, a list was not read, or a rule could
// not decide. Such a waiver must not be called idle.
func (r *Report) MayHide(w policies.Waiver) bool {
	if r.Scope != nil {
		return true
	}
	for i := range r.Sources {
		if s := &r.Sources[i]; LacksSources(s) && mayBeBelow(w.Token, s.CMS) {
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

// mayMiss reports whether an accepted gap may cover a list that this run did not
// come to: it was restricted to other sources, or not all could be found. Which
// rules were loaded makes no difference to what is read.
func (r *Report) mayMiss(gap AcceptedGap) bool {
	found := slices.ContainsFunc(r.Sources, func(s Source) bool {
		return slices.ContainsFunc(s.Units, func(u inventory.Unit) bool { return gap.covers(s.ID, u.Name) })
	})
	if found && !strings.Contains(gap.Source, "*") {
		return false
	}
	for i := range r.Sources {
		if s := &r.Sources[i]; LacksSources(s) && mayBeBelow(gap.Source, s.CMS) {
			return true
		}
	}
	scope := r.Scope
	switch {
	case scope == nil:
		return false
	case scope.Shard != "" || len(scope.Labels) > 0:
		// A glob tells neither the shard of a source nor its labels.
		return true
	case len(scope.Sources) > 0:
		// A glob that matches another one matches all that the other does.
		return !slices.ContainsFunc(scope.Sources, func(glob string) bool { return policies.Glob(glob, gap.Source) })
	}
	return scope.Change && !found
}

// mayBeBelow reports whether a glob on ids may match one that begins with prefix.
func mayBeBelow(glob, prefix string) bool {
	head, _, open := strings.Cut(glob, "*")
	return strings.HasPrefix(head, prefix) || open && strings.HasPrefix(prefix, head)
}
