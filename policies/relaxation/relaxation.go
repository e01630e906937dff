// Package relaxation finds the settings by which rules ask less than the controls that
// they speak for: with one, a pass of the rule is not evidence for the control any more.
package relaxation

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/output"
)

// Kind is what was relaxed.
type Kind string

// The kinds.
const (
	// Off: the rule does not judge.
	Off Kind = "off"
	// Severity: its findings are less severe than it declares.
	Severity Kind = "severity"
	// Parameter: a parameter is weaker than the controls need, or not known to be as strict.
	Parameter Kind = "parameter"
)

// Relaxation is a setting by which a rule asks less than controls need of it.
type Relaxation struct {
	Rule string `json:"rule"`
	Kind Kind   `json:"kind"`
	// Sources is the glob of the sources for which it is set; empty for all.
	Sources string `json:"sources,omitempty"`
	// Parameter is empty unless one is weaker.
	Parameter string `json:"parameter,omitempty"`
	// Value is what is set, as a text; empty for Off.
	Value string `json:"value,omitempty"`
	// Needs is the weakest value that the controls need, such as "at most 90" or "high".
	Needs string `json:"needs,omitempty"`
	// Default: it is the default of the rule, and the controls need more.
	Default bool `json:"default,omitempty"`
	// Controls are those that the rule does not speak for any more, by framework. Sorted.
	Controls map[string][]string `json:"controls"`
	// Origin is where it is set; zero where nobody knows.
	Origin inventory.Origin `json:"origin,omitzero"`
}

// Find returns what the settings and the defaults relax, by rule, first what is set for all
// sources. A setting that takes no control from its rule is left out.
func Find(rules []policies.Rule, settings policies.Settings) []Relaxation {
	all := []Relaxation{}
	for i := range rules {
		set := settings.Rules[rules[i].ID]
		params := map[string]any{}
		for name, param := range rules[i].Params {
			params[name] = param.Default
		}
		maps.Copy(params, set.Params)
		all = append(all, find(&rules[i], policies.SourceSettings{Off: set.Off, Severity: set.Severity, Params: params})...)
		for _, s := range set.Sources {
			all = append(all, find(&rules[i], s)...)
		}
	}
	return all
}

// find returns what is relaxed in one place.
func find(rule *policies.Rule, set policies.SourceSettings) []Relaxation {
	relaxed := func(kind Kind) Relaxation {
		return Relaxation{Rule: rule.ID, Kind: kind, Sources: set.Pattern, Controls: rule.Controls}
	}
	switch {
	case set.Off && rule.Off:
		// It speaks for its controls only where it is switched on.
		return nil
	case len(rule.Controls) == 0:
		return nil
	case set.Off:
		return []Relaxation{relaxed(Off)}
	}
	var list []Relaxation
	if set.Severity != "" && rank(set.Severity) > rank(rule.Severity) {
		r := relaxed(Severity)
		r.Value, r.Needs = string(set.Severity), string(rule.Severity)
		list = append(list, r)
	}
	for _, name := range slices.Sorted(maps.Keys(set.Params)) {
		for _, r := range weaker(rule, name, output.Plain(set.Params[name])) {
			r.Sources = set.Pattern
			list = append(list, r)
		}
	}
	return list
}

// weaker returns what a value of a parameter relaxes, by what is needed.
func weaker(rule *policies.Rule, name string, value any) []Relaxation {
	var list []Relaxation
	missed := missed(rule, name, value)
	for _, needs := range slices.Sorted(maps.Keys(missed)) {
		r := Relaxation{Rule: rule.ID, Kind: Parameter, Parameter: name, Value: policies.ValueText(value), Needs: needs, Controls: missed[needs]}
		// Who writes down the default lowers nothing.
		r.Default = r.Value == policies.ValueText(rule.Params[name].Default)
		list = append(list, r)
	}
	return list
}

// missed returns the controls whose need of a parameter a value does not meet, by need and
// framework.
func missed(rule *policies.Rule, name string, value any) map[string]map[string][]string {
	missed := map[string]map[string][]string{}
	for framework, ids := range rule.Controls {
		for _, id := range ids {
			need, ok := rule.ControlNeeds[framework][id][name]
			if !ok {
				need = rule.Params[name].Needed()
			}
			if need.Meets(value) {
				continue
			}
			text := need.String()
			if missed[text] == nil {
				missed[text] = map[string][]string{}
			}
			missed[text][framework] = append(missed[text][framework], id)
		}
	}
	return missed
}

// rank orders severities, the worst first.
func rank(s policies.Severity) int { return slices.Index(policies.Severities(), s) }

// Path leads to the setting below policies.rules: rule id, then "params", name; or rule id,
// "sources", glob, and so on.
func (r Relaxation) Path() []string {
	path := []string{r.Rule}
	if r.Sources != "" {
		path = append(path, "sources", r.Sources)
	}
	switch r.Kind {
	case Severity:
		path = append(path, "severity")
	case Parameter:
		path = append(path, "params", r.Parameter)
	case Off:
	}
	return path
}

// String says what was relaxed, and where it is set, in one line.
func (r Relaxation) String() string {
	var b strings.Builder
	b.WriteString(r.Rule)
	if r.Sources != "" {
		b.WriteString(" for " + r.Sources)
	}
	switch r.Kind {
	case Off:
		b.WriteString(": off")
	case Severity:
		fmt.Fprintf(&b, ": severity is %s, where %s is needed", r.Value, r.Needs)
	default:
		fmt.Fprintf(&b, ": %s is %s, where %s is needed", r.Parameter, r.Value, r.Needs)
	}
	switch {
	case r.Default:
		b.WriteString(" (by default)")
	case r.Origin.File != "":
		fmt.Fprintf(&b, " (%s)", r.Origin)
	}
	return b.String()
}
