package signature

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

var manifest = []byte(`{"schema":"x"}`)

func keys(t testing.TB, kind Type) (Signer, Verifier) {
	t.Helper()
	private, public, err := Generate(kind)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ParseSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := ParseVerifier(public)
	if err != nil {
		t.Fatal(err)
	}
	if signer.ID() != verifier.ID() {
		t.Errorf("the halves of one key have the ids %s and %s", signer.ID(), verifier.ID())
	}
	return signer, verifier
}

func TestSignAndVerify(t *testing.T) {
	ecdsa, ecdsaPublic := keys(t, P256)
	ed25519, ed25519Public := keys(t, Ed25519)
	_, stranger := keys(t, P256)
	text, err := Sign(t.Context(), "manifest.json", manifest, []Signer{ecdsa, ed25519, ecdsa})
	if err != nil {
		t.Fatal(err)
	}
	again, err := Sign(t.Context(), "manifest.json", manifest, []Signer{ecdsa, ed25519})
	if err != nil || !bytes.Equal(text, again) {
		t.Errorf("the same key signs differently each time: %v", err)
	}
	e, err := Parse(text, "manifest.json", manifest)
	if err != nil {
		t.Fatal(err)
	}
	if len(e.KeyIDs()) != 2 {
		t.Errorf("%d signatures, want 2", len(e.KeyIDs()))
	}
	for _, key := range []Verifier{ecdsaPublic, ed25519Public} {
		if err := e.Verify(t.Context(), key); err != nil {
			t.Error(err)
		}
	}
	if err := e.Verify(t.Context(), stranger); err == nil || !strings.HasPrefix(err.Error(), "not signed by key ") {
		t.Errorf("a stranger's key: %v", err)
	}
	if _, err := Parse(text, "manifest.json", []byte("{}")); err == nil || err.Error() != "the envelope is not about the manifest of this bundle" {
		t.Errorf("another manifest: %v", err)
	}
}

// One signs after the other; what was signed, and the signatures that are there, stay.
func TestAddSignature(t *testing.T) {
	first, firstPublic := keys(t, P256)
	second, secondPublic := keys(t, Ed25519)
	one, err := Add(t.Context(), nil, "manifest.json", manifest, []Signer{first})
	if err != nil {
		t.Fatal(err)
	}
	both, err := Add(t.Context(), one, "manifest.json", manifest, []Signer{second, second})
	if err != nil {
		t.Fatal(err)
	}
	at, err := Sign(t.Context(), "manifest.json", manifest, []Signer{first, second})
	if err != nil || !bytes.Equal(at, both) {
		t.Errorf("signing one after the other makes another envelope: %v", err)
	}
	e, err := Parse(both, "manifest.json", manifest)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(e.Verify(t.Context(), firstPublic), e.Verify(t.Context(), secondPublic)); err != nil {
		t.Error(err)
	}
	if _, err := Add(t.Context(), both, "manifest.json", manifest, []Signer{first}); err == nil || !strings.HasSuffix(err.Error(), "has signed it already") {
		t.Errorf("a key signs twice: %v", err)
	}
	if _, err := Add(t.Context(), both, "manifest.json", []byte("{}"), []Signer{first}); err == nil {
		t.Error("an envelope about another manifest is signed")
	}
}

// No bit of an envelope can be another one, be it in the padding of base64.
func TestEveryBitOfAnEnvelopeCounts(t *testing.T) {
	for _, kind := range Types() {
		signer, verifier := keys(t, kind)
		text, err := Sign(t.Context(), "manifest.json", manifest, []Signer{signer})
		if err != nil {
			t.Fatal(err)
		}
		for i := range len(text) * 8 {
			changed := bytes.Clone(text)
			changed[i/8] ^= 1 << (i % 8)
			if e, err := Parse(changed, "manifest.json", manifest); err == nil && e.Verify(t.Context(), verifier) == nil {
				t.Errorf("%s: bit %d of byte %d can be changed:\n%s", kind, i%8, i/8, changed)
			}
		}
	}
}

// A signer has nothing that could be printed.
func TestSignerIsNotPrinted(t *testing.T) {
	private, _, err := Generate(Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ParseSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, signer); len(text) > 250 {
			t.Errorf("%s: %s", verb, text)
		}
	}
}

func TestKeysThatAreNone(t *testing.T) {
	private, public, err := Generate(P256)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"":             "the key is not PEM; `tokenaudit keygen` makes one",
		string(public): "it is a public key; signing needs the private key",
		"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n": "the key is not an unencrypted private key in PKCS #8",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n":                     "the key cannot be read",
	} {
		if _, err := ParseSigner([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	for text, want := range map[string]string{
		"":                              "not a public key in PEM",
		string(private):                 "not a public key in PEM: the one that `tokenaudit keygen` wrote ends in .pub",
		string(public) + string(public): "it holds more than one key; give each a file",
	} {
		if _, err := ParseVerifier([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	signer, verifier := keys(f, Ed25519)
	text, err := Sign(f.Context(), "manifest.json", manifest, []Signer{signer})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"payloadType":"x","payload":"","signatures":[]}`))
	f.Fuzz(func(t *testing.T, changed []byte) {
		e, err := Parse(changed, "manifest.json", manifest)
		if err == nil && e.Verify(t.Context(), verifier) == nil && len(e.KeyIDs()) == 1 && !bytes.Equal(changed, text) {
			t.Errorf("another envelope holds:\n%s", changed)
		}
	})
}
