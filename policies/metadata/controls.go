package metadata

import (
	"maps"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/suggest"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/output"
)

// controls reads custom.controls: by framework a list of ids, each a text, or a mapping
// of the id and what the control needs of the parameters.
func (m *metadata) controls(params map[string]policies.Param) (controls map[string][]string, needs map[string]map[string]map[string]policies.Need) {
	controls, needs = map[string][]string{}, map[string]map[string]map[string]policies.Need{}
	declared := m.table("controls")
	for _, framework := range slices.Sorted(maps.Keys(declared)) {
		list, isList := declared[framework].([]any)
		if !isList {
			m.wrong("custom.controls.%s must be a list of ids", framework)
			continue
		}
		for _, item := range list {
			id, need, ok := m.control(framework, item, params)
			if !ok {
				continue
			}
			controls[framework] = append(controls[framework], id)
			if len(need) > 0 {
				if needs[framework] == nil {
					needs[framework] = map[string]map[string]policies.Need{}
				}
				needs[framework][id] = need
			}
		}
		slices.Sort(controls[framework])
	}
	return controls, needs
}

// control reads one entry of a framework.
func (m *metadata) control(framework string, item any, params map[string]policies.Param) (id string, needs map[string]policies.Need, ok bool) {
	if id, ok = item.(string); ok && id != "" {
		return id, nil, true
	}
	table, isTable := stringKeys(item)
	id, _ = table["id"].(string)
	if !isTable || id == "" {
		m.wrong("custom.controls.%s has %v; it must be an id, or a mapping of id and needs", framework, item)
		return "", nil, false
	}
	needs = map[string]policies.Need{}
	for _, key := range slices.Sorted(maps.Keys(table)) {
		if key != "id" && key != "needs" {
			m.wrong("custom.controls.%s: %s of %s is unknown%s", framework, key, id, suggest.DidYouMean(key, []string{"id", "needs"}))
		}
	}
	declared, isTable := stringKeys(table["needs"])
	if !isTable && table["needs"] != nil {
		m.wrong("custom.controls.%s: needs of %s must be a mapping of parameters", framework, id)
	}
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		param, known := params[name]
		if !known {
			m.wrong("custom.controls.%s: %s needs %s, which is not a parameter of the rule%s", framework, id, name, suggest.DidYouMean(name, slices.Sorted(maps.Keys(params))))
			continue
		}
		need, isNeed := readNeed(declared[name], param.Stricter)
		if !isNeed {
			m.wrong("custom.controls.%s: what %s needs of %s must be one of max (stricter: lower), min (stricter: higher) and one_of (stricter: first)", framework, id, name)
			continue
		}
		needs[name] = need
	}
	return id, needs, true
}

// readNeed reads a mapping with the one key that fits the direction of the parameter.
func readNeed(value any, stricter policies.Stricter) (policies.Need, bool) {
	var need policies.Need
	table, _ := stringKeys(value)
	if len(table) != 1 {
		return need, false
	}
	switch stricter {
	case policies.StricterLower:
		need.Max = number(table["max"])
	case policies.StricterHigher:
		need.Min = number(table["min"])
	case policies.StricterFirst:
		list, _ := table["one_of"].([]any)
		for _, item := range list {
			need.OneOf = append(need.OneOf, output.Plain(item))
		}
	}
	return need, need.Max != nil || need.Min != nil || len(need.OneOf) > 0
}

// number returns nil for what is not a number.
func number(value any) *float64 {
	switch n := output.Plain(value).(type) {
	case int:
		return new(float64(n))
	case float64:
		return &n
	}
	return nil
}

// stricter reads the direction of a parameter.
func (m *metadata) stricter(name string, table map[string]any, p *policies.Param) {
	value, ok := table["stricter"]
	if !ok {
		return
	}
	word, _ := value.(string)
	p.Stricter = policies.Stricter(word)
	numeric := p.Type == "integer" || p.Type == "number"
	switch {
	case (p.Stricter == policies.StricterLower || p.Stricter == policies.StricterHigher) && numeric:
	case p.Stricter == policies.StricterFirst && len(p.Enum) > 0:
	default:
		m.wrong("custom.params.%s.stricter must be lower or higher for a number, or first for an enum in order", name)
	}
}
