package inputcheck_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/policies/inputcheck"
)

const schema = `{"type": "object", "properties": {
	"at": {"type": "string"},
	"labels": {"type": "object"},
	"tokens": {"type": "array", "items": {"type": "object", "properties": {
		"id": {"type": "string"},
		"age/days": {"type": "integer"},
		"write": {"type": "boolean"},
		"role": {"type": "object", "properties": {"id": {"type": "string"}}},
		"items": {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "string"}}}}
	}}}
}}`

func decoded(t *testing.T, text string) any {
	t.Helper()
	var value any
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestCheck(t *testing.T) {
	shape, err := inputcheck.New([]byte(schema),
		decoded(t, `{"at": "", "labels": {}, "tokens": [{"id": "", "write": false, "role": null, "items": [{"id": ""}]}]}`),
		decoded(t, `{"at": "", "labels": {}, "tokens": [{"id": "", "write": false, "role": {"id": ""}, "items": []}]}`))
	if err != nil {
		t.Fatal(err)
	}
	token := func(members string) string { return `{"at": "", "labels": {"a": 1}, "tokens": [{` + members + `}]}` }
	whole := `"id": "t", "write": true, "role": null, "items": []`
	for _, c := range []struct {
		input   string
		partial bool
		want    string
	}{
		{token(whole), false, ""},
		{token(whole + `, "age/days": 3`), false, ""},
		{`{}`, true, ""},
		{token(``), true, ""},
		{token(`"items": ["master"]`), true, "/tokens/0/items/0 is a string: it must be an object"},
		{token(`"items": {"id": "x"}`), true, "/tokens/0/items is an object: it must be an array"},
		{token(`"age/days": 1.5`), true, "/tokens/0/age~1days is a number: it must be an integer"},
		{token(`"write": "yes"`), true, "/tokens/0/write is a string: it must be a boolean"},
		{token(`"id": null`), true, "/tokens/0/id is null: it must be a string"},
		{token(`"role": null`), true, ""},
		{token(`"idd": "x"`), true, `/tokens/0 has a member "idd" that no input has; did you mean id?`},
		{`["x"]`, true, "the input is an array: it must be an object"},
		{`{"tokens": []}`, false, "the input lacks at, labels, which every input has"},
		{token(`"id": "t", "role": null, "items": [{}]`), false, "/tokens/0/items/0 lacks id, which"},
		{token(`"id": "t", "role": {"id": "r"}, "items": []`), false, "/tokens/0 lacks write, which"},
	} {
		got := shape.Check(decoded(t, c.input), c.partial)
		if (c.want == "") != (got == "") || !strings.HasPrefix(got, c.want) {
			t.Errorf("%s (partial: %v): %q, want %q", c.input, c.partial, got, c.want)
		}
	}
}
