package metadata

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/tokenaudit/tokenaudit/policies"
)

// SettingsSchema is the JSON Schema (draft 2020-12) of the section
// policies.rules of the configuration: every rule with the parameters that its
// METADATA declares, and the risk model with its own.
func SettingsSchema(rules []policies.Rule, model policies.Rule) map[string]any {
	properties := map[string]any{model.ID: map[string]any{
		"description": model.Title,
		"oneOf": []any{
			map[string]any{"const": "off"},
			map[string]any{"type": "object", "properties": map[string]any{"params": ParamsSchema(model.Params)}, "additionalProperties": false},
		},
	}}
	for i := range rules {
		properties[rules[i].ID] = ruleSchema(&rules[i])
	}
	return map[string]any{
		"type":                 "object",
		"description":          "Changes to the rules, by id.",
		"properties":           properties,
		"additionalProperties": false,
	}
}

func ruleSchema(rule *policies.Rule) map[string]any {
	change := map[string]any{
		"severity": map[string]any{"enum": policies.Severities(), "default": rule.Severity},
		"off":      map[string]any{"type": "boolean", "default": rule.Off, "description": "Do not evaluate the rule."},
		"params":   ParamsSchema(rule.Params),
	}
	forSources := map[string]any{"source": map[string]any{"type": "string", "minLength": 1, "description": "A pattern of source ids; only * is special, and it crosses /."}}
	whole := map[string]any{}
	for key, schema := range change {
		forSources[key], whole[key] = schema, schema
	}
	whole["sources"] = map[string]any{
		"type":        "array",
		"description": "Changes for some sources; the last one that matches wins.",
		"items":       map[string]any{"type": "object", "properties": forSources, "required": []string{"source"}, "additionalProperties": false},
	}
	return map[string]any{
		"description": rule.Title,
		"oneOf": []any{
			map[string]any{"enum": []string{"off", "on"}},
			map[string]any{"type": "object", "properties": whole, "additionalProperties": false},
		},
	}
}

// ParamsSchema is the JSON Schema of the parameters of a rule.
func ParamsSchema(params map[string]policies.Param) map[string]any {
	properties := map[string]any{}
	for name, param := range params {
		schema := map[string]any{"type": param.Type, "description": param.Description, "default": param.Default}
		if param.Minimum != nil {
			schema["minimum"] = *param.Minimum
		}
		if param.Maximum != nil {
			schema["maximum"] = *param.Maximum
		}
		if len(param.Enum) > 0 {
			schema["enum"] = param.Enum
		}
		properties[name] = schema
	}
	return map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
}

// ParamProblem is a value that the schema of the parameters refuses.
type ParamProblem struct {
	// Path leads to the value: the name of the parameter, then places in it.
	Path []string
	// Detail is one line.
	Detail string
}

// CheckParams checks values against the schema of the parameters. The error is
// for a schema that cannot be, the problem for a value.
func CheckParams(params map[string]policies.Param, values map[string]any) (*ParamProblem, error) {
	text, err := json.Marshal(ParamsSchema(params))
	if err != nil {
		return nil, err
	}
	const name = "params.json"
	compiler := jsonschema.NewCompiler()
	compiler.Draft = jsonschema.Draft2020
	if err := compiler.AddResource(name, bytes.NewReader(text)); err != nil {
		return nil, err
	}
	schema, err := compiler.Compile(name)
	if err != nil {
		return nil, err
	}
	// The values go through JSON, because the validator knows nothing but what JSON gives.
	var document any
	if text, err = json.Marshal(values); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&document); err != nil {
		return nil, err
	}
	var invalid *jsonschema.ValidationError
	switch err := schema.Validate(document); {
	case errors.As(err, &invalid):
		for len(invalid.Causes) > 0 {
			invalid = invalid.Causes[0]
		}
		path := strings.Split(strings.TrimPrefix(invalid.InstanceLocation, "/"), "/")
		return &ParamProblem{path, invalid.Message}, nil
	default:
		return nil, err
	}
}
