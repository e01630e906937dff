// Package template writes a commented configuration to start from, made of the option
// declarations of the collectors.
package template

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors"
)

const templateHead = `# What tokenaudit reads, how it judges, and what is accepted for a while.
# Every key is in the JSON Schema that ` + "`tokenaudit schema config`" + ` prints.
# Never put secrets in this file, but {env: NAME}, {file: path} or {command: [program, argument]}.
version: 1

sources:
`

const templateTail = `
# policies:
#   paths: [policies/]              # custom rules: .rego files, folders or bundles
#   rules:
#     unused-token: {severity: high, params: {max_idle_days: 45}}
#     undocumented-token: off

# A waiver lets a finding pass the gate, for a reason somebody signed, until a day.
# "tokenaudit waivers add" writes one below the last; {files: [waivers/web.yaml]} names a file for each team.
# waivers:
#   - rule: write-token-never-expires
#     token: datocms/projects/77/access_tokens/*    # only * is special
#     reason: DatoCMS has no expiry; rotated quarterly
#     owner: platform@example.com
#     approved_by: ciso@example.com
#     expires: 2027-01-31

# A list that cannot be read, and whose absence somebody accepts, until a day: "tokenaudit gaps accept" writes it.
# accept_gaps:
#   - source: contentstack/stacks/blt0123
#     unit: management_tokens
#     reason: The audit has no owner rights there yet
#     owner: platform@example.com
#     approved_by: ciso@example.com
#     expires: 2027-01-31

# A list that came back empty, which is in doubt, and that somebody knows to be empty: "tokenaudit gaps accept --empty" writes it.
# accept_empty:
#   - source: contentstack/stacks/blt0123
#     unit: management_tokens       # "*": the source has no tokens
#     reason: The stack has no management tokens; checked in the web app
#     owner: platform@example.com
#     approved_by: ciso@example.com
#     expires: 2027-01-31

# Who looked at which token, and what was decided: the rule token-not-reviewed judges by it.
# "tokenaudit reviews add" writes one; {files: [reviews/web.yaml]} names a file for each team.
# reviews:
#   - token: datocms/projects/77/access_tokens/312
#     reviewer: ada@example.com
#     date: 2026-11-22
#     decision: keep                # or change; revoke needs the last day for it: by: 2026-12-06
#     note: The shop publishes with it

# Deadlines: how many days after it was seen first a finding has to be gone. --fail-on-overdue fails on what is past them.
# sla:
#   severity: {critical: 2d, high: 14d, medium: 60d}
#   rules: {write-token-never-expires: 30d}

# The history of runs: since when a finding is open, what is new, and what became of it. {postgres: {env: DATABASE_URL}} is a database.
# store: tokenaudit.db

# Where "tokenaudit scan --notify" sends what is new, back, overdue or gone.
# notify:
#   - type: slack                   # or teams, or webhook
#     url: {env: SLACK_WEBHOOK}
#     min_severity: high
#   - type: jira
#     url: {env: JIRA_URL}          # of the site: https://acme.atlassian.net
#     project: SEC
#     user: audit-bot@example.com
#     token: {env: JIRA_TOKEN}

gate: {fail_on: medium}
`

// Text returns a commented configuration to start from, made of the option
// declarations. The entry of a CMS is active if present tells that one of the
// environment variables its secrets are usually read from is set, else it is
// commented out. found are those variables, in the order of the file.
func Text(definitions []collectors.Definition, present func(variable string) bool) (text string, found []string) {
	var b strings.Builder
	b.WriteString(templateHead)
	// What most people come for is first: the CMSes, which take a credential.
	definitions = slices.Clone(definitions)
	slices.SortStableFunc(definitions, func(a, b collectors.Definition) int { return cmp.Compare(credentials(b), credentials(a)) })
	for i, d := range definitions {
		if i > 0 {
			b.WriteString("\n")
		}
		variables := presentVariables(d, present)
		found = append(found, variables...)
		prefix := "  # "
		if len(variables) > 0 {
			prefix = "  "
		}
		fmt.Fprintf(&b, "  # %s\n", d.Title)
		for _, line := range templateEntry(d, present) {
			b.WriteString(strings.TrimRight(prefix+line, " ") + "\n")
		}
	}
	b.WriteString(templateTail)
	return b.String(), found
}

// credentials is 1 for an entry that takes a credential, else 0.
func credentials(d collectors.Definition) int {
	return min(1, len(presentVariables(d, func(string) bool { return true })))
}

// presentVariables returns the variables of a CMS's secrets that are set.
func presentVariables(d collectors.Definition, present func(string) bool) []string {
	var out []string
	var walk func([]collectors.Option)
	walk = func(options []collectors.Option) {
		for _, o := range options {
			if o.Type == collectors.OptionSecret && present(Variable(d.CMS, o)) {
				out = append(out, Variable(d.CMS, o))
			}
			walk(o.Items)
		}
	}
	walk(d.Options)
	return out
}

// templateEntry returns the lines of one entry. Of alternatives one is active:
// of secrets the first whose variable is set, else the first.
func templateEntry(d collectors.Definition, present func(string) bool) []string {
	lines := []string{"- cms: " + d.CMS}
	active := map[string]bool{}
	for _, group := range append(append([][]string{}, d.OneOf...), d.AnyOf...) {
		active[chosen(d, group, present)] = true
	}
	for _, o := range d.Options {
		lines = append(lines, templateOption(d.CMS, o, "  ", o.Required || active[o.Key])...)
	}
	return lines
}

func chosen(d collectors.Definition, group []string, present func(string) bool) string {
	for _, key := range group {
		for _, o := range d.Options {
			if o.Key == key && hasPresent(d.CMS, o, present) {
				return key
			}
		}
	}
	return group[0]
}

// hasPresent reports whether a variable of an option, or of its items, is set.
func hasPresent(cms string, o collectors.Option, present func(string) bool) bool {
	return o.Type == collectors.OptionSecret && present(Variable(cms, o)) ||
		slices.ContainsFunc(o.Items, func(item collectors.Option) bool { return hasPresent(cms, item, present) })
}

// templateOption returns the lines of one option, its help above it.
func templateOption(cms string, o collectors.Option, indent string, active bool) []string {
	help := o.Help
	if o.Default != "" {
		help += " Default: " + o.Default + "."
	}
	mark := ""
	if !active {
		mark = "# "
	}
	lines := []string{indent + "# " + help}
	if o.Type != collectors.OptionObjects {
		return append(lines, indent+mark+o.Key+": "+Example(cms, o))
	}
	lines = append(lines, indent+mark+o.Key+":")
	item := "- "
	for _, field := range o.Items {
		for i, line := range templateOption(cms, field, "", field.Required) {
			if i == 0 { // the help
				lines = append(lines, indent+mark+"    "+line)
				continue
			}
			bullet := "  "
			if !strings.HasPrefix(line, "# ") {
				bullet, item = item, "  "
			}
			lines = append(lines, indent+mark+"  "+bullet+line)
		}
	}
	return lines
}

// Example returns a value that the strict parser accepts.
func Example(cms string, o collectors.Option) string {
	example := o.Example
	if example == "" && len(o.Enum) > 0 {
		example = o.Enum[0]
	}
	switch o.Type {
	case collectors.OptionSecret:
		return "{env: " + Variable(cms, o) + "}"
	case collectors.OptionStrings:
		return "[" + firstOf(example, "EXAMPLE") + "]"
	case collectors.OptionInteger:
		return firstOf(example, o.Default, "1")
	case collectors.OptionBoolean:
		return firstOf(example, o.Default, "true")
	}
	if o.Key == "base_url" {
		return firstOf(example, "https://cms.example.com")
	}
	return firstOf(example, o.Default, "EXAMPLE")
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

var exampleVariable = regexp.MustCompile(`^(?:\{env: )?([A-Z][A-Z0-9_]*)\}?$`)

// Variable returns the environment variable that a secret option is usually
// read from: the one of its example, else one made of CMS and key.
func Variable(cms string, option collectors.Option) string {
	if m := exampleVariable.FindStringSubmatch(option.Example); m != nil {
		return m[1]
	}
	return strings.ToUpper(cms + "_" + option.Key)
}
