package codec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/tokenaudit/tokenaudit/collectors/redact"
)

// parser decodes one JSON value for the schema check. encoding/json would take
// the last of two equal keys, replace broken UTF-8 and nest without a bound:
// a document that is read as evidence must have one meaning only.
type parser struct {
	raw       []byte
	at        int
	maxDepth  int
	maxString int
}

// malformed is an error of the parser. The pointer grows as it travels up. Of the
// document it quotes keys, and none that looks like a credential: what cannot be
// parsed may be any file.
type malformed struct {
	problem
	at int
}

func (m *malformed) Error() string { return m.message }

func (p *parser) fail(format string, args ...any) *malformed {
	return &malformed{problem{message: redact.Text(fmt.Sprintf(format, args...))}, p.at}
}

// parse decodes the whole of raw: maps, slices, strings, bools, nil and json.Number.
func parse(raw []byte, l Limits) (any, *malformed) {
	p := &parser{raw: raw, maxDepth: l.Depth, maxString: l.String}
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if p.space(); p.at < len(raw) {
		return nil, p.fail("unexpected text after the value")
	}
	return v, nil
}

func (p *parser) space() {
	for p.at < len(p.raw) && isSpace(p.raw[p.at]) {
		p.at++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// next skips white space and returns the byte after it, 0 at the end.
func (p *parser) next() byte {
	p.space()
	if p.at == len(p.raw) {
		return 0
	}
	return p.raw[p.at]
}

func (p *parser) value(depth int) (any, *malformed) {
	if depth > p.maxDepth {
		return nil, p.fail("values are nested more than %d levels deep", p.maxDepth)
	}
	switch c := p.next(); {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		return p.text()
	case c == '-' || '0' <= c && c <= '9':
		return p.number()
	case p.literal("true"):
		return true, nil
	case p.literal("false"):
		return false, nil
	case p.literal("null"):
		return nil, nil
	case p.at == len(p.raw):
		return nil, p.fail("the document ends in the middle of a value")
	default:
		return nil, p.fail("this is not a JSON value")
	}
}

func (p *parser) literal(word string) bool {
	if string(p.raw[p.at:min(p.at+len(word), len(p.raw))]) != word {
		return false
	}
	p.at += len(word)
	return true
}

func (p *parser) object(depth int) (any, *malformed) {
	object := make(map[string]any)
	p.at++
	if p.next() == '}' {
		p.at++
		return object, nil
	}
	for {
		name, err := p.name()
		if err != nil {
			return nil, err
		}
		if _, repeated := object[name]; repeated {
			return nil, p.fail("the key %q occurs twice", name)
		}
		value, err := p.value(depth + 1)
		if err != nil {
			err.pointer = joinPointers(escapePointer.Replace(name), err.pointer)
			return nil, err
		}
		object[name] = value
		more, err := p.more('}')
		if !more {
			return object, err
		}
	}
}

func (p *parser) array(depth int) (any, *malformed) {
	array := []any{}
	p.at++
	if p.next() == ']' {
		p.at++
		return array, nil
	}
	for {
		value, err := p.value(depth + 1)
		if err != nil {
			err.pointer = joinPointers(strconv.Itoa(len(array)), err.pointer)
			return nil, err
		}
		array = append(array, value)
		more, err := p.more(']')
		if !more {
			return array, err
		}
	}
}

// more reads the comma that announces another element, or the closing byte.
func (p *parser) more(closing byte) (bool, *malformed) {
	switch p.next() {
	case ',':
		p.at++
		return true, nil
	case closing:
		p.at++
		return false, nil
	default:
		return false, p.fail("expected a comma or %q", closing)
	}
}

// name reads a key and the colon behind it.
func (p *parser) name() (string, *malformed) {
	if p.next() != '"' {
		return "", p.fail("expected a key in quotes")
	}
	name, err := p.text()
	if err != nil {
		return "", err
	}
	if p.next() != ':' {
		return "", p.fail("expected a colon after the key %q", name)
	}
	p.at++
	return name, nil
}

func (p *parser) text() (string, *malformed) {
	start := p.at
	quoted, escaped, err := p.quoted()
	if err != nil {
		return "", err
	}
	text, end := string(quoted[1:len(quoted)-1]), p.at
	p.at = start
	switch {
	case !escaped:
	case json.Unmarshal(quoted, &text) != nil:
		return "", p.fail("the string has an escape that JSON does not know")
	case !paired(quoted):
		return "", p.fail("the string has an escape of an unpaired surrogate")
	}
	p.at = end
	return text, nil
}

// quoted reads a string as it stands, with its quotes, and reports whether it has
// escapes, which are not looked at.
func (p *parser) quoted() (quoted []byte, escaped bool, _ *malformed) {
	for i := p.at + 1; i < len(p.raw); i++ {
		switch c := p.raw[i]; {
		case c == '\\':
			escaped = true
			i++
		case c < ' ':
			p.at = i
			return nil, false, p.fail("a control character in a string has to be escaped")
		case c == '"':
			quoted = p.raw[p.at : i+1]
			if len(quoted)-2 > p.maxString {
				return nil, false, p.fail("the string is longer than %d bytes", p.maxString)
			}
			if !utf8.Valid(quoted) {
				return nil, false, p.fail("the string is not valid UTF-8")
			}
			p.at = i + 1
			return quoted, escaped, nil
		}
	}
	return nil, false, p.fail("the string does not end")
}

// paired reports whether each escaped surrogate of a string, whose escapes are
// right, has its other half. encoding/json would put U+FFFD in place of any other.
func paired(quoted []byte) bool {
	for {
		_, escape, found := bytes.Cut(quoted, []byte{'\\'})
		if !found {
			return true
		}
		if quoted = escape[1:]; escape[0] != 'u' {
			continue
		}
		first := codeUnit(escape[1:])
		if quoted = escape[5:]; !utf16.IsSurrogate(first) {
			continue
		}
		second, found := bytes.CutPrefix(quoted, []byte(`\u`))
		if !found || utf16.DecodeRune(first, codeUnit(second)) == utf8.RuneError {
			return false
		}
		quoted = second[4:]
	}
}

// codeUnit reads the four digits of an escape.
func codeUnit(digits []byte) rune {
	unit, _ := strconv.ParseUint(string(digits[:4]), 16, 16) // JSON has checked them
	return rune(unit)
}

// maxDigits is enough for every number of the schema. It also keeps the schema
// library, which computes with fractions, from building a number of a gigabyte
// out of "1e1000000000".
const maxDigits = 18

func (p *parser) number() (any, *malformed) {
	end := p.at
	for end < len(p.raw) && strings.IndexByte("+-.0123456789eE", p.raw[end]) >= 0 {
		end++
	}
	text := string(p.raw[p.at:end])
	if len(text) > maxDigits || strings.ContainsAny(text, "eE") {
		return nil, p.fail("a number must be plain and have at most %d characters", maxDigits)
	}
	if !json.Valid([]byte(text)) {
		return nil, p.fail("this is not a number")
	}
	p.at = end
	return json.Number(text), nil
}

// locate finds the byte at which the value of pointer stands in raw. Where the
// value is missing it is the nearest one around it.
func locate(raw []byte, pointer string) int {
	unbounded := int(^uint(0) >> 1)
	p := &parser{raw: raw, maxDepth: unbounded, maxString: unbounded}
	p.space()
	if pointer == "" {
		return p.at
	}
	for name := range strings.SplitSeq(pointer, "/") {
		name = unescapePointer.Replace(name)
		here := p.at
		if !p.enter(name) {
			return here
		}
	}
	return p.at
}

// enter moves from the start of an object or array to the element called name.
func (p *parser) enter(name string) bool {
	opening := p.next()
	if opening != '{' && opening != '[' {
		return false
	}
	p.at++
	for i := 0; ; i++ {
		key := strconv.Itoa(i)
		if opening == '{' {
			var err *malformed
			if key, err = p.name(); err != nil {
				return false
			}
		}
		p.space()
		if key == name {
			return true
		}
		if _, err := p.value(0); err != nil {
			return false
		}
		if more, _ := p.more(closingOf(opening)); !more {
			return false
		}
	}
}

func closingOf(opening byte) byte {
	if opening == '{' {
		return '}'
	}
	return ']'
}
