package store

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
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

// Export writes all that the store knows as JSON lines. Two stores to which the same runs
// were written export the same bytes. Shards of runs that are not all in are left out.
func (s *Store) Export(ctx context.Context, out io.Writer) error {
	buffered := bufio.NewWriter(out)
	err := s.reading(ctx, func(t *tx) error {
		w := exporter{encoder: json.NewEncoder(buffered), files: map[string]bool{}, contents: map[string]string{}, last: &Observation{}}
		w.encoder.SetEscapeHTML(false)
		w.write(line{Schema: Schema})
		for _, n := range t.kept() {
			o, err := t.recall(n)
			if err != nil {
				return err
			}
			if err := w.run(o); err != nil {
				return err
			}
		}
		return errors.Join(w.err, t.Err)
	})
	if err := errors.Join(err, buffered.Flush()); err != nil {
		return fmt.Errorf("export the store: %w", err)
	}
	return nil
}

// kept returns the numbers of the runs that the store still keeps.
func (t *tx) kept() []int {
	var all []int
	t.Each(func(scan func(...any)) error {
		var n int
		scan(&n)
		all = append(all, n)
		return nil
	}, `SELECT run FROM run WHERE kept = 1 ORDER BY run`)
	return all
}

type exporter struct {
	encoder *json.Encoder
	files   map[string]bool
	// contents are those of the sources as they were written last.
	contents map[string]string
	last     *Observation
	err      error
}

func (w *exporter) write(l line) {
	if w.err == nil {
		w.err = w.encoder.Encode(l)
	}
}

func (w *exporter) run(o *Observation) error {
	run := o.Run
	run.Files = make([]File, len(o.Run.Files))
	for i, f := range o.Run.Files {
		text, err := packed(f.Data)
		if err != nil {
			return err
		}
		run.Files[i] = File{Name: f.Name, Origin: f.Origin, Body: bodyID(text)}
		if !w.files[bodyID(text)] {
			w.files[bodyID(text)] = true
			w.write(line{File: &fileLine{bodyID(text), text}})
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

// Import adds the runs of an export. All of them are added, or none.
func (s *Store) Import(ctx context.Context, in io.Reader) (Outcome, error) {
	var out Outcome
	err := s.writing(ctx, func(t *tx) error {
		r := newImporter(ctx, in)
		var err error
		out, err = s.insertAll(ctx, t, r.next)
		if err != nil {
			return fmt.Errorf("line %d: %w", r.line, err)
		}
		return nil
	})
	if err != nil {
		return out, fmt.Errorf("import into the store: %w", err)
	}
	return out, nil
}

type importer struct {
	lines *bufio.Scanner
	line  int
	// begun: the first line was read.
	begun    bool
	files    map[string]string
	contents map[string]string
	tokens   map[string]Token
	findings map[string]Finding
	// run is the one whose lines are being read; nil before the first.
	run  *Observation
	last *Run
	done bool
}

func newImporter(ctx context.Context, in io.Reader) *importer {
	lines := bufio.NewScanner(interruptible.Reader(ctx, in))
	lines.Buffer(nil, maxLine)
	return &importer{lines: lines, files: map[string]string{}, contents: map[string]string{}, tokens: map[string]Token{}, findings: map[string]Finding{}}
}

// next returns the next run; nil after the last one.
func (r *importer) next() (*Observation, error) {
	if r.done {
		return nil, nil
	}
	for r.lines.Scan() {
		r.line++
		decoder := json.NewDecoder(bytes.NewReader(r.lines.Bytes()))
		decoder.DisallowUnknownFields()
		var l line
		if err := decoder.Decode(&l); err != nil {
			return nil, fmt.Errorf("it is not a line of an export: %w", err)
		}
		if !r.begun {
			if l.Schema != Schema {
				return nil, fmt.Errorf("it does not say schema %s", Schema)
			}
			r.begun = true
			continue
		}
		whole, err := r.take(l)
		if err != nil || whole != nil {
			return whole, err
		}
	}
	r.done = true
	switch err := r.lines.Err(); {
	case err != nil:
		return nil, err
	case !r.begun:
		return nil, fmt.Errorf("it is empty: it does not say schema %s", Schema)
	}
	return r.finished()
}

// take takes a line, and returns the run that ends with it.
func (r *importer) take(l line) (whole *Observation, err error) {
	switch {
	case l.File != nil:
		if bodyID(l.File.Data) != l.File.Body {
			return nil, errors.New("the file is not the one that its id says")
		}
		r.files[l.File.Body] = l.File.Data
		return nil, nil
	case l.Run != nil:
		if whole, err = r.finished(); err != nil {
			return nil, err
		}
		r.run = &Observation{Run: *l.Run}
		return whole, r.begin()
	case r.run == nil:
		return nil, errors.New("a run has to come first")
	case l.Source != nil:
		return nil, r.source(*l.Source)
	case l.Token != nil:
		r.tokens[l.Token.ID] = *l.Token
	case l.Finding != nil:
		r.findings[l.Finding.Fingerprint] = *l.Finding
	case l.Without != "":
		delete(r.tokens, l.Without)
	case l.Cleared != "":
		delete(r.findings, l.Cleared)
	default:
		return nil, errors.New("the line says nothing")
	}
	return nil, nil
}

func (r *importer) begin() error {
	run := &r.run.Run
	if r.last != nil && !r.last.before(run) {
		return errors.New("the runs are not in the order of time")
	}
	if run.ID == "" || run.At.IsZero() {
		return errors.New("the run has no id, or no time")
	}
	run.At = run.At.UTC()
	r.last = run
	for i := range run.Files {
		text, ok := r.files[run.Files[i].Body]
		if !ok {
			return fmt.Errorf("the file %q of the run is missing", run.Files[i].Name)
		}
		var err error
		if run.Files[i].Data, err = unpacked(text); err != nil {
			return fmt.Errorf("the file %q of the run: %w", run.Files[i].Name, err)
		}
		run.Files[i].Body = ""
	}
	return nil
}

func (r *importer) source(s Source) error {
	if s.Content == "" {
		s.Content = r.contents[s.ID]
	}
	if s.Content == "" {
		return fmt.Errorf("the source %q has no content", s.ID)
	}
	r.contents[s.ID] = s.Content
	s.CollectedAt = s.CollectedAt.UTC()
	r.run.Sources = append(r.run.Sources, s)
	return nil
}

// finished returns the run whose lines were read; nil before the first.
func (r *importer) finished() (*Observation, error) {
	o := r.run
	if o == nil {
		return nil, nil
	}
	sources := map[string]bool{}
	for _, s := range o.Sources {
		if sources[s.ID] {
			return nil, fmt.Errorf("the source %q is there twice", s.ID)
		}
		sources[s.ID] = true
	}
	for _, id := range sortedKeys(r.tokens) {
		t := r.tokens[id]
		if !sources[t.Source] {
			return nil, fmt.Errorf("the run did not read the source of the token %q", id)
		}
		o.Tokens = append(o.Tokens, t)
	}
	for _, fingerprint := range sortedKeys(r.findings) {
		o.Findings = append(o.Findings, r.findings[fingerprint])
	}
	o.sort()
	r.run = nil
	return o, nil
}
