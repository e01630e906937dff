package report

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Fingerprint identifies a finding over runs: SHA-256, in hexadecimal, over
// rule id, source id, token id or empty, and the finding's key or empty, joined
// by NUL. Nothing volatile is in it: no name, no date, no severity.
func Fingerprint(rule, source, token, key string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{rule, source, token, key}, "\x00")))
	return hex.EncodeToString(sum[:])
}
