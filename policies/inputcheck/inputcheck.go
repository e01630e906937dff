// Package inputcheck checks what the tests of rules feed as input: a rule that is green
// on an input that no run ever has may never find anything.
package inputcheck

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/suggest"
)

// Shape is what an input may look like: the part of JSON Schema that the schema of the
// input uses.
type Shape struct {
	Type       string            `json:"type"`
	Properties map[string]*Shape `json:"properties"`
	Items      *Shape            `json:"items"`
	// Enum are the words that a text may be; nil for any.
	Enum []string `json:"enum"`
	// Ref is a reference into the schema; empty for none.
	Ref string `json:"$ref"`

	// required are the members that every input has, sorted; nullable: some have null.
	required []string
	nullable bool
}

// New reads the schema of the input. samples are inputs, as encoding/json decodes them,
// that have no more than every input has: what all of them have is required.
func New(schema []byte, samples ...any) (*Shape, error) {
	var s Shape
	if err := json.Unmarshal(schema, &s); err != nil {
		return nil, fmt.Errorf("read the schema of the input: %w", err)
	}
	s.Type = "object"
	if err := s.resolve(&s); err != nil {
		return nil, err
	}
	s.learn(samples)
	return &s, nil
}

// resolve puts what references refer to in their places.
func (s *Shape) resolve(root *Shape) error {
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if err := s.Properties[name].resolve(root); err != nil {
			return err
		}
	}
	switch {
	case s.Items == nil:
		return nil
	case s.Items.Ref == "":
		return s.Items.resolve(root)
	}
	name, isItems := strings.CutSuffix(strings.TrimPrefix(s.Items.Ref, "#/properties/"), "/items")
	if target := root.Properties[name]; isItems && target != nil {
		s.Items = target.Items
		return nil
	}
	return fmt.Errorf("the schema of the input refers to %s, which it does not have", s.Items.Ref)
}

func (s *Shape) learn(samples []any) {
	var objects []map[string]any
	var elements []any
	for _, sample := range samples {
		switch sample := sample.(type) {
		case nil:
			s.nullable = true
		case map[string]any:
			objects = append(objects, sample)
		case []any:
			elements = append(elements, sample...)
		}
	}
	if s.Items != nil {
		s.Items.learn(elements)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		var values []any
		for _, object := range objects {
			if value, ok := object[name]; ok {
				values = append(values, value)
			}
		}
		if len(objects) > 0 && len(values) == len(objects) {
			s.required = append(s.required, name)
		}
		s.Properties[name].learn(values)
	}
}

// Check returns what is wrong with an input, beginning with the JSON pointer of the
// place, or the empty string. Where it is deliberately partial, members may be missing.
func (s *Shape) Check(input any, partial bool) string { return s.check(input, "", partial) }

func (s *Shape) check(value any, pointer string, partial bool) string {
	if value == nil && s.nullable {
		return ""
	}
	if is := typeOf(value); s.Type != "" && is != s.Type && (is != "integer" || s.Type != "number") {
		return fmt.Sprintf("%s is %s: it must be %s", at(pointer), article(is), article(s.Type))
	}
	switch value := value.(type) {
	case string:
		if wrong := s.wrongWord(value); wrong != "" {
			return fmt.Sprintf("%s is %s", at(pointer), wrong)
		}
	case []any:
		for i, element := range value {
			if s.Items == nil {
				break
			}
			if problem := s.Items.check(element, pointer+"/"+strconv.Itoa(i), partial); problem != "" {
				return problem
			}
		}
	case map[string]any:
		return s.checkMembers(value, pointer, partial)
	}
	return ""
}

func (s *Shape) checkMembers(object map[string]any, pointer string, partial bool) string {
	if len(s.Properties) == 0 {
		return "" // such as labels: any members
	}
	known := slices.Sorted(maps.Keys(s.Properties))
	for _, name := range slices.Sorted(maps.Keys(object)) {
		member := s.Properties[name]
		if member == nil {
			return fmt.Sprintf("%s has a member %q that no input has%s", at(pointer), name, suggest.DidYouMean(name, known))
		}
		if problem := member.check(object[name], pointer+"/"+escape.Replace(name), partial); problem != "" {
			return problem
		}
	}
	if partial {
		return ""
	}
	var missing []string
	for _, name := range s.required {
		if _, ok := object[name]; !ok {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return fmt.Sprintf("%s lacks %s, which every input has; add them, or say in the METADATA of the test or its package that it is deliberate: custom: {input: partial}",
			at(pointer), suggest.Some(missing, mostMissing))
	}
	return ""
}

// mostMissing is how many missing members are named.
const mostMissing = 5

var escape = strings.NewReplacer("~", "~0", "/", "~1")

func at(pointer string) string {
	if pointer == "" {
		return "the input"
	}
	return pointer
}

func typeOf(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	case json.Number:
		if _, err := value.Int64(); err == nil {
			return "integer"
		}
	}
	return "number"
}

func article(kind string) string {
	switch kind {
	case "null":
		return kind
	case "array", "object", "integer":
		return "an " + kind
	}
	return "a " + kind
}
