package strictjson

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
)

// What counts as an element is what encoding/json takes for one.
func FuzzElements(f *testing.F) {
	for _, seed := range []string{
		`[]`, ` [ ] `, `[1]`, `[ 1 , "a,]" ,{"b":[1,2]}, [[],[]] ,null]`, `["\"",",\\"]`, `[{},{}]`, "[\n{\"a\\\\\":\"]\"}\t]",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var want []json.RawMessage
		if json.Unmarshal(b, &want) != nil || !bytes.HasPrefix(bytes.TrimSpace(b), []byte{'['}) {
			return
		}
		got := slices.Collect(Elements(b))
		if len(got) != len(want) || Count(b) != len(want) {
			t.Fatalf("%q has %d elements, want %d", b, len(got), len(want))
		}
		for i := range got {
			if string(got[i]) != string(want[i]) {
				t.Errorf("element %d of %q is %q, want %q", i, b, got[i], want[i])
			}
		}
	})
}

// A member is what encoding/json takes for one.
func FuzzMember(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":1}`, ` { "a\u0062\"" : { "x" : [1] } , "b":":" }`, "{\"\xff\":null}", `{"\ud800":"\\"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var want map[string]json.RawMessage
		if json.Unmarshal(b, &want) != nil || RepeatedMember(b) >= 0 || !bytes.HasPrefix(bytes.TrimSpace(b), []byte{'{'}) {
			return
		}
		if Count(b) != len(want) {
			t.Fatalf("%q has %d members, want %d", b, Count(b), len(want))
		}
		for member := range Elements(b) {
			name, value := Member(member)
			if wanted, known := want[string(name)]; !known || string(value) != string(wanted) {
				t.Errorf("%q of %q is %q, want %q", name, b, value, wanted)
			}
		}
	})
}
