package codec

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// shape is what a schema asks of a value, in a form that the text of the value can be
// held against: to decode a token for the schema library costs more than all else that
// is done to it. What is of the shape is valid. What is not may be valid all the same,
// such as a word that is written with an escape: the library judges that, and says what
// is wrong and where.
type shape struct {
	// begins are the bytes that a value may begin with, by its type.
	begins string
	// members are those that an object may have, required the bits of those it must have.
	members  map[string]member
	required uint64
	items    *shape
	// words are those that a text may be; nil for any.
	words                map[string]bool
	isTime               bool
	minLength, maxLength int // in characters; -1 for none
	minimum              int64
}

// member is a member of an object. A bit stands for it where it is counted.
type member struct {
	*shape
	bit uint64
}

var beginnings = map[string]string{
	"object": "{", "array": "[", "string": `"`, "boolean": "tf", "null": "n", "integer": "-0123456789",
}

// shapeOf returns the shape of a schema. It knows the keywords that the schema of a token
// has, to which a test holds it.
func shapeOf(schema *jsonschema.Schema) *shape {
	for schema.Ref != nil {
		schema = schema.Ref
	}
	s := &shape{
		members: map[string]member{}, words: wordsOf(schema.Enum), isTime: schema.Format != "",
		minLength: schema.MinLength, maxLength: schema.MaxLength, minimum: math.MinInt64,
	}
	for _, name := range schema.Types {
		s.begins += beginnings[name]
	}
	if schema.Minimum != nil {
		s.minimum = schema.Minimum.Num().Int64()
	}
	if schema.Items2020 != nil {
		s.items = shapeOf(schema.Items2020)
	}
	for name, property := range schema.Properties {
		s.members[name] = member{shapeOf(property), 1 << len(s.members)}
	}
	if others, ok := schema.AdditionalProperties.(*jsonschema.Schema); ok && schema.PropertyNames != nil {
		for name := range wordsOf(schema.PropertyNames.Enum) {
			s.members[name] = member{shapeOf(others), 1 << len(s.members)}
		}
	}
	for _, name := range schema.Required {
		s.required |= s.members[name].bit
	}
	return s
}

func wordsOf(enum []any) map[string]bool {
	var words map[string]bool
	for _, value := range enum {
		if words == nil {
			words = map[string]bool{}
		}
		word, _ := value.(string)
		words[word] = true
	}
	return words
}

// fits reports whether raw is one value of the shape, and nothing else.
func (s *shape) fits(raw []byte, l Limits) bool {
	p := &parser{raw: raw, maxDepth: l.Depth, maxString: l.String}
	if !p.fits(s, 0) {
		return false
	}
	p.space()
	return p.at == len(raw)
}

// fits reads a value of the shape; where it reports false it has read a part of it.
func (p *parser) fits(s *shape, depth int) bool {
	c := p.next()
	if depth > p.maxDepth || s == nil || strings.IndexByte(s.begins, c) < 0 {
		return false
	}
	switch c {
	case '{':
		return p.fitsObject(s, depth)
	case '[':
		return p.fitsArray(s, depth)
	case '"':
		return p.fitsText(s)
	case 't':
		return p.literal("true")
	case 'f':
		return p.literal("false")
	case 'n':
		return p.literal("null")
	default:
		return p.fitsNumber(s)
	}
}

func (p *parser) fitsObject(s *shape, depth int) bool {
	p.at++
	if p.next() == '}' {
		p.at++
		return s.required == 0
	}
	seen := uint64(0)
	for {
		if p.next() != '"' {
			return false
		}
		name, _, bad := p.quoted()
		if bad != nil || p.next() != ':' {
			return false
		}
		p.at++
		m := s.members[string(name[1:len(name)-1])]
		if m.bit == 0 || seen&m.bit != 0 || !p.fits(m.shape, depth+1) {
			return false
		}
		seen |= m.bit
		more, bad := p.more('}')
		if !more {
			return bad == nil && seen&s.required == s.required
		}
	}
}

func (p *parser) fitsArray(s *shape, depth int) bool {
	p.at++
	if p.next() == ']' {
		p.at++
		return true
	}
	for {
		if !p.fits(s.items, depth+1) {
			return false
		}
		if more, bad := p.more(']'); !more {
			return bad == nil
		}
	}
}

func (p *parser) fitsText(s *shape) bool {
	start := p.at
	quoted, escaped, bad := p.quoted()
	if bad != nil {
		return false
	}
	if escaped {
		p.at = start
		_, bad := p.text()
		return bad == nil && s.words == nil && !s.isTime && s.minLength <= 1 && s.maxLength < 0
	}
	text := quoted[1 : len(quoted)-1]
	if s.words != nil && !s.words[string(text)] {
		return false
	}
	if s.isTime {
		if _, ok := parseTime(text); !ok {
			return false
		}
	}
	length := utf8.RuneCount(text)
	return length >= s.minLength && (s.maxLength < 0 || length <= s.maxLength)
}

func (p *parser) fitsNumber(s *shape) bool {
	start := p.at
	if _, bad := p.number(); bad != nil {
		return false
	}
	n, err := strconv.ParseInt(string(p.raw[start:p.at]), 10, 64)
	return err == nil && n >= s.minimum
}
