package cmsapi

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/tokenaudit/tokenaudit/collectors/redact"
)

// maxMinted is how many pieces of credentials a client remembers. It is those of
// more than five minutes of a client that mints one each second, which is how long
// Ghost's live.
const maxMinted = 1024

// minted is what a client has sent as its credential: one for most, and the latest
// ones of a client that mints one for each request. It is safe for concurrent use.
type minted struct {
	mu sync.Mutex
	// pieces are in the order of their last use, each once.
	pieces []string
}

// add remembers pieces of a credential that is used now, and forgets those in turn
// that were used longest ago.
func (m *minted) add(pieces []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range pieces {
		if i := slices.Index(m.pieces, p); i >= 0 {
			m.pieces = slices.Delete(m.pieces, i, i+1)
		}
		m.pieces = append(m.pieces, p)
	}
	if beyond := len(m.pieces) - maxMinted; beyond > 0 {
		m.pieces = slices.Delete(m.pieces, 0, beyond)
	}
}

func (m *minted) all() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.pieces)
}

// secrets are what must not be printed of what the client has sent, and of the
// headers of one request, in the order in which they are scrubbed: the longest
// come first, so that no part of one is left over.
func (c *Client) secrets(h http.Header) []string {
	all := slices.Concat(c.minted.all(), credentialHeaders(c.config.Header), credentialHeaders(h))
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	return slices.Compact(all)
}

// credentialHeaders returns the values of those headers that by their name hold a
// credential, such as Contentstack's api_key.
func credentialHeaders(h http.Header) []string {
	var found []string
	for name, values := range h {
		name = strings.ToLower(name)
		for _, word := range []string{"key", "token", "auth", "secret", "cookie", "password"} {
			if strings.Contains(name, word) {
				found = append(found, credentialsIn(values)...)
				break
			}
		}
	}
	return found
}

// credentialsIn returns what of header values must not be printed: the value,
// each of its words but the scheme's name, what Basic hides in base64, and the
// signature of a JSON Web Token, whose other parts can be guessed. Pieces of less
// than 6 characters are no secrets, and would deface messages.
func credentialsIn(values []string) []string {
	var found []string
	for _, v := range values {
		pieces := append([]string{v}, strings.Fields(v)[min(1, len(strings.Fields(v))):]...)
		for _, p := range slices.Clone(pieces) {
			if plain, err := base64.StdEncoding.DecodeString(p); err == nil && strings.HasPrefix(v, "Basic ") {
				pieces = append(pieces, string(plain))
				if _, password, ok := strings.Cut(string(plain), ":"); ok {
					pieces = append(pieces, password)
				}
			}
			if NewSecret(p).IsJWT() {
				pieces = append(pieces, p[strings.LastIndexByte(p, '.')+1:])
			}
		}
		for _, p := range pieces {
			if len(p) >= 6 {
				found = append(found, p)
			}
		}
	}
	return found
}

// scrub replaces each secret by a mark.
func scrub(s string, secrets []string) string {
	for _, secret := range secrets {
		s = strings.ReplaceAll(s, secret, redacted)
	}
	return s
}

// Word returns a word of a CMS that no documentation has, to be quoted in a
// reason: what looks like a credential is taken out, and the rest is cut.
func Word(s string) string { return fmt.Sprintf("%.40q", redact.Text(s)) }
