package ghost

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
)

// lifetime is how long a signed request is valid: Ghost accepts no more.
const lifetime = 5 * time.Minute

// credential is a staff access token. The token itself is never sent: requests
// carry a JWT that is signed with it.
type credential struct {
	// id is the id of the key.
	id string
	// sign returns the HMAC-SHA-256 of a text under the secret.
	sign func(text string) []byte
}

// tokenPattern is what Ghost Admin shows. Older secrets may have another length.
var tokenPattern = regexp.MustCompile(`^([0-9a-f]{24}):([0-9a-f]{26,128})$`)

// parseCredential reads a staff access token. The error does not quote it.
func parseCredential(token cmsapi.Secret) (credential, error) {
	parts := tokenPattern.FindStringSubmatch(strings.ToLower(strings.TrimSpace(token.Reveal())))
	if parts == nil {
		return signer("", nil), errors.New("token is not a staff access token of Ghost, which has the form id:secret with 24 and 64 hexadecimal digits")
	}
	secret, err := hex.DecodeString(parts[2])
	if err != nil {
		return signer("", nil), errors.New("token is not a staff access token of Ghost: its secret has an odd number of digits")
	}
	return signer(parts[1], secret), nil
}

func signer(id string, secret []byte) credential {
	return credential{id: id, sign: func(text string) []byte {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(text))
		return mac.Sum(nil)
	}}
}

// authorize puts a JWT that begins now on each request.
func (c credential) authorize(clock func() time.Time) func(http.Header) {
	return func(h http.Header) { h.Set("Authorization", "Ghost "+c.jwt(clock())) }
}

// jwt makes a JSON Web Token (RFC 7519) as Ghost wants it: signed with HS256,
// the key's id as kid, for the Admin API.
func (c credential) jwt(issued time.Time) string {
	header := part(struct {
		Algorithm string `json:"alg"`
		Type      string `json:"typ"`
		KeyID     string `json:"kid"`
	}{"HS256", "JWT", c.id})
	claims := part(struct {
		IssuedAt int64  `json:"iat"`
		Expires  int64  `json:"exp"`
		Audience string `json:"aud"`
	}{issued.Unix(), issued.Add(lifetime).Unix(), "/admin/"})
	text := header + "." + claims
	return text + "." + base64.RawURLEncoding.EncodeToString(c.sign(text))
}

func part(v any) string {
	// Marshal cannot fail on strings and numbers.
	b, _ := json.Marshal(v)
	return base64.RawURLEncoding.EncodeToString(b)
}
