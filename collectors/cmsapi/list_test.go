package cmsapi

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/strictjson"
)

// flawed is an element that is broken without an id.
type flawed struct {
	ID Field[string] `json:"id"`
}

func (f flawed) Flaw() string {
	if f.ID.Value == "" {
		return "has no id"
	}
	return ""
}

func TestListsAreBounded(t *testing.T) {
	t.Parallel()
	many := func(n int, element string) string {
		return "[" + strings.TrimSuffix(strings.Repeat(element+",", n), ",") + "]"
	}
	tests := map[string]struct {
		json  string
		items int
		err   string
	}{
		"as many as there may be":  {many(500, `{"id":"a"}`), 500, ""},
		"one more":                 {many(501, `{"id":"a"}`), 500, "1 of 501 keys cannot be read: element 501 exceeds the limit of 500 elements in a response"},
		"many more":                {many(9000, `{"id":"a"}`), 500, "8500 of 9000 keys cannot be read: element 501 exceeds the limit of 500 elements in a response"},
		"a hundred without an id":  {many(100, `{}`), 0, "100 of 100 keys cannot be read: element 1 has no id"},
		"and what comes after it":  {strings.Replace(many(101, `{}`), `{}]`, `{"id":"a"}]`, 1), 0, "101 of 101 keys cannot be read: element 1 has no id"},
		"fewer without an id":      {strings.Replace(many(100, `{}`), `{}]`, `{"id":"a"}]`, 1), 1, "99 of 100 keys cannot be read: element 1 has no id"},
		"a flaw in the middle":     {`[{"id":"a"},{"id":""},{"id":"b"}]`, 2, "1 of 3 keys cannot be read: element 2 has no id"},
		"an array within an array": {`[[],[[]],{"id":"a"}]`, 1, "2 of 3 keys cannot be read: element 1 is an array"},
	}
	for name, test := range tests {
		var l List[flawed]
		l.Decode([]byte(test.json), 500)
		message := ""
		if err := l.Err("keys"); err != nil {
			message = err.Message
		}
		if len(l.Items) != test.items || message != test.err {
			t.Errorf("%s: %d items, %q; want %d, %q", name, len(l.Items), message, test.items, test.err)
		}
	}
}

// A list whose pages are broken is left after a hundred items, however many pages
// there are.
func TestReadPagesLeavesWhatIsBroken(t *testing.T) {
	t.Parallel()
	list := &shelf{items: 90_000, limit: 100, page: func(int) []int { return nil }, broken: map[int]int{}}
	for skip := 0; skip < list.items; skip += 100 {
		list.broken[skip] = 60
	}
	got := list.read(t.Context())
	if got.Err == nil || got.Err.Message != "120 of 120 API keys cannot be read: element 1 is a string" || len(list.asked) > 1+pagesAtOnce {
		t.Errorf("asked %d pages: %v", len(list.asked), got.Err)
	}
}

// Lists cost no more than they hold, however short their elements are.
func TestListsMakeRoomForWhatTheyMayHold(t *testing.T) {
	t.Parallel()
	type large struct {
		flawed
		Room [1 << 12]byte
	}
	var l List[large]
	document := []byte("[" + strings.TrimSuffix(strings.Repeat("{},", 100_000), ",") + "]")
	if err := json.Unmarshal(document, &l); err != nil {
		t.Fatal(err)
	}
	if cap(l.Items) > maxRoom || l.Broken != 100_000 {
		t.Error(fmt.Sprint("room for ", cap(l.Items), ", broken ", l.Broken))
	}
}

// heavy is an element of which something large is made.
type heavy struct{ flawed }

func (heavy) Weight() int { return TokenWeight }

// What a list may hold depends on how long it is: honest elements are long enough,
// however many there are.
func TestListsTakeNoMoreThanTheirLengthJustifies(t *testing.T) {
	t.Parallel()
	const n = 20_000
	honest := `{"id":"a","description":"` + strings.Repeat("x", 300) + `"}`
	for name, test := range map[string]struct {
		element string
		whole   bool
	}{"honest": {honest, true}, "an id alone": {`{"id":"a"}`, false}} {
		var l List[heavy]
		document := "[" + strings.TrimSuffix(strings.Repeat(test.element+",", n), ",") + "]"
		if err := json.Unmarshal([]byte(document), &l); err != nil {
			t.Fatal(err)
		}
		if len(l.Items)+l.Broken != n || (l.Broken == 0) != test.whole {
			t.Errorf("%s: %d and %d broken", name, len(l.Items), l.Broken)
		}
		if most := (anyList + maxSwell*len(document)) / TokenWeight; len(l.Items) > most {
			t.Errorf("%s: %d of %d bytes", name, len(l.Items), len(document))
		}
	}
	var few List[heavy]
	few.Decode([]byte("["+strings.TrimSuffix(strings.Repeat(`{"id":"a"},`, 100), ",")+"]"), maxElements)
	if few.Broken > 0 {
		t.Errorf("a short list: %v", few.Err("tokens"))
	}
}

func TestMapsAreBounded(t *testing.T) {
	t.Parallel()
	object := func(n int) []byte {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `"m%d" : true ,`, i)
		}
		return []byte("{" + strings.TrimSuffix(b.String(), ",") + "}")
	}
	for n, want := range map[int]string{0: "", maxMembers: "", maxMembers + 1: "x in the CMS's response is an object of more than 10000 members"} {
		var m Map[Flag]
		if err := json.Unmarshal(object(n), &m); err != nil {
			t.Fatal(err)
		}
		if got := m.Reason("x"); got != want || want == "" && len(m.Members) != n {
			t.Errorf("%d members: %q, and %d of them", n, got, len(m.Members))
		}
	}
}

// A Map has the members that encoding/json finds.
func FuzzMap(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":1}`, `{ "a\"}" : "," , "b" :{"c":[1,2]},"":null }`, `{"\u0061:":true}`, `[]`, `[1]`, `"x"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var want map[string]json.RawMessage
		if json.Unmarshal(b, &want) != nil || want == nil || strictjson.RepeatedMember(b) >= 0 {
			return
		}
		var got Map[json.RawMessage]
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if len(got.Members)+len(got.Broken) != len(want) {
			t.Fatalf("%q: %d members, want %d", b, len(got.Members), len(want))
		}
		for name, value := range got.Members {
			if string(value) != string(want[name]) {
				t.Errorf("%q: member %q is %q, want %q", b, name, value, want[name])
			}
		}
	})
}
