package report

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// SchemaDocument is the schema as it is printed.
func SchemaDocument(t *testing.T) map[string]any {
	t.Helper()
	document, err := SchemaJSON()
	if err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	if err := json.Unmarshal(document, &root); err != nil {
		t.Fatal(err)
	}
	return root
}

// TestSchemaMatchesStructs walks the Go structs and the JSON Schema side by
// side: every field, what is required, and nothing else.
func TestSchemaMatchesStructs(t *testing.T) {
	root := SchemaDocument(t)
	(&schemaWalk{T: t, root: root}).compare("report", reflect.TypeFor[Report](), root)
}

type schemaWalk struct {
	*testing.T
	root map[string]any
}

func (w *schemaWalk) compare(at string, goType reflect.Type, schema map[string]any) {
	if ref, ok := schema["$ref"].(string); ok {
		schema = object(object(w.root, "$defs"), strings.TrimPrefix(ref, "#/$defs/"))
	}
	if goType.Kind() == reflect.Pointer {
		goType = goType.Elem()
	}
	want := map[reflect.Kind]string{
		reflect.String: "string", reflect.Bool: "boolean", reflect.Int: "integer", reflect.Slice: "array", reflect.Map: "object", reflect.Struct: "object",
	}[goType.Kind()]
	if goType == reflect.TypeFor[time.Time]() {
		if schema["format"] != "date-time" {
			w.Errorf("%s: format %v", at, schema["format"])
		}
		return
	}
	if goType == reflect.TypeFor[Object]() {
		goType, want = reflect.TypeFor[map[string]any](), "object"
	}
	if _, isConst := schema["const"]; !isConst && schema["type"] != want && goType != reflect.TypeFor[inventory.Role]() {
		w.Errorf("%s: type %v, want %s", at, schema["type"], want)
	}
	switch goType.Kind() {
	case reflect.Struct:
		w.compareFields(at, goType, schema)
	case reflect.Slice:
		w.compare(at+"[]", goType.Elem(), object(schema, "items"))
	case reflect.Map:
		if element := object(schema, "additionalProperties"); element != nil {
			w.compare(at+"{}", goType.Elem(), element)
		}
	}
}

func (w *schemaWalk) compareFields(at string, goType reflect.Type, schema map[string]any) {
	if schema["additionalProperties"] != false {
		w.Errorf("%s: additionalProperties is %v, want false", at, schema["additionalProperties"])
	}
	fields := map[string]reflect.Type{}
	required := map[string]bool{}
	jsonFields(goType, fields, required)
	properties := object(schema, "properties")
	if diff := cmp.Diff(slices.Sorted(maps.Keys(fields)), slices.Sorted(maps.Keys(properties))); diff != "" {
		w.Errorf("%s: fields (-struct +schema)\n%s", at, diff)
	}
	listed := []string{}
	names, _ := schema["required"].([]any)
	for _, name := range names {
		listed = append(listed, name.(string))
	}
	slices.Sort(listed)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(required)), listed, cmp.Transformer("empty", func(s []string) []string { return append([]string{}, s...) })); diff != "" && goType != reflect.TypeFor[Scope]() {
		w.Errorf("%s: required (-struct +schema)\n%s", at, diff)
	}
	for name, field := range fields {
		if property := object(properties, name); property != nil {
			w.compare(at+"."+name, field, property)
			if _, shared := property["$ref"]; !shared && property["description"] == nil {
				w.Errorf("%s.%s has no description", at, name)
			}
		}
	}
}

// jsonFields returns the members that encoding/json writes: a field of the struct
// itself shadows one of an embedded struct.
func jsonFields(goType reflect.Type, fields map[string]reflect.Type, required map[string]bool) {
	for f := range goType.Fields() {
		if f.Anonymous {
			jsonFields(f.Type, fields, required)
		}
	}
	for f := range goType.Fields() {
		if f.Anonymous {
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		fields[name] = f.Type
		delete(required, name)
		if options == "" {
			required[name] = true
		}
	}
}
