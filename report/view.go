package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/policies"
)

// view is what the formats for people need to know beside the report itself:
// the findings grouped, the waivers sorted by what they need, names by id.
type view struct {
	r       *Report
	rules   map[string]*Rule
	sources map[string]*Source
	// groups are the failed findings by severity and rule, worst first.
	groups []group
	// waived are the waived findings, in the order of the report.
	waived []*Finding
	unread []UnreadUnit
	// acceptedUnits counts the unread units that somebody accepted.
	acceptedUnits int
	waivers       []waiverUse
	waiverCount   map[waiverState]int
	// compared: there is a baseline; newFindings and unchanged count its states.
	compared               bool
	newFindings, unchanged int
}

// group is what one rule found at one severity.
type group struct {
	severity policies.Severity
	rule     string
	findings []*Finding
	// remediations are distinct; each names its CMS where there are several.
	remediations []string
}

// waiverState says what a waiver needs.
type waiverState string

const (
	waiverApplied   waiverState = "applied"
	waiverExpired   waiverState = "expired"
	waiverExpiring  waiverState = "expires soon"
	waiverUnmatched waiverState = "no effect"
)

// expiringSoonDays is how many days ahead a waiver or an accepted gap is
// reported as about to expire.
const expiringSoonDays = 14

type waiverUse struct {
	Waiver
	state waiverState
}

func newView(r *Report) *view {
	v := &view{
		r: r, rules: make(map[string]*Rule, len(r.Rules)), sources: make(map[string]*Source, len(r.Sources)),
		unread: r.Unread(), waiverCount: map[waiverState]int{}, compared: r.Baseline != nil,
	}
	for i := range r.Rules {
		v.rules[r.Rules[i].ID] = &r.Rules[i]
	}
	for i := range r.Sources {
		v.sources[r.Sources[i].ID] = &r.Sources[i]
	}
	for _, unit := range v.unread {
		if unit.Accepted != nil {
			v.acceptedUnits++
		}
	}
	v.groupFindings()
	v.sortWaivers()
	return v
}

func (v *view) groupFindings() {
	for i := range v.r.Findings { // sorted by severity and rule
		f := &v.r.Findings[i]
		switch f.Baseline {
		case BaselineNew:
			v.newFindings++
		case BaselineUnchanged:
			v.unchanged++
		}
		if f.Status == policies.Waived {
			v.waived = append(v.waived, f)
			continue
		}
		last := len(v.groups) - 1
		if last < 0 || v.groups[last].severity != f.Severity || v.groups[last].rule != f.Rule {
			v.groups = append(v.groups, group{severity: f.Severity, rule: f.Rule})
			last++
		}
		v.groups[last].findings = append(v.groups[last].findings, f)
	}
	for i := range v.groups {
		v.groups[i].remediations = remediations(v.groups[i].findings)
	}
}

// remediations gives each distinct remediation once, with the CMSes it is for
// where there is more than one.
func remediations(findings []*Finding) []string {
	cmses := map[string][]string{}
	for _, f := range findings {
		if f.Remediation != "" && !slices.Contains(cmses[f.Remediation], f.CMS) {
			cmses[f.Remediation] = append(cmses[f.Remediation], f.CMS)
		}
	}
	var texts []string
	for text, names := range cmses {
		if len(cmses) > 1 {
			slices.Sort(names)
			text = strings.Join(names, ", ") + ": " + text
		}
		texts = append(texts, text)
	}
	slices.Sort(texts)
	return texts
}

func (v *view) sortWaivers() {
	add := func(state waiverState, waivers []Waiver) {
		for _, w := range waivers {
			s := state
			switch {
			case s != waiverExpired && w.ExpiresInDays <= expiringSoonDays:
				s = waiverExpiring
			case s == waiverUnmatched && v.r.MayHide(w.Waiver):
				// Nobody knows that it has no effect.
				s = waiverApplied
			}
			v.waivers = append(v.waivers, waiverUse{w, s})
			v.waiverCount[s]++
		}
	}
	add(waiverExpired, v.r.Waivers.Expired)
	add(waiverApplied, v.r.Waivers.Applied)
	add(waiverUnmatched, v.r.Waivers.Unmatched)
}

// name is the name of what a finding is about: untrusted text.
func (v *view) name(f *Finding) string {
	if f.Token != "" {
		return f.TokenName
	}
	if s, ok := v.sources[f.Source]; ok {
		return s.Name
	}
	return ""
}

// mergedGap is what a rule could not decide for one reason, over all sources.
type mergedGap struct {
	rule, reason string
	// source is one of them, the first.
	source         string
	sources, count int
}

// mergedGaps groups the gaps of all sources by rule and reason, most first
// within a rule.
func (v *view) mergedGaps() []mergedGap {
	index := map[[2]string]int{}
	var merged []mergedGap
	for _, gap := range v.r.Gaps {
		key := [2]string{gap.Rule, gap.Reason}
		i, ok := index[key]
		if !ok {
			i = len(merged)
			index[key] = i
			merged = append(merged, mergedGap{rule: gap.Rule, reason: gap.Reason, source: gap.Source})
		}
		merged[i].sources++
		merged[i].count += gap.Count
	}
	slices.SortStableFunc(merged, func(a, b mergedGap) int {
		return cmp.Or(strings.Compare(a.rule, b.rule), b.count-a.count, strings.Compare(a.reason, b.reason))
	})
	return merged
}

// unreadList is a list that could not be read, and how many verdicts it kept open.
type unreadList struct {
	source, name string
	count        int
}

// foldedGaps gives the merged gaps, and apart from them those that every rule has
// because of the same unread list.
func (v *view) foldedGaps() (gaps []mergedGap, lists []unreadList) {
	for _, gap := range v.mergedGaps() {
		i := slices.IndexFunc(v.unread, func(u UnreadUnit) bool {
			return gap.sources == 1 && u.Source == gap.source && strings.HasPrefix(gap.reason, "the list "+u.Name+" could not be read ")
		})
		if i < 0 {
			gaps = append(gaps, gap)
			continue
		}
		list := unreadList{source: gap.source, name: v.unread[i].Name}
		at := slices.IndexFunc(lists, func(l unreadList) bool { return l.source == list.source && l.name == list.name })
		if at < 0 {
			at, lists = len(lists), append(lists, list)
		}
		lists[at].count += gap.count
	}
	return gaps, lists
}

// expiryText gives "2026-03-20 (6 days)".
func expiryText(date string, days int) string {
	switch {
	case days < 0:
		return date + " (past)"
	case days == 0:
		return date + " (last day)"
	case days <= expiringSoonDays:
		return fmt.Sprintf("%s (%s)", date, plural(days, "day", "days"))
	}
	return date
}

// title, cms and sourceName look up what belongs to an id, "" where it is unknown.
func (v *view) title(rule string) string {
	if r, ok := v.rules[rule]; ok {
		return r.Title
	}
	return ""
}

func (v *view) cms(source string) string {
	if s, ok := v.sources[source]; ok {
		return s.CMS
	}
	return ""
}

func (v *view) sourceName(source string) string {
	if s, ok := v.sources[source]; ok {
		return s.Name
	}
	return ""
}
