package strictjson

import (
	"encoding/json"
	"reflect"
	"strings"
	"sync"
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
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		index := append(append([]int(nil), at...), i)
		switch {
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
			if !l.add(f.Type, index, depths) {
				return false
			}
			continue
		case name == "-" || !f.IsExported() && !f.Anonymous:
			continue
		case name == "" || !reflect.PointerTo(f.Type).Implements(decodesItself):
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

// DecodeObject is json.Unmarshal for an object, which is valid JSON, and a pointer to a
// struct all of whose fields decode themselves; it reports whether v points to one, and
// leaves alone what does not. encoding/json makes a decoder for each object in another,
// and each of them reads all that is in it. Here a member is the one of exactly its name.
func DecodeObject(object []byte, v any) (bool, error) {
	pointer := reflect.ValueOf(v)
	if pointer.Kind() != reflect.Pointer || pointer.IsNil() {
		return false, nil
	}
	l := layoutOf(pointer.Type().Elem())
	if l == nil {
		return false, nil
	}
	return true, l.decode(object, pointer.Elem())
}

// decode reads an object into a struct of the layout. As in encoding/json, the first
// error ends it.
func (l layout) decode(object []byte, v reflect.Value) error {
	for member := range Elements(object) {
		name, value := Member(member)
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
