// Package parts joins the reports of the shards of one run, and selects a part of a
// report.
package parts

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// Part is the report of one shard of a run.
type Part struct {
	// Name is the file, for error messages.
	Name   string
	Report *report.Report
}

// Merge joins the reports of the shards of one run into the report that the
// unsharded run would have given. The parts must come from the same rules,
// configuration and audit time, and from different sources; whether all shards
// are there is for the caller to check. Parts that were compared with a baseline
// are refused: compare the whole.
func Merge(parts []Part) (*report.Report, error) {
	if len(parts) == 0 {
		return nil, errors.New("there is no report to merge")
	}
	first := parts[0]
	m := &merging{report: *first.Report, from: map[string]string{}}
	m.report.Scope = withoutShard(first.Report.Scope)
	m.report.Rules = slices.Clone(first.Report.Rules)
	for i := range m.report.Rules {
		m.report.Rules[i].Statuses = policies.Counts{}
	}
	m.report.Sources, m.report.Findings, m.report.Gaps = []report.Source{}, []*report.Finding{}, []report.Gap{}
	m.report.Allowed, m.report.RuleErrors = []report.Allowed{}, []report.RuleError{}
	if m.report.Tokens != nil {
		m.report.Tokens = []report.Token{}
	}
	for _, part := range parts {
		if err := sameRun(first, part); err != nil {
			return nil, err
		}
		if err := m.add(part); err != nil {
			return nil, err
		}
	}
	return m.finish(parts), nil
}

// sameRun refuses a part that cannot come from the same run as the first.
func sameRun(first, part Part) error {
	a, b := first.Report, part.Report
	what := ""
	switch {
	case a.Policies != b.Policies:
		what = "other rules or another version of the policy engine"
	case a.ConfigDigest != b.ConfigDigest || a.WaiversDigest != b.WaiversDigest:
		what = "another configuration"
	case !a.At.Equal(b.At):
		what = "another audit time; give all shards the same --at"
	case !slices.EqualFunc(a.Rules, b.Rules, func(x, y report.Rule) bool { return x.ID == y.ID }):
		what = "other rules"
	case (a.Tokens == nil) != (b.Tokens == nil):
		what = "an inventory, or none, unlike the other"
	case scopeText(a.Scope) != scopeText(b.Scope):
		what = "another --source, --label, --owner or --rule, or a plan"
	}
	if what != "" {
		return fmt.Errorf("%s and %s are not from the same run: the second was made with %s", first.Name, part.Name, what)
	}
	if b.Baseline != nil {
		return fmt.Errorf("%s was compared with a baseline; merge first, then compare the whole", part.Name)
	}
	return nil
}

func withoutShard(s *report.Scope) *report.Scope {
	if s == nil {
		return nil
	}
	whole := *s
	whole.Shard = ""
	return whole.Compact()
}

func scopeText(s *report.Scope) string {
	if s == nil {
		return ""
	}
	text := strings.Join(s.Sources, "\x00") + "\x01" + strings.Join(s.Rules, "\x00") + "\x01" + strings.Join(s.Labels, "\x00")
	if len(s.Owners) > 0 {
		text += "\x02" + strings.Join(s.Owners, "\x00")
	}
	if s.Change {
		text += "\x01change"
	}
	return text
}

// merging gathers the parts.
type merging struct {
	report report.Report
	// from tells by source id which part had it.
	from map[string]string
}

func (m *merging) add(part Part) error {
	r := part.Report
	for i := range r.Sources {
		id := r.Sources[i].ID
		if other, ok := m.from[id]; ok {
			return fmt.Errorf("the source %s is in both %s and %s", safetext.OneLine(id), other, part.Name)
		}
		m.from[id] = part.Name
	}
	m.report.Sources = append(m.report.Sources, r.Sources...)
	m.report.Findings = append(m.report.Findings, r.Findings...)
	m.report.Gaps = append(m.report.Gaps, r.Gaps...)
	m.report.Allowed = append(m.report.Allowed, r.Allowed...)
	m.report.RuleErrors = append(m.report.RuleErrors, r.RuleErrors...)
	m.report.Tokens = append(m.report.Tokens, r.Tokens...)
	m.report.Evidence = append(m.report.Evidence, r.Evidence...)
	for i := range r.Rules {
		m.report.Rules[i].Statuses = m.report.Rules[i].Statuses.Plus(r.Rules[i].Statuses)
	}
	return nil
}

// finish sorts what was gathered, and derives again what is derived.
func (m *merging) finish(parts []Part) *report.Report {
	r := m.report
	slices.SortStableFunc(r.Findings, report.CompareFindings)
	reports := make([]*report.Report, len(parts))
	for i, part := range parts {
		reports[i] = part.Report
	}
	r.Labelled = report.JoinLabelled(reports)
	r.Settle()
	r.Waivers = mergedWaivers(parts)
	return &r
}

// mergedWaivers adds up what the waivers cover: one that matches nothing in one
// shard may be there for a token of another.
func mergedWaivers(parts []Part) report.WaiverReport {
	type use struct {
		report.Waiver
		expired bool
	}
	uses := map[policies.Waiver]*use{}
	var order []*use
	gather := func(w report.Waiver, expired bool) {
		if have, ok := uses[w.Waiver]; ok {
			have.Findings += w.Findings
			return
		}
		u := &use{w, expired}
		uses[w.Waiver] = u
		order = append(order, u)
	}
	for _, part := range parts {
		for _, w := range slices.Concat(part.Report.Waivers.Applied, part.Report.Waivers.Unmatched) {
			gather(w, false)
		}
		for _, w := range part.Report.Waivers.Expired {
			gather(w, true)
		}
	}
	slices.SortStableFunc(order, func(a, b *use) int {
		return cmp.Or(strings.Compare(a.Origin.File, b.Origin.File), cmp.Compare(a.Origin.Line, b.Origin.Line))
	})
	merged := report.WaiverReport{Applied: []report.Waiver{}, Expired: []report.Waiver{}, Unmatched: []report.Waiver{}}
	for _, u := range order {
		switch {
		case u.expired:
			merged.Expired = append(merged.Expired, u.Waiver)
		case u.Findings > 0:
			merged.Applied = append(merged.Applied, u.Waiver)
		default:
			merged.Unmatched = append(merged.Unmatched, u.Waiver)
		}
	}
	return merged
}
