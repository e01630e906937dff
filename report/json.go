package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/sourcegraph/conc/stream"
)

// renderJSON writes the interchange format (design, section 8.1): the whole
// report, one element of its lists at a time.
func renderJSON(w io.Writer, r *Report, _ RenderOptions) error {
	out := bufio.NewWriterSize(w, 1<<16)
	if err := writeObject(safeJSON{out}, reflect.ValueOf(*r)); err != nil {
		return err
	}
	return out.Flush()
}

// writeObject writes a struct as an indented JSON object. Lists are encoded
// element by element: encoding/json would hold the whole document in memory.
func writeObject(w io.Writer, v reflect.Value) error {
	separator := "{\n"
	for i := range v.NumField() {
		name, options, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if field := v.Field(i); options == "" || !field.IsZero() {
			if _, err := fmt.Fprintf(w, "%s  %q: ", separator, name); err != nil {
				return err
			}
			if err := writeField(w, field); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			separator = ",\n"
		}
	}
	_, err := io.WriteString(w, "\n}\n")
	return err
}

func writeField(w io.Writer, v reflect.Value) error {
	if v.Kind() != reflect.Slice || v.Len() == 0 {
		return writeValue(w, v, "  ")
	}
	if err := writeElements(w, v); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n  ]")
	return err
}

// elementBlock is how many elements of a list are encoded by one goroutine.
const elementBlock = 256

// writeElements encodes blocks of a list side by side and writes them in order.
// No more blocks than there are processors are held.
func writeElements(w io.Writer, v reflect.Value) error {
	var failed atomic.Bool
	var first error
	blocks := stream.New().WithMaxGoroutines(runtime.GOMAXPROCS(0))
	for from := 0; from < v.Len() && !failed.Load(); from += elementBlock {
		blocks.Go(func() stream.Callback {
			text, err := encodeElements(v, from, min(from+elementBlock, v.Len()))
			return func() {
				if err == nil && first == nil {
					_, err = w.Write(text)
				}
				if first == nil && err != nil {
					first = err
					failed.Store(true)
				}
			}
		})
	}
	blocks.Wait()
	return first
}

// encodeElements encodes some elements of a list, each with what stands before it.
func encodeElements(v reflect.Value, from, to int) ([]byte, error) {
	var text bytes.Buffer
	for i := from; i < to; i++ {
		if i == 0 {
			text.WriteString("[\n    ")
		} else {
			text.WriteString(",\n    ")
		}
		if err := writeValue(&text, v.Index(i), "    "); err != nil {
			return nil, err
		}
	}
	return text.Bytes(), nil
}

func writeValue(w io.Writer, v reflect.Value, indent string) error {
	b, err := json.MarshalIndent(v.Interface(), indent, "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// WriteJSON writes a document that is no report as indented JSON, in which text
// of CMSes is as harmless as in a report.
func WriteJSON(w io.Writer, document any) error {
	encoder := json.NewEncoder(safeJSON{w})
	encoder.SetIndent("", "  ")
	return encoder.Encode(document)
}

// safeJSON passes JSON on with what could harm a terminal or a CI log written
// as escapes, which lose nothing: encoding/json leaves C1 controls, bidi
// controls and invisible characters alone, and a CI system reads ##[command]
// anywhere in a line. Outside of strings JSON has none of these. Each Write
// must end between two characters.
type safeJSON struct{ w io.Writer }

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
		if r == '#' || !isVisible(r) {
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

// jsonEscape gives a character as JSON escapes it in hexadecimal digits: by one
// escape, or by a pair of surrogates where one is not enough.
func jsonEscape(r rune) string {
	if r < 0x10000 {
		return fmt.Sprintf(`\u%04x`, r)
	}
	r -= 0x10000
	return fmt.Sprintf(`\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
}
