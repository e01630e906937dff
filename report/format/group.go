package format

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
	"github.com/tokenaudit/tokenaudit/report/triage"
)

// What findings can be grouped by, besides a label.
const (
	ByRule  = "rule"
	ByToken = "token"
	ByOwner = "owner"
	ByCMS   = "cms"
	byLabel = "label:"
)

// CheckGroupBy returns an error for what findings cannot be grouped by.
func CheckGroupBy(by string) error {
	if slices.Contains([]string{"", ByRule, ByToken, ByOwner, ByCMS}, by) || len(by) > len(byLabel) && strings.HasPrefix(by, byLabel) {
		return nil
	}
	return fmt.Errorf("invalid grouping %q: expected rule, token, owner, cms or label:KEY, for example label:team", by)
}

// Group is what one rule found at one severity, or what findings have in common that are
// grouped by something else.
type Group struct {
	// Rule and Severity are set where the findings are grouped by rules.
	Severity policies.Severity
	Rule     string
	// Name is what the findings have in common otherwise: untrusted text.
	Name     string
	Findings []*report.Finding
	// Parts counts the findings that are not among them, because they are shown as part of
	// another one of their token.
	Parts int
	// Remediations are distinct; each names its CMS where there are several.
	Remediations []string
}

// GroupTitle says what the group is about, and how many findings it has.
func (v *View) GroupTitle(g *Group) string {
	count := safetext.Plural(len(g.Findings), "finding", "findings")
	if g.Parts > 0 {
		count += fmt.Sprintf(", and %s as part of others", safetext.Thousands(g.Parts))
	}
	if g.Rule == "" {
		return fmt.Sprintf("%s  (%s)", g.Name, count)
	}
	title := v.Title(g.Rule)
	if title != "" {
		title = "  " + title
	}
	return fmt.Sprintf("%s  %s%s  (%s)", strings.ToUpper(string(g.Severity)), g.Rule, title, count)
}

// Group groups the failed findings, by what CheckGroupBy accepts. A finding that is part of
// another one of its token is not in a group, but counted there.
func (v *View) Group(by string) {
	v.Groups = nil
	tokens := triage.Tokens(v.R)
	v.First, v.Affected, v.Overdue = slices.Clone(tokens[:min(len(tokens), triage.First)]), len(tokens), triage.Overdue(tokens)
	v.contained = map[*report.Finding][]*report.Finding{}
	part := map[*report.Finding]bool{}
	place := map[string]int{}
	for i := range tokens {
		place[tokens[i].Token] = i
		for _, f := range tokens[i].Findings {
			if len(f.Contains) > 0 {
				v.contained[f.Finding] = f.Contains
			}
			for _, c := range f.Contains {
				part[c] = true
			}
		}
	}
	index := map[string]int{}
	order := map[string]int{}
	for _, f := range v.R.Findings { // sorted by severity and rule
		if f.Status != policies.Fail {
			continue
		}
		g := v.groupOf(f, by)
		key := g.Name + "\x00" + string(g.Severity) + "\x00" + g.Rule
		at, ok := index[key]
		if !ok {
			at = len(v.Groups)
			index[key] = at
			v.Groups = append(v.Groups, g)
		}
		if by == ByToken && f.Token != "" {
			order[v.Groups[at].Name] = place[f.Token] - len(tokens)
		}
		if part[f] {
			v.Groups[at].Parts++
		} else {
			v.Groups[at].Findings = append(v.Groups[at].Findings, f)
		}
	}
	switch by {
	case "", ByRule:
	case ByToken:
		slices.SortStableFunc(v.Groups, func(a, b Group) int { return order[a.Name] - order[b.Name] })
	default:
		slices.SortStableFunc(v.Groups, func(a, b Group) int { return cmp.Compare(a.Name, b.Name) })
	}
	for i := range v.Groups {
		v.Groups[i].Remediations = v.remediations(v.Groups[i].Findings)
	}
}

// groupOf returns the group of a finding, without findings.
func (v *View) groupOf(f *report.Finding, by string) Group {
	switch {
	case by == ByToken:
		return Group{Name: v.tokenTitle(f)}
	case by == ByOwner && len(v.R.Teams) > 0:
		return Group{Name: cmp.Or(f.Team, report.Unassigned)}
	case by == ByOwner:
		return Group{Name: answers(f.Team, f.Owner)}
	case by == ByCMS:
		return Group{Name: f.CMS}
	case strings.HasPrefix(by, byLabel):
		key := strings.TrimPrefix(by, byLabel)
		return Group{Name: cmp.Or(v.Labels(f.Source)[key], "without label "+key)}
	}
	return Group{Severity: f.Severity, Rule: f.Rule}
}

// Answers says who answers for a token: its team, or else the owner that the CMS tells.
func Answers(t *triage.Token) string { return answers(t.Team, t.Owner) }

func answers(team string, owner *report.Owner) string {
	switch {
	case team != "":
		return team
	case owner == nil || owner.Type == inventory.OwnerUnknown:
		return "unknown"
	case owner.Type == inventory.OwnerNone:
		return "nobody"
	}
	return cmp.Or(owner.Name, owner.ID, "unknown")
}

// tokenTitle names what a finding is about, in one line that no other token has.
func (v *View) tokenTitle(f *report.Finding) string {
	if f.Token == "" {
		return fmt.Sprintf("%s  %s", v.SourceName(f.Source), f.Source)
	}
	title := fmt.Sprintf("%s  %s", f.TokenName, f.Token)
	if f.Risk != nil {
		title = fmt.Sprintf("RISK %s  %s", f.Risk, title)
	}
	return title
}

// Contained returns the rules whose findings are a part of a finding.
func (v *View) Contained(f *report.Finding) []string {
	var rules []string
	for _, c := range v.contained[f] {
		if !slices.Contains(rules, c.Rule) {
			rules = append(rules, c.Rule)
		}
	}
	return rules
}

// RulesText names the rules of the findings of a token: "admin-token (with
// token-manages-tokens), unused-token".
func RulesText(findings []triage.Finding) string {
	var words []string
	for _, f := range findings {
		word := f.Rule
		if parts := PartsText(f); parts != "" {
			word += " (with " + parts + ")"
		}
		if !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return strings.Join(words, ", ")
}

// PartsText names the rules of the findings that are a part of a finding; it is empty
// where there are none.
func PartsText(f triage.Finding) string {
	var parts []string
	for _, c := range f.Contains {
		if !slices.Contains(parts, c.Rule) {
			parts = append(parts, c.Rule)
		}
	}
	return safetext.And(parts)
}
