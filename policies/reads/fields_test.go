package reads

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/policies/input"
)

type schemaNode struct {
	Properties map[string]schemaNode
	Items      *schemaNode
	Ref        string `json:"$ref"`
}

// Every member of the input is known to the check of what a rule reads, and nothing
// else is: a new one is not read until somebody says what it may hide.
func TestFieldsAreThoseOfTheSchema(t *testing.T) {
	var schema schemaNode
	if err := json.Unmarshal(input.Schema, &schema); err != nil {
		t.Fatal(err)
	}
	var compare func(path string, f *field, s schemaNode)
	compare = func(path string, f *field, s schemaNode) {
		if f.each != nil {
			elements := maps.Clone(s.Properties)
			if s.Items != nil {
				elements = map[string]schemaNode{"[]": *s.Items}
				if s.Items.Ref == "#/properties/tokens/items" {
					elements["[]"] = *schema.Properties["tokens"].Items
				}
			}
			for name, element := range elements {
				compare(path+"."+name, f.each, element)
			}
			return
		}
		if f.members == nil {
			return // it is read as a whole
		}
		if diff := cmp.Diff(slices.Sorted(maps.Keys(s.Properties)), slices.Sorted(maps.Keys(f.members))); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
		for name, member := range f.members {
			compare(path+"."+name, member, s.Properties[name])
		}
	}
	compare("input", inputField, schema)
}
