package config

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config/targets"
	"github.com/tokenaudit/tokenaudit/collectors"
)

// object is a JSON Schema, or a part of one.
type object = map[string]any

// Schema returns the JSON Schema (draft 2020-12) of tokenaudit.yaml, indented. It
// is made of the option declarations; rules is the schema of the section
// policies.rules, which the rules themselves declare.
func Schema(definitions []collectors.Definition, rules object) ([]byte, error) {
	entries := make([]any, len(definitions))
	for i, d := range definitions {
		entries[i] = entrySchema(d)
	}
	schema := closed(object{
		"version": object{"const": 1},
		"sources": object{"type": []string{"array", "null"}, "description": "What to read.", "items": object{"oneOf": entries}},
		"profile": profileSchema(),
		"policies": closed(object{
			"paths": listSchema(object{"type": "string", "minLength": 1, "description": "A file, folder or bundle of custom rules."}),
			"rules": rules,
		}),
		"usage": listSchema(closed(object{
			"file": object{"type": "string", "minLength": 1, "description": "A CSV or JSON file of token ids and times of last use."},
		}, "file")),
		"owners":       ownersSchema(),
		"waivers":      waiversSchema(),
		"accept_gaps":  listSchema(signedSchema(acceptedGapKeys)),
		"accept_empty": listSchema(signedSchema(acceptedGapKeys)),
		"reviews":      reviewsSchema(),
		"sla":          slaSchema(),
		"gate": closed(object{
			"fail_on":         object{"enum": severityNone, "description": "The lowest severity that fails the run."},
			"not_evaluated":   object{"enum": severityNone, "description": "The lowest severity of the rules that must not be left undecided."},
			"fail_on_overdue": object{"type": "boolean", "description": "Whether a finding past its deadline fails the run; needs sla."},
			"waiver_max_days": object{"type": "integer", "minimum": 1, "maximum": maxWaiverDays, "default": DefaultWaiverMaxDays,
				"description": "How far ahead a waiver or an accepted gap may expire."},
		}),
		"notify": listSchema(optionsSchema(targets.Options())),
		"limits": closed(object{
			"timeout":      durationSchema("Bounds the whole run."),
			"max_wait":     durationSchema("Bounds one wait for a rate limit."),
			"total_wait":   durationSchema("Bounds the sum of the waits of one rate-limit domain."),
			"rule_timeout": durationSchema("Bounds one rule on one source, 30s by default; a rule that takes longer is not evaluated there."),
			"load_timeout": durationSchema("Bounds the loading of custom rules, 10s by default."),
		}),
		"store": storeSchema(),
	}, "version")
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["title"] = "tokenaudit configuration"
	schema["$defs"] = object{"secret": secretSchema()}
	return indented(schema)
}

func indented(schema object) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(schema)
	return out.Bytes(), err
}

// closed is an object that takes these properties and no others.
func closed(properties object, required ...string) object {
	o := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		o["required"] = required
	}
	return o
}

// listSchema is that of a list that may be left empty.
func listSchema(items object) object {
	return object{"type": []string{"array", "null"}, "items": items}
}

func entrySchema(d collectors.Definition) object {
	o := optionsSchema(OptionsOf(d))
	properties, _ := o["properties"].(object)
	properties["cms"] = object{"const": d.CMS, "description": d.Title}
	required, _ := o["required"].([]string)
	o["required"] = append([]string{"cms"}, required...)
	var all []any
	for _, group := range d.OneOf {
		all = append(all, object{"oneOf": requireEach(group)})
	}
	for _, group := range d.AnyOf {
		all = append(all, object{"anyOf": requireEach(group)})
	}
	if all != nil {
		o["allOf"] = all
	}
	return o
}

func requireEach(keys []string) []any {
	out := make([]any, len(keys))
	for i, key := range keys {
		out[i] = object{"required": []string{key}}
	}
	return out
}

func optionsSchema(options []collectors.Option) object {
	properties, required := object{}, []string(nil)
	for _, o := range options {
		properties[o.Key] = optionSchema(o)
		if o.Required {
			required = append(required, o.Key)
		}
	}
	return closed(properties, required...)
}

func optionSchema(o collectors.Option) object {
	word := object{"type": "string", "minLength": 1}
	if len(o.Enum) > 0 {
		word = object{"enum": o.Enum}
	}
	s := object{}
	switch o.Type {
	case collectors.OptionString:
		s = word
	case collectors.OptionStrings:
		s = object{"type": "array", "items": word, "minItems": 1, "uniqueItems": true}
	case collectors.OptionInteger:
		s["type"] = "integer"
	case collectors.OptionBoolean:
		s["type"] = "boolean"
	case collectors.OptionSecret:
		s["$ref"] = "#/$defs/secret"
	case collectors.OptionObjects:
		s = object{"type": "array", "items": optionsSchema(o.Items), "minItems": 1}
	case OptionLabels:
		s = object{"type": "object", "additionalProperties": object{"type": "string", "minLength": 1}}
	case OptionNumber:
		s = object{"type": "number", "exclusiveMinimum": 0, "maximum": 1000}
	case OptionDuration:
		s = durationSchema("")
	case OptionDate:
		s = object{"type": "string", "format": "date"}
	}
	s = maps.Clone(s)
	if o.Help != "" {
		s["description"] = o.Help
	}
	if o.Default != "" {
		s["description"] = o.Help + " Default: " + o.Default + "."
	}
	return s
}

func durationSchema(help string) object {
	s := object{"type": "string", "pattern": `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`}
	if help != "" {
		s["description"] = help
	}
	return s
}

func secretSchema() object {
	word := object{"type": "string", "minLength": 1}
	forms := object{
		"env":     object{"type": "string", "pattern": variableName.String(), "description": "The name of an environment variable."},
		"file":    word,
		"command": object{"type": "array", "items": word, "minItems": 1, "description": "A program and its arguments; no shell is used."},
	}
	s := closed(forms)
	s["description"] = "Where the secret is found; never the secret itself."
	s["oneOf"] = requireEach(secretKeys)
	return s
}

func signedSchema(keys []string) object {
	properties := object{}
	for _, key := range keys {
		p := object{"type": "string", "minLength": 1, "description": missingSignature[key]}
		if key == "expires" {
			p["format"] = "date"
		}
		properties[key] = p
	}
	required := slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return slices.Contains(optionalSignature, key) })
	return closed(properties, required...)
}
