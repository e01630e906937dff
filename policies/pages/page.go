// Package pages writes the pages about rules: one a rule, and the catalogue of all.
package pages

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/frameworks"
	"github.com/tokenaudit/tokenaudit/policies/output"
	"github.com/tokenaudit/tokenaudit/policies/selection"
)

// Titles returns the name of a CMS as it writes itself: the title of its collectors.Definition.
// Where it is nil, a CMS goes by its name in the configuration.
type Titles func(cms string) string

func (t Titles) of(names ...string) string {
	titles := slices.Clone(names)
	for i, name := range names {
		if t != nil {
			titles[i] = t(name)
		}
	}
	return strings.Join(titles, ", ")
}

// Page returns the page of a rule as Markdown, made from its METADATA: what it
// checks, why, how to fix it in each CMS, parameters and controls. The first
// paragraph of the description says what, the others why.
func Page(rule policies.Rule, titles Titles) string {
	var b strings.Builder
	what, why, _ := strings.Cut(rule.Description, "\n\n")
	fmt.Fprintf(&b, "# %s\n\n", rule.Title)
	fmt.Fprintf(&b, "`%s`, severity %s. %s\n\n", rule.ID, severity(rule), judged(rule, titles))
	if rule.Goal != rule.Title {
		fmt.Fprintf(&b, "Goal: %s.\n\n", rule.Goal)
	}
	if rule.Off {
		fmt.Fprintf(&b, "The rule is off by default. `%s: on`, below `policies.rules` in the configuration, switches it on.\n\n", rule.ID)
	}
	if missing := rule.OnlyWith.Missing(); missing != "" {
		fmt.Fprintf(&b, "Where %s, the rule is `not_applicable`, and each report says so.\n\n", missing)
	}
	if rule.WaiverNeedsKey {
		b.WriteString("A waiver names the `key` of the finding that it covers, so that it never covers a later one.\n\n")
	}
	fmt.Fprintf(&b, "## What it checks\n\n%s\n\n", what)
	if why = strings.TrimSpace(why); why != "" {
		fmt.Fprintf(&b, "## Why it matters\n\n%s\n\n", why)
	}
	fmt.Fprintf(&b, "## How to fix it\n\n%s\n", rule.Remediation["default"])
	first := "\n"
	for _, cms := range slices.Sorted(maps.Keys(rule.Remediation)) {
		if cms != "default" {
			fmt.Fprintf(&b, "%s* **%s**: %s\n", first, titles.of(cms), rule.Remediation[cms])
			first = ""
		}
	}
	b.WriteString("\n## Parameters\n\n")
	b.WriteString(paramTable(rule))
	if len(rule.Controls) > 0 {
		b.WriteString("\n## Controls\n\n")
		for _, framework := range slices.Sorted(maps.Keys(rule.Controls)) {
			fmt.Fprintf(&b, "* %s: %s\n", frameworkTitle(framework), strings.Join(controlsWithNeeds(&rule, framework), ", "))
		}
	}
	return b.String()
}

// severity is that of a rule, and whether it is off by default.
func severity(rule policies.Rule) string {
	if rule.Off {
		return string(rule.Severity) + ", off by default"
	}
	return string(rule.Severity)
}

// controlsWithNeeds returns the controls of a framework, each with what it needs of the
// parameters where it says so itself.
func controlsWithNeeds(rule *policies.Rule, framework string) []string {
	var controls []string
	for _, id := range rule.Controls[framework] {
		needs := rule.ControlNeeds[framework][id]
		var words []string
		for _, name := range slices.Sorted(maps.Keys(needs)) {
			words = append(words, fmt.Sprintf("`%s` of %s", name, needs[name]))
		}
		if len(words) > 0 {
			id += " (needs " + strings.Join(words, " and ") + ")"
		}
		controls = append(controls, id)
	}
	return controls
}

// judged says what the rule judges and what it needs to know.
func judged(rule policies.Rule, titles Titles) string {
	subject := "It judges " + selectedTokens(&rule.Select, titles)
	if rule.Subject == policies.SubjectSource {
		subject = "It judges " + selectedSources(&rule.Select, titles)
	}
	if len(rule.Requires) == 0 {
		return subject + "."
	}
	return fmt.Sprintf("%s, and is not evaluated where the CMS does not report: %s.", subject, policies.Join(rule.Requires))
}

// Judges says in few words what a rule judges, such as "active tokens that can write".
func Judges(rule policies.Rule, titles Titles) string {
	s := &rule.Select
	if rule.Subject == policies.SubjectSource {
		return strings.TrimSuffix(selectedSources(s, titles), " of every kind")
	}
	var words []string
	if len(s.Status) > 0 && len(s.Status) < len(selection.Statuses()) {
		words = append(words, orList(s.Status))
	}
	if s.Planned != nil {
		words = append(words, either(*s.Planned, "planned", "live"))
	}
	if len(s.Kinds) > 0 {
		words = append(words, orList(s.Kinds))
	}
	if words == nil {
		words = append(words, "all")
	}
	words = append(words, "tokens")
	if len(s.CMS) > 0 {
		words = append(words, "of", titles.of(s.CMS...))
	}
	if that := selectedByReach(s); that != "" {
		words = append(words, that)
	}
	if s.SkipAuditCredential {
		words = append(words, "except the scan's own")
	}
	return strings.Join(words, " ")
}

// selectedByReach says what selected tokens can do; empty for anything.
func selectedByReach(s *selection.Selection) string {
	var that []string
	if s.Write != nil {
		that = append(that, either(*s.Write, "can write", "cannot write"))
	}
	if len(s.APIs) > 0 {
		that = append(that, fmt.Sprintf("reach %s", orList(s.APIs)))
	}
	if that == nil {
		return ""
	}
	return "that " + strings.Join(that, " and ")
}

// selectedTokens says in words which tokens are selected.
func selectedTokens(s *selection.Selection, titles Titles) string {
	words := "tokens"
	if s.Planned != nil {
		words = either(*s.Planned, "planned", "live") + " tokens"
	}
	if len(s.Status) > 0 && len(s.Status) < len(selection.Statuses()) {
		words = orList(s.Status) + " " + words
	}
	if len(s.CMS) > 0 {
		words += " of " + titles.of(s.CMS...)
	}
	if len(s.Kinds) > 0 {
		words += fmt.Sprintf(" of the kinds %s", policies.Join(s.Kinds))
	} else {
		words += " of every kind"
	}
	if that := selectedByReach(s); that != "" {
		words += " " + that
	}
	if s.SkipAuditCredential {
		words += ", except the token of the scan itself"
	}
	return words
}

// selectedSources says in words which sources are selected, and by which tokens they
// are judged.
func selectedSources(s *selection.Selection, titles Titles) string {
	words := "sources"
	if s.Planned != nil {
		words = either(*s.Planned, "plans", "live sources")
	}
	if len(s.CMS) > 0 {
		words += " of " + titles.of(s.CMS...)
	}
	tokens := *s
	tokens.CMS, tokens.Planned = nil, nil
	if by := selectedTokens(&tokens, titles); by != "tokens of every kind" && by != "active tokens of every kind" {
		return fmt.Sprintf("%s by their %s", words, by)
	}
	return words
}

func either(yes bool, then, otherwise string) string {
	if yes {
		return then
	}
	return otherwise
}

func orList[T ~string](words []T) string {
	if n := len(words); n > 1 {
		return fmt.Sprintf("%s or %s", policies.Join(words[:n-1]), words[n-1])
	}
	return policies.Join(words)
}

func paramTable(rule policies.Rule) string {
	if len(rule.Params) == 0 {
		return "None.\n"
	}
	var b strings.Builder
	b.WriteString("| Name | Type | Default | Meaning |\n|---|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(rule.Params)) {
		p := rule.Params[name]
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", name, paramType(p), literal(p.Default), output.OneLine(p.Description))
	}
	return b.String()
}

func paramType(p policies.Param) string {
	bounds := p.Type
	if len(p.Enum) > 0 {
		words := make([]string, len(p.Enum))
		for i, value := range p.Enum {
			words[i] = literal(value)
		}
		return strings.Join(words, ", ")
	}
	if p.Minimum != nil {
		bounds += fmt.Sprintf(", at least %v", *p.Minimum)
	}
	if p.Maximum != nil {
		bounds += fmt.Sprintf(", at most %v", *p.Maximum)
	}
	return bounds
}

func literal(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return "`" + string(text) + "`"
}

// frameworkTitle returns the title and the version of a framework, or its key if it is none of ours.
func frameworkTitle(key string) string {
	if f, known := frameworks.ByKey(key); known {
		return fmt.Sprintf("%s (%s)", f.Title, f.Version)
	}
	return key
}
