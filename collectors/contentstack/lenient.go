package contentstack

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// shape says how a member of an answer came. Contentstack's JSON is polymorphic
// in many places, and a member that is not understood must not cost the rest of
// the answer; so the types here never fail to decode, and say instead what they
// found.
type shape int

const (
	absent shape = iota
	null
	// good: the value was understood.
	good
	// odd: there is a value, of a type that says nothing.
	odd
)

func (s shape) given() bool { return s == good || s == odd }

// text is a string.
type text struct {
	value string
	shape shape
}

func (t *text) UnmarshalJSON(b []byte) error {
	*t = text{shape: odd}
	if isNull(b) {
		t.shape = null
	} else if json.Unmarshal(b, &t.value) == nil {
		t.shape = good
	}
	return nil
}

// flag is a boolean, which may come as the strings "true" and "false": one of
// the vendor's SDKs sends them so, and the API takes them.
type flag struct {
	value bool
	shape shape
}

func (f *flag) UnmarshalJSON(b []byte) error {
	*f = flag{shape: odd}
	switch strings.ToLower(string(bytes.TrimSpace(b))) {
	case "null":
		f.shape = null
	case "true", `"true"`:
		*f = flag{true, good}
	case "false", `"false"`:
		*f = flag{false, good}
	}
	return nil
}

// number is a whole number that is not negative.
type number struct {
	value int
	shape shape
}

func (n *number) UnmarshalJSON(b []byte) error {
	*n = number{shape: odd}
	if isNull(b) {
		n.shape = null
	} else if json.Unmarshal(b, &n.value) == nil && n.value >= 0 {
		n.shape = good
	}
	return nil
}

// code is an error code: a number, or a string that holds one.
type code string

func (c *code) UnmarshalJSON(b []byte) error {
	*c = ""
	var n number
	if n.UnmarshalJSON(bytes.Trim(bytes.TrimSpace(b), `"`)) == nil && n.shape == good {
		*c = code(strconv.Itoa(n.value))
	}
	return nil
}

// presence tells that a member has a value, and keeps nothing of it. It stands
// where the value is a secret.
type presence bool

func (p *presence) UnmarshalJSON(b []byte) error {
	switch string(bytes.TrimSpace(b)) {
	case "null", `""`, "false":
		*p = false
	default:
		*p = true
	}
	return nil
}

// instant is a point in time in RFC 3339.
type instant struct {
	at    time.Time
	shape shape
}

func (i *instant) UnmarshalJSON(b []byte) error {
	var t text
	_ = t.UnmarshalJSON(b)
	*i = instant{shape: t.shape}
	if t.shape != good {
		return nil
	}
	at, ok := parseInstant(t.value)
	if !ok {
		i.shape = odd
		return nil
	}
	i.at = at
	return nil
}

// parseInstant reads a point in time. One that is no year of four digits in UTC
// could not be written again.
func parseInstant(s string) (time.Time, bool) {
	at, err := time.Parse(time.RFC3339, strings.TrimSpace(s))
	at = at.UTC()
	return at, err == nil && at.Year() > 0 && at.Year() < 10000 && !at.IsZero()
}

// object is an element or a member that should be a JSON object.
type object[T any] struct {
	value T
	shape shape
}

func (o *object[T]) UnmarshalJSON(b []byte) error {
	*o = object[T]{shape: odd}
	if isNull(b) {
		o.shape = null
	} else if startsWith(b, '{') && json.Unmarshal(b, &o.value) == nil {
		o.shape = good
	}
	return nil
}

// list is an array. A number in its place is what `count=true` makes of a list
// of management tokens, and is kept as counted.
type list[T any] struct {
	items   []T
	counted number
	shape   shape
}

func (l *list[T]) UnmarshalJSON(b []byte) error {
	*l = list[T]{shape: odd}
	switch {
	case isNull(b):
		l.shape = null
	case startsWith(b, '['):
		if json.Unmarshal(b, &l.items) == nil {
			l.shape = good
		}
	default:
		_ = l.counted.UnmarshalJSON(b)
	}
	return nil
}

// ref names something, as a string or as an object with a uid and a name.
type ref struct {
	uid, name string
	// word is the plain string; it may be a uid or a name.
	word string
}

func (r *ref) UnmarshalJSON(b []byte) error {
	*r = ref{}
	if startsWith(b, '{') {
		var o struct {
			UID  text `json:"uid"`
			Name text `json:"name"`
		}
		_ = json.Unmarshal(b, &o)
		r.uid, r.name = o.UID.value, o.Name.value
		return nil
	}
	var t text
	_ = t.UnmarshalJSON(b)
	r.word = t.value
	return nil
}

func (r ref) empty() bool { return r == ref{} }

func isNull(b []byte) bool { return string(bytes.TrimSpace(b)) == "null" }

func startsWith(b []byte, c byte) bool {
	b = bytes.TrimSpace(b)
	return len(b) > 0 && b[0] == c
}
