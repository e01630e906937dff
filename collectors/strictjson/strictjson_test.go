package strictjson

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestRepeatedMember(t *testing.T) {
	t.Parallel()
	many := func(last string) string {
		var b strings.Builder
		for i := range 3 * fewMembers {
			fmt.Fprintf(&b, `"m%d":%d,`, i, i)
		}
		return "{" + b.String() + `"` + last + `":0}`
	}
	for body, want := range map[string]int{
		`{}`: -1, `[]`: -1, `7`: -1, `"a"`: -1, `["a","a"]`: -1, `{"a":"a"}`: -1,
		`{"a":1,"a":1}`:                      7,
		`{"a":{"a":{"a":[]}}}`:               -1,
		`[{"a":1},{"a":1}]`:                  -1,
		`{"a":{"b":1},"c":{"b":1}}`:          -1,
		`{"a":{"b":1},"a":{"b":1}}`:          13,
		`{"a":[{"x":{}},{"y":1, "y" : 2}]}`:  23,
		`{"a":"\"a\":{","b":"}"}`:            -1,
		`{"a\"b":1,"a\"b":2}`:                10,
		`{"ab":1,"a\u0062":2}`:               8,
		`{"a":1,"A":2}`:                      -1,
		`{"":1,"":2}`:                        6,
		`{"a\\":1,"b":2}`:                    -1,
		many("m7"):                           len(many("m7")) - len(`"m7":0}`),
		many("other"):                        -1,
		`{"a":{"x":1},"b":{},"c":{"x":{}}}`:  -1,
		"{\"a\" \n:\t1 , \"a\"\r\n : null }": 12,
	} {
		if !json.Valid([]byte(body)) {
			t.Fatalf("%s is not JSON", body)
		}
		if got := RepeatedMember([]byte(body)); got != want {
			t.Errorf("%.60s: %d, want %d", body, got, want)
		}
	}
}

func TestTooDeep(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		``: -1, `1`: -1, `[[1]]`: -1, `[{"a":[]}]`: 6, `["[[[["]`: -1, `["\"[[[",[[1]]]`: 10, `[[],[],[],[]]`: -1,
	} {
		if got := TooDeep([]byte(text), 2); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
}

func TestMisspelt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{}`: "", `{"a":1,"name":2}`: "", `{"A":1}`: "a", `{"a":1,"NAME":{}}`: "name", `{"b":{"A":1}}`: "", `[]`: "", `{`: "", `7`: "",
	} {
		if got := Misspelt([]byte(text), "a", "name"); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// FuzzRepeatedMember holds the search against the decoder of the standard
// library, which gives the names one by one.
func FuzzRepeatedMember(f *testing.F) {
	f.Add([]byte(`{"a":[{"x":{}},{"y":1, "y" : 2}]}`))
	f.Add([]byte(`{"ab":1,"a\u0062":2}`))
	f.Add([]byte(`[{"a":"\"}{"},"b"]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if !json.Valid(body) {
			return
		}
		if got, want := RepeatedMember(body) >= 0, repeatsSlowly(json.NewDecoder(strings.NewReader(string(body)))); got != want {
			t.Fatalf("%q: %t, want %t", body, got, want)
		}
	})
}

// repeatsSlowly reads one value, and reports whether an object in it has a member
// twice.
func repeatsSlowly(d *json.Decoder) bool {
	token, err := d.Token()
	delim, opens := token.(json.Delim)
	if err != nil || !opens {
		return false
	}
	found := false
	seen := map[string]bool{}
	for d.More() {
		if delim == '{' {
			name, err := d.Token()
			key, isText := name.(string)
			if err != nil || !isText {
				return found
			}
			found = found || seen[key]
			seen[key] = true
		}
		found = repeatsSlowly(d) || found
	}
	_, _ = d.Token()
	return found
}
