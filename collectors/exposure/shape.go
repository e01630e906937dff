package exposure

import "cmp"

// A Shape is what a secret looks like: all that is kept of it but its hash.
type Shape struct {
	// Length is in bytes.
	Length int
	// Class is of which kinds its characters are.
	Class Class
}

func (s Shape) compare(other Shape) int {
	return cmp.Or(cmp.Compare(s.Class, other.Class), cmp.Compare(s.Length, other.Length))
}

// Class is a set of kinds of characters.
type Class uint16

// The kinds of characters. Every sign that CMSes use is one of its own.
const (
	digits Class = 1 << iota
	hexLower
	otherLower
	hexUpper
	otherUpper
	hyphen
	underscore
	colon
	dot
	// otherSigns are those of base64 and of URLs.
	otherSigns
	// anything else that is visible, and what is not ASCII.
	anything

	letters = hexLower | otherLower | hexUpper | otherUpper
)

// ClassOf returns the kind of a character; 0 for white space, quotes and control
// characters, which end a word.
func ClassOf(c byte) Class {
	switch {
	case '0' <= c && c <= '9':
		return digits
	case 'a' <= c && c <= 'f':
		return hexLower
	case 'g' <= c && c <= 'z':
		return otherLower
	case 'A' <= c && c <= 'F':
		return hexUpper
	case 'G' <= c && c <= 'Z':
		return otherUpper
	}
	switch c {
	case '-':
		return hyphen
	case '_':
		return underscore
	case ':':
		return colon
	case '.':
		return dot
	case '+', '/', '=', '~', '%':
		return otherSigns
	case '"', '\'', '`', 0x7f:
		return 0
	}
	if c <= ' ' {
		return 0
	}
	return anything
}

// Alphanumeric reports whether a class is one of letters and digits.
func (c Class) Alphanumeric() bool { return c&(letters|digits) != 0 }

func shapeOf(secret []byte) Shape {
	s := Shape{Length: len(secret)}
	for _, c := range secret {
		s.Class |= ClassOf(c)
	}
	return s
}
