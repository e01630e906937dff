package config

import (
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tokenaudit/tokenaudit/policies"
)

var (
	severities   = []string{"critical", "high", "medium", "low", "info"}
	severityNone = append(append([]string{}, severities...), "none")
)

var (
	policyKeys     = []string{"paths", "rules"}
	ruleKeys       = []string{"severity", "off", "params", "sources"}
	ruleSourceKeys = []string{"source", "severity", "off", "params"}
	usageKeys      = []string{"file"}
	gateKeys       = []string{"fail_on", "not_evaluated", "fail_on_overdue", "waiver_max_days"}
	limitKeys      = []string{"timeout", "max_wait", "total_wait", "rule_timeout", "load_timeout"}
)

// RuleKeys are the keys of the settings of a rule.
func RuleKeys() []string { return slices.Clone(ruleKeys) }

func (r *reader) policies(n *yaml.Node) (paths []string, settings policies.Settings) {
	m, ok := r.mapping(n, "policies", policyKeys)
	if !ok {
		return nil, settings
	}
	if p := m.get("paths"); p != nil {
		paths = r.words(p, m.at("paths"))
	}
	rules := m.get("rules")
	if rules == nil {
		return paths, settings
	}
	byID, ok := r.mapping(rules, m.at("rules"), nil)
	if !ok {
		return paths, settings
	}
	settings.Rules = make(map[string]policies.RuleSettings, len(byID.keys))
	for _, id := range byID.keys {
		r.lines[id] = byID.lines[id]
		settings.Rules[id] = r.rule(byID.get(id), byID.at(id), id)
	}
	return paths, settings
}

// rule reads the settings of one rule: the word off or on, or a mapping.
func (r *reader) rule(n *yaml.Node, path, id string) policies.RuleSettings {
	out := policies.RuleSettings{Origin: r.origin(n)}
	if s := r.follow(n); s.Kind == yaml.ScalarNode {
		out.Off, out.On = s.Value == "off", s.Value == "on"
		if !out.Off && !out.On {
			r.fail(n, path, "must be off, on, or a mapping of severity, params and sources")
		}
		return out
	}
	m, ok := r.mapping(n, path, ruleKeys)
	if !ok {
		return out
	}
	out.Off, out.Severity, out.Params = r.ruleChange(m, id)
	out.On = !out.Off && m.get("off") != nil
	if list := m.get("sources"); list != nil {
		for i, e := range r.sequence(list, m.at("sources")) {
			out.Sources = append(out.Sources, r.ruleSource(e, index(m.at("sources"), i), id))
		}
	}
	return out
}

// ruleChange reads what the settings of a rule and those of a rule and a source
// share, and remembers the lines of it below the given place.
func (r *reader) ruleChange(m *mapping, at ...string) (off bool, severity policies.Severity, params map[string]any) {
	if n := m.get("off"); n != nil {
		off = r.boolean(n, m.at("off"))
	}
	if n := m.get("severity"); n != nil {
		severity = policies.Severity(r.oneOf(n, m.at("severity"), severities))
		r.lines[place(append(at, "severity"))] = m.lines["severity"]
	}
	if n := m.get("params"); n != nil {
		if k := r.follow(n); k.Kind != yaml.MappingNode {
			r.fail(n, m.at("params"), "must be a mapping (key: value), not %s", describe(k))
		} else {
			params, _ = r.value(n, m.at("params"), 0).(map[string]any)
			for i := 0; i+1 < len(k.Content); i += 2 {
				r.lines[place(append(at, "params", k.Content[i].Value))] = k.Content[i].Line
			}
		}
	}
	return off, severity, params
}

func (r *reader) ruleSource(n *yaml.Node, path, id string) policies.SourceSettings {
	var out policies.SourceSettings
	m, ok := r.mapping(n, path, ruleSourceKeys)
	if !ok {
		return out
	}
	if p := m.required("source", missingSignature["source"]); p != nil {
		out.Pattern = r.word(p, m.at("source"))
	}
	r.lines[place([]string{id, "sources", out.Pattern})] = n.Line
	out.Off, out.Severity, out.Params = r.ruleChange(m, id, "sources", out.Pattern)
	return out
}

func (r *reader) usage(n *yaml.Node) []Usage {
	var out []Usage
	for i, e := range r.sequence(n, "usage") {
		m, ok := r.mapping(e, index("usage", i), usageKeys)
		if !ok {
			continue
		}
		if f := m.required("file", "it is a CSV or JSON file of token ids and times of last use"); f != nil {
			out = append(out, Usage{File: r.word(f, m.at("file")), Origin: r.origin(e)})
		}
	}
	return out
}

func (r *reader) gate(n *yaml.Node) Gate {
	var out Gate
	m, ok := r.mapping(n, "gate", gateKeys)
	if !ok {
		return out
	}
	if f := m.get("fail_on"); f != nil {
		out.FailOn = r.oneOf(f, m.at("fail_on"), severityNone)
	}
	if f := m.get("not_evaluated"); f != nil {
		out.NotEvaluated = r.oneOf(f, m.at("not_evaluated"), severityNone)
	}
	if f := m.get("fail_on_overdue"); f != nil {
		out.FailOnOverdue = r.boolean(f, m.at("fail_on_overdue"))
	}
	if d := m.get("waiver_max_days"); d != nil {
		before := len(r.errs)
		out.WaiverMaxDays = r.integer(d, m.at("waiver_max_days"))
		if len(r.errs) == before && (out.WaiverMaxDays < 1 || out.WaiverMaxDays > maxWaiverDays) {
			r.fail(d, m.at("waiver_max_days"), "must be between 1 and %d", maxWaiverDays)
		}
	}
	return out
}

// maxWaiverDays is a hundred years.
const maxWaiverDays = 36_525

func (r *reader) limits(n *yaml.Node) Limits {
	var out Limits
	m, ok := r.mapping(n, "limits", limitKeys)
	if !ok {
		return out
	}
	for _, limit := range []struct {
		key   string
		value *time.Duration
	}{
		{"timeout", &out.Timeout}, {"max_wait", &out.MaxWait}, {"total_wait", &out.TotalWait},
		{"rule_timeout", &out.RuleTimeout}, {"load_timeout", &out.LoadTimeout},
	} {
		if d := m.get(limit.key); d != nil {
			*limit.value = r.duration(d, m.at(limit.key))
		}
	}
	return out
}
