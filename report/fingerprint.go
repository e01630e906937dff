package report

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// Fingerprint identifies a finding over runs: SHA-256, in hexadecimal, over
// rule id, source id, token id or empty, and the finding's key or empty, joined
// by NUL. Nothing volatile is in it: no name, no date, no severity.
func Fingerprint(rule, source, token, key string) string {
	text := strings.Join([]string{rule, source, token, key}, "\x00")
	if !utf8.ValidString(text) {
		// A saved report cannot hold such bytes: they count as JSON writes them.
		text = string([]rune(text))
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
