// Package redact takes out of a text what looks like a credential.
//
// It is for text that somebody else has written and that goes into a message: the
// words of a server, the line of a file that cannot be parsed. It is the last of
// several walls and not the first: a secret whose place is known has no field to
// live in.
package redact

import (
	"regexp"
	"strings"
	"unicode"
)

// Mark stands in the place of a credential.
const Mark = "[REDACTED]"

// known are credentials that can be told by their looks: Contentful personal
// tokens, Contentstack management tokens, JSON web tokens, PEM blocks and header
// values.
var known = regexp.MustCompile(
	`CFPAT-[A-Za-z0-9_-]{8,}|\bcs[0-9a-f]{24,}\b|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.|-----BEGIN |(?i:\b(bearer|basic) +[A-Za-z0-9+/=._-]{12,})`)

// Known reports whether a text holds a credential of a form that nothing else has.
func Known(s string) bool { return known.MatchString(s) }

// connection is how a connection string of a database begins, or what one has of keys.
var connection = regexp.MustCompile(`(?i)^\s*[a-z][a-z0-9+.-]*://|(^|[\s;&?])(password|host|user|dbname|sslmode)\s*=`)

// ConnectionString reports whether a text is a connection string of a database, which may hold a
// password, and not the name of a file.
func ConnectionString(s string) bool { return connection.MatchString(s) }

// Name returns the name of something with [Mark] in the place of credentials of a form
// that nothing else has. Somebody may have named a token by its secret.
func Name(s string) string {
	if !Known(s) {
		return s
	}
	s = pem.ReplaceAllString(s, Mark)
	s = scheme.ReplaceAllString(s, "${1}${2}"+Mark)
	return word.ReplaceAllStringFunc(s, func(w string) string {
		if Known(w) {
			return Mark
		}
		return w
	})
}

// secretName is a name that announces a secret.
const secretName = `[A-Za-z0-9_-]*(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|credential|authori[sz]ation|cookie)[A-Za-z0-9_-]*`

var (
	// assigned is what such a name is given, however short it is: in a shell, in
	// JSON, in YAML. Code compares (==) and defines (:=) what is called so.
	assigned = regexp.MustCompile(`(?im)(\b` + secretName + `=|"` + secretName + `"\s*:\s*"|^[\s-]*` + secretName + `\s*:\s+)([^\s"=][^\s"]*)`)
	// userinfo is what of an address is a user name and a password.
	userinfo = regexp.MustCompile(`(//)[^/\s@]+@`)
	scheme   = regexp.MustCompile(`(?i)\b(bearer|basic)(\s+)\S+`)
	pem      = regexp.MustCompile(`-----BEGIN [\s\S]*`)
	// word is what a credential is made of.
	word = regexp.MustCompile(`[A-Za-z0-9_+/=.~%-]{12,}`)
)

// Text returns s with [Mark] in the place of everything that looks like a
// credential. It rather takes a harmless id for one than the other way round; a
// short password that nothing announces is not found.
func Text(s string) string {
	s = pem.ReplaceAllString(s, Mark)
	s = userinfo.ReplaceAllString(s, "${1}"+Mark+"@")
	s = scheme.ReplaceAllString(s, "${1}${2}"+Mark)
	s = assigned.ReplaceAllString(s, "${1}"+Mark)
	return word.ReplaceAllStringFunc(s, func(w string) string {
		if random(w) {
			return Mark
		}
		return w
	})
}

// random reports whether a word looks made by a machine. Words of a language, and
// identifiers made of them, are told by their letters: those of one case stand
// together, and digits come in one place.
func random(w string) bool {
	if known.MatchString(w) {
		return true
	}
	parts := strings.FieldsFunc(w, isSign)
	for _, part := range parts {
		if p := patternOf(part); p.random() {
			return true
		}
	}
	// Base64 is cut into short pieces by its own signs.
	whole := patternOf(strings.Join(parts, ""))
	return whole.length >= 20 && whole.digits > 0 && whole.capitals > 0 && whole.small > 0 && whole.turns > 4
}

func isSign(r rune) bool { return strings.ContainsRune("_+/=.~%-", r) }

// pattern counts what a word of letters and digits consists of.
type pattern struct {
	length, digits, capitals, small int
	// turns are the places at which another kind of character begins; a small
	// letter after a capital begins nothing.
	turns int
}

func patternOf(w string) pattern {
	p := pattern{length: len(w)}
	var before rune
	for _, r := range w {
		switch {
		case unicode.IsDigit(r):
			p.digits++
		case unicode.IsUpper(r):
			p.capitals++
		default:
			p.small++
		}
		if before != 0 && kind(r) != kind(before) && (kind(before) != 'A' || kind(r) != 'a') {
			p.turns++
		}
		before = r
	}
	return p
}

func kind(r rune) rune {
	switch {
	case unicode.IsDigit(r):
		return '0'
	case unicode.IsUpper(r):
		return 'A'
	}
	return 'a'
}

func (p pattern) random() bool {
	switch p.digits {
	case 0:
		return p.turns == 0 && p.length >= 24 || p.length >= 12 && p.turns*5 > p.length
	case p.length:
		return p.length >= 16
	}
	return p.length >= 12 && (p.turns > 1 || p.digits > 4)
}
