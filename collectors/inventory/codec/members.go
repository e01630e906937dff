package codec

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// members are those of an object that was read piece by piece, without the
// large array that streams by. It can be checked and decoded like a value.
type members struct {
	// place is the object itself, with no raw text.
	place  fragment
	names  []string
	values map[string]fragment
}

func newMembers(place fragment) *members {
	return &members{place: place, values: map[string]fragment{}}
}

// add takes a member; a key that occurs twice is refused.
func (m *members) add(name string, f fragment) error {
	if _, repeated := m.values[name]; repeated {
		return f.faultAt(0, problem{message: "the key occurs twice"})
	}
	m.names = append(m.names, name)
	m.values[name] = f
	return nil
}

// decode checks the members against the schema and decodes them into target.
func (m *members) decode(schema *jsonschema.Schema, l Limits, target any) *PlaceError {
	object := make(map[string]any, len(m.names))
	raw := []byte{'{'}
	for i, name := range m.names {
		f := m.values[name]
		value, bad := parse(f.raw, l)
		if bad != nil {
			return f.faultAt(bad.at, bad.problem)
		}
		object[name] = value
		if i > 0 {
			raw = append(raw, ',')
		}
		quoted, _ := json.Marshal(name) // a string always marshals
		raw = append(append(append(raw, quoted...), ':'), f.raw...)
	}
	if found := violations(schema, object); found != nil {
		return m.first(found)
	}
	if err := json.Unmarshal(append(raw, '}'), target); err != nil {
		return m.fault(undecodable(err))
	}
	return nil
}

// first returns the fault that stands first in the document.
func (m *members) first(found []problem) *PlaceError {
	faults := make([]*PlaceError, len(found))
	for i, p := range found {
		faults[i] = m.fault(p)
	}
	return earliest(faults)
}

func (m *members) fault(p problem) *PlaceError {
	name, rest, _ := strings.Cut(p.pointer, "/")
	f, ok := m.values[unescapePointer.Replace(name)]
	if !ok {
		return m.place.fault(p)
	}
	return f.fault(problem{rest, p.message})
}

// maxLocated bounds the problems of one fragment whose places are found out: each
// takes a reading of the fragment, and a hostile one has a problem in every byte.
const maxLocated = 100

// first returns the problem of a fragment that comes first in it, among the first
// hundred that were found.
func (f fragment) first(found []problem) *PlaceError {
	found = found[:min(len(found), maxLocated)]
	faults := make([]*PlaceError, len(found))
	for i, p := range found {
		faults[i] = f.fault(p)
	}
	return earliest(faults)
}

// earliest returns the fault that stands first in the document; of several at
// one place the first given. It may be given none.
func earliest(faults []*PlaceError) *PlaceError {
	if len(faults) == 0 {
		return nil
	}
	return slices.MinFunc(faults, func(a, b *PlaceError) int { return cmp.Compare(a.Offset, b.Offset) })
}

// undecodable turns an error of the decoder into a problem. It is rare: the
// schema has passed, so that only a number can be of the wrong form (1.0), or a
// time have an escape, which the decoder does not undo.
func undecodable(err error) problem {
	if wrongType, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return problem{strings.ReplaceAll(wrongType.Field, ".", "/"), "cannot be " + wrongType.Value}
	}
	return problem{"", "cannot be read"} // the decoder quotes the value
}

// isArray reports whether a fragment is an array.
func (f fragment) isArray() bool { return bytes.HasPrefix(f.raw, []byte{'['}) }
