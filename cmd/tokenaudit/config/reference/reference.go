// Package reference writes the page of all keys of the configuration.
package reference

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config/targets"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config/template"
	"github.com/tokenaudit/tokenaudit/collectors"
)

// A documented key is one row of the reference.
type documented struct{ key, kind, fallback, meaning, example string }

// sectionRows are the keys of the configuration but for those of its sources, whose
// options are declared by their collectors. A test compares them with the schema.
var sectionRows = []documented{
	{"version", "integer", "required", "The version of the format.", "1"},
	{"sources", "list", "none", "What to read; see [Sources](#sources).", ""},
	{"profile", "a name", "none", "The settings of rules to which those of `policies.rules` are a difference. See [profiles](../../../policies/profiles/README.md).", "strict"},
	{"profile.file", "text", "none", "A profile of your own, in place of a name.", "ours.yaml"},
	{"policies.paths", "list of texts", "none", "Custom rules: `.rego` files, folders or bundles.", "[policies/]"},
	{"policies.rules.RULE", "`off`, `on`, or a mapping", "the rule's own", "Settings of a rule.", "off"},
	{"policies.rules.RULE.off", "boolean", "the rule's own", "Whether the rule is off. One that is off by default, as its page says, is also switched on by a severity or parameters.", "true"},
	{"policies.rules.RULE.severity", "severity", "the rule's own", "How bad a finding of the rule is.", "high"},
	{"policies.rules.RULE.params", "mapping", "the rule's own", "Parameters; the page of the rule lists them.", "{max_idle_days: 45}"},
	{"policies.rules.RULE.sources", "list", "none", "Other settings for some sources: `off`, `severity` and `params`. The last entry that matches wins.", "[{source: datocms/*, off: true}]"},
	{"policies.rules.RULE.sources[].source", "text", "required", "The id of a source, or a glob, in which only `*` is special.", "contentful/spaces/*"},
	{"usage[].file", "text", "required", "A CSV or JSON file of token ids and times of last use.", "usage.csv"},
	{"owners.files", "list of texts", "none", "Files of what one team answers for, each with the keys `team` and `owns`. Without files, `owners` is a list of such teams. See [owners](OWNERS.md).", "[teams/web.yaml, teams/shop.yaml]"},
	{"owners[].team", "text", "required", "The name of a team. A token matches all keys of a pattern in `owns`; of all patterns, the last one that matches wins.", "web"},
	{"owners[].owns[].source", "text", "any", "The id or the name of a source, or a glob.", "contentful/spaces/*"},
	{"owners[].owns[].token", "text", "any", "The id of a token, or a glob.", "datocms/projects/77/*"},
	{"owners[].owns[].name", "text", "any", "The name of a token, or a glob.", "\"deploy *\""},
	{"owners[].owns[].label", "text", "any", "A label of the source; its value may be a glob.", "team=web"},
	{"owners[].owns[].owner", "text", "any", "The id or the name of the owner that the CMS tells, or a glob.", "\"*@example.com\""},
	{"waivers.files", "list of texts", "none", "Files of what one team has waived and accepted, each with the keys `team`, `waivers`, `accept_gaps` and `accept_empty`. Without files, `waivers` is a list of waivers.", "[waivers/web.yaml, waivers/shop.yaml]"},
	{"waivers[].rule", "text", "required", "The id of a rule, or a glob.", "write-token-never-expires"},
	{"waivers[].token", "text", "required", "The id of a token, or of a source for a rule about sources, or a glob.", "datocms/projects/77/*"},
	{"waivers[].name", "text", "none", "The name of the token, or a glob: only its findings are waived. A planned token and the one that it becomes share it; anybody who can name a token can choose it.", "deploy"},
	{"waivers[].key", "text", "none", "The `key` of the one finding that is waived, as the JSON report and `tokenaudit explain` have it; exact, not a glob. Without it every finding of the rule on the token is waived, later ones too, but for rules whose page says that a waiver names a key: such a waiver covers nothing there.", "provider.contentful cma_token"},
	{"accept_gaps[].source", "text", "required", "The id of a source, or a glob.", "contentstack/stacks/blt0123"},
	{"accept_gaps[].unit", "text", "required", "The list that cannot be read, as the report names it, or a glob.", "management_tokens"},
	{"accept_empty[].source", "text", "required", "The id of a source, or a glob.", "contentstack/stacks/blt0123"},
	{"accept_empty[].unit", "text", "required", "The list that is known to be empty, as the report names it, or `*` for a source without any token. It covers a list that came back empty and is doubted for that (`doubted_empty`), and no other.", "management_tokens"},
	{"….reason", "text", "required", "Of a waiver or an accepted gap: why it is acceptable.", "DatoCMS has no expiry; rotated quarterly"},
	{"….owner", "text", "required", "Who must remove the cause.", "platform@example.com"},
	{"….approved_by", "text", "required", "Who accepted the risk.", "ciso@example.com"},
	{"….expires", "date", "required", "The last day on which it holds.", "2027-01-31"},
	{"reviews.files", "list of texts", "none", "Files of the reviews of one team, each with the keys `team` and `reviews`. Without files, `reviews` is a list of reviews. See [access reviews](REVIEWS.md).", "[reviews/web.yaml, reviews/shop.yaml]"},
	{"reviews[].token", "text", "required", "The id of a token, or a glob. The latest review that matches a token counts.", "datocms/projects/77/access_tokens/312"},
	{"reviews[].reviewer", "text", "required", "Who looked at the token.", "ada@example.com"},
	{"reviews[].date", "date, or an RFC 3339 time", "required", "When the review was made.", "2026-11-22T14:00:00Z"},
	{"reviews[].decision", "`keep`, `change` or `revoke`", "required", "What the review came to.", "keep"},
	{"reviews[].by", "date", "required for `revoke`", "The last day on which the revocation is in time; only with `revoke`.", "2026-12-06"},
	{"reviews[].note", "text", "required", "Why.", "the shop publishes with it"},
	{"sla.severity", "mapping", "none", "Deadlines by severity: how many days after a finding was seen first it has to be gone; the last day counts to its end, in UTC. Of the deadlines that fit a finding, that of its rule wins, then that of its team.", "{critical: 2d, high: 14d}"},
	{"sla.teams", "mapping", "none", "Deadlines by team and severity, of what the team answers for; `unassigned` means no team.", "{web: {high: 7d}}"},
	{"sla.rules", "mapping", "none", "Deadlines of all findings of a rule, by its id.", "{write-token-never-expires: 30d}"},
	{"sla.waived", "`run`, or `stop`", "run", "Whether the clock runs on while a finding is waived. With `stop`, the days on which it was waived do not count, as far as baselines or a store show them.", "stop"},
	{"gate.fail_on", "severity, or `none`", "medium", "The lowest severity that fails the run. `--fail-on` overrides it.", "high"},
	{"gate.not_evaluated", "severity, or `none`", "none", "The lowest severity of the rules that must not be left undecided.", "critical"},
	{"gate.fail_on_overdue", "boolean", "false", "Whether a finding past its deadline fails the run, whatever its severity. It needs `sla`; `--fail-on-overdue` sets it, too.", "true"},
	{"gate.waiver_max_days", "integer", fmt.Sprint(config.DefaultWaiverMaxDays), "How far ahead, in days, a waiver or an accepted gap may expire.", "90"},
	{"limits.timeout", "duration", "none", "Bounds the whole run. What was read by then is judged, and the report is incomplete.", "20m"},
	{"limits.max_wait", "duration", "1m", "Bounds one wait for a rate limit.", "30s"},
	{"limits.total_wait", "duration", "10m", "Bounds the sum of the waits of one rate-limit domain.", "5m"},
	{"limits.rule_timeout", "duration", "30s", "Bounds one rule on one source; a rule that takes longer is not evaluated there.", "1m"},
	{"limits.load_timeout", "duration", "10s", "Bounds the loading of custom rules.", "30s"},
	{"store", "text", "none", "The file of SQLite that keeps the history of runs. See [history](../store/README.md).", "tokenaudit.db"},
	{"store.postgres", "secret", "none", "The connection string of a PostgreSQL database, in place of a file.", "{env: DATABASE_URL}"},
}

// rows are the keys of the configuration but for those of its sources.
func rows() []documented {
	return slices.Concat(sectionRows, optionRows("notify", "notify[].", targets.Options()))
}

const referenceHead = `# Configuration

<!-- Written by "UPDATE_REFERENCE=1 go test ./cmd/tokenaudit -run ConfigurationReference". -->

Every key of ` + "`tokenaudit.yaml`" + `. ` + "`tokenaudit init`" + ` writes a commented one to start from, and next to it the JSON Schema that editors complete and
check it by. An unknown key, a wrong type or a missing credential is one error that names file, line and key, and nothing is sent.

A secret is never in the file. ` + "`{env: NAME}`" + ` takes it from an environment variable, ` + "`{file: path}`" + ` from a file
(variables are not expanded in its path), and ` + "`{command: [program, argument]}`" + ` from the standard output of a program, without a shell. A severity is ` + "`critical`, `high`, `medium`, `low` or `info`" + `;
a duration is written as ` + "`90s`, `10m` or `1h30m`" + `; a date as ` + "`2027-01-31`" + `, and it counts in UTC.

## Sections

`

// Page returns the page, as Markdown.
func Page(definitions []collectors.Definition) string {
	var b strings.Builder
	b.WriteString(referenceHead)
	referenceTable(&b, rows())
	b.WriteString("\n## Sources\n\nEach entry of `sources` has a `cms` and the options of that CMS. Most CMSes share these:\n\n")
	definitions = slices.Clone(definitions)
	slices.SortStableFunc(definitions, func(a, b collectors.Definition) int { return cmp.Compare(a.Title, b.Title) })
	shared := sharedOptions(definitions)
	referenceTable(&b, optionRows("", "", shared))
	for _, d := range definitions {
		own := slices.DeleteFunc(slices.Clone(config.OptionsOf(d)), func(o collectors.Option) bool {
			return slices.ContainsFunc(shared, func(s collectors.Option) bool { return s.Key == o.Key && s.Help == o.Help })
		})
		fmt.Fprintf(&b, "\n### %s\n\n`cms: %s`", d.Title, d.CMS)
		for _, group := range d.OneOf {
			fmt.Fprintf(&b, "; exactly one of %s", codes(group))
		}
		for _, group := range d.AnyOf {
			fmt.Fprintf(&b, "; at least one of %s", codes(group))
		}
		b.WriteString(".\n\n")
		referenceTable(&b, optionRows(d.CMS, "", own))
	}
	return b.String()
}

// sharedOptions are those that most definitions have, with the same meaning.
func sharedOptions(definitions []collectors.Definition) []collectors.Option {
	type meaning struct{ key, help string }
	count := map[meaning]int{}
	for _, d := range definitions {
		for _, o := range config.OptionsOf(d) {
			count[meaning{o.Key, o.Help}]++
		}
	}
	var shared []collectors.Option
	for _, d := range definitions {
		for _, o := range config.OptionsOf(d) {
			if 2*count[meaning{o.Key, o.Help}] > len(definitions) {
				shared = append(shared, o)
				delete(count, meaning{o.Key, o.Help})
			}
		}
	}
	slices.SortFunc(shared, func(a, b collectors.Option) int { return cmp.Compare(a.Key, b.Key) })
	return shared
}

func optionRows(cms, prefix string, options []collectors.Option) []documented {
	var rows []documented
	for _, o := range options {
		fallback := cmp.Or(o.Default, "none")
		if o.Required {
			fallback = "required"
		}
		rows = append(rows, documented{prefix + o.Key, optionKind(o), fallback, o.Help, referenceExample(cms, o)})
		rows = append(rows, optionRows(cms, prefix+o.Key+"[].", o.Items)...)
	}
	return rows
}

func optionKind(o collectors.Option) string {
	words := "text"
	if len(o.Enum) > 0 {
		words = codes(o.Enum)
	}
	switch o.Type {
	case collectors.OptionStrings:
		return "list of " + strings.Replace(words, "text", "texts", 1)
	case collectors.OptionInteger:
		return "integer"
	case collectors.OptionBoolean:
		return "boolean"
	case collectors.OptionSecret:
		return "secret"
	case collectors.OptionObjects:
		return "list"
	case config.OptionLabels:
		return "mapping"
	case config.OptionNumber:
		return "number"
	case config.OptionDuration:
		return "duration"
	case config.OptionDate:
		return "date"
	}
	return words
}

// referenceExample is what init writes, or what shows the form of the value.
func referenceExample(cms string, o collectors.Option) string {
	switch o.Type {
	case collectors.OptionObjects:
		return ""
	case collectors.OptionBoolean:
		return "true"
	case config.OptionLabels:
		return "{team: web}"
	case config.OptionNumber:
		return "2"
	case config.OptionDuration:
		return "30s"
	case config.OptionDate:
		return "2099-01-01"
	case collectors.OptionStrings:
		return "[" + cmp.Or(o.Example, cmp.Or(o.Enum...), `"staging-*"`) + "]"
	}
	return template.Example(cms, o)
}

func codes(words []string) string { return "`" + strings.Join(words, "`, `") + "`" }

func referenceTable(b *strings.Builder, rows []documented) {
	b.WriteString("| Key | Type | Default | Meaning | Example |\n|---|---|---|---|---|\n")
	for _, r := range rows {
		example := ""
		if r.example != "" {
			example = "`" + strings.ReplaceAll(r.example, "|", "\\|") + "`"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", r.key, r.kind, strings.ReplaceAll(r.fallback, "|", "\\|"), strings.ReplaceAll(r.meaning, "|", "\\|"), example)
	}
}
