package codec

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/redact"
)

// schemas are the compiled parts against which a document is checked piece by
// piece as it streams in.
type schemas struct {
	document, source *jsonschema.Schema
	token            tokenSchema
}

// tokenSchema is the schema of a token, in full and as far as its text can be held
// against it.
type tokenSchema struct {
	full  *jsonschema.Schema
	shape *shape
}

// compiled compiles the schema once a process, on first use.
var compiled = sync.OnceValues(func() (schemas, error) {
	const id = "inventory.json"
	c := jsonschema.NewCompiler()
	c.Draft = jsonschema.Draft2020
	c.AssertFormat = true
	c.Formats["date-time"] = isTime
	if err := c.AddResource(id, bytes.NewReader(inventory.SchemaJSON())); err != nil {
		return schemas{}, fmt.Errorf("load the inventory schema: %w", err)
	}
	var s schemas
	for place, part := range map[string]**jsonschema.Schema{
		id: &s.document, id + "#/$defs/source": &s.source, id + "#/$defs/token": &s.token.full,
	} {
		compiled, err := c.Compile(place)
		if err != nil {
			return schemas{}, fmt.Errorf("compile the inventory schema: %w", err)
		}
		*part = compiled
	}
	s.token.shape = shapeOf(s.token.full)
	return s, nil
})

func isTime(v any) bool {
	s, ok := v.(string)
	if !ok {
		return true
	}
	_, ok = parseTime([]byte(s))
	return ok
}

// parseTime reads a time as RFC 3339 has it. What passes here decodes, but the
// decoder alone would let pass an hour of one digit, a comma before the fraction
// and a zone of more than a day, at which other readers of a document stop.
func parseTime(text []byte) (time.Time, bool) {
	var t time.Time
	if t.UnmarshalText(text) != nil || text[len("2006-01-02T15")] != ':' || bytes.IndexByte(text, ',') >= 0 {
		return time.Time{}, false
	}
	if text[len(text)-1] == 'Z' {
		return t, true
	}
	zone := text[len(text)-len("07:00"):]
	return t, string(zone[:2]) < "24" && string(zone[3:]) < "60"
}

// violations checks a decoded value and returns what is wrong with it, sorted by
// pointer. The library reports in the order of Go maps, that is in none.
func violations(schema *jsonschema.Schema, value any) []problem {
	err := schema.Validate(value)
	if err == nil {
		return nil
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return []problem{{"", err.Error()}}
	}
	var found []problem
	for _, leaf := range leaves(invalid, nil) {
		pointer := pointerOf(leaf.InstanceLocation)
		found = append(found, problem{pointer, violation(leaf)})
	}
	slices.SortFunc(found, func(a, b problem) int {
		return strings.Compare(a.pointer+"\x00"+a.message, b.pointer+"\x00"+b.message)
	})
	return found
}

// violation says what is wrong. Of the document it quotes keys, and none that looks
// like a credential.
func violation(leaf *jsonschema.ValidationError) string {
	if strings.HasSuffix(leaf.KeywordLocation, "/format") {
		return "is not a valid date-time" // the library quotes the value
	}
	names, unknownKeys := strings.CutPrefix(leaf.Message, "additionalProperties ")
	if !unknownKeys {
		return leaf.Message
	}
	keys := strings.Split(strings.TrimSuffix(names, " not allowed"), ", ")
	slices.Sort(keys)
	return "unknown key " + redact.Text(strings.Join(keys, ", "))
}

func leaves(e *jsonschema.ValidationError, found []*jsonschema.ValidationError) []*jsonschema.ValidationError {
	if len(e.Causes) == 0 {
		return append(found, e)
	}
	for _, cause := range e.Causes {
		found = leaves(cause, found)
	}
	return found
}
