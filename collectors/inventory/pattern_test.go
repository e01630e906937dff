package inventory

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPattern: two members are the same but for the times in them if their
// patterns are, and only then.
func TestPattern(t *testing.T) {
	const plain = `{"state":"at","at":"2026-01-02T03:04:05Z"}`
	for _, test := range []struct {
		name, other string
		same        bool
	}{
		{"another time", `{"state":"at","at":"2025-12-31T23:59:59Z"}`, true},
		{"a fraction of a second", `{"state":"at","at":"2025-12-31T23:59:59.123456789Z"}`, true},
		{"another zone", `{"state":"at","at":"2025-12-31T23:59:59+01:00"}`, false},
		{"no such day", `{"state":"at","at":"2025-02-29T23:59:59Z"}`, false},
		{"another key", `{"state":"at","ta":"2025-12-31T23:59:59Z"}`, false},
		{"more behind it", `{"state":"at","at":"2025-12-31T23:59:59Z","reason":"x"}`, false},
		{"more before the time", `{"state":"at","at":"2025-12-31T23:59:59ZZ"}`, false},
		{"a quote before the time", `{"state":"at","at":"\"2025-12-31T23:59:59Z"}`, false},
	} {
		m := recallOf(t).members["created_at"]
		var a, b pattern
		a.read(m, []byte(plain))
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
		{"last_used_by_api", `{"content_delivery":{"state":"at","at":"2026-01-02T03:04:05Z","evidence":"cms"}}`, 2},
	} {
		r := recallOf(t)
		for _, raw := range []string{test.text, later.Replace(test.text), test.text} {
			var got, want Token
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

// TestRecallRefusesMark: the mark of a time, in a text, is no time.
func TestRecallRefusesMark(t *testing.T) {
	r := recallOf(t)
	m := r.members["last_used"]
	var token Token
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

// TestRecallTexts: recall checks the length of a text itself, so the schema must
// ask for nothing else.
func TestRecallTexts(t *testing.T) {
	var schema struct {
		Defs struct {
			Token struct{ Properties map[string]map[string]any }
		} `json:"$defs"`
	}
	if err := json.Unmarshal(SchemaJSON(), &schema); err != nil {
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
			t.Errorf("%s: is no string", name)
		}
	}
}

func recallOf(t *testing.T) *recall {
	t.Helper()
	return newRecall(mustCompile(t).token, Limits{}.orDefault())
}

// TestTimesOfMembers: the format of a time is all that the schema asks of it, so
// that a time can be put into a member that has passed with another one.
func TestTimesOfMembers(t *testing.T) {
	var keywords func(any)
	keywords = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if v["format"] == "date-time" {
				for keyword := range v {
					if !slices.Contains([]string{"description", "type", "format"}, keyword) {
						t.Errorf("%v: a time with the keyword %s", v["description"], keyword)
					}
				}
			}
			for _, inner := range v {
				keywords(inner)
			}
		case []any:
			for _, inner := range v {
				keywords(inner)
			}
		}
	}
	var document any
	if err := json.Unmarshal(SchemaJSON(), &document); err != nil {
		t.Fatal(err)
	}
	keywords(document)
}
