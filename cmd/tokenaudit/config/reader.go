package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/tokenaudit/tokenaudit/collectors/redact"
	"github.com/tokenaudit/tokenaudit/collectors/suggest"
)

const (
	// maxFile bounds the size of a configuration, in bytes.
	maxFile = 4 << 20
	// maxVisits bounds how many nodes are looked at, so that aliases cannot
	// multiply a small file.
	maxVisits = 500_000
	// maxDepth bounds the nesting of free-form values (rule parameters).
	maxDepth = 16
)

// reader walks a YAML node tree and collects the mistakes it meets. Its methods
// give zero values where they found one, so that all of them are found in one go.
type reader struct {
	file   string
	errs   Errors
	visits int
	// full ends the reading: there are errors enough, or too many nodes.
	full bool
	// lines are the lines of the rule settings, by place.
	lines    map[string]int
	expiries []expiry
	// database is the secret of the store.
	database *secretRef
}

func newReader(file string) *reader {
	return &reader{file: filepath.ToSlash(file), lines: map[string]int{}}
}

func (r *reader) failLine(line int, path, format string, args ...any) {
	if r.full {
		return
	}
	r.errs = append(r.errs, &Error{File: r.file, Line: line, Key: path, Message: fmt.Sprintf(format, args...)})
	r.full = len(r.errs) >= maxErrors
}

func (r *reader) fail(n *yaml.Node, path, format string, args ...any) {
	r.failLine(n.Line, path, format, args...)
}

// follow counts the node and resolves an alias to its anchor.
func (r *reader) follow(n *yaml.Node) *yaml.Node {
	r.visits++
	if r.visits > maxVisits && !r.full {
		r.fail(n, "", "the file holds too much, or its aliases multiply it")
		r.full = true
	}
	if r.full {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: n.Line}
	}
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		return n.Alias
	}
	return n
}

// weigh counts the signs before a value, so that a file holds no more values: to parse
// 4 MiB of commas takes 2 GB.
func weigh(data []byte) int {
	n := 0
	for _, c := range data {
		switch c {
		case ',', ':', '\n', '[', '{':
			n++
		}
	}
	return n
}

var yamlProblem = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// document parses the one document of a file; nil after a mistake.
func (r *reader) document(data []byte) *yaml.Node {
	if len(data) > maxFile {
		r.failLine(0, "", "the file is larger than %d MiB", maxFile>>20)
		return nil
	}
	if !utf8.Valid(data) {
		r.failLine(0, "", "the file is not UTF-8 text")
		return nil
	}
	if weigh(data) > maxVisits {
		r.failLine(0, "", "the file holds too much")
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) || err == nil && len(document.Content) == 0 {
		r.failLine(0, "", "the file is empty; `tokenaudit init` writes one to start from")
		return nil
	}
	if err != nil {
		r.syntax(err)
		return nil
	}
	var second yaml.Node
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		r.failLine(max(second.Line, 1), "", "the file must hold one YAML document, not several")
		return nil
	}
	return document.Content[0]
}

// recognisable reports whether a document has a key of a configuration. The keys of
// any other are not shown either.
func recognisable(root *yaml.Node) bool {
	if root.Kind != yaml.MappingNode {
		return true // its kind is what is wrong
	}
	for i := 0; i < len(root.Content); i += 2 {
		if slices.Contains(topKeys, root.Content[i].Value) {
			return true
		}
	}
	return false
}

// syntax tells a parser error. The parser's words are fixed phrases, except for
// an unknown anchor, which is told without its name: `token: *abc` may be a
// secret that begins with a star.
func (r *reader) syntax(err error) {
	m := yamlProblem.FindStringSubmatch(err.Error())
	if m == nil {
		r.failLine(0, "", "the file is not YAML")
		return
	}
	line, _ := strconv.Atoi(m[1])
	problem := m[2]
	if strings.HasPrefix(problem, "unknown anchor") {
		problem = "an alias has no anchor; put a value that begins with * in quotes"
	}
	r.failLine(line, "", "not valid YAML: %s", problem)
}

// mapping is a YAML mapping whose keys have been checked.
type mapping struct {
	r      *reader
	path   string
	line   int
	keys   []string
	lines  map[string]int
	fields map[string]*yaml.Node
	// misspelt: a key is unknown. What else seems to be missing is then probably
	// that key, and one mistake is told once.
	misspelt bool
}

// mapping reads n as a mapping of the known keys; no known key means that all
// are allowed. False after a mistake that leaves nothing to read.
func (r *reader) mapping(n *yaml.Node, path string, known []string) (*mapping, bool) {
	line := n.Line
	n = r.follow(n)
	if n.Kind != yaml.MappingNode {
		r.failLine(line, path, "must be a mapping (key: value), not %s", describe(n))
		return nil, false
	}
	m := &mapping{r: r, path: path, line: line, lines: map[string]int{}, fields: map[string]*yaml.Node{}}
	for i := 0; i+1 < len(n.Content); i += 2 {
		keyNode, value := r.follow(n.Content[i]), n.Content[i+1]
		key := keyNode.Value
		switch {
		case keyNode.Kind != yaml.ScalarNode || keyNode.ShortTag() == "!!merge":
			r.fail(n.Content[i], path, "a key must be plain text; merge keys (<<) are not supported")
		case m.fields[key] != nil:
			r.fail(n.Content[i], join(path, shownKey(key)), "the key is given twice")
		case known != nil && !slices.Contains(known, key):
			m.misspelt = true
			r.fail(n.Content[i], join(path, shownKey(key)), "unknown key%s", didYouMean(key, known))
		default:
			m.keys = append(m.keys, key)
			m.lines[key] = n.Content[i].Line
			m.fields[key] = value
		}
	}
	return m, true
}

// get returns the node of a key, or nil.
func (m *mapping) get(key string) *yaml.Node { return m.fields[key] }

// at returns the path of a key.
func (m *mapping) at(key string) string { return join(m.path, shownKey(key)) }

// required returns the node of a key, or nil and a mistake.
func (m *mapping) required(key, why string) *yaml.Node {
	n := m.fields[key]
	if n == nil && !m.misspelt {
		m.r.failLine(m.line, m.at(key), "missing; %s", why)
	}
	return n
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// sequence returns the elements of a list. A null is an empty list.
func (r *reader) sequence(n *yaml.Node, path string) []*yaml.Node {
	line := n.Line
	n = r.follow(n)
	if isNull(n) {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		r.failLine(line, path, "must be a list, not %s", describe(n))
		return nil
	}
	return n.Content
}

// filled is a sequence that must not be empty.
func (r *reader) filled(n *yaml.Node, path string) []*yaml.Node {
	before := len(r.errs)
	elements := r.sequence(n, path)
	if len(elements) == 0 && len(r.errs) == before {
		r.fail(n, path, "the list is empty")
	}
	return elements
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// describe names what stands where something else was expected, never its value.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!null":
		return "empty"
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "true or false"
	case "!!timestamp":
		return "a date"
	}
	return "text"
}

// text reads a non-empty string of one line or, for prose, of several.
func (r *reader) text(n *yaml.Node, path string, prose bool) (string, bool) {
	line := n.Line
	n = r.follow(n)
	tag := n.ShortTag()
	if n.Kind != yaml.ScalarNode || tag != "!!str" && tag != "!!timestamp" {
		hint := ""
		if tag == "!!int" || tag == "!!float" || tag == "!!bool" {
			hint = "; put it in quotes"
		}
		r.failLine(line, path, "must be text, not %s%s", describe(n), hint)
		return "", false
	}
	switch value := n.Value; {
	case strings.TrimSpace(value) == "":
		r.failLine(line, path, "is empty")
	case redact.Known(value):
		r.failLine(line, path, "looks like a literal secret; secrets are given as {env: NAME}, {file: path} or {command: [program, argument]}, and only where a secret belongs")
	case strings.ContainsFunc(value, func(c rune) bool { return unicode.IsControl(c) && (!prose || c != '\n' && c != '\t') }):
		r.failLine(line, path, "holds a control character or a line break")
	default:
		return value, true
	}
	return "", false
}

// word reads a string of one line, or "" after a mistake.
func (r *reader) word(n *yaml.Node, path string) string {
	s, _ := r.text(n, path, false)
	return s
}

// words reads a list of strings.
func (r *reader) words(n *yaml.Node, path string) []string {
	var out []string
	for i, e := range r.sequence(n, path) {
		if s, ok := r.text(e, index(path, i), false); ok {
			out = append(out, s)
		}
	}
	return out
}

func index(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// oneOf reads one of the allowed words.
func (r *reader) oneOf(n *yaml.Node, path string, allowed []string) string {
	s, ok := r.text(n, path, false)
	if !ok || slices.Contains(allowed, s) {
		return s
	}
	hint := ""
	if c := suggest.Nearest(s, allowed); c != "" {
		hint = "; did you mean " + c + "?"
	}
	r.fail(n, path, "must be %s%s", list(allowed, "or"), hint)
	return ""
}

func (r *reader) integer(n *yaml.Node, path string) int {
	line := n.Line
	n = r.follow(n)
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!int" {
		var i int
		if n.Decode(&i) == nil {
			return i
		}
	}
	r.failLine(line, path, "must be a whole number, not %s", describe(n))
	return 0
}

func (r *reader) boolean(n *yaml.Node, path string) bool {
	line := n.Line
	n = r.follow(n)
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!bool" {
		var b bool
		if n.Decode(&b) == nil {
			return b
		}
	}
	r.failLine(line, path, "must be true or false, not %s", describe(n))
	return false
}

// positive reads a number above zero and at most limit.
func (r *reader) positive(n *yaml.Node, path string, limit float64) float64 {
	line := n.Line
	n = r.follow(n)
	if tag := n.ShortTag(); n.Kind == yaml.ScalarNode && (tag == "!!int" || tag == "!!float") {
		var f float64
		if n.Decode(&f) == nil && f > 0 && f <= limit {
			return f
		}
		r.failLine(line, path, "must be above 0 and at most %g", limit)
		return 0
	}
	r.failLine(line, path, "must be a number, not %s", describe(n))
	return 0
}

// duration reads a time such as 30s or 5m, above zero.
func (r *reader) duration(n *yaml.Node, path string) time.Duration {
	if n := r.follow(n); n.Kind == yaml.ScalarNode && n.Tag != "!!str" {
		r.fail(n, path, "must be a duration such as 30s or 5m, not %s", describe(n))
		return 0
	}
	s, ok := r.text(n, path, false)
	if !ok {
		return 0
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		r.fail(n, path, "must be a duration such as 30s or 5m")
		return 0
	}
	return d
}

// date reads YYYY-MM-DD. Timestamps reach it as the text that stands in the file.
func (r *reader) date(n *yaml.Node, path string) time.Time {
	s, ok := r.text(n, path, false)
	if !ok {
		return time.Time{}
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		r.fail(n, path, "must be a date that exists, written YYYY-MM-DD")
	}
	return t
}

// value reads a free-form value, such as a rule's parameter: text, numbers,
// booleans, lists and mappings of them.
func (r *reader) value(n *yaml.Node, path string, depth int) any {
	line := n.Line
	n = r.follow(n)
	if depth > maxDepth {
		r.failLine(line, path, "is nested too deeply")
		r.full = true
		return nil
	}
	switch n.Kind {
	case yaml.MappingNode:
		m, _ := r.mapping(n, path, nil)
		out := make(map[string]any, len(m.fields))
		for _, key := range m.keys {
			out[key] = r.value(m.fields[key], m.at(key), depth+1)
		}
		return out
	case yaml.SequenceNode:
		out := make([]any, 0, len(n.Content))
		for i, e := range n.Content {
			out = append(out, r.value(e, index(path, i), depth+1))
		}
		return out
	}
	switch n.ShortTag() {
	case "!!int":
		return r.integer(n, path)
	case "!!bool":
		return r.boolean(n, path)
	case "!!float":
		var f float64
		if n.Decode(&f) == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
			return f
		}
		r.failLine(line, path, "must be a finite number")
		return nil
	}
	s, _ := r.text(n, path, true)
	return s
}
