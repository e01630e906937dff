package strictjson

import (
	"encoding/json"
	"reflect"
	"strings"
	"sync"
	"unicode/utf8"
)

// Exactly decodes body, which is valid JSON and was decoded into what out points to, once
// more if encoding/json may have taken a member for another: it does not tell "Read"
// from "read", and the last of the two wins. A member that somebody has added to a
// CMS, under a name of their choice, must not pass for one of the API.
func Exactly(body []byte, out any) error {
	v := reflect.ValueOf(out)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return nil
	}
	if !spellingsOf(v.Type()).hideMisspelt(body) {
		return nil
	}
	v.Elem().SetZero()
	return json.Unmarshal(body, out)
}

// spellings are the names of the members of a type.
type spellings struct {
	// exact are the names, folded the same without upper and lower case.
	exact, folded map[string]bool
}

// known are the spellings of the types that were met: a program decodes few types, and
// many documents.
var known sync.Map // reflect.Type → spellings

func spellingsOf(t reflect.Type) spellings {
	if s, ok := known.Load(t); ok {
		if s, ok := s.(spellings); ok {
			return s
		}
	}
	s := spellings{map[string]bool{}, map[string]bool{}}
	s.of(t, map[reflect.Type]bool{})
	known.Store(t, s)
	return s
}

// of takes in the names of all members that a type decodes.
func (s spellings) of(t reflect.Type, seen map[reflect.Type]bool) {
	if seen[t] {
		return
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		s.of(t.Elem(), seen)
	case reflect.Struct:
		for f := range t.Fields() {
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
				s.exact[name], s.folded[fold(name)] = true, true
			}
			s.of(f.Type, seen)
		}
	default:
	}
}

// plainly reports whether a name is none of the API however it is spelt, without taking
// memory for each: an object may have a hundred thousand ids as names. It says so of names
// in ASCII without escapes alone. lower is room to work in.
func (s spellings) plainly(name []byte, lower *[]byte) bool {
	*lower = (*lower)[:0]
	for _, c := range name {
		switch {
		case c == '\\' || c >= utf8.RuneSelf:
			return false
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		*lower = append(*lower, c)
	}
	return !s.folded[string(*lower)]
}

// fold returns the same for all names that encoding/json takes for one.
func fold(name string) string { return strings.ToLower(strings.ToUpper(name)) }

// hideMisspelt overwrites the names of members that are names of the API but for
// upper and lower case, and reports whether there were any. body stays valid JSON.
func (s spellings) hideMisspelt(body []byte) bool {
	hidden := false
	var lower []byte
	for start, end := range names(body) {
		name := body[start+1 : end-1]
		if s.exact[string(name)] || s.plainly(name, &lower) {
			continue
		}
		var plain string
		_ = json.Unmarshal(body[start:end], &plain) // body is valid JSON
		if s.exact[plain] || !s.folded[fold(plain)] {
			continue
		}
		hidden = true
		for i := range name {
			name[i] = '?'
		}
	}
	return hidden
}
