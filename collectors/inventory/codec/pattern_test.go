package codec

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// TestPattern: two members are the same but for the times in them if their
// patterns are, and only then.
func TestPattern(t *testing.T) {
	const plain = `{"state":"at","at":"2026-01-02T03:04:05Z"}`
	for _, test := range []struct {
		name, one, other string
		same             bool
	}{
		{"another time", plain, `{"state":"at","at":"2025-12-31T23:59:59Z"}`, true},
		{"a fraction of a second", plain, `{"state":"at","at":"2025-12-31T23:59:59.123456789Z"}`, true},
		{"a long fraction of a second", plain, `{"state":"at","at":"2025-12-31T23:59:59.1234567890Z"}`, false},
		{"another zone", plain, `{"state":"at","at":"2025-12-31T23:59:59+01:00"}`, false},
		{"no such day", plain, `{"state":"at","at":"2025-02-29T23:59:59Z"}`, false},
		{"an hour of one digit", plain, `{"state":"at","at":"2025-12-31T3:59:59Z"}`, false},
		{"a comma before the fraction", plain, `{"state":"at","at":"2025-12-31T23:59:59,5Z"}`, false},
		{"another key", plain, `{"state":"at","ta":"2025-12-31T23:59:59Z"}`, false},
		{"more behind it", plain, `{"state":"at","at":"2025-12-31T23:59:59Z","reason":"x"}`, false},
		{"two times", plain, `{"state":"at","at":"2025-12-31T23:59:59Z","reason":"2025-12-31T23:59:59Z"}`, false},
		{"text before the time", plain, `{"state":"at","at":"x2025-12-31T23:59:59Z"}`, false},
		{"more before the time", plain, `{"state":"at","at":"2025-12-31T23:59:59ZZ"}`, false},
		{"a quote before the time", plain, `{"state":"at","at":"\"2025-12-31T23:59:59Z"}`, false},
		{"texts that end like a time", `{"state":"unknown","reason":"A-Z"}`, `{"state":"unknown","reason":"B-Z"}`, false},
		{"texts before a time", `{"reason":"A-Z","at":"2025-12-31T23:59:59Z"}`, `{"reason":"B-Z","at":"2025-12-31T23:59:59Z"}`, false},
		{"days that are none", `{"state":"at","at":"2025-02-30T23:59:59Z"}`, `{"state":"at","at":"2025-02-29T23:59:59Z"}`, false},
	} {
		m := recallOf(t).members["created_at"]
		var a, b pattern
		a.read(m, []byte(test.one))
		b.read(m, []byte(test.other))
		if same := string(a.key) == string(b.key) && len(a.times) == len(b.times); same != test.same {
			t.Errorf("%s: the same pattern: %t", test.name, same)
		}
	}
}

// TestRecallPutsTimes: each time of a remembered member goes where it belongs.
func TestRecallPutsTimes(t *testing.T) {
	later := strings.NewReplacer("2026-01-02T03", "2026-01-02T09", "2026-02-03T04", "2026-02-03T08")
	for _, test := range []struct {
		name, text string
		remembered int // of the text, and the same at a later time
	}{
		{"created_at", `{"state":"at","at":"2026-01-02T03:04:05Z"}`, 1},
		{"updated_at", `{"at":"2026-01-02T03:04:05.5Z","state":"at"}`, 1},
		{"revoked_at", `{"state":"none"}`, 1},
		{"expiry", `{"state":"at","at":"2026-01-02T03:04:05Z","precision":"day","supported":true}`, 1},
		{"owner", `{"type":"person","state":"active","level":"read","last_active":{"state":"at","at":"2026-01-02T03:04:05Z"}}`, 1},
		{"last_used", `{"state":"between","earliest":"2026-01-02T03:04:05Z","latest":"2026-02-03T04:05:06Z","evidence":"cms"}`, 1},
		{"last_used", `{"state":"between","latest":"2026-02-03T04:05:06Z","earliest":"2026-01-02T03:04:05Z","evidence":"cms"}`, 1},
		{"last_used", `{"state":"at","at":"2026-01-02T03:04:05Z","evidence":"2026-01-02T03:04:05Z"}`, 0},
		{"last_used", `{"state":"at","at":"2026-01-02T03:04:05Z","chain":[{"collected_at":"2026-01-02T03:04:05Z","state":"at","at":"2026-01-02T03:04:05Z"}]}`, 0},
		// A time that is the one learn tries, or stands beside it in another form.
		{"created_at", `{"state":"at","at":"2000-01-01T00:00:00Z","reason":"2000-01-01T00:00:00+00:00"}`, 1},
		{"last_used", `{"state":"between","earliest":"2000-01-01T00:00:00Z","latest":"2002-01-01T00:00:00Z","evidence":"cms"}`, 1},
		{"last_used", `{"state":"between","earliest":"2000-01-01T00:00:00+00:00","latest":"2026-01-02T03:04:05Z","evidence":"cms"}`, 1},
		{"last_used", `{"state":"between","earliest":"2001-01-01T00:00:00+00:00","latest":"2000-01-01T00:00:00Z","evidence":"cms"}`, 1},
		{"last_used", `{"state":"at","at":"2000-01-01T00:00:00+00:00","evidence":"2026-01-02T03:04:05Z"}`, 0},
		{"last_used", `{"state":"at","at":"2001-01-01T01:00:00+01:00","evidence":"2000-01-01T00:00:00Z"}`, 0},
		{"last_used", `{"state":"at","at":"2000-01-01T01:00:00+01:00","evidence":"2000-01-01T00:00:00Z"}`, 0},
		{"last_used", `{"state":"at","at":"2026-01-02T04:04:05+01:00","evidence":"2026-01-02T03:04:05Z"}`, 0},
		{"last_used", `{"at":"2026-01-02T03:04:05Z","state":"at","latest":"2026-01-03T03:04:05Z","earliest":"2026-01-04T03:04:05Z"}`, 1},
		{"last_used", `{"state":"never","chain":[{"state":"at","at":"2026-01-02T03:04:05Z","earliest":"2026-01-02T03:04:05Z","latest":"2026-01-02T03:04:05Z"},{"state":"at","at":"2026-01-02T03:04:05Z"}]}`, 0},
		{"last_used_by_api", `{"content_delivery":{"state":"at","at":"2026-01-02T03:04:05Z","evidence":"cms"}}`, 2},
	} {
		r := recallOf(t)
		for _, raw := range []string{test.text, later.Replace(test.text), test.text} {
			var got, want inventory.Token
			if !r.apply(r.members[test.name], []byte(raw), &got) {
				t.Errorf("%s: %s is refused", test.name, raw)
			}
			if err := json.Unmarshal([]byte(`{"`+test.name+`":`+raw+`}`), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s (-want +got):\n%s", test.name, raw, diff)
			}
		}
		if len(r.recent) != test.remembered {
			t.Errorf("%s: %s: %d texts are remembered, not %d", test.name, test.text, len(r.recent), test.remembered)
		}
	}
}

// TestRecallRefusesMark: the mark of a time, in a text, is not a time, and no text
// that has passed has one.
func TestRecallRefusesMark(t *testing.T) {
	for _, text := range []string{`"%c"`, `{%c}`, `{"a":%[1]c1}`, `[1%c]`} {
		raw := fmt.Sprintf(text, timeMark)
		if _, bad := parse([]byte(raw), Limits{}.orDefault()); bad == nil {
			t.Errorf("%q passes", raw)
		}
	}
	r := recallOf(t)
	m := r.members["last_used"]
	var token inventory.Token
	right := `{"state":"between","earliest":"2026-01-02T03:04:05Z","latest":"2026-02-03T04:05:06Z","evidence":"cms"}`
	if !r.apply(m, []byte(right), &token) {
		t.Fatal("a right member is refused")
	}
	for _, at := range []string{"2026-01-02T03:04:05Z", "2026-02-03T04:05:06Z"} {
		wrong := strings.Replace(right, at, string(rune(timeMark)), 1)
		if r.apply(m, []byte(wrong), &token) {
			t.Errorf("%q is taken", wrong)
		}
	}
}

// TestRecallTextAlone: a text is all of its member.
func TestRecallTextAlone(t *testing.T) {
	r := recallOf(t)
	for raw, want := range map[string]bool{`"a"`: true, `""`: true, `"a"b`: false, `a`: false, ``: false, `"a`: false} {
		var token inventory.Token
		if got := r.apply(r.members["name"], []byte(raw), &token); got != want {
			t.Errorf("%s: taken: %t", raw, got)
		}
	}
}

// TestRecallTexts: recall checks the length of a text itself, so the schema must
// ask for nothing else.
func TestRecallTexts(t *testing.T) {
	var schema struct {
		Defs struct {
			Token struct{ Properties map[string]map[string]any }
		} `json:"$defs"`
	}
	if err := json.Unmarshal(inventory.SchemaJSON(), &schema); err != nil {
		t.Fatal(err)
	}
	for name, m := range recallOf(t).members {
		if m.text == nil {
			continue
		}
		keywords := schema.Defs.Token.Properties[name]
		for keyword, value := range keywords {
			if !slices.Contains([]string{"description", "type", "minLength"}, keyword) {
				t.Errorf("%s: recall does not know the keyword %s", name, keyword)
			}
			if keyword == "minLength" && value != 1.0 {
				t.Errorf("%s: the least length is %v", name, value)
			}
		}
		if keywords["type"] != "string" {
			t.Errorf("%s: is not a string", name)
		}
	}
}

func recallOf(t *testing.T) *recall {
	t.Helper()
	return newRecall(mustCompile(t).token, Limits{}.orDefault())
}

// TestTimesOfMembers: the format of a time is all that the schema asks of it, and
// no keyword asks for one time because of another, so that a time can be put into
// a member that has passed with another one.
func TestTimesOfMembers(t *testing.T) {
	known := []string{
		"$ref", "additionalProperties", "description", "enum", "format", "items", "maxLength", "minLength", "minimum",
		"properties", "propertyNames", "required", "type",
	}
	ofTimes := []string{"description", "format", "type"}
	var check func(at string, schema any)
	check = func(at string, schema any) {
		keywords, ok := schema.(map[string]any)
		if !ok {
			return // additionalProperties can be false
		}
		for keyword, value := range keywords {
			if !slices.Contains(known, keyword) {
				t.Errorf("%s: can recall leave the keyword %s to one check of a member?", at, keyword)
			}
			if keywords["format"] != nil && !slices.Contains(ofTimes, keyword) {
				t.Errorf("%s: a time with the keyword %s", at, keyword)
			}
			switch value := value.(type) {
			case map[string]any:
				if keyword != "properties" {
					check(at+"/"+keyword, value)
					continue
				}
				for name, property := range value {
					check(at+"/"+name, property)
				}
			case []any:
				for _, word := range value {
					if _, ok := word.(string); !ok {
						t.Errorf("%s: %s of %v", at, keyword, word)
					}
				}
			}
		}
	}
	var schema struct {
		Defs map[string]any `json:"$defs"`
	}
	if err := json.Unmarshal(inventory.SchemaJSON(), &schema); err != nil {
		t.Fatal(err)
	}
	for name, part := range schema.Defs {
		check(name, part)
	}
}
