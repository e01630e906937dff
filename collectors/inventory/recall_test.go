package inventory

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRecallKnowsTheToken: recall judges a token by its members, which is right
// only while the schema says nothing else about it, and while it knows all.
func TestRecallKnowsTheToken(t *testing.T) {
	var fields []string
	for field := range reflect.TypeFor[Token]().Fields() {
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
	var schema struct {
		Defs struct{ Token map[string]json.RawMessage } `json:"$defs"`
	}
	if err := json.Unmarshal(SchemaJSON(), &schema); err != nil {
		t.Fatal(err)
	}
	want := []string{"additionalProperties", "description", "properties", "required", "type"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(schema.Defs.Token))); diff != "" {
		t.Errorf("keywords of the token schema (-known +found):\n%s", diff)
	}
}

func TestRecallForgets(t *testing.T) {
	r := newRecall(mustCompile(t).token, Limits{}.orDefault())
	for i := range 3 * maxRemembered {
		r.store(string(rune(i)), remembered{})
	}
	if n := len(r.recent) + len(r.older); n > 2*maxRemembered {
		t.Errorf("%d members are remembered", n)
	}
	if _, ok := r.known([]byte(string(rune(3*maxRemembered - 1)))); !ok {
		t.Error("the last member is forgotten")
	}
	if _, ok := r.known([]byte(string(rune(0)))); ok {
		t.Error("the first member is still remembered")
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

// FuzzRecall: with or without memory, a token is decoded to the same value or
// refused for the same reason.
func FuzzRecall(f *testing.F) {
	raw, err := os.ReadFile(filepath.Join("testdata", "inventory.json"))
	if err != nil {
		f.Fatal(err)
	}
	var document struct {
		Sources []struct{ Tokens []json.RawMessage }
	}
	if err := json.Unmarshal(raw, &document); err != nil {
		f.Fatal(err)
	}
	tokens := document.Sources[0].Tokens
	f.Add([]byte(tokens[0]))
	f.Add([]byte(strings.ReplaceAll(string(tokens[1]), `"role": {`, `"role": null, "x": {`)))
	f.Add([]byte(`{"id":"\u0041","id":"b"}`))
	s := mustCompile(f)
	l := Limits{Depth: 4, String: 300}.orDefault()
	r := newRecall(s.token, l)
	f.Fuzz(func(t *testing.T, raw []byte) {
		at := fragment{raw: raw, line: 1}
		var slow Token
		wrong := at.token(s.token, l, &slow)
		for range 2 { // the second time from memory
			var fast Token
			if diff := cmp.Diff(wrong, r.token(at, &fast)); diff != "" {
				t.Fatalf("fault (-slow +fast):\n%s", diff)
			}
			if diff := cmp.Diff(slow, fast); wrong == nil && diff != "" {
				t.Fatalf("token (-slow +fast):\n%s", diff)
			}
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
