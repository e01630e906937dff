package observation

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/report"
)

// Reader reads runs that [Writer] wrote, and refuses what no store exports.
type Reader struct {
	// Line counts the lines that were read.
	Line int

	lines *bufio.Scanner
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

// NewReader returns a reader of the JSON lines of an export.
func NewReader(ctx context.Context, in io.Reader) *Reader {
	lines := bufio.NewScanner(interruptible.Reader(ctx, in))
	lines.Buffer(nil, maxLine)
	return &Reader{lines: lines, files: map[string]string{}, contents: map[string]string{}, tokens: map[string]Token{}, findings: map[string]Finding{}}
}

// Next returns the next run; nil after the last one.
func (r *Reader) Next() (*Observation, error) {
	if r.done {
		return nil, nil
	}
	for r.lines.Scan() {
		r.Line++
		var l line
		if err := Strictly(r.lines.Bytes(), &l); err != nil {
			if t := (*json.UnmarshalTypeError)(nil); errors.As(err, &t) {
				err = errors.New("a value of another type") // else it names types of this program
			}
			return nil, fmt.Errorf("it is not a line that `tokenaudit history export` writes: %w", err)
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
func (r *Reader) take(l line) (whole *Observation, err error) {
	switch {
	case l.File != nil:
		if BodyID(l.File.Data) != l.File.Body {
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

func (r *Reader) begin() error {
	run := &r.run.Run
	if r.last != nil && !r.last.Before(run) {
		return errors.New("the runs are not in order of time")
	}
	if run.ID == "" || run.At.IsZero() {
		return errors.New("the run has no id, or no time")
	}
	run.At = run.At.UTC()
	if !inCalendar(run.At) {
		return errors.New("the time of the run is not in the years 0 to 9999")
	}
	r.last = run
	size := 0
	for i := range run.Files {
		text, ok := r.files[run.Files[i].Body]
		if !ok {
			return fmt.Errorf("the file %q of the run is missing", run.Files[i].Name)
		}
		var err error
		if run.Files[i].Data, err = Unpacked(text); err != nil {
			return fmt.Errorf("the file %q of the run: %w", run.Files[i].Name, err)
		}
		run.Files[i].Body = ""
		if size += len(run.Files[i].Data); size > maxFile {
			return fmt.Errorf("the files of the run are larger than %d MiB", maxFile>>20)
		}
	}
	return nil
}

func (r *Reader) source(s Source) error {
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
	if !inCalendar(s.CollectedAt) {
		return fmt.Errorf("the time of the source %q is not in the years 0 to 9999", s.ID)
	}
	r.run.Sources = append(r.run.Sources, s)
	return nil
}

// finished returns the run whose lines were read; nil before the first.
func (r *Reader) finished() (*Observation, error) {
	o := r.run
	if o == nil {
		return nil, nil
	}
	sources := map[string]bool{}
	for _, s := range o.Sources {
		if sources[s.ID] {
			return nil, fmt.Errorf("the source %q is duplicated", s.ID)
		}
		sources[s.ID] = true
	}
	for _, id := range slices.Sorted(maps.Keys(r.tokens)) {
		t := r.tokens[id]
		if !sources[t.Source] {
			return nil, fmt.Errorf("the run did not read the source of the token %q", id)
		}
		o.Tokens = append(o.Tokens, t)
	}
	for _, fingerprint := range slices.Sorted(maps.Keys(r.findings)) {
		if !sources[r.findings[fingerprint].Source] {
			return nil, fmt.Errorf("the run did not read the source of the finding %q", fingerprint)
		}
		o.Findings = append(o.Findings, r.findings[fingerprint])
	}
	o.Sort()
	r.run = nil
	return o, nil
}

// Strictly decodes text that is one JSON value and nothing else.
func Strictly(text []byte, to any) error {
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

// inCalendar reports whether a time in UTC can be written: it has a year of four digits.
func inCalendar(t time.Time) bool { return t.Year() >= 0 && t.Year() <= 9999 }

// The checks below refuse what no store exports: what the store says of tokens and findings is read
// from these texts whenever it is asked.

func (s *Source) check() error {
	var of inventory.Source
	if err := Strictly([]byte(s.Content), &of); err != nil {
		return fmt.Errorf("the content of the source %q: %w", s.ID, err)
	}
	if s.ID == "" || of.ID != s.ID || of.CMS != s.CMS || len(of.Tokens) > 0 {
		return fmt.Errorf("the content of the source %q does not match the source", s.ID)
	}
	if !sortedIDs(s.Judged.Undecided) || !sortedIDs(s.Judged.NotAsked) || !sortedIDs(s.Judged.Seen) {
		return fmt.Errorf("what was judged of the source %q is not sorted", s.ID)
	}
	return nil
}

func (t *Token) check() error {
	var of inventory.Token
	var use LastUse
	if err := errors.Join(Strictly([]byte(t.Facts), &of), Strictly([]byte(t.LastUse), &use)); err != nil {
		return fmt.Errorf("the token %q: %w", t.ID, err)
	}
	switch {
	case t.ID == "" || of.ID != t.ID || of.Source != t.Source || of.CMS != t.CMS || of.Kind != t.Kind || of.Planned != "":
		return fmt.Errorf("the facts of the token %q do not match the token", t.ID)
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
