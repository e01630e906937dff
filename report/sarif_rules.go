package report

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// taxonomy is a catalogue of controls that SARIF readers can show.
type taxonomy struct {
	// key is the framework's name in a rule's controls.
	key, name, version, organization, url, description string
}

// The two catalogues with public pages that a reader can follow; the ids of
// the others are tags.
var sarifTaxonomies = []taxonomy{
	{key: "nist_800_53", name: "NIST SP 800-53", version: "5.1.1", organization: "NIST",
		url:         "https://csrc.nist.gov/pubs/sp/800/53/r5/upd1/final",
		description: "Security and privacy controls for information systems and organizations."},
	{key: "owasp_nhi", name: "OWASP NHI Top 10", version: "2025", organization: "OWASP Foundation",
		url:         "https://owasp.org/www-project-non-human-identities-top-10/2025/top-10-2025",
		description: "The ten greatest risks of non-human identities."},
}

// controlNames are the titles of the controls that built-in rules name (OWASP
// NHI Top 10 2025, NIST OSCAL content of SP 800-53 5.1.1).
var controlNames = map[string]string{
	"NHI1:2025": "Improper Offboarding", "NHI2:2025": "Secret Leakage", "NHI3:2025": "Vulnerable Third-Party NHI",
	"NHI4:2025": "Insecure Authentication", "NHI5:2025": "Overprivileged NHI", "NHI6:2025": "Insecure Cloud Deployment Configurations",
	"NHI7:2025": "Long-Lived Secrets", "NHI8:2025": "Environment Isolation", "NHI9:2025": "NHI Reuse", "NHI10:2025": "Human Use of NHI",
	"AC-2": "Account Management", "AC-2(3)": "Disable Accounts", "AC-5": "Separation of Duties", "AC-6": "Least Privilege",
	"AC-6(1)": "Authorize Access to Security Functions", "AC-6(5)": "Privileged Accounts", "AC-6(7)": "Review of User Privileges",
	"CM-4(1)": "Separate Test Environments", "CM-8": "System Component Inventory", "IA-5": "Authenticator Management",
}

// taxonomiesOf gives the catalogues that the rules name, with the controls named.
func taxonomiesOf(rules []Rule) []sarifComponent {
	var components []sarifComponent
	for _, t := range sarifTaxonomies {
		var ids []string
		for i := range rules {
			ids = append(ids, rules[i].Controls[t.key]...)
		}
		slices.SortFunc(ids, compareControls)
		ids = slices.Compact(ids)
		if len(ids) == 0 {
			continue
		}
		component := sarifComponent{Name: t.name, Version: t.version, Organization: t.organization, InformationURI: t.url, ShortDescription: &sarifText{Text: t.description}}
		for _, id := range ids {
			taxon := sarifDescriptor{ID: oneLine(id)}
			if name := controlNames[id]; name != "" {
				taxon.Name = pascalCase(name)
				taxon.ShortDescription = &sarifText{Text: name + "."}
			}
			component.Taxa = append(component.Taxa, taxon)
		}
		components = append(components, component)
	}
	return components
}

// compareControls sorts NHI2 before NHI10, and AC-6 before AC-6(1).
func compareControls(a, b string) int {
	number := func(s string) int {
		digits := strings.TrimFunc(strings.SplitN(s, ":", 2)[0], func(r rune) bool { return !unicode.IsDigit(r) })
		n, _ := strconv.Atoi(digits)
		return n
	}
	letters := func(s string) string { return strings.TrimRight(strings.SplitN(s, ":", 2)[0], "0123456789()-.") }
	return cmp.Or(strings.Compare(letters(a), letters(b)), number(a)-number(b), strings.Compare(a, b))
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
	for _, findings := range [][]Finding{s.r.Findings, s.r.Stale} {
		for i := range findings {
			s.describeUnknown(&findings[i])
		}
	}
}

func (s *sarif) describeUnknown(f *Finding) {
	if _, ok := s.ruleIndex[f.Rule]; ok {
		return
	}
	s.ruleIndex[f.Rule] = len(s.rules)
	s.rules = append(s.rules, s.describe(&Rule{ID: f.Rule, Title: f.Rule, Severity: f.Severity, Remediation: map[string]string{"default": f.Remediation}}))
}

func (s *sarif) describe(rule *Rule) sarifDescriptor {
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
		ID:               oneLine(rule.ID),
		Name:             cutRunes(pascalCase(rule.ID), sarifMaxName),
		ShortDescription: &sarifText{Text: cutRunes(title, sarifMaxText)},
		FullDescription:  &sarifText{Text: cutRunes(description, sarifMaxText)},
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

// helpURI gives the page of a built-in rule; custom rules have none here.
func helpURI(rule string) string {
	if strings.Trim(rule, "abcdefghijklmnopqrstuvwxyz-") != "" {
		return ""
	}
	return projectURL + "/blob/main/policies/rules/" + strings.ReplaceAll(rule, "-", "_") + "/README.md"
}

// helpOf says what the rule is about and what to do, for each CMS that has a
// remediation of its own.
func helpOf(rule *Rule) (text, markdown string) {
	var t, m strings.Builder
	about := strings.TrimSpace(rule.Description)
	if about == "" {
		about = rule.Title
	}
	t.WriteString(about + "\n\nWhat to do:\n")
	m.WriteString("**" + markdownText(rule.Title) + "**\n\n" + about + "\n\n### What to do\n\n")
	keys := sortedKeys(rule.Remediation)
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
		m.WriteString("- *" + markdownText(cms) + "*: " + fix + "\n")
	}
	if controls := controlsText(rule.Controls); controls != "" {
		t.WriteString("\nControls: " + controls + "\n")
		m.WriteString("\nControls: " + markdownText(controls) + "\n")
	}
	return t.String(), m.String()
}

// controlsText gives "nist_800_53 IA-5; owasp_nhi NHI7:2025".
func controlsText(controls map[string][]string) string {
	var parts []string
	for _, framework := range sortedKeys(controls) {
		if len(controls[framework]) > 0 {
			parts = append(parts, framework+" "+strings.Join(controls[framework], ", "))
		}
	}
	return oneLine(strings.Join(parts, "; "))
}

func (s *sarif) relationships(rule *Rule) []sarifRelationship {
	var relations []sarifRelationship
	for i := range s.taxonomies {
		t := &s.taxonomies[i]
		key := sarifTaxonomies[slices.IndexFunc(sarifTaxonomies, func(known taxonomy) bool { return known.name == t.Name })].key
		for _, id := range rule.Controls[key] {
			index := slices.IndexFunc(t.Taxa, func(d sarifDescriptor) bool { return d.ID == oneLine(id) })
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
func tagsOf(rule *Rule) []string {
	tags := []string{"security", "api-token"}
	for _, framework := range sortedKeys(rule.Controls) {
		for _, id := range rule.Controls[framework] {
			tag := oneLine(strings.ReplaceAll(framework, "_", "-") + "/" + id)
			if !strings.Contains(strings.ToLower(tag), "cwe") && len(tags) < sarifMaxTags {
				tags = append(tags, tag)
			}
		}
	}
	return tags
}

// sentence ends a text with a full stop.
func sentence(s string) string {
	s = strings.TrimSpace(oneLine(strings.ReplaceAll(s, "\n", " ")))
	if strings.HasSuffix(s, ".") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?") {
		return s
	}
	return s + "."
}

// pascalCase gives WriteTokenNeverExpires for write-token-never-expires.
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
