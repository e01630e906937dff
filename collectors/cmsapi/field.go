package cmsapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tokenaudit/tokenaudit/collectors/strictjson"
)

// FieldState says what was found where a field should be.
type FieldState uint8

// The states of a field. The zero value is FieldAbsent.
const (
	// FieldAbsent: the answer has no such member.
	FieldAbsent FieldState = iota
	// FieldNull: the member is null.
	FieldNull
	// FieldWrong: the member has a type or form that nobody documented.
	FieldWrong
	// FieldGiven: Value holds it.
	FieldGiven
)

// Field is a member of a CMS's answer that never makes the decoding fail: what
// is not understood stays unknown, with a reason, and the rest of the answer
// is kept.
type Field[T any] struct {
	// wrong says what was found instead, such as "a number"; nil unless State is
	// FieldWrong. A pointer, because a token has dozens of fields that are not.
	wrong *string
	// Value is the zero value unless State is FieldGiven.
	Value T
	State FieldState
}

// Given makes a field that holds v.
func Given[T any](v T) Field[T] { return Field[T]{Value: v, State: FieldGiven} }

// UnmarshalJSON implements json.Unmarshaler. It never fails.
func (f *Field[T]) UnmarshalJSON(b []byte) error {
	*f = Field[T]{State: FieldNull}
	if string(b) == "null" {
		return nil
	}
	if err := unmarshal(b, &f.Value); err != nil {
		wrong := wrongShape(b, err)
		*f = Field[T]{State: FieldWrong, wrong: &wrong}
		return nil
	}
	f.State = FieldGiven
	return nil
}

// unmarshal is json.Unmarshal for a value that is known to be valid JSON. What
// decodes itself is called directly, and so are the members of a struct: for a member
// of a few bytes the decoder in between costs many times what the member does, and it
// reads each byte anew for every object around it.
func unmarshal(b []byte, v any) error {
	switch v := v.(type) {
	case json.Unmarshaler:
		return v.UnmarshalJSON(b)
	case *string:
		if plain, ok := plainText(b); ok {
			*v = plain
			return nil
		}
	}
	if b[0] == '{' {
		if ok, err := strictjson.DecodeObject(b, v); ok {
			return err
		}
	}
	return json.Unmarshal(b, v)
}

// plainText is a string without escapes.
func plainText(b []byte) (string, bool) {
	if len(b) < 2 || b[0] != '"' || bytes.IndexByte(b, '\\') >= 0 || !utf8.Valid(b) {
		return "", false
	}
	return string(b[1 : len(b)-1]), true
}

// MarshalJSON implements json.Marshaler; anything but a given value is null.
func (f Field[T]) MarshalJSON() ([]byte, error) {
	if f.State != FieldGiven {
		return []byte("null"), nil
	}
	return json.Marshal(f.Value)
}

// Get returns the value, and whether there is one.
func (f Field[T]) Get() (T, bool) { return f.Value, f.State == FieldGiven }

// Or returns the value, or fallback where there is none.
func (f Field[T]) Or(fallback T) T {
	if f.State == FieldGiven {
		return f.Value
	}
	return fallback
}

// Missing reports whether the member is absent or null.
func (f Field[T]) Missing() bool { return f.State == FieldAbsent || f.State == FieldNull }

// Reason says why there is no value, in words for a user; empty if there is
// one. Name is the field's name in the CMS's API.
func (f Field[T]) Reason(name string) string { return reason(name, f.State, f.wrong) }

func reason(name string, state FieldState, wrong *string) string {
	switch state {
	case FieldGiven:
		return ""
	case FieldNull:
		return name + " is null in the CMS's response"
	case FieldWrong:
		return name + " in the CMS's response is " + *wrong
	default:
		return "the CMS's response has no " + name
	}
}

// JoinReasons joins reasons, without those that are empty or repeat the one before.
func JoinReasons(reasons ...string) string {
	given := slices.DeleteFunc(reasons, func(r string) bool { return r == "" })
	return strings.Join(slices.Compact(given), "; ")
}

// wrongShape says what b is, without quoting it: it may be a secret that sits
// in the wrong place.
func wrongShape(b []byte, err error) string {
	if e, ok := errors.AsType[*formError](err); ok {
		return e.form
	}
	var shape *json.UnmarshalTypeError
	if errors.As(err, &shape) && shape.Field != "" {
		return fmt.Sprintf("of an unexpected shape (%s is a %s)", shape.Field, firstWord(shape.Value))
	}
	return jsonType(b)
}

// jsonType names the type of a JSON value.
func jsonType(b []byte) string {
	b = bytes.TrimSpace(b)
	if len(b) == 0 {
		return "empty"
	}
	switch b[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	default:
		return "a number"
	}
}

// formError is a value of the right type and the wrong form. It does not quote
// the value.
type formError struct{ form string }

func (e *formError) Error() string { return e.form }

// Text is a string, or a number in the digits the CMS wrote.
type Text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *Text) UnmarshalJSON(b []byte) error {
	switch jsonType(b) {
	case "a string":
		return unmarshal(b, (*string)(t))
	case "a number":
		*t = Text(b)
	default:
		return &formError{jsonType(b)}
	}
	return nil
}

// Flag is a boolean, also as the string "true" or "false" or the number 0 or 1.
type Flag bool

// UnmarshalJSON implements json.Unmarshaler.
func (f *Flag) UnmarshalJSON(b []byte) error {
	switch strings.ToLower(strings.Trim(string(b), `"`)) {
	case "true", "1":
		*f = true
	case "false", "0":
		*f = false
	default:
		return &formError{jsonType(b) + " that is neither true nor false"}
	}
	return nil
}

// Integer is a whole number, also as a string.
type Integer int64

// UnmarshalJSON implements json.Unmarshaler.
func (i *Integer) UnmarshalJSON(b []byte) error {
	s := strings.TrimSpace(strings.Trim(string(b), `"`))
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		// 100.0 and 1e2 are whole numbers too.
		float, floatErr := strconv.ParseFloat(s, 64)
		if n = int64(float); floatErr != nil || float64(n) != float || float > 1<<53 || float < -(1<<53) {
			return &formError{jsonType(b) + " that is not a whole number"}
		}
	}
	*i = Integer(n)
	return nil
}
