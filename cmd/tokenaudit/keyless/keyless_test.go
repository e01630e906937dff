package keyless

import (
	"crypto/sha256"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The files in testdata were made by testdata/npm-check/sign.mjs: audit.tar is signed by
// ada, in both ways in which sigstore signs.
var ada = Identity{"ada@example.com", "https://accounts.example.com"}

func read(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func parsed(t testing.TB, name string) (Signature, Root) {
	t.Helper()
	s, err := Parse(read(t, name))
	if err != nil {
		t.Fatal(err)
	}
	r, err := ParseRoot(read(t, "trusted_root.json"))
	if err != nil {
		t.Fatal(err)
	}
	return s, r
}

func TestVerify(t *testing.T) {
	signed := sha256.Sum256(read(t, "audit.tar"))
	other := sha256.Sum256([]byte("another file"))
	for _, name := range []string{"audit.tar.sigstore.json", "audit.tar.statement.sigstore.json"} {
		s, r := parsed(t, name)
		at, err := s.Verify(r, signed, ada)
		if want := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC); err != nil || !at.Truncate(24*time.Hour).Equal(want) {
			t.Errorf("%s: signed at %s, %v, want a time on %s", name, at, err, want)
		}
		for _, c := range []struct {
			digest [sha256.Size]byte
			who    Identity
			says   string
		}{
			{other, ada, "digest"},
			{signed, Identity{"ada@example.com.evil.example", ada.Issuer}, `expected SAN value "ada@example.com.evil.example", got "ada@example.com"`},
			{signed, Identity{"ada@example.co", ada.Issuer}, "expected SAN value"},
			{signed, Identity{ada.Subject, "https://accounts.example.com.evil.example"}, "expected issuer value"},
			{signed, Identity{ada.Subject, ""}, "must specify Issuer"},
			{signed, Identity{"", ada.Issuer}, "there must be subject alternative name"},
		} {
			if _, err := s.Verify(r, c.digest, c.who); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s, digest %x, %v: got %v, want an error with %q", name, c.digest[:4], c.who, err, c.says)
			}
		}
	}
}

// The authority and both logs must be trusted, and a second root does no harm.
func TestVerifyAgainstOtherRoots(t *testing.T) {
	s, _ := parsed(t, "audit.tar.sigstore.json")
	signed := sha256.Sum256(read(t, "audit.tar"))
	text := read(t, "trusted_root.json")
	verify := func(document []byte) error {
		r, err := ParseRoot(document)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Verify(r, signed, ada)
		return err
	}
	for _, part := range []string{"tlogs", "certificateAuthorities", "ctlogs"} {
		var members map[string]any
		if err := json.Unmarshal(text, &members); err != nil {
			t.Fatal(err)
		}
		members[part] = []any{}
		without, err := json.Marshal(members)
		if err != nil {
			t.Fatal(err)
		}
		if verify(without) == nil {
			t.Errorf("it holds against a root without %s", part)
		}
		if err := verify(slices.Concat(without, text)); err != nil {
			t.Errorf("a root without %s, and the one that is needed: %v", part, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"", "{", "[]", "{}", `{"mediaType":"x"}`, string(read(t, "audit.tar"))} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("a sigstore bundle: %.40q", text)
		}
		if _, err := ParseRoot([]byte(text)); err == nil {
			t.Errorf("a trusted root: %.40q", text)
		}
	}
}

// Whatever byte of a signature is changed, it is not one of another file or identity. (The
// decoders are those of sigstore and of protobuf, which fuzz them.)
func TestChangedSignatures(t *testing.T) {
	_, r := parsed(t, "audit.tar.sigstore.json")
	signed, other := sha256.Sum256(read(t, "audit.tar")), sha256.Sum256([]byte("another file"))
	for _, name := range []string{"audit.tar.sigstore.json", "audit.tar.statement.sigstore.json"} {
		text := read(t, name)
		for i := 0; i < len(text); i += 40 {
			changed := slices.Clone(text)
			changed[i] ^= 1
			s, err := Parse(changed)
			if err != nil {
				continue
			}
			if _, err := s.Verify(r, other, ada); err == nil {
				t.Errorf("%s with another byte at %d signs another file", name, i)
			}
			if _, err := s.Verify(r, signed, Identity{"eve@example.com", ada.Issuer}); err == nil {
				t.Errorf("%s with another byte at %d is signed by eve", name, i)
			}
		}
	}
}
