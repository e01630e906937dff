package engine

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tokenaudit/tokenaudit/collectors/suggest"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/compile"
	"github.com/tokenaudit/tokenaudit/policies/metadata"
	"github.com/tokenaudit/tokenaudit/policies/output"
	"github.com/tokenaudit/tokenaudit/policies/ruleid"
)

// SettingsError is a setting of a rule that cannot be. The configuration knows
// the place in the file by Path.
type SettingsError struct {
	// Path leads to the setting below policies.rules: rule id, then "params", name.
	Path []string
	// Detail says what is wrong, and the nearest valid word.
	Detail string
}

func (e *SettingsError) Error() string {
	return "policies.rules." + strings.Join(e.Path, ".") + ": " + e.Detail
}

// SettingsErrors are settings that cannot be, all that were found.
type SettingsErrors []*SettingsError

func (es SettingsErrors) Error() string { return errors.Join(es.Unwrap()...).Error() }

// Unwrap returns them one by one.
func (es SettingsErrors) Unwrap() []error {
	errs := make([]error, len(es))
	for i, e := range es {
		errs[i] = e
	}
	return errs
}

// add keeps an error that is about settings, and returns any other one.
func (es *SettingsErrors) add(err error) error {
	if setting, ok := errors.AsType[*SettingsError](err); ok {
		*es = append(*es, setting)
		return nil
	}
	return err
}

// inForce applies the settings to rules. One that is off everywhere is left out, and what is
// wrong with settings is added to wrong.
func inForce(l *compile.Library, settings policies.Settings, wrong *SettingsErrors) ([]*ruleInForce, error) {
	for _, id := range slices.Sorted(maps.Keys(settings.Rules)) {
		if known := append(l.IDs(), compile.RiskID); !slices.Contains(known, id) {
			*wrong = append(*wrong, &SettingsError{Path: []string{id}, Detail: "unknown rule" + ruleid.DidYouMean(id, known)})
		}
	}
	var rules []*ruleInForce
	for _, compiled := range l.Rules {
		rule := &ruleInForce{Rule: compiled, stuck: &atomic.Bool{}}
		set := settings.Rules[compiled.ID]
		base, err := rule.variant(variant{severity: compiled.Severity, values: compiled.Values}, set.TurnsOff(compiled.Off), set.Severity, set.Params, nil)
		if wrong.add(err) != nil {
			return nil, err
		}
		rule.base = base
		for _, s := range set.Sources {
			v, err := rule.variant(rule.base, s.Off, s.Severity, s.Params, []string{"sources", s.Pattern})
			if wrong.add(err) != nil {
				return nil, err
			}
			rule.overrides = append(rule.overrides, override{s.Pattern, v})
		}
		if !rule.base.off || len(rule.overrides) > 0 {
			rules = append(rules, rule)
		}
	}
	return rules, nil
}

// variant changes a variant by the settings of one place.
func (r *ruleInForce) variant(base variant, off bool, severity policies.Severity, params map[string]any, at []string) (variant, error) {
	at = append([]string{r.ID}, at...)
	v := variant{off: off, severity: base.severity, values: maps.Clone(base.values)}
	if severity != "" {
		if !slices.Contains(policies.Severities(), severity) {
			return v, &SettingsError{Path: append(at, "severity"), Detail: fmt.Sprintf("%q must be one of %s", severity, policies.Join(policies.Severities()))}
		}
		v.severity = severity
	}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if _, ok := r.Params[name]; !ok {
			return v, &SettingsError{
				Path:   append(slices.Clone(at), "params", name),
				Detail: "unknown parameter" + suggest.DidYouMean(name, slices.Sorted(maps.Keys(r.Params))) + knownParams(r.Params),
			}
		}
		v.values[name] = output.Plain(params[name])
	}
	if len(params) > 0 {
		problem, err := metadata.CheckParams(r.Params, v.values)
		if err != nil {
			return v, fmt.Errorf("check the parameters of rule %s: %w", r.ID, err)
		}
		if problem != nil {
			return v, &SettingsError{Path: append(slices.Clone(at), append([]string{"params"}, problem.Path...)...), Detail: problem.Detail}
		}
	}
	value, err := ast.InterfaceToValue(v.values)
	if err != nil {
		return v, &SettingsError{Path: append(at, "params"), Detail: err.Error()}
	}
	v.params = ast.NewTerm(value)
	return v, nil
}

// knownParams ends an error message about a parameter that a rule does not have.
func knownParams(params map[string]policies.Param) string {
	if len(params) == 0 {
		return " (it has none)"
	}
	return " (it has " + strings.Join(slices.Sorted(maps.Keys(params)), ", ") + ")"
}
