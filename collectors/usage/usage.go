// Package usage brings evidence of use from outside to tokens: a digest of the
// logs of a CDN, for example, where a CMS does not tell when a token was used.
//
// A file lists token ids with the time of their last use. CSV has a header with
// the columns token, last_used_at and, if wanted, origin (where the evidence
// comes from); JSON is a list of objects with the same members. A time is RFC
// 3339, or a date, which stands for the whole day in UTC. The latest of several
// lines about one token counts.
package usage

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/strictjson"
)

const (
	// maxFile bounds a file, in bytes.
	maxFile = 256 << 20
	// maxText bounds one id and one origin, in bytes.
	maxText = 1024
	// maxRow bounds a line of CSV and an entry of JSON, in bytes: all of them are held
	// at once.
	maxRow = 16 << 10
)

// Evidence is what files tell about the use of tokens. The zero value tells
// nothing. It must not be changed while Apply is used.
type Evidence struct {
	// Now is the moment after which no token can have been used yet, give or take
	// a day, for dates of other zones; zero for no such moment.
	Now  time.Time
	uses map[string]inventory.LastUsed
}

// Add reads the file at path from r, to its end. Every error names the file and,
// where it can, the line.
func (e *Evidence) Add(r io.Reader, path string) error {
	if err := e.read(&bounded{r: r, left: maxFile}, filepath.Base(path)); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// bounded fails on a file that is too large; a limited reader would cut it.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, fmt.Errorf("the file is larger than %d MiB", maxFile>>20)
	}
	return n, err
}

func (e *Evidence) read(r io.Reader, name string) error {
	in := bufio.NewReader(r)
	if mark, err := in.Peek(3); err == nil && bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = in.Discard(len(mark))
	}
	first, err := firstByte(in)
	if errors.Is(err, io.EOF) {
		return errors.New("the file is empty")
	}
	if err != nil {
		return err
	}
	switch first {
	case '[':
		return e.readJSON(in, name)
	case '{':
		return errors.New("JSON must be a list: [{\"token\": …, \"last_used_at\": …}]")
	}
	return e.readCSV(in, name)
}

// firstByte looks at the first byte that is not a white space, and skips that.
func firstByte(in *bufio.Reader) (byte, error) {
	for {
		first, err := in.ReadByte()
		if err != nil {
			return 0, err
		}
		if !strings.ContainsRune(" \t\r\n", rune(first)) {
			return first, in.UnreadByte()
		}
	}
}

// row is one line of evidence.
type row struct {
	Token      string `json:"token"`
	LastUsedAt string `json:"last_used_at"`
	Origin     string `json:"origin"`
}

func (e *Evidence) readJSON(r io.Reader, name string) error {
	decoder := json.NewDecoder(r)
	if _, err := decoder.Token(); err != nil {
		return jsonProblem(err)
	}
	for i := 0; decoder.More(); i++ {
		entry, err := nextEntry(decoder)
		if err != nil {
			return fmt.Errorf("entry %d: %w", i, jsonProblem(err))
		}
		if err := e.add(entry, name); err != nil {
			return fmt.Errorf("entry %d: %w", i, err)
		}
	}
	if _, err := decoder.Token(); errors.Is(err, io.EOF) {
		return errors.New("the JSON ends too early")
	} else if err != nil {
		return jsonProblem(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("unexpected text after the list")
	}
	return nil
}

// jsonProblem says what is wrong without quoting the file: it may be any.
func jsonProblem(err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if wrong.Field == "" {
			return errors.New("must be an object")
		}
		return fmt.Errorf("%s must be text", wrong.Field)
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("not JSON, from byte %d on", syntax.Offset)
	}
	if strings.HasPrefix(err.Error(), "json: unknown field") { // it has no type
		return fmt.Errorf("unknown key: expected %s", strings.Join(columns, ", "))
	}
	return err
}

// nextEntry reads an entry that has one meaning only.
func nextEntry(decoder *json.Decoder) (row, error) {
	var raw json.RawMessage
	if err := decoder.Decode(&raw); err != nil {
		return row{}, err
	}
	if len(raw) > maxRow {
		return row{}, fmt.Errorf("is longer than %d bytes", maxRow)
	}
	var entry row
	strict := json.NewDecoder(bytes.NewReader(raw))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&entry); err != nil {
		return row{}, err
	}
	if name := strictjson.Misspelt(raw, columns...); name != "" || strictjson.RepeatedMember(raw) >= 0 {
		return row{}, errors.New("has a duplicate or upper-case key")
	}
	return entry, nil
}

var columns = []string{"token", "last_used_at", "origin"}

// lines passes a CSV file on, a line at a time. The reader of CSV holds a whole
// record, of which a quote that does not end, or a line of nothing but commas, would
// make one as large as the file.
type lines struct {
	in   *bufio.Reader
	line int
	rest []byte
	err  error
}

// Read implements io.Reader.
func (l *lines) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		if l.err != nil {
			return 0, l.err
		}
		l.line++
		l.rest, l.err = l.in.ReadSlice('\n')
		switch {
		case errors.Is(l.err, bufio.ErrBufferFull):
			l.rest, l.err = nil, fmt.Errorf("line %d: is longer than %d bytes", l.line, maxRow)
		case bytes.Count(l.rest, []byte{'"'})%2 == 1:
			l.rest, l.err = nil, fmt.Errorf("line %d: a quoted value does not end on its line", l.line)
		}
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

func (e *Evidence) readCSV(r io.Reader, name string) error {
	reader := csv.NewReader(&lines{in: bufio.NewReaderSize(r, maxRow)})
	reader.ReuseRecord = true
	header, err := reader.Read()
	if err != nil {
		return err
	}
	place := map[string]int{}
	for i, column := range header {
		column = strings.TrimSpace(column)
		if !slices.Contains(columns, column) {
			return fmt.Errorf("line 1: unknown column %d: expected one of %s", i+1, strings.Join(columns, ", "))
		}
		place[column] = i
	}
	if len(place) != len(header) {
		return errors.New("line 1: duplicate column")
	}
	for _, column := range columns[:2] {
		if _, ok := place[column]; !ok {
			return fmt.Errorf("line 1: the column %s is missing", column)
		}
	}
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err // it names the line
		}
		entry := row{Token: record[place["token"]], LastUsedAt: record[place["last_used_at"]]}
		if i, ok := place["origin"]; ok {
			entry.Origin = record[i]
		}
		if err := e.add(entry, name); err != nil {
			line, _ := reader.FieldPos(0)
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
}

// add keeps a row, unless a later use of its token is known.
func (e *Evidence) add(r row, name string) error {
	id := strings.TrimSpace(r.Token)
	switch {
	case id == "":
		return errors.New("token is empty")
	case len(id) > maxText || len(r.Origin) > maxText:
		return fmt.Errorf("a value is longer than %d bytes", maxText)
	}
	use, err := parseUse(strings.TrimSpace(r.LastUsedAt))
	if err != nil {
		return err
	}
	if use.State == inventory.LastUsedUnknown {
		return errors.New("last_used_at lies outside the years 1 to 9999")
	}
	if begin := begin(use); !e.Now.IsZero() && begin.After(e.Now.AddDate(0, 0, 1)) {
		return fmt.Errorf("last_used_at lies in the future: %s", begin.Format(time.DateOnly))
	}
	use.Evidence = strings.Clone(name)
	if origin := strings.TrimSpace(r.Origin); origin != "" {
		use.Evidence += ": " + strings.Clone(origin)
	}
	if known, ok := e.uses[id]; ok && end(known).After(end(use)) {
		return nil
	}
	if e.uses == nil {
		e.uses = map[string]inventory.LastUsed{}
	}
	e.uses[strings.Clone(id)] = use
	return nil
}

func parseUse(text string) (inventory.LastUsed, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return inventory.UsedAt(t), nil
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return inventory.LastUsed{}, errors.New("last_used_at is not a time: expected 2026-11-22T08:00:00Z or 2026-11-22")
	}
	return inventory.UsedBetween(day, day.AddDate(0, 0, 1).Add(-time.Second)), nil
}

// begin is the earliest time that a use from a file can have been.
func begin(u inventory.LastUsed) time.Time {
	if u.State == inventory.LastUsedAt {
		return u.At
	}
	return u.Earliest
}

// end is the latest time that a use from a file can have been.
func end(u inventory.LastUsed) time.Time {
	if u.State == inventory.LastUsedAt {
		return u.At
	}
	return u.Latest
}

// Len is the number of tokens that the evidence is about.
func (e *Evidence) Len() int { return len(e.uses) }

// Apply adds the evidence to the tokens of a source and returns their number. What
// the CMS says itself stays where it is as late or later. The source's tokens
// are changed in place.
func (e *Evidence) Apply(source *inventory.Source) int {
	if len(e.uses) == 0 {
		return 0
	}
	found := 0
	for i := range source.Tokens {
		token := &source.Tokens[i]
		use, ok := e.uses[token.ID]
		if !ok {
			continue
		}
		found++
		token.LastUsed = combined(token.LastUsed, use)
	}
	return found
}

// combined returns what both together tell. A use seen from outside proves that
// the last use was then or later; a CMS that tells later uses knows better.
func combined(told, seen inventory.LastUsed) inventory.LastUsed {
	switch told.State {
	case inventory.LastUsedUnknown, inventory.LastUsedNever:
		return seen
	}
	both := inventory.MostRecentUse(told, seen)
	if both.State == told.State && both.At.Equal(told.At) && both.Earliest.Equal(told.Earliest) && both.Latest.Equal(told.Latest) {
		return told
	}
	both.Evidence = seen.Evidence
	return both
}
