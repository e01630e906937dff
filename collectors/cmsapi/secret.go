// Package cmsapi is the one HTTP client that all CMS collectors use:
// authentication, rate limits, retries, paging, size caps and typed errors.
//
// It sends GET and HEAD only. It never logs a header or a body, and the
// credential of a client goes to the client's own host and nowhere else.
package cmsapi

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
)

// Secret is a credential of the scan. Formatting, logging or marshalling it
// never shows it; only Reveal does.
type Secret struct{ value string }

// NewSecret wraps a credential.
func NewSecret(value string) Secret { return Secret{value} }

// Reveal returns the credential. Call it only to put it on the wire.
func (s Secret) Reveal() string { return s.value }

// Bearer puts the credential on a request as RFC 6750 says; it is for
// Config.Authorize.
func (s Secret) Bearer(h http.Header) { h.Set("Authorization", "Bearer "+s.value) }

// IsJWT reports whether the credential has the three parts of a JSON Web Token (RFC
// 7519). CMSes whose API tokens hold no dot give one to a person who logs in.
func (s Secret) IsJWT() bool { return strings.Count(s.value, ".") == 2 }

// Empty reports whether no credential was given.
func (s Secret) Empty() bool { return s.value == "" }

// Fingerprint tells credentials apart without showing them: eight hex digits,
// the same on every machine, for the name of a rate-limit domain. Thirty-two
// bits of a hash say nothing usable about a credential of 200 bits.
func (s Secret) Fingerprint() string {
	sum := sha256.Sum256([]byte("tokenaudit/credential\x00" + s.value))
	return hex.EncodeToString(sum[:4])
}

// EndsWith reports whether the credential ends in tail, which is how a CMS
// shows a token that it does not hand out. It is false for an empty tail.
func (s Secret) EndsWith(tail string) bool {
	return tail != "" && strings.HasSuffix(s.value, tail)
}

const redacted = "[REDACTED]"

// Format implements fmt.Formatter for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler, and with it JSON and YAML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
