package store

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/report"
)

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
		var l line
		if err := strictly(r.lines.Bytes(), &l); err != nil {
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
		return nil, l.Token.check()
	case l.Finding != nil:
		r.findings[l.Finding.Fingerprint] = *l.Finding
		return nil, l.Finding.check()
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
	size := 0
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
		if size += len(run.Files[i].Data); size > maxFile {
			return fmt.Errorf("the files of the run are larger than %d MiB", maxFile>>20)
		}
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
	if err := s.check(); err != nil {
		return err
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
		if !sources[r.findings[fingerprint].Source] {
			return nil, fmt.Errorf("the run did not read the source of the finding %q", fingerprint)
		}
		o.Findings = append(o.Findings, r.findings[fingerprint])
	}
	o.sort()
	r.run = nil
	return o, nil
}

// strictly decodes text that is one JSON value and nothing else.
func strictly(text []byte, to any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(to); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the value")
	}
	return nil
}

// The checks below refuse what no store exports: what the store says of tokens and findings is read
// from these texts whenever it is asked.

func (s *Source) check() error {
	var of inventory.Source
	if err := strictly([]byte(s.Content), &of); err != nil {
		return fmt.Errorf("the content of the source %q: %w", s.ID, err)
	}
	if s.ID == "" || of.ID != s.ID || of.CMS != s.CMS || len(of.Tokens) > 0 {
		return fmt.Errorf("the content of the source %q is not that of it", s.ID)
	}
	if !sortedIDs(s.Judged.Undecided) || !sortedIDs(s.Judged.NotAsked) || !sortedIDs(s.Judged.Seen) {
		return fmt.Errorf("what was judged of the source %q is not sorted", s.ID)
	}
	return nil
}

func (t *Token) check() error {
	var of inventory.Token
	var use lastUse
	if err := errors.Join(strictly([]byte(t.Facts), &of), strictly([]byte(t.LastUse), &use)); err != nil {
		return fmt.Errorf("the token %q: %w", t.ID, err)
	}
	switch {
	case t.ID == "" || of.ID != t.ID || of.Source != t.Source || of.CMS != t.CMS || of.Kind != t.Kind || of.Planned != "":
		return fmt.Errorf("the facts of the token %q are not those of it", t.ID)
	case !sortedIDs(t.NotEvaluated) || slices.ContainsFunc(t.NotEvaluated, func(rule string) bool { return strings.Join(strings.Fields(rule), "") != rule }):
		return fmt.Errorf("the rules that could not decide on the token %q are not sorted ids", t.ID)
	}
	return nil
}

func (f *Finding) check() error {
	if f.Fingerprint != report.Fingerprint(f.Rule, f.Source, f.Token, f.Key) {
		return fmt.Errorf("the fingerprint %q is not that of the finding", f.Fingerprint)
	}
	return nil
}

// sortedIDs reports whether ids are sorted, each there once.
func sortedIDs(ids []string) bool {
	for i, id := range ids {
		if id == "" || (i > 0 && ids[i-1] >= id) {
			return false
		}
	}
	return true
}
