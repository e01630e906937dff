package codec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// TestRecallKnowsTheToken: recall judges a token by its members, which is right
// only while the schema says nothing else about it, and while it knows all.
func TestRecallKnowsTheToken(t *testing.T) {
	var fields []string
	for field := range reflect.TypeFor[inventory.Token]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		fields = append(fields, name)
	}
	slices.Sort(fields)
	if diff := cmp.Diff(fields, slices.Sorted(maps.Keys(memberDecoders()))); diff != "" {
		t.Errorf("members (-Token +recall):\n%s", diff)
	}
	if len(fields) > 64 {
		t.Errorf("%d members do not fit into 64 bits", len(fields))
	}
	for _, field := range fields {
		if len(field) > longestTime {
			t.Errorf("%s is longer than a time, and its length is not looked at", field)
		}
	}
	var schema struct {
		Defs struct{ Token map[string]json.RawMessage } `json:"$defs"`
	}
	if err := json.Unmarshal(inventory.SchemaJSON(), &schema); err != nil {
		t.Fatal(err)
	}
	want := []string{"additionalProperties", "description", "properties", "required", "type"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(schema.Defs.Token))); diff != "" {
		t.Errorf("keywords of the token schema (-known +found):\n%s", diff)
	}
}

// TestRecallFills: what is right is decoded by recall itself, and nothing else.
func TestRecallFills(t *testing.T) {
	var compact bytes.Buffer
	if err := json.Compact(&compact, goldenToken(t)); err != nil {
		t.Fatal(err)
	}
	plain := compact.String()
	for _, test := range []struct {
		name, from, to string
		limits         Limits
		filled         bool
	}{
		{"a token", "", "", Limits{}, true},
		{"white space", plain, " " + string(goldenToken(t)) + "\r\n\t ", Limits{}, true},
		{"no description", `"description":"made by hand"`, `"description":""`, Limits{}, true},
		{"strings as long as allowed", "made by hand", strings.Repeat("x", 60), Limits{String: 60}, true},
		{"a string that is too long", "made by hand", strings.Repeat("x", 61), Limits{String: 60}, false},
		{"values as deep as allowed", "", "", Limits{Depth: 4}, true},
		{"values that are too deep", "", "", Limits{Depth: 3}, false},
		{"no name of a source", `"cms":"datocms"`, `"cms":""`, Limits{}, false},
		{"a key with an escape", `"ref":`, `"\u0072ef":`, Limits{}, false},
		{"an unknown key", `"ref":`, `"ref":"","fer":`, Limits{}, false},
		{"a key that occurs twice", `"ref":`, `"ref":"1","ref":`, Limits{}, false},
		{"a missing key", `"ref":"0001",`, ``, Limits{}, false},
		{"no quote before a key", `"ref":`, `xref":`, Limits{}, false},
		{"no quotes", plain, `{id`, Limits{}, false},
		{"no colon", `"ref":`, `"ref";`, Limits{}, false},
		{"no comma", `,"ref":`, `"ref":`, Limits{}, false},
		{"no member after a comma", `"line":12}}`, `"line":12},}`, Limits{}, false},
		{"no value", `"ref":"0001"`, `"ref":`, Limits{}, false},
		{"no string", `"ref":"0001"`, `"ref":1`, Limits{}, false},
		{"no end", `"line":12}}`, `"line":12}`, Limits{}, false},
		{"more text behind it", `"line":12}}`, `"line":12}}{}`, Limits{}, false},
		{"no object", plain, `[]`, Limits{}, false},
		{"nothing", plain, ``, Limits{}, false},
	} {
		if !strings.Contains(plain, test.from) {
			t.Fatalf("%s: the token has no %s", test.name, test.from)
		}
		raw := strings.Replace(plain, test.from, test.to, 1)
		r := newRecall(mustCompile(t).token, test.limits.orDefault())
		for range 2 {
			var token inventory.Token
			if filled := r.fill([]byte(raw), &token); filled != test.filled {
				t.Errorf("%s: filled in: %t", test.name, filled)
			}
		}
		if !sameWithout(t, r, raw) {
			t.Errorf("%s", test.name)
		}
	}
}

// TestRecallShortStrings: the limit on strings holds for a time that comes in the
// place of a shorter one.
func TestRecallShortStrings(t *testing.T) {
	const short, long = "2026-12-22T00:00:00Z", "2026-12-22T00:00:00.123456789Z"
	token := strings.ReplaceAll(string(goldenToken(t)), "datocms/projects/1/access_tokens/", "")
	for limit, want := range map[int]bool{len(long) - 1: false, len(long): true} {
		r := newRecall(mustCompile(t).token, Limits{String: limit}.orDefault())
		if !strings.Contains(token, short) || !sameWithout(t, r, token) || !sameWithout(t, r, strings.ReplaceAll(token, short, long)) {
			t.Errorf("strings of %d bytes", limit)
		}
		for _, raw := range []string{token, strings.ReplaceAll(token, short, long)} {
			var got inventory.Token
			if fault := r.token(fragment{raw: []byte(raw)}, &got); (fault == nil) != (want || raw == token) {
				t.Errorf("strings of %d bytes: %v", limit, fault)
			}
		}
	}
}

// TestRecallForgets: what is remembered stays within its bound, and of two
// members the one that came last, or came again, is forgotten last.
func TestRecallForgets(t *testing.T) {
	r := recallOf(t)
	m := r.members["created_at"]
	stamp := func(reason int) []byte {
		return fmt.Appendf(nil, `{"state":"unknown","at":"2026-01-02T03:04:05Z","reason":"%0900d"}`, reason)
	}
	have := func(reason int) bool {
		var p pattern
		p.read(m, stamp(reason))
		_, recent := r.recent[string(p.key)]
		_, older := r.older[string(p.key)]
		return recent || older
	}
	many := 4 * maxRemembered / maxMember
	for i := range many {
		for _, reason := range []int{i, 0} {
			var token inventory.Token
			if !r.apply(m, stamp(reason), &token) || token.CreatedAt.Reason != fmt.Sprintf("%0900d", reason) {
				t.Fatalf("after %d members: %+v", i, token.CreatedAt)
			}
		}
		for _, remembered := range []map[string]remembered{r.recent, r.older} {
			length := 0
			for key := range remembered {
				length += len(key)
			}
			if length > maxRemembered {
				t.Fatalf("%d bytes are remembered", length)
			}
		}
		if !have(i) || !have(0) {
			t.Fatalf("after %d members: the last is remembered: %t, the common one: %t", i, have(i), have(0))
		}
	}
	if have(1) {
		t.Error("the member that came once is still remembered")
	}
	if least := maxRemembered / maxMember; len(r.recent)+len(r.older) < least {
		t.Errorf("only %d members are remembered", len(r.recent)+len(r.older))
	}
	for key := range r.older {
		if _, ok := r.recent[key]; !ok {
			if _, ok := r.known([]byte(key)); !ok || r.recent[key].set == nil {
				t.Error("an older member is not found, or does not become a recent one")
			}
			break
		}
	}
}

// TestRecallLongMembers: the longest members are decoded, and not remembered.
func TestRecallLongMembers(t *testing.T) {
	for length, want := range map[int]int{maxMember: 1, maxMember + 1: 0} {
		r := recallOf(t)
		frame := len(`{"state":"unknown","reason":""}`)
		reason := strings.Repeat("x", length-frame)
		var token inventory.Token
		if !r.apply(r.members["created_at"], []byte(`{"state":"unknown","reason":"`+reason+`"}`), &token) || token.CreatedAt.Reason != reason {
			t.Errorf("%d bytes: %+v", length, token.CreatedAt)
		}
		if len(r.recent) != want {
			t.Errorf("%d bytes: %d members are remembered, not %d", length, len(r.recent), want)
		}
	}
}

func TestParseDepth(t *testing.T) {
	for depth, want := range map[int]bool{3: true, 4: false} {
		raw := strings.Repeat("[", depth) + strings.Repeat("]", depth)
		if _, bad := parse([]byte(raw), Limits{Depth: 2}.orDefault()); (bad == nil) != want {
			t.Errorf("depth %d: %v", depth, bad)
		}
	}
}

// TestParseSurrogates: a character outside the basic plane has two escapes.
func TestParseSurrogates(t *testing.T) {
	for raw, want := range map[string]string{
		`"\ud83d\uDD11"`:              "\U0001f511",
		`"a\ud83d\udd11\ud83d\udd11"`: "a\U0001f511\U0001f511",
		`"\\ud83d"`:                   `\ud83d`,
		`"\ufffd\u0041\n"`:            "\ufffdA\n",
	} {
		if got, bad := parse([]byte(raw), Limits{}.orDefault()); bad != nil || got != want {
			t.Errorf("%s: %q, %v", raw, got, bad)
		}
	}
}

// FuzzRecall: with or without memory, a token is decoded to the same value or
// refused for the same reason. The times are put, line by line, in place of those
// of the token: members differ in little else.
func FuzzRecall(f *testing.F) {
	golden := string(goldenToken(f))
	const times = "2000-01-01T00:00:00Z\n2026-01-02T03:04:05.123456789Z"
	f.Add(golden, times, uint16(300), uint8(4))
	f.Add(golden, "2000-01-01T00:00:00+00:00\n2026-01-02T03:04:05Z\n\x01", uint16(0), uint8(0))
	f.Add(golden, times, uint16(longestTime-1), uint8(2))
	f.Add(strings.ReplaceAll(golden, `"evidence": "cms"`, `"evidence": "2026-01-02T03:04:05Z"`), times, uint16(300), uint8(4))
	f.Add(strings.ReplaceAll(golden, `"role": {`, `"role": null, "x": {`), times, uint16(300), uint8(4))
	f.Add(`{"id":"\u0041","id":"b"}`, "", uint16(0), uint8(0))
	s := mustCompile(f)
	timeText := regexp.MustCompile(`[0-9-]{10}T[0-9:.]{8,}Z`)
	f.Fuzz(func(t *testing.T, token, times string, maxString uint16, maxDepth uint8) {
		r := newRecall(s.token, Limits{String: int(maxString), Depth: int(maxDepth)}.orDefault())
		next, lines := 0, strings.Split(times, "\n")
		for range 3 {
			if !sameWithout(t, r, token) {
				return
			}
			token = timeText.ReplaceAllStringFunc(token, func(string) string {
				next++
				return lines[next%len(lines)]
			})
		}
	})
}

// goldenToken is a token without what earlier inventories tell, indented.
func goldenToken(t testing.TB) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "inventory.json"))
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Sources []struct{ Tokens []json.RawMessage }
	}
	if err := json.Unmarshal(raw, &document); err != nil {
		t.Fatal(err)
	}
	return document.Sources[0].Tokens[1]
}

// sameWithout reports whether a token is decoded, or refused, as it is without
// memory: the second time it is remembered.
func sameWithout(t *testing.T, r *recall, token string) bool {
	t.Helper()
	f := fragment{raw: []byte(token), pointer: "sources/0/tokens/0", offset: 7, line: 3}
	var want inventory.Token
	fault := f.token(r.schema, r.limits, &want)
	for range 2 {
		var got inventory.Token
		if diff := cmp.Diff(fault, r.token(f, &got)); diff != "" {
			t.Errorf("%q\nlimits %+v\nfault (-without +with memory):\n%s", token, r.limits, diff)
			return false
		}
		if fault == nil && !reflect.DeepEqual(want, got) {
			t.Errorf("%q\nlimits %+v\ntoken (-without +with memory):\n%s", token, r.limits, cmp.Diff(want, got))
			return false
		}
		scribble(&got)
	}
	return true
}

// scribble writes over all that is behind the slices, maps and pointers of t, as
// whoever has a token may.
func scribble(t *inventory.Token) {
	EachValue(reflect.ValueOf(t).Elem(), func(v reflect.Value) {
		if _, ok := reflect.TypeAssert[time.Time](v); ok {
			v.Set(reflect.ValueOf(time.Unix(7, 0)))
		} else if v.Kind() == reflect.String {
			v.SetString("scribbled")
		}
	})
}

func mustCompile(t testing.TB) schemas {
	t.Helper()
	s, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	return s
}
