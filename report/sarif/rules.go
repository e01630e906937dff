package sarif

import (
	"slices"
	"strings"
	"unicode"

	"github.com/tokenaudit/tokenaudit/policies/frameworks"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/controls"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// sarifTaxonomies are the frameworks that become taxonomies, those with public
// pages that a reader can follow. The ids of the others are tags.
var sarifTaxonomies = map[string]string{
	"nist-800-53": "Security and privacy controls for information systems and organizations.",
	"owasp-nhi":   "The ten greatest risks of non-human identities.",
}

// describeTaxonomies makes the taxonomies, with the controls that rules name.
func (s *sarif) describeTaxonomies() error {
	known, err := frameworks.All()
	if err != nil {
		return err
	}
	for _, f := range known {
		description, ok := sarifTaxonomies[f.ID]
		if !ok {
			continue
		}
		t := sarifComponent{Name: f.Title, Version: f.Version, Organization: f.Organization, InformationURI: f.URL, ShortDescription: &sarifText{Text: description}}
		for _, c := range controls.Of(s.r, &f).Controls {
			if len(c.Rules) == 0 {
				continue
			}
			taxon := sarifDescriptor{ID: safetext.OneLine(c.ID)}
			if c.Title != "" {
				taxon.Name, taxon.ShortDescription = pascalCase(c.Title), &sarifText{Text: sentence(c.Title)}
			}
			t.Taxa = append(t.Taxa, taxon)
		}
		if len(t.Taxa) > 0 {
			s.taxonomies = append(s.taxonomies, t)
			s.taxonomyKeys = append(s.taxonomyKeys, f.Key)
		}
	}
	return nil
}

// describeRules makes the descriptors of all rules, found or not: a rule
// without a finding closes the alerts it had.
func (s *sarif) describeRules() {
	s.rules = make([]sarifDescriptor, 0, len(s.r.Rules))
	s.ruleIndex = make(map[string]int, len(s.r.Rules))
	for i := range s.r.Rules {
		s.ruleIndex[s.r.Rules[i].ID] = len(s.rules)
		s.rules = append(s.rules, s.describe(&s.r.Rules[i]))
	}
	// A finding carried over may be of a rule that is not loaded any more.
	for _, findings := range [][]*report.Finding{s.r.Findings, s.r.Stale} {
		for _, f := range findings {
			s.describeUnknown(f)
		}
	}
}

func (s *sarif) describeUnknown(f *report.Finding) {
	if _, ok := s.ruleIndex[f.Rule]; ok {
		return
	}
	s.ruleIndex[f.Rule] = len(s.rules)
	s.rules = append(s.rules, s.describe(&report.Rule{ID: f.Rule, Title: f.Rule, Severity: f.Severity, Remediation: map[string]string{"default": f.Remediation}}))
}

func (s *sarif) describe(rule *report.Rule) sarifDescriptor {
	title := sentence(rule.Title)
	if title == "." {
		title = sentence(rule.ID)
	}
	description := title
	if strings.TrimSpace(rule.Description) != "" {
		description = sentence(strings.Join(strings.Fields(rule.Description), " "))
	}
	text, markdown := helpOf(rule)
	return sarifDescriptor{
		ID:               safetext.OneLine(rule.ID),
		Name:             nameOf(rule.ID),
		ShortDescription: &sarifText{Text: safetext.CutRunes(title, sarifMaxText)},
		FullDescription:  &sarifText{Text: safetext.CutRunes(description, sarifMaxText)},
		Help:             &sarifText{Text: text, Markdown: markdown},
		HelpURI:          helpURI(rule.ID),
		Default:          &sarifConfiguration{Level: sarifLevel(rule.Severity), Rank: sarifRank(rule.Severity)},
		Relationships:    s.relationships(rule),
		Properties: map[string]any{
			"tags":              tagsOf(rule),
			"precision":         "very-high",
			"security-severity": securitySeverity(rule.Severity),
		},
	}
}

// helpURI returns the page of a built-in rule; custom rules have none here.
func helpURI(rule string) string {
	if strings.Trim(rule, "abcdefghijklmnopqrstuvwxyz-") != "" {
		return ""
	}
	return projectURL + "/blob/main/policies/rules/" + strings.ReplaceAll(rule, "-", "_") + "/README.md"
}

// helpOf says what the rule is about and what to do, for each CMS that has a
// remediation of its own.
func helpOf(rule *report.Rule) (text, markdown string) {
	var t, m strings.Builder
	about := strings.TrimSpace(rule.Description)
	if about == "" {
		about = rule.Title
	}
	t.WriteString(about + "\n\nWhat to do:\n")
	m.WriteString("**" + safetext.MarkdownText(rule.Title) + "**\n\n" + about + "\n\n### What to do\n\n")
	keys := safetext.SortedKeys(rule.Remediation)
	if i := slices.Index(keys, "default"); i > 0 {
		keys = append([]string{"default"}, slices.Delete(keys, i, i+1)...)
	}
	for _, cms := range keys {
		fix := strings.Join(strings.Fields(rule.Remediation[cms]), " ")
		if fix == "" {
			continue
		}
		if cms == "default" {
			t.WriteString("- " + fix + "\n")
			m.WriteString("- " + fix + "\n")
			continue
		}
		t.WriteString("- " + cms + ": " + fix + "\n")
		m.WriteString("- *" + safetext.MarkdownText(cms) + "*: " + fix + "\n")
	}
	if names := controls.Text(rule.Controls); names != "" {
		t.WriteString("\nControls: " + names + "\n")
		m.WriteString("\nControls: " + safetext.MarkdownText(names) + "\n")
	}
	return t.String(), m.String()
}

func (s *sarif) relationships(rule *report.Rule) []sarifRelationship {
	var relations []sarifRelationship
	for i := range s.taxonomies {
		t := &s.taxonomies[i]
		for _, id := range rule.Controls[s.taxonomyKeys[i]] {
			index := slices.IndexFunc(t.Taxa, func(d sarifDescriptor) bool { return d.ID == safetext.OneLine(id) })
			relations = append(relations, sarifRelationship{
				Target: sarifReference{ID: t.Taxa[index].ID, Index: index, ToolComponent: &sarifReference{Name: t.Name, Index: i}},
				Kinds:  []string{"relevant"},
			})
		}
	}
	return relations
}

// tagsOf are the tags of a rule. None may look like a CWE id: GitLab would take
// the finding for one of another kind of scan.
func tagsOf(rule *report.Rule) []string {
	tags := []string{"security", "api-token"}
	for _, framework := range safetext.SortedKeys(rule.Controls) {
		for _, id := range rule.Controls[framework] {
			tag := safetext.OneLine(strings.ReplaceAll(framework, "_", "-") + "/" + id)
			if !strings.Contains(strings.ToLower(tag), "cwe") && len(tags) < sarifMaxTags {
				tags = append(tags, tag)
			}
		}
	}
	return tags
}

// sentence ends a text with a full stop.
func sentence(s string) string {
	s = strings.TrimSpace(safetext.OneLine(strings.ReplaceAll(s, "\n", " ")))
	if strings.HasSuffix(s, ".") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?") {
		return s
	}
	return s + "."
}

// nameOf returns the name of what has this id, or "": readers want the two to differ.
func nameOf(id string) string {
	name := safetext.CutRunes(pascalCase(id), sarifMaxName)
	if strings.EqualFold(name, id) {
		return ""
	}
	return name
}

// pascalCase returns WriteTokenNeverExpires for write-token-never-expires.
func pascalCase(s string) string {
	var b strings.Builder
	start := true
	for _, r := range s {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r) || r > unicode.MaxASCII:
			start = true
		case start:
			b.WriteRune(unicode.ToUpper(r))
			start = false
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
