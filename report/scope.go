package report

import (
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

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
	return "Of a part only, as asked: " + safetext.OneLine(strings.Join(parts, "; "))
}
