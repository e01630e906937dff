package exposure

import (
	"bytes"
	"cmp"
)

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

// LongestEscape is how long an escape is at most, in bytes: that of a color of three parts.
const LongestEscape = 18

// AfterEscape reports whether an escape may end at a place of a text, so that a word begins
// there: one of a URL, such as %3D; a backslash with one, three, five or nine characters,
// such as \n, \x3e, \033, \u003e or \U0000003e; or a color of a terminal, such as [1;32m.
// What is none may look like one: a word counts by its hash alone.
func AfterEscape(text []byte, at int) bool {
	for _, length := range [...]int{2, 4, 6, 10} {
		if at >= length && text[at-length] == '\\' {
			return true
		}
	}
	if at > 0 && text[at-1] == 'm' {
		return bytes.HasSuffix(bytes.TrimRight(text[max(0, at-LongestEscape):at-1], "0123456789;"), []byte("["))
	}
	return at >= 3 && text[at-3] == '%'
}
