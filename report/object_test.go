package report

import (
	"encoding/json"
	"testing"
)

func TestObject(t *testing.T) {
	for text, want := range map[string]string{
		`{}`:                                   `{}`,
		`null`:                                 `{}`,
		`{ "b": [1, 2.50], "a": {"<": null} }`: `{"a":{"\u003c":null},"b":[1,2.50]}`,
		`{"n": 12345678901234567890}`:          `{"n":12345678901234567890}`,
	} {
		var o Object
		if err := json.Unmarshal([]byte(text), &o); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		got, err := json.Marshal(o)
		if err != nil || string(got) != want {
			t.Errorf("%s becomes %s (%v), not %s", text, got, err, want)
		}
	}
	for _, text := range []string{`[]`, `"x"`, `1`} {
		var o Object
		if err := json.Unmarshal([]byte(text), &o); err == nil {
			t.Errorf("%s is taken for an object: %s", text, o)
		}
	}
}
