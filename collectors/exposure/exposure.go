// Package exposure reports whether the secrets of tokens are known outside: it
// compares the secrets that a CMS hands out in its lists with strings that a leak
// scanner has found, and with words of files, without keeping any of them.
//
// A secret is hashed in the buffer in which it came, with a key that exists for one run
// only; see SECURITY.md, "Secrets in memory". No type of this package has a field for a
// secret, and no hash leaves it.
package exposure

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"sync"
)

const (
	// minSecret is how long a string has to be for a secret, in bytes: a shorter one
	// could be a word that stands in a file by chance. The shortest that a CMS makes has 26.
	minSecret = 16
	// maxSecret bounds what is hashed, in bytes. The longest secret of a CMS has 256.
	maxSecret = 2048
)

// digest is the keyed hash of a secret. It is passed by pointer, because a stack trace
// shows what is passed by value, and prints as [REDACTED].
type digest [sha256.Size]byte

// Format implements fmt.Formatter.
func (*digest) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[REDACTED]") }

// Secrets are the live secrets of one run, as keyed hashes. It is safe for concurrent
// use. A nil *Secrets is one that keeps nothing.
type Secrets struct {
	vault *vault

	mu sync.Mutex
	// tokens are the ids of those that have a secret, by its hash; usually one.
	tokens map[digest][]string
	// hashes are those of each token, by id.
	hashes map[string][]*digest
	shapes map[Shape]bool
}

// New makes an empty set with a random key. random is where the key comes from; nil
// for the system's own. Close has to be called at the end.
func New(random io.Reader) (*Secrets, error) {
	if random == nil {
		random = rand.Reader
	}
	v, err := newVault(random)
	if err != nil {
		return nil, err
	}
	return &Secrets{vault: v, tokens: map[digest][]string{}, hashes: map[string][]*digest{}, shapes: map[Shape]bool{}}, nil
}

// Close forgets the key. What was hashed can be compared with nothing after it.
func (s *Secrets) Close() {
	if s != nil {
		s.vault.close()
	}
}

// Add hashes the secret of a token, and reports whether it is one: not a mask, and neither
// too short nor too long. It keeps nothing of secret.
func (s *Secrets) Add(token string, secret []byte) bool {
	if s == nil || token == "" || !secretLike(secret) {
		return false
	}
	d := &digest{}
	if !s.vault.sum(d, exactly, secret) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shapes[shapeOf(secret)] = true
	if slices.Contains(s.tokens[*d], token) {
		return true
	}
	s.tokens[*d] = append(s.tokens[*d], token)
	s.hashes[token] = append(s.hashes[token], d)
	return true
}

// secretLike reports whether a string can be a secret in the clear.
func secretLike(b []byte) bool {
	return len(b) >= minSecret && len(b) <= maxSecret && !bytes.Contains(b, []byte("***"))
}

// Compared reports whether the secret of a token was seen, so that it can be compared.
func (s *Secrets) Compared(token string) bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.hashes[token]) > 0
}

// Len is how many tokens have a secret that can be compared.
func (s *Secrets) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.hashes)
}

// Tokens returns the ids of the tokens whose secret a word is, sorted; nil for none.
func (s *Secrets) Tokens(word []byte) []string {
	d := &digest{}
	if !secretLike(word) || !s.vault.sum(d, exactly, word) {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(slices.Values(s.tokens[*d]))
}

// Shapes are what the secrets look like, sorted.
func (s *Secrets) Shapes() []Shape {
	s.mu.Lock()
	defer s.mu.Unlock()
	shapes := make([]Shape, 0, len(s.shapes))
	for shape := range s.shapes {
		shapes = append(shapes, shape)
	}
	slices.SortFunc(shapes, Shape.compare)
	return shapes
}
