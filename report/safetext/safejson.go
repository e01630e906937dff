package safetext

import (
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"
)

// WriteJSON writes a document that is not a report as indented JSON, in which text
// of CMSes is as harmless as in a report.
func WriteJSON(w io.Writer, document any) error {
	encoder := json.NewEncoder(NewJSONWriter(w))
	encoder.SetIndent("", "  ")
	return encoder.Encode(document)
}

// safeJSON passes JSON on with what could harm a terminal or a CI log written
// as escapes, which lose nothing: encoding/json leaves C1 controls, bidi
// controls and invisible characters alone, and a CI system reads ##[command]
// anywhere in a line. Outside of strings JSON has none of these. Each Write
// must end between two characters.
type safeJSON struct{ w io.Writer }

// NewJSONWriter returns a writer that passes JSON on to w with such text escaped.
func NewJSONWriter(w io.Writer) io.Writer { return safeJSON{w} }

func (s safeJSON) Write(b []byte) (int, error) {
	done := 0 // written so far
	flush := func(to int) error {
		_, err := s.w.Write(b[done:to])
		return err
	}
	for i := 0; i < len(b); {
		c := b[i]
		if c < utf8.RuneSelf && c != 0x7f && (c != '#' || i+1 >= len(b) || b[i+1] != '#') {
			i++
			continue
		}
		r, size := utf8.DecodeRune(b[i:])
		if r == '#' || !IsVisible(r) {
			if err := flush(i); err != nil {
				return done, err
			}
			if _, err := io.WriteString(s.w, jsonEscape(r)); err != nil {
				return i, err
			}
			done = i + size
		}
		i += size
	}
	if err := flush(len(b)); err != nil {
		return done, err
	}
	return len(b), nil
}

// jsonEscape returns a character as JSON escapes it in hexadecimal digits: by one
// escape, or by a pair of surrogates where one is not enough.
func jsonEscape(r rune) string {
	if r < 0x10000 {
		return fmt.Sprintf(`\u%04x`, r)
	}
	r -= 0x10000
	return fmt.Sprintf(`\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
}
