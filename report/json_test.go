package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The streamed document is the one that encoding/json would write.
func TestJSONIsThatOfTheStructs(t *testing.T) {
	for name, r := range map[string]*Report{"sample": sampleReport(), "empty": emptyReport(), "hostile": hostileReport(), "nothing": build(BuildOptions{At: auditTime}, nil)} {
		want, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		var wantValue, gotValue any
		got := rendered(t, "json", r, RenderOptions{})
		if err := json.Unmarshal(want, &wantValue); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(got, &gotValue); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(wantValue, gotValue); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
		if name == "sample" && !bytes.Equal(bytes.TrimSpace(got), want) {
			t.Errorf("layout differs: %s", cmp.Diff(string(want), string(got)))
		}
	}
}

func TestJSONHasNoNull(t *testing.T) {
	for name, r := range map[string]*Report{"sample": sampleReport(), "nothing": build(BuildOptions{At: auditTime}, nil)} {
		var document map[string]any
		if err := json.Unmarshal(rendered(t, "json", r, RenderOptions{}), &document); err != nil {
			t.Fatal(err)
		}
		for _, list := range []string{"rules", "sources", "findings", "gaps", "allowed", "tokens", "accepted_gaps", "rule_errors"} {
			if _, ok := document[list].([]any); !ok {
				t.Errorf("%s: %s is %v, want a list", name, list, document[list])
			}
		}
		for list, v := range document["waivers"].(map[string]any) {
			if _, ok := v.([]any); !ok {
				t.Errorf("%s: waivers.%s is %v, want a list", name, list, v)
			}
		}
	}
}

func TestJSONEscapesAreLossless(t *testing.T) {
	for _, name := range hostileNames() {
		want, err := json.Marshal(name)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if n, err := newSafeJSON(&b).Write(want); err != nil || n != len(want) {
			t.Fatal(n, err)
		}
		var a, c string
		if json.Unmarshal(want, &a) != nil || json.Unmarshal(b.Bytes(), &c) != nil || a != c {
			t.Errorf("%q became %q", a, c)
		}
		if text := b.String(); strings.Contains(text, "##") || strings.ContainsFunc(text, func(r rune) bool { return !isVisible(r) }) {
			t.Errorf("%s shows something harmful", text)
		}
	}
}
