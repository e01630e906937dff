package policies

import (
	"encoding/json"
	"flag"
	"maps"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/input"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares with a file, or writes it under -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is not up to date; run go test ./policies -update (-file +generated):\n%s", name, diff)
	}
}

// The schema that rules are checked against has exactly the fields of the Go
// structs: a field that is added there must reach the rules.
func TestInputSchemaMatchesStructs(t *testing.T) {
	token := merge(schemaOf(reflect.TypeFor[inventory.Token]()), schemaOf(reflect.TypeFor[input.Derived]()))
	source := schemaOf(reflect.TypeFor[inventory.Source]())
	properties := source["properties"].(map[string]any)
	delete(properties, "tokens")
	properties["facts"] = object(factsSchema())
	token["properties"].(map[string]any)["last_used_by_api"] = object(map[string]any{
		string(inventory.ContentDelivery):   schemaOf(reflect.TypeFor[inventory.LastUsed]()),
		string(inventory.ContentPreview):    schemaOf(reflect.TypeFor[inventory.LastUsed]()),
		string(inventory.ContentManagement): schemaOf(reflect.TypeFor[inventory.LastUsed]()),
	})
	schema := object(map[string]any{
		"source": source,
		"tokens": map[string]any{"type": "array", "items": token},
		"at":     map[string]any{"type": "string"},
		"params": map[string]any{"type": "object"},
	})
	schema["$schema"] = "http://json-schema.org/draft-07/schema#"
	schema["title"] = "What a rule of tokenaudit sees as input"
	out, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "input/input.schema.json", append(out, '\n'))
}

func factsSchema() map[string]any {
	support := schemaOf(reflect.TypeFor[inventory.FactSupport]())
	properties := map[string]any{}
	for fact := range factParts {
		properties[string(fact)] = support
	}
	return properties
}

func object(properties map[string]any) map[string]any {
	return map[string]any{"type": "object", "properties": properties}
}

func merge(a, b map[string]any) map[string]any {
	maps.Copy(a["properties"].(map[string]any), b["properties"].(map[string]any))
	return a
}

func schemaOf(t reflect.Type) map[string]any {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string"}
	case t.Kind() == reflect.Pointer:
		return schemaOf(t.Elem())
	}
	switch t.Kind() {
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int:
		return map[string]any{"type": "integer"}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object"}
	case reflect.Struct:
		properties := map[string]any{}
		for field := range t.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			properties[name] = schemaOf(field.Type)
		}
		return object(properties)
	}
	panic("no schema for " + t.String())
}
