// Package cmsapi is the one HTTP client that all CMS collectors use:
// authentication, rate limits, retries, paging, size caps and typed errors.
//
// It sends GET and HEAD only. It never logs a header or a body, and the
// credential of a client goes to the client's own host and nowhere else.
package cmsapi

import (
	"fmt"
	"log/slog"
)

// Secret is a credential of the scan. Formatting, logging or marshalling it
// never shows it; only Reveal does.
type Secret struct{ value string }

// NewSecret wraps a credential.
func NewSecret(value string) Secret { return Secret{value} }

// Reveal gives the credential. Call it only to put it on the wire.
func (s Secret) Reveal() string { return s.value }

// Empty reports whether no credential was given.
func (s Secret) Empty() bool { return s.value == "" }

const redacted = "[REDACTED]"

// Format implements fmt.Formatter for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler, and with it JSON and YAML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
