package policies

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Page gives the page of a rule as Markdown, made from its METADATA: what it
// checks, why, how to fix it in each CMS, parameters and controls. The first
// paragraph of the description says what, the others why.
func Page(rule Rule) string {
	var b strings.Builder
	what, why, _ := strings.Cut(rule.Description, "\n\n")
	fmt.Fprintf(&b, "# %s\n\n", rule.Title)
	fmt.Fprintf(&b, "`%s`, severity %s. %s\n\n", rule.ID, rule.Severity, judged(rule))
	fmt.Fprintf(&b, "## What it checks\n\n%s\n\n", what)
	if why = strings.TrimSpace(why); why != "" {
		fmt.Fprintf(&b, "## Why it matters\n\n%s\n\n", why)
	}
	fmt.Fprintf(&b, "## How to fix it\n\n%s\n", rule.Remediation["default"])
	first := "\n"
	for _, cms := range slices.Sorted(maps.Keys(rule.Remediation)) {
		if cms != "default" {
			fmt.Fprintf(&b, "%s* **%s**: %s\n", first, cmsTitle(cms), rule.Remediation[cms])
			first = ""
		}
	}
	b.WriteString("\n## Parameters\n\n")
	b.WriteString(paramTable(rule))
	if len(rule.Controls) > 0 {
		b.WriteString("\n## Controls\n\n")
		for _, framework := range slices.Sorted(maps.Keys(rule.Controls)) {
			fmt.Fprintf(&b, "* %s: %s\n", frameworkTitle(framework), strings.Join(rule.Controls[framework], ", "))
		}
	}
	return b.String()
}

// judged says what the rule judges and what it needs to know.
func judged(rule Rule) string {
	subject := "It judges sources"
	if rule.Subject == SubjectToken {
		subject = "It judges tokens of every kind"
	}
	if len(rule.Kinds) > 0 {
		subject = fmt.Sprintf("It judges tokens of the kinds %s", join(rule.Kinds))
		if rule.Subject == SubjectSource {
			subject = fmt.Sprintf("It judges sources by their tokens of the kinds %s", join(rule.Kinds))
		}
	}
	if len(rule.Requires) == 0 {
		return subject + "."
	}
	return fmt.Sprintf("%s, and is not evaluated where the CMS does not tell: %s.", subject, join(rule.Requires))
}

func paramTable(rule Rule) string {
	if len(rule.Params) == 0 {
		return "None.\n"
	}
	var b strings.Builder
	b.WriteString("| Name | Type | Default | Meaning |\n|---|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(rule.Params)) {
		p := rule.Params[name]
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", name, paramType(p), literal(p.Default), oneLine(p.Description))
	}
	return b.String()
}

func paramType(p Param) string {
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

// cmsTitle gives the name of a CMS as it writes itself.
func cmsTitle(cms string) string {
	switch cms {
	case "contentful":
		return "Contentful"
	case "contentstack":
		return "Contentstack"
	case "datocms":
		return "DatoCMS"
	case "strapi":
		return "Strapi"
	case "wordpress":
		return "WordPress"
	case "directus":
		return "Directus"
	case "ghost":
		return "Ghost"
	case "terraform":
		return "Terraform"
	}
	return cms
}

// frameworks are those that a rule's controls may be of.
var frameworks = []struct{ key, title string }{
	{"owasp_nhi", "OWASP Non-Human Identities Top 10 (2025)"},
	{"nist_800_53", "NIST SP 800-53 Rev. 5"},
	{"cis_v8", "CIS Controls v8.1"},
	{"iso_27001", "ISO/IEC 27001:2022"},
	{"soc2", "SOC 2"},
	{"pci_dss", "PCI DSS 4.0.1"},
}

func frameworkKeys() []string {
	keys := make([]string, len(frameworks))
	for i, f := range frameworks {
		keys[i] = f.key
	}
	return keys
}

// frameworkTitle gives the title of a framework, or its key if it is none of ours.
func frameworkTitle(key string) string {
	for _, f := range frameworks {
		if f.key == key {
			return f.title
		}
	}
	return key
}
