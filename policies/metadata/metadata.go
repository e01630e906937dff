// Package metadata reads what the METADATA of a rule declares, and checks the parameters
// that a rule is given against it.
package metadata

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/suggest"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/output"
	"github.com/tokenaudit/tokenaudit/policies/reads"
	"github.com/tokenaudit/tokenaudit/policies/selection"
)

// The keys that custom METADATA of a rule may have.
var metadataKeys = []string{"goal", "severity", "subject", "kinds", "select", "requires", "controls", "params", "remediation", "fix", "part_of", "waiver_needs_key", "off", "only_with"}

var paramTypes = []string{"integer", "number", "string", "boolean", "array"}

// NoRemediation stands where a custom rule does not say what to do. The reports
// need a text, and the conventions ask for a better one.
const NoRemediation = "The rule does not say how to fix this."

// Read reads the METADATA of a rule. All that is wrong with it is told
// at once. A title and a severity are the least there must be; the rest has
// defaults, and the conventions ask for more.
func Read(annotations *ast.Annotations) (policies.Rule, []string) {
	m := metadata{custom: annotations.Custom}
	rule := policies.Rule{
		Title:       strings.TrimSpace(annotations.Title),
		Description: strings.TrimSpace(annotations.Description),
	}
	if rule.Title == "" {
		m.wrong("title is missing")
	}
	rule.Description = cmp.Or(rule.Description, rule.Title)
	if len(annotations.Schemas) > 0 {
		m.wrong("schemas is not allowed: the schema of the input is fixed")
	}
	for _, key := range slices.Sorted(maps.Keys(m.custom)) {
		if !slices.Contains(metadataKeys, key) {
			m.wrong("custom.%s is unknown%s", key, suggest.DidYouMean(key, metadataKeys))
		}
	}
	rule.Goal = cmp.Or(m.text("goal"), rule.Title)
	rule.Severity = one(&m, "severity", policies.Severities(), "")
	rule.Subject = policies.SubjectToken
	if _, told := m.custom["subject"]; told {
		rule.Subject = one(&m, "subject", []policies.Subject{policies.SubjectToken, policies.SubjectSource}, policies.SubjectToken)
	}
	rule.Select = m.selection(rule.Subject)
	rule.Requires = several(&m, "requires", reads.Facts())
	rule.Params = m.params()
	rule.Controls, rule.ControlNeeds = m.controls(rule.Params)
	rule.Remediation = m.remediation()
	rule.WaiverNeedsKey = m.flag("waiver_needs_key")
	rule.Off = m.flag("off")
	if _, told := m.custom["only_with"]; told {
		rule.OnlyWith = one(&m, "only_with", policies.AllGiven(), "")
		if rule.OnlyWith == policies.GivenLeaks && rule.Subject == policies.SubjectSource {
			m.wrong("custom.only_with is leaks, which is about tokens: a rule about sources cannot have it")
		}
	}
	rule.Fix = policies.FixOther
	if _, told := m.custom["fix"]; told {
		rule.Fix = one(&m, "fix", policies.AllFixes(), policies.FixOther)
	}
	rule.PartOf = m.text("part_of")
	m.defaults(&rule)
	return rule, m.problems
}

// ReadRisk reads the METADATA of a risk model: it has a title, a description, and parameters.
func ReadRisk(annotations *ast.Annotations) (policies.Rule, []string) {
	m := metadata{custom: annotations.Custom}
	rule := policies.Rule{Title: strings.TrimSpace(annotations.Title), Description: strings.TrimSpace(annotations.Description)}
	for _, key := range slices.Sorted(maps.Keys(m.custom)) {
		if key != "params" {
			m.wrong("custom.%s is unknown: a risk model has params alone", key)
		}
	}
	rule.Params = m.params()
	m.defaults(&rule)
	return rule, m.problems
}

// selection reads custom.select, or custom.kinds where nothing else is selected.
func (m *metadata) selection(subject policies.Subject) selection.Selection {
	_, kinds := m.custom["kinds"]
	switch _, told := m.custom["select"]; {
	case !told:
		return selection.Selection{Kinds: several(m, "kinds", inventory.AllKinds())}
	case kinds:
		m.wrong("custom.kinds and custom.select both name the kinds of tokens: name them in custom.select")
	}
	s, problems := selection.Read(m.table("select"), subject == policies.SubjectSource)
	m.problems = append(m.problems, problems...)
	return s
}

// defaults puts the defaults of the parameters in force, and checks them as if a user had
// set them.
func (m *metadata) defaults(rule *policies.Rule) {
	rule.Values = map[string]any{}
	for name, param := range rule.Params {
		rule.Values[name] = param.Default
	}
	if len(rule.Params) == 0 || len(m.problems) > 0 {
		return
	}
	problem, err := CheckParams(rule.Params, rule.Values)
	switch {
	case err != nil:
		m.wrong("custom.params is not a schema: %s", output.OneLine(err.Error()))
	case problem != nil:
		m.wrong("custom.params.%s.default: %s", strings.Join(problem.Path, "."), problem.Detail)
	}
}

// metadata reads values out of the untyped custom METADATA and collects what is
// wrong with them.
type metadata struct {
	custom   map[string]any
	problems []string
}

func (m *metadata) wrong(format string, args ...any) {
	m.problems = append(m.problems, fmt.Sprintf(format, args...))
}

// one reads a word out of a vocabulary.
func one[T ~string](m *metadata, key string, vocabulary []T, none T) T {
	value, ok := m.custom[key]
	if !ok {
		m.wrong("custom.%s is missing (one of %s)", key, policies.Join(vocabulary))
		return none
	}
	s, isText := value.(string)
	if !isText || !slices.Contains(vocabulary, T(s)) {
		m.wrong("custom.%s is %v; it must be one of %s", key, value, policies.Join(vocabulary))
		return none
	}
	return T(s)
}

// text reads an optional text.
func (m *metadata) text(key string) string {
	value, ok := m.custom[key]
	if !ok {
		return ""
	}
	s, _ := value.(string)
	if s = strings.TrimSpace(s); s == "" {
		m.wrong("custom.%s must be a string", key)
	}
	return s
}

// flag reads an optional boolean, false where it is left out.
func (m *metadata) flag(key string) bool {
	value, ok := m.custom[key]
	set, isBoolean := value.(bool)
	if ok && !isBoolean {
		m.wrong("custom.%s must be true or false", key)
	}
	return set
}

// several reads an optional list of words out of a vocabulary.
func several[T ~string](m *metadata, key string, vocabulary []T) []T {
	value, ok := m.custom[key]
	if !ok {
		return nil
	}
	list, isList := value.([]any)
	if !isList {
		m.wrong("custom.%s must be a list", key)
		return nil
	}
	words := make([]T, 0, len(list))
	for _, item := range list {
		s, _ := item.(string)
		if !slices.Contains(vocabulary, T(s)) {
			m.wrong("custom.%s has %v: expected %s", key, item, policies.Join(vocabulary))
			continue
		}
		if slices.Contains(words, T(s)) {
			m.wrong("custom.%s has %s twice", key, s)
			continue
		}
		words = append(words, T(s))
	}
	return words
}

func (m *metadata) remediation() map[string]string {
	remediation := map[string]string{}
	for cms, value := range m.table("remediation") {
		s, isText := value.(string)
		if !isText || strings.TrimSpace(s) == "" {
			m.wrong("custom.remediation.%s must be a string", cms)
			continue
		}
		remediation[cms] = strings.TrimSpace(s)
	}
	if remediation["default"] == "" {
		remediation["default"] = NoRemediation
	}
	return remediation
}

func (m *metadata) table(key string) map[string]any {
	value, ok := m.custom[key]
	if !ok || value == nil {
		return nil
	}
	table, isTable := stringKeys(value)
	if !isTable {
		m.wrong("custom.%s must be a mapping", key)
	}
	return table
}

func (m *metadata) params() map[string]policies.Param {
	params := map[string]policies.Param{}
	declared := m.table("params")
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		table, isTable := stringKeys(declared[name])
		if !isTable {
			m.wrong("custom.params.%s must be a mapping", name)
			continue
		}
		if param, ok := m.param(name, table); ok {
			params[name] = param
		}
	}
	return params
}

var paramKeys = []string{"type", "description", "default", "minimum", "maximum", "enum", "stricter"}

func (m *metadata) param(name string, table map[string]any) (policies.Param, bool) {
	before := len(m.problems)
	for _, key := range slices.Sorted(maps.Keys(table)) {
		if !slices.Contains(paramKeys, key) {
			m.wrong("custom.params.%s.%s is unknown%s", name, key, suggest.DidYouMean(key, paramKeys))
		}
	}
	var p policies.Param
	p.Type, _ = table["type"].(string)
	if !slices.Contains(paramTypes, p.Type) {
		m.wrong("custom.params.%s.type must be one of %s", name, policies.Join(paramTypes))
	}
	p.Description, _ = table["description"].(string)
	p.Description = strings.TrimSpace(p.Description)
	if p.Description == "" {
		m.wrong("custom.params.%s.description is missing", name)
	}
	p.Minimum = m.bound(name, "minimum", table)
	p.Maximum = m.bound(name, "maximum", table)
	if value, ok := table["enum"]; ok {
		list, isList := value.([]any)
		if !isList || len(list) == 0 {
			m.wrong("custom.params.%s.enum must be a list", name)
		}
		for _, item := range list {
			p.Enum = append(p.Enum, output.Plain(item))
		}
	}
	value, ok := table["default"]
	if !ok {
		m.wrong("custom.params.%s.default is missing", name)
	}
	p.Default = output.Plain(value)
	m.stricter(name, table, &p)
	return p, len(m.problems) == before
}

func (m *metadata) bound(name, key string, table map[string]any) *float64 {
	value, ok := table[key]
	if !ok {
		return nil
	}
	bound := number(value)
	if bound == nil {
		m.wrong("custom.params.%s.%s must be a number", name, key)
	}
	return bound
}

func stringKeys(value any) (map[string]any, bool) {
	switch table := value.(type) {
	case map[string]any:
		return table, true
	case map[any]any:
		out := make(map[string]any, len(table))
		for key, item := range table {
			out[fmt.Sprint(key)] = item
		}
		return out, true
	}
	return nil, false
}
