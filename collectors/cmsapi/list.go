package cmsapi

import (
	"fmt"
	"slices"
	"unsafe"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/strictjson"
)

// The bounds of a list. What CMSes list takes some hundred bytes of JSON each, and
// a few thousand in memory once it has become a token. What costs nothing to send,
// such as a million times {}, must not cost as much to hold.
const (
	// maxElements is how many elements are read of an array: more than any CMS
	// sends, and few enough to hold. Lists that come in pages have a bound of their
	// own, see List.Decode.
	maxElements = 100_000
	// maxBroken is how many elements or items of a list may be broken before the
	// rest is not looked at.
	maxBroken = 100
	// maxSwell is how many times as much memory as its JSON a list may take, beyond
	// what any list may take.
	maxSwell, anyList = 10, 512 << 10
	// elementCost is about what decoding an object or array costs on top of its size.
	elementCost = 512
	// maxRoom is for how many elements room is made before they are decoded. It
	// saves what growing step by step leaves behind.
	maxRoom = 1000
)

// TokenWeight is about how many bytes a token of the common schema takes, with what
// an element of a list is kept next to it.
const TokenWeight = 1500

// List is an array whose elements are decoded one by one: an element that
// cannot be read is counted, and the others are kept.
//
// An element whose type has a method Flaw() string cannot be read, either, if that
// returns a reason, such as "has no id". If its type has a method Weight() int, that
// is about how many bytes of memory is made of it later, such as TokenWeight.
type List[T any] struct {
	Items []T
	// Broken counts the elements that could not be read, or are too many; their
	// reasons, of which the first is kept, go to Err.
	Broken int
	// why is the first of them, or what stands in place of an array.
	why *string
	// State is FieldGiven for an array, even if not all of it could be read.
	State FieldState
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
		l.State, l.Items = FieldGiven, []T{}
	default:
		l.State, l.why = FieldWrong, &shape
		return
	}
	budget := anyList + maxSwell*len(b)
	for element := range strictjson.Elements(b) {
		switch {
		case l.Broken >= maxBroken:
			l.Broken++
		case len(l.Items) >= most:
			l.add(fmt.Sprintf("exceeds the limit of %d elements in a response", most))
		case budget < 0:
			l.add("exceeds what a response of this size may contain")
		default:
			if len(l.Items) == 1 {
				l.Items = slices.Grow(l.Items, min(strictjson.Count(b), most, maxRoom)-1)
			}
			budget -= l.decode(element)
		}
	}
}

// decode reads an element, and returns about what it costs.
func (l *List[T]) decode(element []byte) int {
	var none T
	l.Items = append(l.Items, none)
	v := &l.Items[len(l.Items)-1]
	if wrong := decodeElement(element, v); wrong != "" {
		l.Items = l.Items[:len(l.Items)-1]
		l.add(wrong)
		return 0
	}
	cost := int(unsafe.Sizeof(none))
	if shape := element[0]; shape == '{' || shape == '[' {
		cost += elementCost
	}
	if weighs, ok := any(v).(interface{ Weight() int }); ok {
		cost += weighs.Weight()
	}
	return cost
}

// add counts a broken element.
func (l *List[T]) add(wrong string) {
	if l.Broken++; l.Broken == 1 {
		first := fmt.Sprintf("element %d %s", len(l.Items)+1, wrong)
		l.why = &first
	}
}

// first says what is wrong with the first broken element; empty if none is.
func (l List[T]) first() string {
	if l.Broken == 0 {
		return ""
	}
	return *l.why
}

// decodeElement decodes one element of a list or object into v; wrong says what it
// is instead, as in "is null", and is empty if it could be decoded. An element that
// is null is none.
func decodeElement(b []byte, v any) (wrong string) {
	if string(b) == "null" {
		return "is null"
	}
	if err := unmarshal(b, v); err != nil {
		return "is " + wrongShape(b, err)
	}
	if flawed, ok := v.(interface{ Flaw() string }); ok {
		return flawed.Flaw()
	}
	return ""
}

// WithoutID is the Flaw of elements that cannot be told apart, or referred to, without
// an id; empty if there is one. Name is the member's name in the CMS's API.
func WithoutID[T ~string](name string, id Field[T]) string {
	switch {
	case id.Value != "":
		return ""
	case id.Missing():
		return "has no " + name
	}
	return "has no " + name + " that can be read"
}

// Err says what of the list could not be read: nil if all was. Name is the
// member's name in the CMS's API. Its class is unreadable.
func (l List[T]) Err(name string) *Error {
	switch {
	case l.State != FieldGiven:
		return &Error{Class: inventory.ErrUnreadable, Message: reason(name, l.State, l.why)}
	case l.Broken > 0:
		return brokenError(name, l.Broken, len(l.Items)+l.Broken, l.first())
	}
	return nil
}

func brokenError(name string, broken, all int, first string) *Error {
	return &Error{Class: inventory.ErrUnreadable, Message: fmt.Sprintf("%d of %d %s cannot be read: %s", broken, all, name, first)}
}
