package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/input"
)

// fill sets every field of a value, so that a field that the encoder forgets
// shows up as a difference.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(int64(*n))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), n)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(key, n)
			fill(value, n)
			v.SetMapIndex(key, value)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(auditTime.Add(time.Duration(*n) * time.Minute)))
			return
		}
		for _, field := range v.Fields() {
			fill(field, n)
		}
	}
}

// asInput is what the encoder must be equal to: the JSON of the struct.
func asInput(t *testing.T, values ...any) ast.Value {
	t.Helper()
	object := ast.NewObject()
	for _, value := range values {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		v, err := ast.ValueFromReader(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		v.(ast.Object).Foreach(func(key, value *ast.Term) { object.Insert(key, value) })
	}
	return object
}

func TestTokenTermIsItsJSON(t *testing.T) {
	var token inventory.Token
	var derived input.Derived
	n := 0
	fill(reflect.ValueOf(&token).Elem(), &n)
	fill(reflect.ValueOf(&derived).Elem(), &n)
	want, got := asInput(t, token, derived), input.NewEncoder().Token(&token, &derived).Value
	if want.Compare(got) != 0 {
		t.Error(cmp.Diff(want.String(), got.String()))
	}
}

// What is shared between tokens is shared only while it is equal: each token of a
// row that differs in one part from the one before is built as if it stood alone.
func TestEncoderSharesOnlyWhatIsEqual(t *testing.T) {
	base := aToken("a")
	n := 0
	var other inventory.Token
	fill(reflect.ValueOf(&other).Elem(), &n)
	encoder := input.NewEncoder()
	row := []inventory.Token{base}
	for i := range reflect.TypeFor[inventory.Token]().NumField() {
		changed := base
		reflect.ValueOf(&changed).Elem().Field(i).Set(reflect.ValueOf(other).Field(i))
		row = append(row, changed, base)
	}
	for _, name := range []string{"Access", "Environments", "LastUsed"} {
		part := reflect.ValueOf(other).FieldByName(name)
		for i := range part.NumField() {
			changed := base
			reflect.ValueOf(&changed).Elem().FieldByName(name).Field(i).Set(part.Field(i))
			row = append(row, changed, base)
		}
	}
	for i := range row {
		derived := input.Derive(&row[i], auditTime)
		if want, got := input.NewEncoder().Token(&row[i], &derived), encoder.Token(&row[i], &derived); want.Value.Compare(got.Value) != 0 {
			t.Errorf("token %d of the row: %s", i, cmp.Diff(want.String(), got.String()))
		}
	}
}

func TestSourceTermIsItsJSON(t *testing.T) {
	var source inventory.Source
	n := 0
	fill(reflect.ValueOf(&source).Elem(), &n)
	for i := range source.Units { // rules see that a list is partial, not what lacks
		source.Units[i].Missing = nil
	}
	want := asInput(t, source)
	want, err := want.(ast.Object).Filter(ast.NewObject(withoutTokens(want.(ast.Object))...))
	if err != nil {
		t.Fatal(err)
	}
	if got := input.SourceTerm(&source).Value; want.Compare(got) != 0 {
		t.Error(cmp.Diff(want.String(), got.String()))
	}
}

func withoutTokens(object ast.Object) [][2]*ast.Term {
	var keep [][2]*ast.Term
	object.Foreach(func(key, _ *ast.Term) {
		if !key.Equal(input.KeyTokens) {
			keep = append(keep, [2]*ast.Term{key, ast.NullTerm()})
		}
	})
	return keep
}

// Empty texts are present, so that comparisons are never undefined; times and
// counts that are not there are absent.
func TestEmptyTokenTerm(t *testing.T) {
	object := input.NewEncoder().Token(&inventory.Token{}, &input.Derived{}).Value.(ast.Object)
	for _, name := range []string{"description", "twin", "url", "planned", "address", "name", "kind"} {
		if v := object.Get(ast.StringTerm(name)); v == nil || !v.Equal(ast.StringTerm("")) {
			t.Errorf("%s is %v, want an empty text", name, v)
		}
	}
	for _, name := range []string{"branches", "age_days", "unused_days", "last_used_by_api", "expires_in_days", "lifetime_days"} {
		if v := object.Get(ast.StringTerm(name)); v != nil {
			t.Errorf("%s is %v, want it absent", name, v)
		}
	}
	if v := object.Get(ast.StringTerm("role")); v == nil || v.Value.Compare(ast.Null{}) != 0 {
		t.Errorf("role is %v, want null", v)
	}
	expiry := object.Get(ast.StringTerm("expiry")).Value.(ast.Object)
	if v := expiry.Get(ast.StringTerm("at")); v != nil {
		t.Errorf("expiry.at is %v, want it absent", v)
	}
}
