// Package baseline compares a report to an earlier one: what is new, what is resolved,
// and what nobody can tell.
package baseline

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/deadlines"
	"github.com/tokenaudit/tokenaudit/report"
)

// Error says why a report cannot be a baseline.
type Error struct {
	// Reasons are one sentence each.
	Reasons []string
}

func (e *Error) Error() string {
	return "the baseline is incomplete: " + strings.Join(e.Reasons, "; ") + ". Findings that it lacks would count as new"
}

// Compare marks the findings of r as new or unchanged against a baseline, and
// lists those of the baseline that are resolved, and those about which nobody
// can tell (stale): their source could not be read now, or was not looked at.
// The error is a *Error where the baseline is not complete, unless
// allowIncomplete is set. Gaps that somebody accepted do not count.
func Compare(r, baseline *report.Report, allowIncomplete bool) error {
	if r.Baseline != nil {
		return errors.New("the report has already been compared with a baseline")
	}
	if reasons := objections(r, baseline); len(reasons) > 0 && !allowIncomplete {
		return &Error{Reasons: reasons}
	}
	r.Baseline = &report.BaselineRef{At: baseline.At, Complete: baseline.Complete}
	old := byFingerprint(baseline.Findings, baseline.Stale)
	resolved := byFingerprint(baseline.Resolved)
	for _, f := range r.Findings {
		f.Baseline = report.BaselineNew
		first := []time.Time{f.FirstSeen, r.At}
		if before, ok := old[f.Fingerprint]; ok {
			delete(old, f.Fingerprint)
			// A waiver that ended brings a finding back as if it were new.
			if before.Status != policies.Waived || f.Status == policies.Waived {
				f.Baseline = report.BaselineUnchanged
			}
			f.Reopened, f.WaivedDays = max(f.Reopened, before.Reopened), max(f.WaivedDays, waivedDays(before, baseline, r))
			first = append(first, firstSeen(before, baseline))
		} else if before, ok := resolved[f.Fingerprint]; ok {
			if before.Resolution == report.ResolvedRuleOff {
				f.Reopened = max(f.Reopened, before.Reopened) // nobody looked in between
			} else {
				f.Baseline, f.Reopened = report.BaselineReopened, max(f.Reopened, before.Reopened+1)
			}
			first = append(first, firstSeen(before, baseline))
		}
		f.SeenSince(earliest(first), r.At)
	}
	settle(r, old, baseline)
	r.CountChanges()
	return nil
}

// byFingerprint finds findings; of two, the first counts.
func byFingerprint(lists ...[]*report.Finding) map[string]*report.Finding {
	found := map[string]*report.Finding{}
	for _, findings := range slices.Backward(lists) {
		for _, f := range findings {
			found[f.Fingerprint] = f
		}
	}
	return found
}

// firstSeen returns when a finding of the baseline is first known to have been there; zero
// where that is unknown.
func firstSeen(before *report.Finding, baseline *report.Report) time.Time {
	times := []time.Time{before.FirstSeen}
	if last := lastSeen(before, baseline); last != nil {
		times = append(times, *last)
	}
	return earliest(times)
}

// lastSeen returns when a finding of the baseline was there last; nil where that is unknown,
// as of one that was not there at the time of the baseline, in reports of older versions.
func lastSeen(before *report.Finding, baseline *report.Report) *time.Time {
	if before.Resolution == "" {
		return new(baseline.At.UTC())
	}
	return before.LastSeen
}

// waivedDays returns how many days a finding was waived until a run: those up to the baseline,
// and those since if it was waived then, until its waiver ended.
func waivedDays(before *report.Finding, baseline, r *report.Report) int {
	if before.Status != policies.Waived {
		return before.WaivedDays
	}
	until := r.At
	if w := before.Waiver; w != nil && w.Expired(until) {
		until = w.End()
	}
	return before.WaivedDays + max(0, deadlines.DaysBetween(baseline.At, until))
}

// earliest returns the first of the times that are known; zero for none.
func earliest(times []time.Time) time.Time {
	known := slices.DeleteFunc(times, time.Time.IsZero)
	if len(known) == 0 {
		return time.Time{}
	}
	return slices.MinFunc(known, time.Time.Compare)
}

// objections says why the baseline is not complete for this report.
func objections(r, baseline *report.Report) []string {
	reasons := baseline.Shortfalls()
	switch {
	case baseline.Scope == nil || reflect.DeepEqual(baseline.Scope, r.Scope):
	case baseline.Scope.Change && (r.Scope == nil || !r.Scope.Change):
		reasons = append(reasons, "it judges a change that has not been made yet")
	default:
		reasons = append(reasons, "it was restricted to some of the sources or rules")
	}
	return reasons
}

// settle sorts the findings of the baseline that are not there any more.
func settle(r *report.Report, old map[string]*report.Finding, baseline *report.Report) {
	r.Resolved, r.Stale = []*report.Finding{}, []*report.Finding{}
	d := newJudge(r, baseline)
	for _, before := range old {
		f := new(*before)
		f.Baseline, f.Resolution, f.LastSeen = "", d.resolution(before), lastSeen(before, baseline)
		f.SeenSince(firstSeen(before, baseline), r.At)
		f.WaivedDays = waivedDays(before, baseline, r)
		if f.Resolution.Stale() {
			r.Stale = append(r.Stale, f)
		} else {
			r.Resolved = append(r.Resolved, f)
		}
	}
	slices.SortFunc(r.Resolved, report.CompareFindings)
	slices.SortFunc(r.Stale, report.CompareFindings)
}

// judge decides what became of single findings of the baseline.
type judge struct {
	r *report.Report
	// reconfigured: the two runs had different configurations.
	reconfigured bool
	rules        map[string]bool
	sources      map[string]*report.Source
	// undecided are the pairs of rule and source with a gap or an error.
	undecided map[[2]string]bool
	// sourceUndecided are those whose rule is about sources and could not decide: its findings
	// may name a token, which has no verdict of it then.
	sourceUndecided map[[2]string]bool
	// notAsked are those of which the rule was not asked.
	notAsked map[[2]string]bool
	// tokens is nil without the inventory.
	tokens map[string]*report.Token
	// lost are the CMSes of which not all sources may have been found.
	lost map[string]bool
}

func newJudge(r, baseline *report.Report) *judge {
	d := &judge{
		r: r, reconfigured: r.ConfigDigest != baseline.ConfigDigest,
		rules: map[string]bool{}, sources: map[string]*report.Source{}, undecided: map[[2]string]bool{}, sourceUndecided: map[[2]string]bool{},
		notAsked: map[[2]string]bool{}, lost: map[string]bool{},
	}
	for i := range r.Rules {
		d.rules[r.Rules[i].ID] = true
	}
	for i := range r.Sources {
		d.sources[r.Sources[i].ID] = &r.Sources[i]
	}
	for _, gap := range r.Gaps {
		of := [2]string{gap.Rule, gap.Source}
		d.undecided[of] = true
		if len(gap.Sample) == 0 && !gap.Unread {
			d.sourceUndecided[of] = true
		}
	}
	for _, e := range r.RuleErrors {
		d.undecided[[2]string{e.Rule, e.Source}] = true
	}
	for i := range r.Sources {
		if report.LacksSources(&r.Sources[i]) {
			d.lost[r.Sources[i].CMS] = true
		}
		for _, n := range r.Sources[i].NotAsked {
			d.notAsked[[2]string{n.Rule, r.Sources[i].ID}] = true
		}
	}
	if r.Tokens != nil {
		d.tokens = make(map[string]*report.Token, len(r.Tokens))
		for i := range r.Tokens {
			d.tokens[r.Tokens[i].ID] = &r.Tokens[i]
		}
	}
	return d
}

func (d *judge) resolution(f *report.Finding) report.Resolution {
	source, there := d.sources[f.Source]
	switch {
	case d.outOfScope(f, there):
		return report.StaleOutOfScope
	case !d.rules[f.Rule]:
		return report.ResolvedRuleOff
	case !there && d.lost[f.CMS]:
		return report.StaleUnread
	case !there && d.reconfigured:
		return report.StaleOutOfScope
	case !there:
		return report.ResolvedSourceGone
	case f.Token == "":
		return d.decided(f)
	}
	if token, ok := d.tokens[f.Token]; ok {
		switch of := [2]string{f.Rule, f.Source}; {
		case token.Verdicts[f.Rule] == policies.NotEvaluated || d.sourceUndecided[of]:
			return report.StaleNotEvaluated
		case d.notAsked[of]:
			return report.StaleNotAsked
		}
		return report.ResolvedPasses
	}
	if report.UnreadKind(source, f.Kind) {
		return report.StaleUnread
	}
	if d.tokens != nil {
		return report.ResolvedTokenGone
	}
	if open := d.decided(f); open.Stale() {
		return open
	}
	return report.ResolvedGone
}

// decided asks whether the rule could decide everything on the source.
func (d *judge) decided(f *report.Finding) report.Resolution {
	switch of := [2]string{f.Rule, f.Source}; {
	case d.notAsked[of]:
		return report.StaleNotAsked
	case d.undecided[of]:
		return report.StaleNotEvaluated
	}
	return report.ResolvedPasses
}

// outOfScope: the run was told to look elsewhere.
func (d *judge) outOfScope(f *report.Finding, there bool) bool {
	scope := d.r.Scope
	if scope == nil {
		return false
	}
	if len(scope.Rules) > 0 && !slices.Contains(scope.Rules, f.Rule) {
		return true
	}
	return !there && scope.PartOfSources()
}
