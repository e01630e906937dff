package cmsapi

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/strictjson"
)

// outer has fields of its own and of what it embeds, of which one hides another.
type outer struct {
	embedded
	*innerThing `json:"-"`
	Name        Field[Text]   `json:"name"`
	Next        Field[*outer] `json:"next"`
	Plain       Moment        `json:"plain"`
	Hidden      Field[Text]   `json:"-"`
}

type embedded struct {
	Name Field[Integer]     `json:"name"`
	Kept Field[embeddedToo] `json:"kept"`
}

type embeddedToo struct {
	Many List[outer] `json:"many"`
	Map  Map[outer]  `json:"map"`
}

// TestObjectsAreDecodedAsByTheStandardLibrary: reading members directly is an
// optimisation; no answer may come out differently.
func TestObjectsAreDecodedAsByTheStandardLibrary(t *testing.T) {
	t.Parallel()
	for _, document := range []string{
		`{}`, `null`, `[]`, `7`, `"x"`,
		`{"name":"n","kept":{"many":[{"name":"a"},{"name":1},null,3,{}],"map":{"x":{"name":"n"},"y":{"plain":7},"\u007a":{}}}}`,
		`{"name":"first","name":{},"x":{"name":"other"},"-":"x","Hidden":"x","innerThing":{"id":"x"},"id":"x"}`,
		`{"plain":"2026-11-22","next":{"plain":"never","name":"n"}}`, `{"plain":"never","next":null,"name":"kept"}`, `{"plain":null}`,
		` { "n\u0061me" : "\u00e9\ud800" , "kept" : { "many" : [ ] } , "next" : { } } `,
		`{"kept":{"many":{},"map":[]}}`, `{"kept":"text","name":null}`, "{\"name\":\"\xff\",\"\xff\":1}",
	} {
		var want outer
		wantErr := json.Unmarshal([]byte(document), &want)
		var got outer
		err := unmarshalAnswer([]byte(document), &got)
		if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
			t.Errorf("%s: error %v, want %v", document, err, wantErr)
		}
		if diff := cmp.Diff(want, got, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
			t.Errorf("%s (-standard library +got):\n%s", document, diff)
		}
	}
}

// TestNestedObjectsAreReadOnce: encoding/json makes a decoder for each object in another,
// and reads all that is in it for each of them.
func TestNestedObjectsAreReadOnce(t *testing.T) {
	const depth = 50
	document := []byte(strings.Repeat(`{"kept":{"many":[`, depth) + strings.Repeat(`]}}`, depth))
	allocations := testing.AllocsPerRun(10, func() {
		var x outer
		if err := unmarshalAnswer(document, &x); err != nil {
			t.Error(err)
		}
	})
	if most := float64(4 * 2 * depth); allocations > most {
		t.Errorf("%v allocations for %d objects, more than %v", allocations, 2*depth, most)
	}
}

// FuzzObjects holds what decode makes of an answer against the standard library.
func FuzzObjects(f *testing.F) {
	for _, seed := range []string{
		`{"name":"n","kept":{"many":[{"name":"a"},null],"map":{"x":{"next":{}}}},"plain":"2026-11-22"}`, `{"n\u0061me":1,"Name":2}`, `{"plain":7,"next":{"plain":8}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var want, got outer
		if decode(&answer{status: http.StatusOK, body: []byte(string(b))}, &got) != nil {
			return
		}
		body := []byte(strings.TrimPrefix(string(b), "\ufeff"))
		_ = json.Unmarshal(body, &want) // may have taken a member for another
		if err := strictjson.Exactly(body, &want); err != nil {
			t.Fatalf("%q: %v", b, err)
		}
		if diff := cmp.Diff(want, got, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
			t.Errorf("%q (-standard library +got):\n%s", b, diff)
		}
	})
}
