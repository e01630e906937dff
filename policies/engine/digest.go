package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/compile"
	"github.com/tokenaudit/tokenaudit/policies/regofile"
)

// setting is how a rule judges the sources that a pattern matches; all, where it is empty.
type setting struct {
	Rule, Pattern string
	Off           bool
	Severity      policies.Severity
	Params        map[string]any
}

func settingsOf(rule *ruleInForce) []setting {
	settings := []setting{{rule.ID, "", rule.base.off, rule.base.severity, rule.base.values}}
	for _, o := range rule.overrides {
		settings = append(settings, setting{rule.ID, o.pattern, o.variant.off, o.variant.severity, o.variant.values})
	}
	return settings
}

// BuiltInDigest identifies the built-in rules, in hex.
func BuiltInDigest() (string, error) {
	modules, err := regofile.BuiltIn()
	if err != nil {
		return "", fmt.Errorf("read the built-in rules: %w", err)
	}
	return digest(&compile.Library{Modules: modules}, nil)
}

// dataOf returns the data of bundles that the custom rules may use; no part without any.
func dataOf(library *compile.Library) []any {
	if library.Custom == nil || library.Custom.Document() == nil {
		return nil
	}
	return []any{library.Custom.Document()}
}

// digest identifies what judges: the modules, the data of bundles, the settings in force and
// the version of OPA.
func digest(library *compile.Library, rules []*ruleInForce) (string, error) {
	var settings []setting
	for _, rule := range rules {
		settings = append(settings, settingsOf(rule)...)
	}
	texts := make([]string, len(library.Modules))
	for i, m := range library.Modules {
		// The path is left out: the same rules are the same wherever they lie.
		texts[i] = string(m.Text)
	}
	slices.Sort(texts)
	sum, err := sumOf(append([]any{texts, settings, OPAVersion()}, dataOf(library)...)...)
	if err != nil {
		return "", fmt.Errorf("digest the rules: %w", err)
	}
	return sum, nil
}

// definitions identify each rule by its text, that of the modules that are not rules, and the
// data of bundles, which any rule may use, and its settings.
func definitions(library *compile.Library, rules []*ruleInForce) (map[string]string, error) {
	own := map[string]bool{}
	for _, rule := range library.Rules {
		own[rule.File] = true
	}
	if library.Risk != nil {
		own[library.Risk.File] = true
	}
	texts := map[string]string{}
	var shared []string
	for _, m := range library.Modules {
		texts[m.Path] = string(m.Text)
		if !own[m.Path] {
			shared = append(shared, string(m.Text))
		}
	}
	slices.Sort(shared)
	all := make(map[string]string, len(rules))
	for _, rule := range rules {
		sum, err := sumOf(append([]any{texts[rule.File], shared, settingsOf(rule)}, dataOf(library)...)...)
		if err != nil {
			return nil, fmt.Errorf("identify the rule %s: %w", rule.ID, err)
		}
		all[rule.ID] = sum
	}
	return all, nil
}

func sumOf(parts ...any) (string, error) {
	hash := sha256.New()
	encoder := json.NewEncoder(hash)
	for _, part := range parts {
		if err := encoder.Encode(part); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// Digest identifies the rules and settings in force.
func (e *Engine) Digest() string { return e.digest }

// Definitions identify each rule in force, and how it is set, by its id: two runs in which
// they are the same asked the same.
func (e *Engine) Definitions() map[string]string { return maps.Clone(e.definitions) }
