package report

import (
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/labels"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// Scope is what a run was restricted to. What lies outside was not looked at,
// so nothing is concluded about it.
type Scope struct {
	// Sources are the globs of --source.
	Sources []string `json:"sources,omitempty"`
	// Labels are those of --label.
	Labels labels.Selector `json:"labels,omitempty"`
	// Owners are the teams of --owner; [Unassigned] means no team.
	Owners []string `json:"owners,omitempty"`
	// Rules are the ids of --rule.
	Rules []string `json:"rules,omitempty"`
	// Shard is "3/16"; empty for an unsharded run.
	Shard string `json:"shard,omitempty"`
	// Change: a plan or a manifest was judged, and of what is live only what the
	// inventories next to it hold.
	Change bool `json:"change,omitempty"`
}

// PartOfSources reports whether sources that are configured may be missing because
// nobody asked for them. Nil is the scope of everything.
func (s *Scope) PartOfSources() bool {
	return s != nil && (s.asked() || s.Change)
}

// asked reports whether the run was asked for a part of the sources, by their
// ids, labels or shard, or by the teams of their tokens.
func (s *Scope) asked() bool {
	return len(s.Sources) > 0 || len(s.Labels) > 0 || len(s.Owners) > 0 || s.Shard != ""
}

// empty reports whether the run was restricted by nothing. Nil is empty.
func (s *Scope) empty() bool { return s == nil || !s.asked() && len(s.Rules) == 0 && !s.Change }

// Compact returns nil for a scope that restricts nothing.
func (s *Scope) Compact() *Scope {
	if s.empty() {
		return nil
	}
	return s
}

// OfPlan reports whether what was judged is how things will stand once a Terraform
// plan is applied; the baseline is then how they stand without it.
func (r *Report) OfPlan() bool {
	return r.Scope != nil && r.Scope.Change && slices.ContainsFunc(r.Sources, func(s Source) bool { return s.Kind == inventory.KindPlan })
}

// ScopeNote says what the run was restricted to, for people; empty for a run
// over all that is configured. What lies outside was not looked at, so a report
// that does not say so would look like one of everything.
func (r *Report) ScopeNote() string {
	s := r.Scope
	if s == nil {
		return ""
	}
	var parts []string
	if len(s.Sources) > 0 {
		parts = append(parts, "sources "+strings.Join(s.Sources, ", "))
	}
	if len(s.Labels) > 0 {
		parts = append(parts, "labels "+strings.Join(s.Labels, ", "))
	}
	if len(s.Owners) > 0 {
		parts = append(parts, "tokens of "+strings.Join(s.Owners, ", "))
	}
	if len(s.Rules) > 0 {
		parts = append(parts, "rules "+strings.Join(s.Rules, ", "))
	}
	if s.Shard != "" {
		parts = append(parts, "shard "+s.Shard)
	}
	if len(parts) == 0 {
		return ""
	}
	return "Restricted to: " + safetext.OneLine(strings.Join(parts, "; "))
}
