package difference

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
)

// Decisions are what people decided between two reports: waivers, accepted gaps
// and the settings of rules. They silence a finding as well as a fix does. Slices
// are never nil.
type Decisions struct {
	// Waived are findings that a waiver covers in the new report alone; Unwaived
	// are waived in the old report and fail in the new one.
	Waived   []*report.Finding `json:"findings_waived"`
	Unwaived []*report.Finding `json:"findings_unwaived"`
	// WaiversEnded applied in the old report, and have expired or are gone.
	WaiversEnded []EndedWaiver `json:"waivers_ended"`
	// GapsAccepted apply in the new report alone, GapsEnded in the old one alone.
	GapsAccepted []report.AcceptedGap `json:"gaps_accepted"`
	GapsEnded    []report.AcceptedGap `json:"gaps_ended"`
	Rules        []RuleChange         `json:"rules_changed"`
}

// EndedWaiver is a waiver that does not hold any more.
type EndedWaiver struct {
	policies.Waiver
	// Why is "expired" or "removed".
	Why string `json:"why"`
}

// RuleChange is a rule that judges by other settings, or only in one of the reports.
type RuleChange struct {
	Rule string `json:"rule"`
	// Field is "severity", "params.NAME", or "in force" with "yes" and "no".
	Field string `json:"field"`
	Old   string `json:"old"`
	New   string `json:"new"`
}

// empty reports whether nobody decided anything.
func (d *Decisions) empty() bool {
	return d == nil || len(d.Waived)+len(d.Unwaived)+len(d.WaiversEnded)+len(d.GapsAccepted)+len(d.GapsEnded)+len(d.Rules) == 0
}

func decisionsBetween(before, after *report.Report) *Decisions {
	d := &Decisions{
		Waived: waivedIn(after, before), Unwaived: []*report.Finding{}, WaiversEnded: endedWaivers(before, after),
		GapsAccepted: gapsOnlyIn(after, before), GapsEnded: gapsOnlyIn(before, after), Rules: ruleChanges(before, after),
	}
	failing := statusOf(after, policies.Fail)
	for _, f := range waivedIn(before, after) {
		if now, ok := failing[f.Fingerprint]; ok {
			d.Unwaived = append(d.Unwaived, now)
		}
	}
	return d
}

// waivedIn returns the findings that are waived in one report and not in the other.
func waivedIn(one, other *report.Report) []*report.Finding {
	waived := statusOf(other, policies.Waived)
	only := []*report.Finding{}
	for _, f := range one.Findings {
		if _, ok := waived[f.Fingerprint]; f.Status == policies.Waived && !ok {
			only = append(only, f)
		}
	}
	return only
}

func statusOf(r *report.Report, status policies.Status) map[string]*report.Finding {
	found := map[string]*report.Finding{}
	for _, f := range r.Findings {
		if f.Status == status {
			found[f.Fingerprint] = f
		}
	}
	return found
}

func endedWaivers(before, after *report.Report) []EndedWaiver {
	same := func(w report.Waiver) func(report.Waiver) bool {
		return func(v report.Waiver) bool {
			return v.Rule == w.Rule && v.Token == w.Token && v.Name == w.Name && v.Key == w.Key
		}
	}
	ended := []EndedWaiver{}
	for _, w := range before.Waivers.Applied {
		switch {
		case slices.ContainsFunc(after.Waivers.Applied, same(w)), slices.ContainsFunc(after.Waivers.Unmatched, same(w)):
		case slices.ContainsFunc(after.Waivers.Expired, same(w)):
			ended = append(ended, EndedWaiver{w.Waiver, "expired"})
		default:
			ended = append(ended, EndedWaiver{w.Waiver, "removed"})
		}
	}
	return ended
}

// gapsOnlyIn returns the accepted gaps that apply in one report and not in the other.
func gapsOnlyIn(one, other *report.Report) []report.AcceptedGap {
	only := []report.AcceptedGap{}
	for _, g := range one.AcceptedGaps {
		if g.State == report.GapApplied && !slices.ContainsFunc(other.AcceptedGaps, func(o report.AcceptedGap) bool {
			return o.State == report.GapApplied && o.Source == g.Source && o.Unit == g.Unit && o.Empty == g.Empty
		}) {
			only = append(only, g)
		}
	}
	return only
}

func ruleChanges(before, after *report.Report) []RuleChange {
	changes := []RuleChange{}
	old := map[string]map[string]string{}
	for _, r := range before.Rules {
		old[r.ID] = settingsOf(r)
	}
	seen := map[string]bool{}
	for _, r := range after.Rules {
		seen[r.ID] = true
		was, ok := old[r.ID]
		if !ok {
			changes = append(changes, RuleChange{r.ID, "in force", "no", "yes"})
			continue
		}
		now := settingsOf(r)
		for _, field := range sortedFields(was, now) {
			if was[field] != now[field] {
				changes = append(changes, RuleChange{r.ID, field, was[field], now[field]})
			}
		}
	}
	for _, r := range before.Rules {
		if !seen[r.ID] {
			changes = append(changes, RuleChange{r.ID, "in force", "yes", "no"})
		}
	}
	slices.SortStableFunc(changes, func(a, b RuleChange) int { return strings.Compare(a.Rule, b.Rule) })
	return changes
}

func settingsOf(r report.Rule) map[string]string {
	settings := map[string]string{"severity": string(r.Severity)}
	for name, value := range r.Params {
		text, _ := json.Marshal(value) // it came from JSON or goes there
		settings["params."+name] = string(text)
	}
	return settings
}

func sortedFields(a, b map[string]string) []string {
	var fields []string
	for name := range a {
		fields = append(fields, name)
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			fields = append(fields, name)
		}
	}
	slices.Sort(fields)
	return fields
}
