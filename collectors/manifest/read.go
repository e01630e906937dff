package manifest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v5"
	"go.yaml.in/yaml/v3"

	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
	"github.com/tokenaudit/tokenaudit/collectors/redact"
	"github.com/tokenaudit/tokenaudit/collectors/suggest"
)

const (
	// maxFile bounds a manifest, in bytes.
	maxFile = 8 << 20
	// maxDepth bounds its nesting; the schema needs 7.
	maxDepth = 32
	// maxSigns bounds the commas, colons, brackets and line breaks, and so the values:
	// to parse 8 MiB of commas takes 14 GB.
	maxSigns = 1_000_000
	// maxErrors bounds the mistakes that are told.
	maxErrors = 100
)

// Error is one mistake in a manifest.
type Error struct {
	File string
	// Line counts from 1; 0 where the file as a whole is meant.
	Line int
	// Key is the path to the value: sources[0].tokens[2].kind.
	Key string
	// Message is one line.
	Message string
}

func (e *Error) Error() string {
	where := e.File
	if e.Line > 0 {
		where += ":" + strconv.Itoa(e.Line)
	}
	if e.Key != "" {
		where += ": " + e.Key
	}
	return where + ": " + e.Message
}

// Open reads a manifest from a file, until ctx ends.
func Open(ctx context.Context, file string) (*Manifest, error) {
	f, err := interruptible.Open(ctx, file)
	if err != nil {
		return nil, fmt.Errorf("read the manifest: %w", err)
	}
	defer f.Close() //nolint:errcheck // opened for reading only
	return Read(f, file)
}

// Read reads a manifest; file is what errors call it. The error is one *Error or
// several joined, in the order of the lines, or that of reading.
func Read(r io.Reader, file string) (*Manifest, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read the manifest: %w", err)
	}
	root, problem := parse(text)
	if problem != nil {
		problem.File = file
		return nil, problem
	}
	if !recognisable(root) {
		return nil, &Error{File: file, Line: root.Line, Message: "this is not a manifest: it has neither version nor sources; see `tokenaudit schema manifest`"}
	}
	t := tree{file: file, lines: map[string]int{}}
	value := t.value(root, "", 0)
	if len(t.errs) == 0 {
		t.validate(value)
	}
	if err := t.err(); err != nil {
		return nil, err
	}
	var m Manifest
	plain, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(plain, &m)
	}
	if err != nil {
		return nil, &Error{File: file, Message: "it cannot be read"}
	}
	m.File = file
	m.settle(&t)
	return &m, t.err()
}

// recognisable reports whether a document has a key of a manifest. The keys of any
// other are not shown.
func recognisable(root *yaml.Node) bool {
	for i := 0; i < len(root.Content); i += 2 {
		if key := root.Content[i].Value; root.Kind == yaml.MappingNode && (key == "version" || key == "sources") {
			return true
		}
	}
	return root.Kind != yaml.MappingNode
}

var yamlProblem = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// parse returns the one document of a file.
func parse(text []byte) (*yaml.Node, *Error) {
	if len(text) > maxFile {
		return nil, &Error{Message: fmt.Sprintf("the file is larger than %d MiB", maxFile>>20)}
	}
	if !utf8.Valid(text) {
		return nil, &Error{Message: "the file is not UTF-8 text"}
	}
	signs := 0
	for _, c := range text {
		if strings.IndexByte(",:\n[{", c) >= 0 {
			signs++
		}
	}
	if signs > maxSigns {
		return nil, &Error{Message: "the file declares too much; give each team its own manifest"}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, second yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) || err == nil && len(document.Content) == 0 {
		return nil, &Error{Message: "the file is empty"}
	}
	if err != nil {
		e := &Error{Message: "the file is not YAML"}
		if m := yamlProblem.FindStringSubmatch(err.Error()); m != nil {
			e.Line, _ = strconv.Atoi(m[1])
		}
		return nil, e
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, &Error{Line: max(second.Line, 1), Message: "the file must hold one YAML document, not several"}
	}
	return document.Content[0], nil
}

// tree turns YAML into what a JSON Schema checks, and remembers the lines.
type tree struct {
	file string
	// lines are by JSON pointer, without the leading slash.
	lines map[string]int
	errs  []*Error
}

func (t *tree) fail(line int, pointer, message string) {
	if len(t.errs) >= maxErrors {
		return
	}
	t.errs = append(t.errs, &Error{File: t.file, Line: line, Key: keyOf(pointer), Message: message})
}

func (t *tree) value(n *yaml.Node, pointer string, depth int) any {
	t.lines[pointer] = n.Line
	switch {
	case depth > maxDepth:
		t.fail(n.Line, pointer, "it is nested too deep")
		return nil
	case n.Kind == yaml.AliasNode:
		t.fail(n.Line, pointer, "aliases are not allowed here; write the value out")
		return nil
	case n.Kind == yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, item := range n.Content {
			list[i] = t.value(item, join(pointer, strconv.Itoa(i)), depth+1)
		}
		return list
	case n.Kind == yaml.MappingNode:
		object := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			at := join(pointer, key.Value)
			if _, twice := object[key.Value]; twice || key.Kind != yaml.ScalarNode {
				t.fail(key.Line, at, "the key occurs twice, or is not a text")
				continue
			}
			object[key.Value] = t.value(n.Content[i+1], at, depth+1)
			t.lines[at] = key.Line
		}
		return object
	}
	return scalar(n)
}

// scalar keeps dates as the texts that they are.
func scalar(n *yaml.Node) any {
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int", "!!float":
		if f, err := strconv.ParseFloat(n.Value, 64); err == nil && math.Abs(f) < 1e300 {
			return f
		}
	}
	return n.Value
}

var (
	escapePointer   = strings.NewReplacer("~", "~0", "/", "~1")
	unescapePointer = strings.NewReplacer("~1", "/", "~0", "~")
)

func join(pointer, name string) string {
	name = escapePointer.Replace(name)
	if pointer == "" {
		return name
	}
	return pointer + "/" + name
}

// keyOf writes a pointer as sources[0].tokens[2].kind. A key that may be a
// secret in the wrong place is not shown.
func keyOf(pointer string) string {
	var b strings.Builder
	if pointer == "" {
		return ""
	}
	for name := range strings.SplitSeq(pointer, "/") {
		switch {
		case index.MatchString(name):
			b.WriteString("[" + name + "]")
			continue
		case !plainKey.MatchString(name) || redact.Text(name) != name:
			name = "(a key not shown here)"
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(name)
	}
	return b.String()
}

var (
	plainKey = regexp.MustCompile(`^[a-z_]{1,40}$`)
	index    = regexp.MustCompile(`^[0-9]{1,9}$`)
)

var compiled = sync.OnceValues(func() (*jsonschema.Schema, error) {
	return jsonschema.CompileString("manifest.json", schemaJSON)
})

// validate tells all that the schema finds wrong.
func (t *tree) validate(value any) {
	schema, err := compiled()
	if err != nil {
		t.fail(0, "", "the schema cannot be compiled: "+err.Error())
		return
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(schema.Validate(value), &invalid) {
		return
	}
	for _, leaf := range leaves(invalid, nil) {
		pointer := strings.TrimPrefix(leaf.InstanceLocation, "/")
		line, ok := t.lines[pointer]
		for p := pointer; !ok && p != ""; {
			p = p[:max(0, strings.LastIndexByte(p, '/'))]
			line, ok = t.lines[p]
		}
		t.fail(line, pointer, message(leaf, valueAt(value, leaf.InstanceLocation)))
	}
}

// valueAt follows a JSON pointer; nil where it leads nowhere.
func valueAt(value any, pointer string) any {
	for name := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		switch inner := value.(type) {
		case map[string]any:
			value = inner[unescapePointer.Replace(name)]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(inner) {
				return nil
			}
			value = inner[i]
		}
	}
	return value
}

// message is the schema's, without the value: that may be a secret in the wrong
// place.
func message(leaf *jsonschema.ValidationError, value any) string {
	keyword := leaf.KeywordLocation[strings.LastIndexByte(leaf.KeywordLocation, '/')+1:]
	switch keyword {
	case "additionalProperties":
		return "unknown key; see `tokenaudit schema manifest`"
	case "pattern":
		return "has an invalid form; see `tokenaudit schema manifest`"
	case "const":
		return "must be 1"
	case "enum":
		word, _ := value.(string)
		var words []string
		for _, quoted := range quotedWord.FindAllStringSubmatch(leaf.Message, -1) {
			words = append(words, quoted[1])
		}
		return leaf.Message + suggest.DidYouMean(word, words)
	case "required", "type", "minLength", "maxLength", "minItems", "maxItems":
		return leaf.Message
	}
	return "is not allowed here; see `tokenaudit schema manifest`"
}

// quotedWord is a word in a message of the schema library.
var quotedWord = regexp.MustCompile(`"([^"]+)"`)

func leaves(e *jsonschema.ValidationError, found []*jsonschema.ValidationError) []*jsonschema.ValidationError {
	if len(e.Causes) == 0 || strings.HasSuffix(e.KeywordLocation, "/oneOf") {
		return append(found, e)
	}
	for _, cause := range e.Causes {
		found = leaves(cause, found)
	}
	return found
}

// settle remembers the lines and checks what a schema cannot.
func (m *Manifest) settle(t *tree) {
	sources := map[string]bool{}
	for i := range m.Sources {
		s := &m.Sources[i]
		at := join("sources", strconv.Itoa(i))
		s.Line = t.lines[at]
		if sources[s.ID] {
			t.fail(t.lines[at+"/id"], at+"/id", "the source is declared twice")
		}
		sources[s.ID] = true
		// refless are the names of tokens that nothing but their name tells apart.
		names, refless, refs := map[[2]string]bool{}, map[[2]string]bool{}, map[[2]string]bool{}
		for j := range s.Tokens {
			token := &s.Tokens[j]
			place := join(at+"/tokens", strconv.Itoa(j))
			token.Line = t.lines[place]
			name, ref := [2]string{string(token.Kind), token.Name}, [2]string{string(token.Kind), token.Ref}
			if names[name] && token.Ref == "" || refless[name] || token.Ref != "" && refs[ref] {
				t.fail(token.Line, place, "the source has another token of this kind and name, or with this ref")
			}
			names[name], refs[ref] = true, true
			refless[name] = refless[name] || token.Ref == ""
			var ok bool
			if token.expiry, ok = readExpiry(token.Expiry); !ok {
				t.fail(t.lines[place+"/expiry"], place+"/expiry", "must be never, a date such as 2027-01-31, or an RFC 3339 time")
			}
		}
	}
}

// err joins the mistakes, in the order of their lines.
func (t *tree) err() error {
	if len(t.errs) == 0 {
		return nil
	}
	slices.SortStableFunc(t.errs, func(a, b *Error) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return strings.Compare(a.Key, b.Key)
	})
	const most = 20
	var all []error
	for i, e := range t.errs {
		if i == most {
			all = append(all, fmt.Errorf("and %d more", len(t.errs)-most))
			break
		}
		all = append(all, e)
	}
	return errors.Join(all...)
}

// cms is the first segment of the id.
func (s Source) cms() string {
	cms, _, _ := strings.Cut(s.ID, "/")
	return cms
}
