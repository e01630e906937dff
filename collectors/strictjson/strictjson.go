// Package strictjson finds what encoding/json lets pass in a document that has to
// have one meaning only.
package strictjson

import (
	"bytes"
	"encoding/json"
	"iter"
	"strings"
	"unicode/utf8"
)

// RepeatedMember finds an object that has a member twice, and returns where the
// second begins, in bytes; -1 if there is none. Programs differ in which of the two
// they take, so neither should be taken. body is valid JSON.
func RepeatedMember(body []byte) int {
	var objects []members // those that are open; closed ones leave their memory
	depth := 0
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '{':
			if depth == len(objects) {
				objects = append(objects, members{})
			}
			objects[depth].reset()
			depth++
		case '}':
			depth--
		case '"':
			end := EndOfString(body, i)
			if isName(body[end:]) && objects[depth-1].repeats(body[i:end]) {
				return i
			}
			i = end - 1
		}
	}
	return -1
}

// names yields where the name of each member begins and ends, in bytes and with its
// quotes. body is valid JSON, and may be changed between the quotes.
func names(body []byte) iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		for i := 0; i < len(body); i++ {
			if body[i] != '"' {
				continue
			}
			end := EndOfString(body, i)
			if isName(body[end:]) && !yield(i, end) {
				return
			}
			i = end - 1
		}
	}
}

// TooDeep returns where text is nested more than most deep, in bytes; -1 if it is
// not. It looks at strings and brackets alone, and so needs no valid JSON.
func TooDeep(text []byte, most int) int {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > most {
				return i
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return -1
}

// Misspelt returns one of the names that an object has but for upper and lower case,
// which encoding/json takes for the name; empty if there is none, or if text is no
// object.
func Misspelt(text []byte, names ...string) string {
	var members map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil {
		return ""
	}
	for _, name := range names {
		for member := range members {
			if member != name && strings.EqualFold(member, name) {
				return name
			}
		}
	}
	return ""
}

// EndOfString returns where the string ends that begins at i. body is valid JSON.
func EndOfString(body []byte, i int) int {
	for i++; body[i] != '"'; i++ {
		if body[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// isName reports whether what comes after a string makes it the name of a member.
func isName(rest []byte) bool {
	rest = bytes.TrimLeft(rest, " \t\r\n")
	return len(rest) > 0 && rest[0] == ':'
}

// fewMembers is up to how many members an object is searched one by one.
const fewMembers = 32

// members are the names of an object's members, so far.
type members struct {
	names [][]byte
	// many has them, too, once they are too many to search.
	many map[string]bool
}

func (m *members) reset() { m.names, m.many = m.names[:0], nil }

// repeats takes a name in, in quotes, and reports whether it was there before.
func (m *members) repeats(name []byte) bool {
	if bytes.IndexByte(name, '\\') >= 0 || !utf8.Valid(name) {
		// The decoder makes the same name of several ways to write it.
		var plain string
		if json.Unmarshal(name, &plain) == nil {
			name = []byte(`"` + plain + `"`)
		}
	}
	if m.many != nil {
		known := m.many[string(name)]
		m.many[string(name)] = true
		return known
	}
	for _, other := range m.names {
		if bytes.Equal(other, name) {
			return true
		}
	}
	if m.names = append(m.names, name); len(m.names) > fewMembers {
		m.many = make(map[string]bool, 2*len(m.names))
		for _, n := range m.names {
			m.many[string(n)] = true
		}
	}
	return false
}
