package strictjson

import (
	"bytes"
	"encoding/json"
	"iter"
	"unicode/utf8"
)

// Elements splits an array into its elements; an object into its members, for Member.
// text is valid JSON.
func Elements(text []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		depth, begin := 0, 0
		for i := 0; i < len(text); i++ {
			ends := false
			switch text[i] {
			case '"':
				i = EndOfString(text, i) - 1
			case '[', '{':
				if depth++; depth == 1 {
					begin = i + 1
				}
			case ']', '}':
				depth--
				ends = depth == 0
			case ',':
				ends = depth == 1
			}
			if !ends {
				continue
			}
			// Only an empty array has an element of nothing.
			if element := bytes.TrimSpace(text[begin:i]); len(element) > 0 && !yield(element) {
				return
			}
			begin = i + 1
		}
	}
}

// Count counts the elements of an array, or the members of an object.
func Count(text []byte) int {
	n := 0
	for range Elements(text) {
		n++
	}
	return n
}

// Member returns the name of a member of an object, as the decoder of the standard
// library reads it, and the value.
func Member(member []byte) (name, value []byte) {
	end := EndOfString(member, 0)
	_, value, _ = bytes.Cut(member[end:], []byte{':'})
	name = member[1 : end-1]
	if bytes.IndexByte(name, '\\') >= 0 || !utf8.Valid(name) {
		var text string
		_ = json.Unmarshal(member[:end], &text) // it is valid JSON
		name = []byte(text)
	}
	return name, bytes.TrimSpace(value)
}
