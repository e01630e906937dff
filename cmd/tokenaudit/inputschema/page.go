package inputschema

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/input"
)

// node is a part of the schema of the input.
type node struct {
	Ref         string           `json:"$ref"`
	Description string           `json:"description"`
	Type        string           `json:"type"`
	Enum        []string         `json:"enum"`
	Properties  map[string]*node `json:"properties"`
	Items       *node            `json:"items"`
}

// members are the properties of an object, or of the elements of a list.
func (n *node) members() map[string]*node {
	if n.Items != nil {
		return n.Items.members()
	}
	return n.Properties
}

const pageHead = `# The input of rules

This page is made from the schema of the input and from what each collector says it can report; a test keeps it up to
date. ` + "`tokenaudit schema input`" + ` prints the same as JSON Schema, ` + "`tokenaudit rules input TOKEN`" + ` the real input of a token, of a
saved inventory or of the demo.

A rule sees one source at a time. Every text is there, empty where the CMS gives none; a time or a number of days that is
not known is absent. Fields with the value ` + "`unknown`" + ` say so where the CMS does not tell: see [Writing rules](README.md#writing-rules)
for what that means for a verdict. The last column is about what a CMS may not report; where it is empty, every CMS has the
field.
`

// Page returns the fields of the input as Markdown: each with its values, its meaning and,
// for what a CMS may not report, which of the CMSes of the definitions does.
func Page(definitions []collectors.Definition) (string, error) {
	var root node
	if err := json.Unmarshal(input.Schema, &root); err != nil {
		return "", fmt.Errorf("read the schema of the input: %w", err)
	}
	p := page{definitions: definitions}
	p.WriteString(pageHead)
	p.section("input", &root, func(n *node) bool { return n.members() == nil })
	for _, name := range slices.Sorted(maps.Keys(root.Properties)) {
		if n := root.Properties[name]; n.members() != nil {
			p.section("input."+name+brackets(n), n, func(*node) bool { return true })
		}
	}
	return p.String(), nil
}

// page is the Markdown, as far as it is written.
type page struct {
	strings.Builder
	definitions []collectors.Definition
	// shown are the objects that the section has so far, with their paths.
	shown []shownObject
}

type shownObject struct {
	path    string
	members map[string]*node
}

// section writes the members of an object that are wanted, with all that is below them.
func (p *page) section(name string, object *node, wanted func(*node) bool) {
	p.shown = nil
	fmt.Fprintf(&p.Builder, "\n## `%s`\n\n", name)
	if object.Description != "" {
		fmt.Fprintf(&p.Builder, "%s\n\n", object.Description)
	}
	p.WriteString("| Field | Type | Meaning | Reported |\n|---|---|---|---|\n")
	ofToken := name == "input.tokens[]"
	for _, field := range slices.Sorted(maps.Keys(object.members())) {
		if n := object.members()[field]; wanted(n) {
			p.field(field, n, ofToken)
		}
	}
}

// field writes a row for a field and one for each below it. Of several objects with the
// same members the first alone lists them.
func (p *page) field(path string, n *node, ofToken bool) {
	meaning, members := n.Description, n.members()
	again := slices.IndexFunc(p.shown, func(o shownObject) bool { return reflect.DeepEqual(o.members, members) })
	if members != nil && again >= 0 {
		meaning += fmt.Sprintf(" Members as of `%s`.", p.shown[again].path)
	}
	reported := ""
	if ofToken {
		reported = p.reported(path)
	}
	fmt.Fprintf(&p.Builder, "| `%s` | %s | %s | %s |\n", path, typeOf(n), strings.ReplaceAll(meaning, "|", "\\|"), inColumn.Replace(reported))
	if members == nil || again >= 0 {
		return
	}
	path += brackets(n)
	p.shown = append(p.shown, shownObject{path, members})
	for _, name := range slices.Sorted(maps.Keys(members)) {
		p.field(path+"."+name, members[name], ofToken)
	}
}

// inColumn leaves out what the head of the column says.
var inColumn = strings.NewReplacer("Reported by", "By", "Partly reported by", "Partly by", "Not reported by", "Not by")

// derivedFrom names the facts that a field is derived from, or holds a part of.
var derivedFrom = map[string][]inventory.Fact{
	"status":           {inventory.FactExpiry, inventory.FactRevokedAt},
	"age":              {inventory.FactCreatedAt},
	"age_days":         {inventory.FactCreatedAt},
	"expires_in_days":  {inventory.FactExpiry},
	"lifetime_days":    {inventory.FactCreatedAt, inventory.FactExpiry},
	"unused_days":      {inventory.FactLastUsed},
	"last_used_by_api": {inventory.FactLastUsed},
	"owner_idle_days":  {inventory.FactOwner},
}

// reported says which CMSes report a field of a token: a fact, a part of one that they
// report otherwise than the whole, or what is derived from facts.
func (p *page) reported(path string) string {
	if facts := derivedFrom[path]; len(facts) > 0 {
		names := make([]string, len(facts))
		for i, fact := range facts {
			names[i] = "`" + string(fact) + "`"
		}
		return "as " + strings.Join(names, " and ")
	}
	if text := reportedBy(p.definitions, inventory.Fact(path)); text != "" {
		return text
	}
	parts := slices.Clone(p.definitions)
	for i, d := range parts {
		support, apart := d.Parts[path]
		if !apart {
			fact, _, _ := strings.Cut(path, ".")
			support = d.Facts[inventory.Fact(fact)]
		}
		parts[i].Facts = inventory.Facts{inventory.Fact(path): support}
	}
	if slices.ContainsFunc(p.definitions, func(d collectors.Definition) bool { _, apart := d.Parts[path]; return apart }) {
		return reportedBy(parts, inventory.Fact(path))
	}
	return ""
}

// typeOf returns the type of a field, or the words that it may be.
func typeOf(n *node) string {
	if len(n.Enum) > 0 {
		return wordsOf(n)
	}
	if n.Type != "array" {
		return n.Type
	}
	of := n.Items
	if of == nil || of.Type == "" {
		return "list"
	}
	if len(of.Enum) > 0 {
		return "list of " + wordsOf(of)
	}
	return "list of " + map[string]string{"object": "objects", "string": "texts"}[of.Type]
}

func wordsOf(n *node) string {
	words := make([]string, len(n.Enum))
	for i, word := range n.Enum {
		words[i] = fmt.Sprintf("`%q`", word)
	}
	return strings.Join(words, ", ")
}

func brackets(n *node) string {
	if n.Type == "array" {
		return "[]"
	}
	return ""
}
