package report

import (
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
)

// MayHide reports whether findings that a waiver covers may be there although the
// report has none: the run was restricted, a list was not read, or a rule was not
// asked or could not decide. Such a waiver must not be called idle.
func (r *Report) MayHide(w policies.Waiver) bool {
	if r.Scope != nil {
		return len(r.Scope.Rules) > 0 || r.canCover(w)
	}
	for i := range r.Sources {
		if s := &r.Sources[i]; LacksSources(s) && mayBeBelow(w.Token, s.CMS) {
			return true
		}
	}
	for i := range r.Sources {
		for _, n := range r.Sources[i].NotAsked {
			if policies.Glob(w.Rule, n.Rule) && mayBeBelow(w.Token, r.Sources[i].ID) {
				return true
			}
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

// canCover reports whether a waiver names a rule of the report, and a key where the rule
// demands one: else it covers nothing, whatever there is.
func (r *Report) canCover(w policies.Waiver) bool {
	return slices.ContainsFunc(r.Rules, func(rule Rule) bool {
		return policies.Glob(w.Rule, rule.ID) && (w.Key != "" || !rule.WaiverNeedsKey)
	})
}

// Has reports whether the report knows a token or a source whose id a glob matches; true
// where it was written without its tokens.
func (r *Report) Has(glob string) bool {
	return r.Tokens == nil || slices.ContainsFunc(r.Tokens, func(t Token) bool { return policies.Glob(glob, t.ID) }) ||
		slices.ContainsFunc(r.Sources, func(s Source) bool { return policies.Glob(glob, s.ID) })
}

// HasList reports whether the report knows a list that an accepted gap is about.
func (r *Report) HasList(gap AcceptedGap) bool { return r.lists(gap.names) > 0 }

// Accepts counts the lists that an accepted gap covers.
func (r *Report) Accepts(gap AcceptedGap) int { return r.lists(gap.accepts) }

// Contradicts reports whether a list that is said to be empty has something. What a report
// without its tokens does not show is no contradiction.
func (r *Report) Contradicts(gap AcceptedGap) bool {
	return gap.Empty && r.lists(func(s *Source, unit inventory.Unit) bool {
		switch {
		case !gap.names(s, unit):
			return false
		case unit.Sources:
			return slices.ContainsFunc(r.Sources, func(o Source) bool { return o.ID != s.ID && o.Organization == s.Organization })
		}
		return gap.Unit == "*" && (s.Tokens > 0 || s.Others) || slices.ContainsFunc(r.Tokens, func(t Token) bool { return t.Source == s.ID && slices.Contains(unit.Kinds, t.Kind) })
	}) > 0
}

func (r *Report) lists(which func(*Source, inventory.Unit) bool) int {
	n := 0
	for i := range r.Sources {
		for _, unit := range r.Sources[i].Units {
			if which(&r.Sources[i], unit) {
				n++
			}
		}
	}
	return n
}

// MayMiss reports whether an accepted gap may cover a list that this run did not
// come to: it was restricted to other sources, or not all could be found. Which
// rules were loaded makes no difference to what is read. Nor does a list that was not read
// show whether it is empty.
func (r *Report) MayMiss(gap AcceptedGap) bool {
	found := r.HasList(gap)
	read := gap
	if read.Empty = false; gap.Empty && r.Accepts(read) > 0 {
		return true
	}
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
	case scope.Shard != "" || len(scope.Labels)+len(scope.Owners) > 0:
		// A glob tells neither the shard of a source, nor its labels or teams.
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
