package cmsapi

import (
	"encoding/json"
	"reflect"
	"strings"
	"sync"

	"github.com/tokenaudit/tokenaudit/collectors/strictjson"
)

// A layout is where the members of an object go in a struct all of whose fields decode
// themselves: by the name of the member, the index of the field as in
// reflect.Value.FieldByIndex.
type layout map[string][]int

// layouts are those of the types that were met, nil for types that have none. What the
// collectors decode is some dozens of types, and a list decodes its type for each element.
var layouts sync.Map // reflect.Type → layout

var decodesItself = reflect.TypeFor[json.Unmarshaler]()

// layoutOf returns the layout of a type; nil if it is not a struct, or if encoding/json has
// to decode it: a field of it does not decode itself, has no name of its own, or has one
// that another has, too.
func layoutOf(t reflect.Type) layout {
	if known, ok := layouts.Load(t); ok {
		l, _ := known.(layout)
		return l
	}
	l, depths := layout{}, map[string]int{}
	if t.Kind() != reflect.Struct || !l.add(t, nil, depths) {
		l = nil
	}
	layouts.Store(t, l)
	return l
}

// add takes in the fields of a struct that lies at an index, and reports whether it could.
func (l layout) add(t reflect.Type, at []int, depths map[string]int) bool {
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		index := append(append([]int(nil), at...), i)
		switch {
		case field.Anonymous && name == "" && field.Type.Kind() == reflect.Struct:
			if !l.add(field.Type, index, depths) {
				return false
			}
			continue
		case name == "-" || !field.IsExported() && !field.Anonymous:
			continue
		case name == "" || !reflect.PointerTo(field.Type).Implements(decodesItself):
			return false
		}
		// Of two fields of one name the outer one has it.
		switch depth := depths[name]; {
		case depth == len(index):
			return false
		case depth == 0 || depth > len(index):
			l[name], depths[name] = index, len(index)
		}
	}
	return true
}

// decode reads an object, which is valid JSON, into a struct of the layout. It takes a
// member for the one of exactly that name. As in encoding/json, the first error ends it.
func (l layout) decode(object []byte, v reflect.Value) error {
	for member := range strictjson.Elements(object) {
		name, value := strictjson.Member(member)
		index, known := l[string(name)]
		if !known {
			continue
		}
		field, ok := reflect.TypeAssert[json.Unmarshaler](v.FieldByIndex(index).Addr())
		if !ok {
			continue
		}
		if err := field.UnmarshalJSON(value); err != nil {
			return err
		}
	}
	return nil
}
