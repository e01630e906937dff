package strictjson

import (
	"bytes"
	"iter"
)

// Elements splits an array, which is valid JSON, into its elements; an object into
// its members, with their names.
func Elements(array []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		depth, begin := 0, 0
		for i := 0; i < len(array); i++ {
			ends := false
			switch array[i] {
			case '"':
				i = EndOfString(array, i) - 1
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
			if element := bytes.TrimSpace(array[begin:i]); len(element) > 0 && !yield(element) {
				return
			}
			begin = i + 1
		}
	}
}
