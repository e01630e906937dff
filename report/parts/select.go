package parts

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/labels"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/frameworks"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/controls"
)

// ErrNotLabelled says that a report does not have its verdicts by label.
var ErrNotLabelled = fmt.Errorf("the report does not count its verdicts by label, as there are more than %d combinations of labels; "+
	"judge the inventory with `tokenaudit evaluate --label`", report.MaxLabelled)

// Select returns the report that a run over the sources with these labels would have
// made; r itself is not changed. Without labels it is r. What the selection leaves
// out is then out of scope, like what a run was not asked for. The error is
// [ErrNotLabelled] where the verdicts cannot be told apart.
func Select(r *report.Report, wanted labels.Selector) (*report.Report, error) {
	if len(wanted) == 0 {
		return r, nil
	}
	s := newSelection(r, wanted)
	if len(s.wanted) > 0 && len(r.Labelled) == 0 {
		return nil, ErrNotLabelled
	}
	return s.of(r)
}

// of returns the selected part of a report.
func (s selection) of(r *report.Report) (*report.Report, error) {
	out := *r
	scope := report.Scope{}
	if r.Scope != nil {
		scope = *r.Scope
	}
	scope.Labels = scope.Labels.And(s.labels)
	if s.teams != nil {
		scope.Owners = s.teams
	}
	out.Scope = &scope
	out.Sources = keep(r.Sources, func(source *report.Source) bool { return s.wanted[source.ID] })
	s.countTokens(out.Sources)
	out.Findings = keepFindings(r.Findings, func(f *report.Finding) bool { return s.wanted[f.Source] && s.ofTeam(f.Team) })
	out.Gaps = keep(r.Gaps, func(g *report.Gap) bool { return s.wanted[g.Source] && (s.ofTeam(g.Team) || g.Unread) })
	out.Allowed = keep(r.Allowed, func(a *report.Allowed) bool { return s.wanted[a.Source] && s.ofTeam(a.Team) })
	out.RuleErrors = keep(r.RuleErrors, func(e *report.RuleError) bool { return s.wanted[e.Source] })
	if r.Tokens != nil {
		out.Tokens = keep(r.Tokens, func(t *report.Token) bool { return s.wanted[t.Source] && s.ofTeam(t.Team) })
	}
	s.countRisks(&out)
	s.count(&out)
	s.settle(&out, r)
	out.Settle()
	out.Waivers = out.UseOf(waiversOf(r.Waivers))
	if r.Framework != nil {
		framework, err := frameworks.Lookup(r.Framework.ID)
		if err != nil {
			return nil, err
		}
		out.Framework = controls.Of(&out, framework)
	}
	return &out, nil
}

// keep returns the wanted elements, in order; never nil.
func keep[T any](list []T, wanted func(*T) bool) []T {
	kept := []T{}
	for i := range list {
		if wanted(&list[i]) {
			kept = append(kept, list[i])
		}
	}
	return kept
}

func keepFindings(list []*report.Finding, wanted func(*report.Finding) bool) []*report.Finding {
	return keep(list, func(f **report.Finding) bool { return wanted(*f) })
}

// selection is the part of a report that some labels want, or some teams.
type selection struct {
	labels labels.Selector
	// teams are sorted; nil wants all.
	teams []string
	// tokens is how many tokens of the teams each source has; nil where all are wanted.
	tokens map[string]int
	// wanted and known are the ids of sources.
	wanted, known map[string]bool
}

// ofTeam reports whether what this team answers for is wanted; no team is named by "".
func (s selection) ofTeam(team string) bool {
	return s.teams == nil || slices.Contains(s.teams, cmp.Or(team, report.Unassigned))
}

// countTokens leaves of the tokens of the sources those of the teams.
func (s selection) countTokens(sources []report.Source) {
	for i := range sources {
		if s.tokens != nil {
			source, of := &sources[i], s.tokens[sources[i].ID]
			source.Others = source.Others || of < source.Tokens
			source.Tokens, source.Uncertain = of, s.mayHave(source)
		}
	}
}

// mayHave returns the tokens that may be of the teams, theirs among them; nil for none.
func (s selection) mayHave(source *report.Source) []policies.Uncertain {
	var list []policies.Uncertain
	for _, u := range source.Uncertain {
		if s.ofTeam(u.MayBe) {
			list = append(list, u)
		}
	}
	return list
}

func newSelection(r *report.Report, wanted labels.Selector) selection {
	s := selection{labels: wanted, wanted: map[string]bool{}, known: make(map[string]bool, len(r.Sources))}
	for i := range r.Sources {
		source := &r.Sources[i]
		s.known[source.ID] = true
		if wanted.Matches(source.Labels) {
			s.wanted[source.ID] = true
		}
	}
	return s
}

// countRisks counts the risks of the tokens of the teams. Without the list of tokens those
// of the whole source stay: none that may be the teams' is left out.
func (s selection) countRisks(r *report.Report) {
	if s.teams == nil || r.Tokens == nil {
		return
	}
	counts := make(map[string]*report.RiskCounts, len(r.Sources))
	for i := range r.Sources {
		if source := &r.Sources[i]; source.Risk != nil {
			counts[source.ID] = &report.RiskCounts{}
			source.Risk = counts[source.ID]
		}
	}
	for i := range r.Tokens {
		if token := &r.Tokens[i]; token.Risk != nil && counts[token.Source] != nil {
			counts[token.Source].Count(token.Risk)
		}
	}
}

// count counts the verdicts of the rules anew.
func (s selection) count(r *report.Report) {
	r.Labelled = keep(r.Labelled, func(group *report.Labelled) bool {
		// A group without verdicts may be of sources that have nothing of the teams.
		return s.labels.Matches(group.Labels) && (s.ofTeam(group.Team) || group.Unread) && (s.teams == nil || len(group.Statuses) > 0)
	})
	if len(r.Labelled) == 0 {
		r.Labelled = nil
	}
	r.Rules = slices.Clone(r.Rules)
	for i := range r.Rules {
		var statuses policies.Counts
		for _, group := range r.Labelled {
			statuses = statuses.Plus(group.Statuses[r.Rules[i].ID])
		}
		r.Rules[i].Statuses = statuses
	}
}

// settle keeps what is said against a baseline of the selected sources. Of a source
// that is gone nobody knows the labels, so its findings are stale. The team of a finding
// that is gone is the one that it had.
func (s selection) settle(out, r *report.Report) {
	if r.Baseline == nil {
		return
	}
	if s.teams != nil {
		out.Resolved = keepFindings(r.Resolved, func(f *report.Finding) bool { return s.ofTeam(f.Team) })
		out.Stale = keepFindings(r.Stale, func(f *report.Finding) bool { return s.ofTeam(f.Team) })
		out.CountChanges()
		return
	}
	out.Resolved = keepFindings(r.Resolved, func(f *report.Finding) bool { return s.wanted[f.Source] })
	out.Stale = keepFindings(r.Stale, func(f *report.Finding) bool { return s.wanted[f.Source] || !s.known[f.Source] })
	for _, f := range r.Resolved {
		if !s.known[f.Source] {
			stale := new(*f)
			stale.Resolution = report.StaleOutOfScope
			out.Stale = append(out.Stale, stale)
		}
	}
	slices.SortFunc(out.Stale, report.CompareFindings)
	out.CountChanges()
}

// waiversOf returns all waivers in the order of the configuration.
func waiversOf(all report.WaiverReport) []policies.Waiver {
	var waivers []policies.Waiver
	for _, w := range slices.Concat(all.Applied, all.Expired, all.Unmatched) {
		waivers = append(waivers, w.Waiver)
	}
	slices.SortStableFunc(waivers, func(a, b policies.Waiver) int {
		return cmp.Or(strings.Compare(a.Origin.File, b.Origin.File), cmp.Compare(a.Origin.Line, b.Origin.Line))
	})
	return waivers
}
