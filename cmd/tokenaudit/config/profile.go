package config

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/profiles"
)

var (
	profileKeys     = []string{"file"}
	profileFileKeys = []string{"title", "description", "rules"}
)

// Profile are settings of rules to which those of the configuration are a difference.
type Profile struct {
	// Name is that of a profile that comes with the program; empty for one in a file, and
	// for none.
	Name string
	// NamedFile is that of one's own; of a name, it has the origin alone.
	NamedFile
	Title, Description string
}

// profile reads the name of a profile, or its file.
func (r *reader) profile(n *yaml.Node) Profile {
	p := Profile{NamedFile: NamedFile{Origin: r.origin(n)}}
	if r.follow(n).Kind != yaml.MappingNode {
		names, err := profiles.Names()
		if err != nil {
			r.fail(n, "profile", "%v", err)
			return p
		}
		p.Name = r.oneOf(n, "profile", names)
		return p
	}
	if m, ok := r.mapping(n, "profile", profileKeys); ok {
		if f := m.required("file", "it is a file of settings of your own; without one, profile is a name"); f != nil {
			p.NamedFile = NamedFile{r.word(f, m.at("file")), r.origin(f)}
		}
	}
	return p
}

// loadProfile reads the profile and puts the settings of the configuration over its own.
func (c *Config) loadProfile(ctx context.Context) error {
	p := &c.Profile
	read := func(r *reader, root *yaml.Node, _ int) {
		base := r.profileFile(root, p)
		c.profileFile, c.profileLines = r.file, r.lines
		c.Settings = base.With(c.Settings)
	}
	if p.File != "" {
		digest, err := c.readFiles(ctx, []NamedFile{p.NamedFile}, "profile.file", c.Digest, read)
		c.Digest = digest
		return err
	}
	if p.Name == "" {
		return nil
	}
	text, err := profiles.Read(p.Name)
	if err != nil {
		return &Error{File: c.File, Line: p.Origin.Line, Key: "profile", Message: err.Error()}
	}
	r := newReader("profile " + p.Name)
	if root := r.document(text); root != nil {
		read(r, root, 0)
	}
	if len(r.errs) > 0 {
		return sortErrors(r.errs)
	}
	return nil
}

// profileFile reads the text of a profile.
func (r *reader) profileFile(root *yaml.Node, p *Profile) policies.Settings {
	settings := policies.Settings{Rules: map[string]policies.RuleSettings{}}
	m, ok := r.mapping(root, "", profileFileKeys)
	if !ok {
		return settings
	}
	if n := m.get("title"); n != nil {
		p.Title = r.word(n, "title")
	}
	if n := m.get("description"); n != nil {
		p.Description, _ = r.text(n, "description", true)
	}
	rules := m.required("rules", "it has the settings of the rules, as policies.rules of the configuration")
	if rules == nil {
		return settings
	}
	byID, ok := r.mapping(rules, "rules", nil)
	if !ok {
		return settings
	}
	for _, id := range byID.keys {
		r.lines[id] = byID.lines[id]
		set := r.rule(byID.get(id), byID.at(id), id)
		if len(set.Sources) > 0 {
			r.fail(byID.get(id), byID.at(id)+".sources", "a profile is for all sources: write this into the configuration")
		}
		settings.Rules[id] = set
	}
	return settings
}

// where returns the place of a setting below policies.rules: in the configuration, else in
// its profile. The line is 0 where neither has it.
func (c *Config) where(path []string) inventory.Origin {
	deepest := func(lines map[string]int) (line, depth int) {
		for i := range path {
			if at, ok := lines[place(path[:i+1])]; ok {
				line, depth = at, i+1
			}
		}
		return line, depth
	}
	line, depth := deepest(c.lines)
	if other, deeper := deepest(c.profileLines); deeper > depth {
		return inventory.Origin{File: c.profileFile, Line: other}
	}
	return inventory.Origin{File: filepath.ToSlash(c.File), Line: line}
}

// Change is a setting in force that differs from what its rule declares.
type Change struct {
	// Setting is "off", "severity", or the name of a parameter.
	Setting string `json:"setting"`
	// Value is the one in force, Default that of the rule.
	Value   any `json:"value"`
	Default any `json:"default"`
	// Origin is where it is set: the configuration or the profile.
	Origin inventory.Origin `json:"origin"`
}

// String returns "max_idle_days 45 (default 90, strict.yaml:3)", or "switched off
// (tokenaudit.yaml:9)".
func (c Change) String() string {
	switch {
	case c.Setting == "off" && c.Value == true:
		return fmt.Sprintf("switched off (%s)", c.Origin)
	case c.Setting == "off":
		return fmt.Sprintf("switched on (%s)", c.Origin)
	}
	return fmt.Sprintf("%s %s (default %s, %s)", c.Setting, policies.ValueText(c.Value), policies.ValueText(c.Default), c.Origin)
}

// Changes returns what the settings for all sources change about a rule: off first, then
// its severity, then the parameters by name. now is the rule in force; ignored where it is off.
func (c *Config) Changes(rule, now policies.Rule, off bool) []Change {
	changes := []Change{}
	add := func(setting string, value, declared any, path ...string) {
		changes = append(changes, Change{setting, value, declared, c.where(append([]string{rule.ID}, path...))})
	}
	if off != rule.Off {
		add("off", off, rule.Off, "off")
	}
	if off {
		return changes
	}
	if now.Severity != rule.Severity {
		add("severity", string(now.Severity), string(rule.Severity), "severity")
	}
	for _, name := range slices.Sorted(maps.Keys(rule.Params)) {
		if policies.ValueText(now.Values[name]) != policies.ValueText(rule.Params[name].Default) {
			add(name, now.Values[name], rule.Params[name].Default, "params", name)
		}
	}
	return changes
}

// profileSchema is that of the key profile.
func profileSchema() object {
	names, _ := profiles.Names() // a fault in the embedded files fails the tests
	return object{
		"description": "The settings of rules to which those of policies.rules are a difference: a name, or a file of your own.",
		"anyOf":       []any{object{"enum": names}, closed(object{"file": object{"type": "string", "minLength": 1}}, "file")},
	}
}
