package observation

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"reflect"
)

// Schema names the version of an export.
const Schema = "tokenaudit/history/v1"

// maxLine bounds a line of an export, in bytes.
const maxLine = 256 << 20

// line is a line of an export: one of its members. The runs come in the order of time, and
// what a run saw follows it as the difference to the run before.
type line struct {
	Schema string `json:"schema,omitempty"`
	// File comes before the first run that names it as the body of a file.
	File *fileLine `json:"file,omitempty"`
	Run  *Run      `json:"run,omitempty"`
	// Source leaves out its content where that is as it was when it was read last.
	Source *Source `json:"source,omitempty"`
	// Token and Finding are new, or other than in the run before.
	Token   *Token   `json:"token,omitempty"`
	Finding *Finding `json:"finding,omitempty"`
	// Without and Cleared are the id of a token and the fingerprint of a finding of the run
	// before that this one does not have.
	Without string `json:"without,omitempty"`
	Cleared string `json:"cleared,omitempty"`
}

// fileLine is a file that verdicts rest on.
type fileLine struct {
	Body string `json:"body"`
	// Data is compressed by gzip, in base64.
	Data string `json:"data"`
}

// Writer writes runs as JSON lines.
type Writer struct {
	out     *bufio.Writer
	encoder *json.Encoder
	files   map[string]bool
	// contents are those of the sources as they were written last.
	contents map[string]string
	last     *Observation
	err      error
}

// NewWriter returns a writer, which begins the export.
func NewWriter(out io.Writer) *Writer {
	buffered := bufio.NewWriter(out)
	w := &Writer{out: buffered, encoder: json.NewEncoder(buffered), files: map[string]bool{}, contents: map[string]string{}, last: &Observation{}}
	w.encoder.SetEscapeHTML(false)
	w.write(line{Schema: Schema})
	return w
}

// Flush writes what is left in memory, and returns the first error of all.
func (w *Writer) Flush() error { return errors.Join(w.err, w.out.Flush()) }

func (w *Writer) write(l line) {
	if w.err == nil {
		w.err = w.encoder.Encode(l)
	}
}

// Write writes a run. Runs have to come in the order of time.
func (w *Writer) Write(o *Observation) error {
	run := o.Run
	run.Files = make([]File, len(o.Run.Files))
	for i, f := range o.Run.Files {
		text, err := Packed(f.Data)
		if err != nil {
			return err
		}
		run.Files[i] = File{Name: f.Name, Origin: f.Origin, Body: BodyID(text)}
		if !w.files[BodyID(text)] {
			w.files[BodyID(text)] = true
			w.write(line{File: &fileLine{BodyID(text), text}})
		}
	}
	w.write(line{Run: &run})
	for i := range o.Sources {
		source := o.Sources[i]
		if w.contents[source.ID] == source.Content {
			source.Content = ""
		} else {
			w.contents[source.ID] = source.Content
		}
		w.write(line{Source: &source})
	}
	difference(w.last.Tokens, o.Tokens, func(t *Token) string { return t.ID },
		func(t *Token) { w.write(line{Token: t}) }, func(id string) { w.write(line{Without: id}) })
	difference(w.last.Findings, o.Findings, func(f *Finding) string { return f.Fingerprint },
		func(f *Finding) { w.write(line{Finding: f}) }, func(fingerprint string) { w.write(line{Cleared: fingerprint}) })
	w.last = o
	return w.err
}

// difference passes what is new or other in now to changed, and what is not there any more
// to ended. Both lists are sorted by id.
func difference[T any](was, now []T, id func(*T) string, changed func(*T), ended func(string)) {
	for len(was) > 0 || len(now) > 0 {
		switch {
		case len(now) == 0 || (len(was) > 0 && id(&was[0]) < id(&now[0])):
			ended(id(&was[0]))
			was = was[1:]
		case len(was) == 0 || id(&now[0]) < id(&was[0]):
			changed(&now[0])
			now = now[1:]
		default:
			if !reflect.DeepEqual(was[0], now[0]) {
				changed(&now[0])
			}
			was, now = was[1:], now[1:]
		}
	}
}
