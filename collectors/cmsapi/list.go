package cmsapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/strictjson"
)

const (
	// maxElements is how many elements are read of an array: more than any CMS
	// sends, and few enough to hold. Lists that come in pages have a bound of their
	// own, see List.Decode.
	maxElements = 100_000
	// maxBroken is how many elements or items of a list may be broken before the
	// rest is not looked at. What costs nothing to send, such as a million times
	// {}, would cost much to hold.
	maxBroken = 100
	// maxRoom is for how many elements room is made before they are decoded. It
	// saves what growing step by step leaves behind.
	maxRoom = 1000
)

// List is an array whose elements are decoded one by one: an element that
// cannot be read is counted, and the others are kept.
//
// An element whose type has a method Flaw() string cannot be read, either, if that
// returns a reason, such as "has no id".
type List[T any] struct {
	Items []T
	// State is FieldGiven for an array, even if not all of it could be read.
	State FieldState
	// Broken counts the elements that could not be read, or are too many; their
	// reasons, of which the first is kept, go to Err.
	Broken int
	first  string
	wrong  string
}

// UnmarshalJSON implements json.Unmarshaler. It never fails.
func (l *List[T]) UnmarshalJSON(b []byte) error {
	l.Decode(b, maxElements)
	return nil
}

// Decode is UnmarshalJSON for an array in which no more than most elements make
// sense: the others are not decoded, and count as broken. b is valid JSON.
func (l *List[T]) Decode(b []byte, most int) {
	*l = List[T]{State: FieldNull}
	switch shape := jsonType(b); shape {
	case "null":
		return
	case "an array":
		l.State, l.Items = FieldGiven, make([]T, 0, min(countElements(b), most, maxRoom))
	default:
		l.State, l.wrong = FieldWrong, shape
		return
	}
	for element := range elements(b) {
		switch {
		case l.Broken >= maxBroken:
			l.Broken++
		case len(l.Items) >= most:
			l.add(fmt.Sprintf("is one more than the %d that an answer may have", most))
		default:
			v, wrong := decodeElement[T](element)
			if wrong != "" {
				l.add(wrong)
				continue
			}
			l.Items = append(l.Items, v)
		}
	}
}

// add counts a broken element.
func (l *List[T]) add(wrong string) {
	if l.Broken++; l.Broken == 1 {
		l.first = fmt.Sprintf("element %d %s", len(l.Items)+1, wrong)
	}
}

// elements splits an array, which is valid JSON, into its elements.
func elements(array []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		depth, begin := 0, 0
		for i := 0; i < len(array); i++ {
			ends := false
			switch array[i] {
			case '"':
				i = strictjson.EndOfString(array, i) - 1
			case '[', '{':
				if depth++; depth == 1 {
					begin = i + 1
				}
			case ']', '}':
				depth--
				ends = depth == 0
			case ',':
				ends = depth == 1
			}
			if !ends {
				continue
			}
			// Only an empty array has an element of nothing.
			if element := bytes.TrimSpace(array[begin:i]); len(element) > 0 && !yield(element) {
				return
			}
			begin = i + 1
		}
	}
}

// countElements counts the elements of an array.
func countElements(array []byte) int {
	n := 0
	for range elements(array) {
		n++
	}
	return n
}

// decodeElement decodes one element of a list or object; wrong says what it is
// instead, as in "is null", and is empty if it could be decoded. An element that is
// null is none.
func decodeElement[T any](b []byte) (v T, wrong string) {
	if string(b) == "null" {
		return v, "is null"
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return v, "is " + wrongShape(b, err)
	}
	if flawed, ok := any(&v).(interface{ Flaw() string }); ok {
		return v, flawed.Flaw()
	}
	return v, ""
}

// Err says what of the list could not be read: nil if all was. Name is the
// member's name in the CMS's API. Its class is unreadable.
func (l List[T]) Err(name string) *Error {
	switch {
	case l.State != FieldGiven:
		return &Error{Class: inventory.ErrUnreadable, Message: reason(name, l.State, l.wrong)}
	case l.Broken > 0:
		return brokenError(name, l.Broken, len(l.Items)+l.Broken, l.first)
	}
	return nil
}

func brokenError(name string, broken, all int, first string) *Error {
	return &Error{Class: inventory.ErrUnreadable, Message: fmt.Sprintf("%d of %d %s cannot be read: %s", broken, all, name, first)}
}
