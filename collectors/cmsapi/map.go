package cmsapi

import (
	"fmt"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/strictjson"
)

// maxMembers is how many members a Map may have. The most that a CMS sends are the
// collections of a Directus server.
const maxMembers = 10_000

// Map is an object whose members are decoded one by one. The empty array that
// PHP writes for an empty object counts as one.
type Map[T any] struct {
	Members map[string]T
	// Broken are the names of the members that could not be read, sorted.
	Broken []string
	wrong  *string
	State  FieldState
}

// UnmarshalJSON implements json.Unmarshaler. It never fails.
func (m *Map[T]) UnmarshalJSON(b []byte) error {
	*m = Map[T]{State: FieldNull}
	shape := jsonType(b)
	if shape == "null" {
		return nil
	}
	n := strictjson.Count(b)
	if n > maxMembers {
		shape = fmt.Sprintf("%s of more than %d members", shape, maxMembers)
	}
	if n > maxMembers || shape != "an object" && (shape != "an array" || n > 0) {
		*m = Map[T]{State: FieldWrong, wrong: &shape}
		return nil
	}
	*m = Map[T]{State: FieldGiven, Members: make(map[string]T, n)}
	for member := range strictjson.Elements(b) {
		name, value := strictjson.Member(member)
		var v T
		if decodeElement(value, &v) != "" {
			m.Broken = append(m.Broken, string(name))
			continue
		}
		m.Members[string(name)] = v
	}
	slices.Sort(m.Broken)
	return nil
}

// Reason says why there is no object, in words for a user; empty if there is
// one.
func (m Map[T]) Reason(name string) string { return reason(name, m.State, m.wrong) }
