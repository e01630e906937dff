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

	"github.com/sourcegraph/conc/iter"

	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// WriteJSON writes the interchange format: the whole
// report, one element of its lists at a time.
func (r *Report) WriteJSON(w io.Writer) error {
	out := bufio.NewWriterSize(w, 1<<16)
	if err := writeObject(safetext.NewJSONWriter(out), reflect.ValueOf(*r)); err != nil {
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
		return writeValue(w, v)
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
	blocks := runtime.GOMAXPROCS(0)
	for from := 0; from < v.Len(); from += blocks * elementBlock {
		texts, errs := make([][]byte, blocks), make([]error, blocks)
		iter.ForEachIdx(texts, func(i int, text *[]byte) {
			first := min(from+i*elementBlock, v.Len())
			*text, errs[i] = encodeElements(v, first, min(first+elementBlock, v.Len()))
		})
		for i, text := range texts {
			if errs[i] != nil {
				return errs[i] // the first one in the list
			}
			if _, err := w.Write(text); err != nil {
				return err
			}
		}
	}
	return nil
}

// encodeElements encodes some elements of a list, each with what stands before it.
func encodeElements(v reflect.Value, from, to int) ([]byte, error) {
	var text bytes.Buffer
	elements := json.NewEncoder(&text)
	elements.SetIndent("    ", "  ")
	for i := from; i < to; i++ {
		if i == 0 {
			text.WriteString("[\n    ")
		} else {
			text.WriteString(",\n    ")
		}
		if err := elements.Encode(v.Index(i).Addr().Interface()); err != nil {
			return nil, err
		}
		text.Truncate(text.Len() - 1) // the end of the line
	}
	return text.Bytes(), nil
}

func writeValue(w io.Writer, v reflect.Value) error {
	b, err := json.MarshalIndent(v.Interface(), "  ", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}
