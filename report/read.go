package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v5"
	"github.com/sourcegraph/conc/iter"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/redact"
	"github.com/tokenaudit/tokenaudit/collectors/strictjson"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// maxReport bounds a report that is read: 4 GiB are some two million tokens.
const maxReport = 4 << 30

// Read reads a JSON report, as a baseline or to render it again. It takes only
// what a tokenaudit may have written: the schema must hold, no key may be
// unknown, fingerprints and counts must be those of the findings. An error says
// where in the document it is.
func Read(r io.Reader) (*Report, error) {
	compiled, err := compiledSchema()
	if err != nil {
		return nil, err
	}
	limited := &io.LimitedReader{R: r, N: maxReport + 1}
	buffered := bufio.NewReader(limited)
	if mark, _ := buffered.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = buffered.Discard(len(mark)) // they are buffered
	}
	d := &decoding{json: json.NewDecoder(buffered), schemas: compiled, seen: map[string]bool{}}
	if err := d.document(); err != nil {
		if limited.N <= 0 {
			return nil, fmt.Errorf("the report is larger than %d bytes", int64(maxReport))
		}
		return nil, fmt.Errorf("read the report: %w", &documentError{err})
	}
	if err := check(&d.report); err != nil {
		return nil, fmt.Errorf("read the report: %w", err)
	}
	return &d.report, nil
}

// A documentError is what is wrong with a document. Of that it quotes keys, and
// nothing that looks like a credential: it may be any file.
type documentError struct{ err error }

func (e *documentError) Error() string { return redact.Text(e.err.Error()) }
func (e *documentError) Unwrap() error { return e.err }

// decoding reads one document, an element of its lists at a time.
type decoding struct {
	json    *json.Decoder
	schemas schemas
	seen    map[string]bool
	report  Report
}

func (d *decoding) document() error {
	if err := d.delimiter('{'); err != nil {
		return err
	}
	for d.json.More() {
		token, err := d.json.Token()
		if err != nil {
			return unexpectedEnd(err)
		}
		name, _ := token.(string)
		if d.seen[name] {
			return fmt.Errorf("/%s is duplicated", safetext.OneLine(name))
		}
		d.seen[name] = true
		if err := d.member(name); err != nil {
			return err
		}
	}
	if err := d.delimiter('}'); err != nil {
		return err
	}
	if _, err := d.json.Token(); !errors.Is(err, io.EOF) {
		return errors.New("unexpected text after the report")
	}
	for _, name := range d.schemas.required {
		if !d.seen[name] {
			return fmt.Errorf("/%s is missing: this is not a tokenaudit report", name)
		}
	}
	return nil
}

func (d *decoding) delimiter(want json.Delim) error {
	token, err := d.json.Token()
	if errors.Is(err, io.EOF) {
		return errEnd
	}
	if err != nil {
		return unexpectedEnd(err)
	}
	if token != want {
		return fmt.Errorf("expected %s at byte %d", want, d.json.InputOffset())
	}
	return nil
}

// member reads one member of the document into the field that has its name.
func (d *decoding) member(name string) error {
	schema, known := d.schemas.members[name]
	field := d.field(name)
	if !known && !d.seen["schema"] {
		return fmt.Errorf("it is not a tokenaudit report: it has an unknown key and no schema, at byte %d", d.json.InputOffset())
	}
	if !known || !field.IsValid() {
		return fmt.Errorf("/%s is unknown: this is not a report of schema %s%s", safetext.OneLine(name), Schema, d.schemaSeen())
	}
	element, isList := d.schemas.elements[name]
	if !isList {
		return d.value("/"+name, schema, field.Addr())
	}
	if err := d.delimiter('['); err != nil {
		return fmt.Errorf("/%s: %w", name, err)
	}
	field.Set(reflect.MakeSlice(field.Type(), 0, 0))
	for d.json.More() {
		if err := d.batch("/"+name, element, field); err != nil {
			return err
		}
	}
	return d.delimiter(']')
}

// batchSize is how many elements of a list are decoded side by side.
const batchSize = 512

// batch reads some elements of a list, decodes them on all processors, and
// appends them to the list in their order.
func (d *decoding) batch(pointer string, schema *jsonschema.Schema, list reflect.Value) error {
	var raws []json.RawMessage
	for len(raws) < batchSize && d.json.More() {
		var raw json.RawMessage
		if err := d.json.Decode(&raw); err != nil {
			return fmt.Errorf("%s/%d: %w", pointer, list.Len()+len(raws), unexpectedEnd(err))
		}
		raws = append(raws, raw)
	}
	first := list.Len()
	items := reflect.MakeSlice(list.Type(), len(raws), len(raws))
	errs := make([]error, len(raws))
	iter.ForEachIdx(raws, func(i int, raw *json.RawMessage) {
		errs[i] = decode(pointer+"/"+strconv.Itoa(first+i), schema, *raw, items.Index(i).Addr())
	})
	for _, err := range errs {
		if err != nil {
			return err // the first one in the document
		}
	}
	list.Set(reflect.AppendSlice(list, items))
	return nil
}

// schemaSeen names the schema of the document where it was read already.
func (d *decoding) schemaSeen() string {
	if d.report.Schema == "" {
		return ""
	}
	return " (it says " + d.report.Schema + ")"
}

// field finds the field of Report with a JSON name.
func (d *decoding) field(name string) reflect.Value {
	v := reflect.ValueOf(&d.report).Elem()
	for i := range v.NumField() {
		if tag, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ","); tag == name {
			return v.Field(i)
		}
	}
	return reflect.Value{}
}

// value reads one value into what target points to.
func (d *decoding) value(pointer string, schema *jsonschema.Schema, target reflect.Value) error {
	var raw json.RawMessage
	if err := d.json.Decode(&raw); err != nil {
		return fmt.Errorf("%s: %w", pointer, unexpectedEnd(err))
	}
	if pointer == "/schema" && string(raw) == strconv.Quote(inventory.Schema) {
		return errors.New("it is an inventory, not a report; `tokenaudit evaluate` makes a report of it")
	}
	return decode(pointer, schema, raw, target)
}

// decode checks one value and decodes it into what target points to.
func decode(pointer string, schema *jsonschema.Schema, raw json.RawMessage, target reflect.Value) error {
	if !utf8.Valid(raw) {
		return fmt.Errorf("%s: is not UTF-8", pointer)
	}
	var value any
	numbers := json.NewDecoder(bytes.NewReader(raw))
	numbers.UseNumber()
	if err := numbers.Decode(&value); err != nil {
		return fmt.Errorf("%s: %w", pointer, err)
	}
	if strictjson.RepeatedMember(raw) >= 0 {
		return fmt.Errorf("%s: an object has a duplicate key", pointer)
	}
	if at, message := violation(schema, value); message != "" {
		return fmt.Errorf("%s%s: %s", pointer, safetext.OneLine(at), safetext.OneLine(message))
	}
	strict := json.NewDecoder(bytes.NewReader(raw))
	strict.DisallowUnknownFields()
	if err := strict.Decode(target.Interface()); err != nil {
		return fmt.Errorf("%s: %w", pointer, err)
	}
	return nil
}

// errEnd says that a document was cut off, or never written.
var errEnd = errors.New("the document ends too early")

func unexpectedEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errEnd
	}
	return err
}

// check tells what a schema cannot: that the parts of a report agree.
func check(r *Report) error {
	for i, f := range r.Findings {
		if want := Fingerprint(f.Rule, f.Source, f.Token, f.Key); f.Fingerprint != want {
			return fmt.Errorf("/findings/%d/fingerprint does not match its rule, source, token and key: the report was edited", i)
		}
	}
	for i := range r.Sources {
		if !slices.ContainsFunc(r.Sources[i].Units, func(u inventory.Unit) bool { return len(u.Kinds) > 0 }) {
			return fmt.Errorf("/sources/%d/units has no list of tokens", i)
		}
	}
	if want := complete(r); r.Complete != want {
		return fmt.Errorf("/complete is %v, but the sources and rule errors say %v", r.Complete, want)
	}
	if want := summarize(r); r.Summary != want {
		return errors.New("/summary does not match the findings, the sources and the rules")
	}
	if err := checkLabelled(r); err != nil {
		return err
	}
	r.At = r.At.UTC()
	if err := checkAges(r); err != nil {
		return err
	}
	// All that follows relies on the order in which a report is written.
	slices.SortStableFunc(r.Findings, CompareFindings)
	slices.SortStableFunc(r.Sources, compareSources)
	slices.SortStableFunc(r.Rules, compareRules)
	slices.SortStableFunc(r.Gaps, compareGaps)
	slices.SortStableFunc(r.RuleErrors, compareRuleErrors)
	return nil
}

var schemaMember = regexp.MustCompile(`"schema"\s*:\s*"([^"]*)"`)

// IsInventory reports whether a document is an inventory, and not a report, by its
// beginning, of which 4 KiB are enough.
func IsInventory(begin []byte) bool {
	found := schemaMember.FindSubmatch(begin)
	return len(found) > 1 && bytes.Equal(found[1], []byte(inventory.Schema))
}
