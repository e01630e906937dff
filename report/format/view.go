package format

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/labels"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
	"github.com/tokenaudit/tokenaudit/report/triage"
)

// View is what the formats for people need to know besides the report itself:
// the findings grouped, the waivers sorted by what they need, names by id.
type View struct {
	R       *report.Report
	Rules   map[string]*report.Rule
	sources map[string]*report.Source
	// Groups are the failed findings by severity and rule, worst first, unless Group
	// groups them otherwise.
	Groups []Group
	// First are the tokens to fix first, of Affected that have findings; Overdue of these have
	// one that is overdue. Set by Group.
	First             []triage.Token
	Affected, Overdue int
	// contained has the findings that are shown as part of another one.
	contained map[*report.Finding][]*report.Finding
	// Waived are the waived findings, in the order of the report.
	Waived []*report.Finding
	Unread []report.UnreadUnit
	// AcceptedUnits counts the unread units that somebody accepted.
	AcceptedUnits int
	Waivers       []waiverUse
	WaiverCount   map[WaiverState]int
	// Compared: there is a baseline, and the report has its Changes.
	Compared bool
	// Labelled: a source of the report has a label.
	Labelled bool
}

// EachToken says how to see all tokens that a rule could not decide about: the groups of
// them name a few.
const EachToken = "Token by token: -o csv-inventory, and tokens[].verdicts of -o json"

// WaiverState says what a waiver needs.
type WaiverState string

// The states of a waiver.
const (
	WaiverApplied   WaiverState = "applied"
	WaiverExpired   WaiverState = "expired"
	WaiverExpiring  WaiverState = "expires soon"
	WaiverUnmatched WaiverState = "no effect"
)

// expiringSoonDays is how many days ahead a waiver or an accepted gap is
// reported as about to expire.
const expiringSoonDays = 14

type waiverUse struct {
	report.Waiver
	State WaiverState
}

// On returns what the waiver is about: its token, with the name and the key that it is
// restricted to.
func (w waiverUse) On() string {
	on := w.Token
	if w.Name != "" {
		on += ", name " + strconv.Quote(w.Name)
	}
	if w.Key != "" {
		on += ", key " + strconv.Quote(w.Key)
	}
	return on
}

// NewView returns the view of a report, which it does not change.
func NewView(r *report.Report) *View {
	v := &View{
		R: r, Rules: make(map[string]*report.Rule, len(r.Rules)), sources: make(map[string]*report.Source, len(r.Sources)),
		Unread: r.Unread(), WaiverCount: map[WaiverState]int{}, Compared: r.Changes != nil,
	}
	for i := range r.Rules {
		v.Rules[r.Rules[i].ID] = &r.Rules[i]
	}
	for i := range r.Sources {
		v.sources[r.Sources[i].ID] = &r.Sources[i]
		v.Labelled = v.Labelled || len(r.Sources[i].Labels) > 0
	}
	for _, unit := range v.Unread {
		if unit.Accepted != nil {
			v.AcceptedUnits++
		}
	}
	v.groupFindings()
	v.sortWaivers()
	return v
}

func (v *View) groupFindings() {
	for _, f := range v.R.Findings { // sorted by severity and rule
		if f.Status == policies.Waived {
			v.Waived = append(v.Waived, f)
			continue
		}
		last := len(v.Groups) - 1
		if last < 0 || v.Groups[last].Severity != f.Severity || v.Groups[last].Rule != f.Rule {
			v.Groups = append(v.Groups, Group{Severity: f.Severity, Rule: f.Rule})
			last++
		}
		v.Groups[last].Findings = append(v.Groups[last].Findings, f)
	}
	for i := range v.Groups {
		slices.SortStableFunc(v.Groups[i].Findings, func(a, b *report.Finding) int { return b.OverdueDays - a.OverdueDays })
		v.Groups[i].Remediations = v.remediations(v.Groups[i].Findings)
	}
}

// remediations returns each distinct remediation once, with the CMSes it is for
// where there is more than one, or "terraform" for what is to be done in code.
func (v *View) remediations(findings []*report.Finding) []string {
	cmses := map[string][]string{}
	for _, f := range findings {
		place := f.CMS
		if rule, ok := v.Rules[f.Rule]; ok && f.Planned != "" && f.Remediation == rule.Remediation["terraform"] {
			place = "terraform"
		}
		if f.Remediation != "" && !slices.Contains(cmses[f.Remediation], place) {
			cmses[f.Remediation] = append(cmses[f.Remediation], place)
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

func (v *View) sortWaivers() {
	add := func(state WaiverState, waivers []report.Waiver) {
		for _, w := range waivers {
			s := state
			switch {
			case s != WaiverExpired && w.ExpiresInDays <= expiringSoonDays:
				s = WaiverExpiring
			case s == WaiverUnmatched && v.R.MayHide(w.Waiver):
				// Nobody knows that it has no effect.
				s = WaiverApplied
			}
			v.Waivers = append(v.Waivers, waiverUse{w, s})
			v.WaiverCount[s]++
		}
	}
	add(WaiverExpired, v.R.Waivers.Expired)
	add(WaiverApplied, v.R.Waivers.Applied)
	add(WaiverUnmatched, v.R.Waivers.Unmatched)
}

// Name is the name of what a finding is about: untrusted text.
func (v *View) Name(f *report.Finding) string {
	if f.Token != "" {
		return f.TokenName
	}
	if s, ok := v.sources[f.Source]; ok {
		return s.Name
	}
	return ""
}

// MergedGap is what a rule could not decide for one reason, over all sources.
type MergedGap struct {
	Rule, Reason string
	// Source is one of them, the first.
	Source         string
	Sources, Count int
}

// MergedGaps groups the gaps of all sources by rule and reason, most first
// within a rule.
func (v *View) MergedGaps() []MergedGap {
	index, counted := map[[2]string]int{}, map[[3]string]bool{}
	var merged []MergedGap
	for _, gap := range v.R.Gaps {
		key := [2]string{gap.Rule, gap.Reason}
		i, ok := index[key]
		if !ok {
			i = len(merged)
			index[key] = i
			merged = append(merged, MergedGap{Rule: gap.Rule, Reason: gap.Reason, Source: gap.Source})
		}
		// A source may have a gap for each team.
		if of := [3]string{gap.Rule, gap.Reason, gap.Source}; !counted[of] {
			counted[of] = true
			merged[i].Sources++
		}
		merged[i].Count += gap.Count
	}
	slices.SortStableFunc(merged, func(a, b MergedGap) int {
		return cmp.Or(strings.Compare(a.Rule, b.Rule), b.Count-a.Count, strings.Compare(a.Reason, b.Reason))
	})
	return merged
}

// CMSCount counts verdicts of one CMS, and the rules and sources that have them.
type CMSCount struct {
	CMS                   string
	Count, Rules, Sources int
}

// GapsByCMS counts what could not be decided.
func (v *View) GapsByCMS() []CMSCount {
	c := cmsCounts{v: v}
	for _, gap := range v.R.Gaps {
		c.add(gap.Rule, gap.Source, gap.Count)
	}
	return c.list()
}

// AllowedByCMS counts the passes that somebody may wonder about.
func (v *View) AllowedByCMS() []CMSCount {
	c := cmsCounts{v: v}
	for _, a := range v.R.Allowed {
		c.add(a.Rule, a.Source, 1)
	}
	return c.list()
}

// cmsCounts counts by CMS.
type cmsCounts struct {
	v *View
	// rules and sources have those of each CMS.
	counts         map[string]int
	rules, sources map[string]map[string]bool
}

func (c *cmsCounts) add(rule, source string, n int) {
	cms := c.v.CMS(source)
	if c.counts == nil {
		c.counts, c.rules, c.sources = map[string]int{}, map[string]map[string]bool{}, map[string]map[string]bool{}
	}
	if c.rules[cms] == nil {
		c.rules[cms], c.sources[cms] = map[string]bool{}, map[string]bool{}
	}
	c.counts[cms] += n
	c.rules[cms][rule], c.sources[cms][source] = true, true
}

func (c *cmsCounts) list() []CMSCount {
	var list []CMSCount
	for _, cms := range slices.Sorted(maps.Keys(c.counts)) {
		list = append(list, CMSCount{cms, c.counts[cms], len(c.rules[cms]), len(c.sources[cms])})
	}
	return list
}

// UnreadList is a list that could not be read, and how many verdicts it kept open.
type UnreadList struct {
	Source, Name string
	Count        int
}

// FoldedGaps returns the merged gaps, and apart from them those that every rule has
// because of the same unread list.
func (v *View) FoldedGaps() (gaps []MergedGap, lists []UnreadList) {
	for _, gap := range v.MergedGaps() {
		i := slices.IndexFunc(v.Unread, func(u report.UnreadUnit) bool {
			return gap.Sources == 1 && u.Source == gap.Source && strings.HasPrefix(gap.Reason, "the list "+u.Name+" could not be read ")
		})
		if i < 0 {
			gaps = append(gaps, gap)
			continue
		}
		list := UnreadList{Source: gap.Source, Name: v.Unread[i].Name}
		at := slices.IndexFunc(lists, func(l UnreadList) bool { return l.Source == list.Source && l.Name == list.Name })
		if at < 0 {
			at, lists = len(lists), append(lists, list)
		}
		lists[at].Count += gap.Count
	}
	return gaps, lists
}

// ExpiryText returns "2026-03-20 (6 days)".
func ExpiryText(date string, days int) string {
	switch {
	case days < 0:
		return date + " (past)"
	case days == 0:
		return date + " (last day)"
	case days <= expiringSoonDays:
		return fmt.Sprintf("%s (%s)", date, safetext.Plural(days, "day", "days"))
	}
	return date
}

// Title returns the title of a rule, or "" for an unknown one.
func (v *View) Title(rule string) string {
	if r, ok := v.Rules[rule]; ok {
		return r.Title
	}
	return ""
}

// Goal returns what a rule wants, or "" for an unknown one.
func (v *View) Goal(rule string) string {
	r := v.Rules[rule]
	if r == nil {
		return ""
	}
	return cmp.Or(r.Goal, r.Title)
}

// CMS returns the CMS of a source, or "" for an unknown one.
func (v *View) CMS(source string) string {
	if s, ok := v.sources[source]; ok {
		return s.CMS
	}
	return ""
}

// Labels returns the labels of a source; nil for none.
func (v *View) Labels(source string) map[string]string {
	if s, ok := v.sources[source]; ok {
		return s.Labels
	}
	return nil
}

// LabelsText returns the labels of a source for people, sorted: "env=prod, team=web".
func (v *View) LabelsText(source string) string {
	return strings.Join(labels.Texts(v.Labels(source)), ", ")
}

// OwnerText returns the owner of a token for people: "Omar Haddad (person, deactivated)".
// It is empty where there is none, and "unknown" with the reason where nobody knows.
func OwnerText(o *report.Owner) string {
	switch {
	case o == nil || o.Type == inventory.OwnerNone:
		return ""
	case o.Type == inventory.OwnerUnknown && o.Reason != "":
		return "unknown: " + o.Reason
	case o.Type == inventory.OwnerUnknown:
		return "unknown"
	}
	text := fmt.Sprintf("%s (%s", cmp.Or(o.Name, o.ID, "name unknown"), o.Type)
	if o.State != inventory.OwnerActive {
		text += ", " + strings.Replace(string(o.State), "unknown", "state unknown", 1)
	}
	return text + ")"
}

// SourceName returns the name of a source, or "" for an unknown one.
func (v *View) SourceName(source string) string {
	if s, ok := v.sources[source]; ok {
		return s.Name
	}
	return ""
}
