package strictjson

import (
	"reflect"
	"testing"
)

// field decodes itself.
type field struct{}

func (*field) UnmarshalJSON([]byte) error { return nil }

// TestWhatHasALayout: whatever encoding/json may see otherwise is left to it.
func TestWhatHasALayout(t *testing.T) {
	t.Parallel()
	type one struct {
		A field `json:"a"`
	}
	twice := func(name string) reflect.StructField {
		return reflect.StructField{Name: name, Type: reflect.TypeFor[field](), Tag: `json:"a"`}
	}
	for name, test := range map[string]struct {
		of   reflect.Type
		want bool
	}{
		"fields of its own": {reflect.TypeFor[one](), true},
		"embedded fields":   {reflect.TypeFor[struct{ one }](), true},
		"no fields":         {reflect.TypeFor[struct{}](), true},
		"no struct":         {reflect.TypeFor[[]one](), false},
		"a plain field": {reflect.TypeFor[struct {
			A string `json:"a"`
		}](), false},
		"a field without a name": {reflect.TypeFor[struct{ A field }](), false},
		"a name of two fields":   {reflect.StructOf([]reflect.StructField{twice("A"), twice("B")}), false},
		"an embedded pointer":    {reflect.TypeFor[struct{ *one }](), false},
	} {
		if got := layoutOf(test.of) != nil; got != test.want {
			t.Errorf("%s: %t, want %t", name, got, test.want)
		}
	}
}
