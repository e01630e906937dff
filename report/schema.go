package report

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

//go:embed schema.json
var ownSchema []byte

// SchemaJSON returns the JSON Schema of the report, draft 2020-12, in one
// document. Tokens, sources and all that they hold are those of the inventory's
// schema, with what a report adds to them.
func SchemaJSON() ([]byte, error) {
	var own, foreign map[string]any
	if err := errors.Join(json.Unmarshal(ownSchema, &own), json.Unmarshal(inventory.SchemaJSON(), &foreign)); err != nil {
		return nil, fmt.Errorf("read the embedded schemas: %w", err)
	}
	definitions, err := joinDefinitions(own, foreign)
	if err != nil {
		return nil, fmt.Errorf("join the embedded schemas: %w", err)
	}
	own["$defs"] = definitions
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(own); err != nil {
		return nil, fmt.Errorf("write the schema: %w", err)
	}
	return out.Bytes(), nil
}

// joinDefinitions adds the inventory's definitions to those of the report. A
// token gains what evaluation derives; a source has the number of its tokens
// in their place, and may be one that was found and never read.
func joinDefinitions(own, foreign map[string]any) (map[string]any, error) {
	definitions, shared := object(own, "$defs"), object(foreign, "$defs")
	token, derived, source := object(shared, "token"), object(definitions, "derived"), object(shared, "source")
	facts := object(object(source, "properties"), "facts")
	if token == nil || derived == nil || facts == nil {
		return nil, errors.New("a definition is missing")
	}
	maps.Copy(object(token, "properties"), object(derived, "properties"))
	required, _ := token["required"].([]any)
	added, _ := derived["required"].([]any)
	token["required"] = slices.Concat(required, added)
	delete(definitions, "derived")
	object(source, "properties")["risk"] = map[string]any{"$ref": "#/$defs/riskCounts"}
	object(source, "properties")["team"] = map[string]any{"description": "The team that answers for the source itself; left out for none.", "type": "string", "minLength": 1}
	object(source, "properties")["not_asked"] = map[string]any{"$ref": "#/$defs/not_asked"}
	object(source, "properties")["uncertain"] = map[string]any{"$ref": "#/$defs/uncertain"}
	object(source, "properties")["tokens"] = map[string]any{"description": "How many tokens it has.", "type": "integer", "minimum": 0}
	object(source, "properties")["others"] = map[string]any{"description": "True where it has tokens that are not counted, because the report is not of their teams.", "type": "boolean"}
	delete(facts, "required")
	for name, definition := range shared {
		if _, taken := definitions[name]; taken {
			return nil, fmt.Errorf("both define %s", name)
		}
		definitions[name] = definition
	}
	dropUnused(own, definitions)
	return definitions, nil
}

// dropUnused removes the definitions that only an inventory needs.
func dropUnused(root, definitions map[string]any) {
	used := map[string]bool{}
	var visit func(value any)
	visit = func(value any) {
		switch value := value.(type) {
		case map[string]any:
			ref, _ := value["$ref"].(string)
			if name, ok := strings.CutPrefix(ref, "#/$defs/"); ok && !used[name] {
				used[name] = true
				visit(definitions[name])
			}
			for key, inner := range value {
				if key != "$defs" {
					visit(inner)
				}
			}
		case []any:
			for _, inner := range value {
				visit(inner)
			}
		}
	}
	visit(root)
	maps.DeleteFunc(definitions, func(name string, _ any) bool { return !used[name] })
}

func object(m map[string]any, key string) map[string]any {
	value, _ := m[key].(map[string]any)
	return value
}

// schemas are the compiled parts against which a report is checked while it is
// read: the members of the document by name, the elements of its lists.
type schemas struct {
	members, elements map[string]*jsonschema.Schema
	required          []string
}

// compiledSchema compiles the schema once a process, on first use.
var compiledSchema = sync.OnceValues(compileSchema)

func compileSchema() (schemas, error) {
	const id = "report.json"
	document, err := SchemaJSON()
	if err != nil {
		return schemas{}, err
	}
	c := jsonschema.NewCompiler()
	c.Draft = jsonschema.Draft2020
	c.AssertFormat = true
	// The same reading of RFC 3339 as the decoder's, so that what passes here decodes.
	c.Formats["date-time"] = isTime
	if err := c.AddResource(id, bytes.NewReader(document)); err != nil {
		return schemas{}, fmt.Errorf("load the report schema: %w", err)
	}
	root, err := c.Compile(id)
	if err != nil {
		return schemas{}, fmt.Errorf("compile the report schema: %w", err)
	}
	s := schemas{members: root.Properties, elements: map[string]*jsonschema.Schema{}, required: root.Required}
	for name, member := range root.Properties {
		if member.Items2020 != nil {
			s.elements[name] = member.Items2020
		}
	}
	return s, nil
}

func isTime(v any) bool {
	s, ok := v.(string)
	return !ok || new(time.Time).UnmarshalText([]byte(s)) == nil
}

// violation returns the first thing, by place, that is wrong with a value, or "".
// The library reports in the order of Go maps, that is in none.
func violation(schema *jsonschema.Schema, value any) (pointer, message string) {
	err := schema.Validate(value)
	if err == nil {
		return "", ""
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return "", err.Error()
	}
	leaves := leafErrors(invalid)
	first := slices.MinFunc(leaves, func(a, b *jsonschema.ValidationError) int {
		return strings.Compare(a.InstanceLocation+"\x00"+a.Message, b.InstanceLocation+"\x00"+b.Message)
	})
	if strings.HasSuffix(first.KeywordLocation, "/format") {
		return first.InstanceLocation, "is not a valid date-time" // the library quotes the value
	}
	return first.InstanceLocation, first.Message
}

func leafErrors(e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	if len(e.Causes) == 0 {
		return []*jsonschema.ValidationError{e}
	}
	var leaves []*jsonschema.ValidationError
	for _, cause := range e.Causes {
		leaves = append(leaves, leafErrors(cause)...)
	}
	return leaves
}
