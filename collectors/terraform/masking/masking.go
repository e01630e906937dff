// Package masking bounds what is kept of plans and code, and hides credentials that
// stand in the place of a name.
package masking

import (
	"regexp"
	"unicode/utf8"
)

var (
	// contentfulShape and contentstackShape are credentials that can be told by
	// their looks wherever they stand; the keys of DatoCMS look like any text.
	contentfulShape   = regexp.MustCompile(`CFPAT-[A-Za-z0-9_-]{8,}`)
	contentstackShape = regexp.MustCompile(`\bcs[0-9a-f]{24,}\b`)
)

// CredentialOf names the CMS whose credential a text holds, by its looks.
func CredentialOf(s string) (cms string, ok bool) {
	switch {
	case contentfulShape.MatchString(s):
		return "contentful", true
	case contentstackShape.MatchString(s):
		return "contentstack", true
	}
	return "", false
}

// Mask hides a credential that stands in the place of a name.
func Mask(s string) string {
	return contentstackShape.ReplaceAllString(contentfulShape.ReplaceAllString(s, "(credential)"), "(credential)")
}

// MaxText bounds a text that is kept, in bytes.
const MaxText = 4096

// Cut cuts a text to the length that is kept.
func Cut(s string) string {
	if len(s) <= MaxText {
		return s
	}
	end := MaxText
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}
