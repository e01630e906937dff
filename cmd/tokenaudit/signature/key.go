// Package signature signs bundles and checks their signatures: a statement about the
// manifest of a bundle (in-toto) in an envelope (DSSE), by keys of ECDSA P-256 or Ed25519.
package signature

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
)

// Type is a kind of key.
type Type string

// The kinds of keys.
const (
	P256    Type = "ecdsa-p256"
	Ed25519 Type = "ed25519"
)

// Types are all of them, the default first.
func Types() []Type { return []Type{P256, Ed25519} }

// A Signer signs. It holds its key in a closure: there is no field that could be printed.
type Signer struct {
	sign func(message []byte) ([]byte, error)
	id   string
}

// ID identifies the key: the SHA-256, in hex, of its public half as DER (SubjectPublicKeyInfo).
func (s Signer) ID() string { return s.id }

// Sign signs a message as DSSE wants it.
func (s Signer) Sign(_ context.Context, message []byte) ([]byte, error) { return s.sign(message) }

// KeyID is ID, as DSSE wants it.
func (s Signer) KeyID() (string, error) { return s.id, nil }

// ParseSigner reads a private key in PEM. The error holds nothing of the text.
func ParseSigner(text []byte) (Signer, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return Signer{}, errors.New("the key is not PEM; `tokenaudit keygen` makes one")
	}
	var key any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case "PUBLIC KEY":
		return Signer{}, errors.New("it is a public key; signing needs the private key")
	default:
		return Signer{}, errors.New("the key is not an unencrypted private key in PKCS #8")
	}
	if err != nil {
		return Signer{}, errors.New("the key cannot be read")
	}
	switch k := key.(type) {
	case *ecdsa.PrivateKey:
		if k.Curve != elliptic.P256() {
			break
		}
		// Without a source of randomness the signature is the same each time (RFC 6979).
		return signerOf(&k.PublicKey, func(message []byte) ([]byte, error) {
			sum := sha256.Sum256(message)
			return k.Sign(nil, sum[:], crypto.SHA256)
		})
	case ed25519.PrivateKey:
		return signerOf(k.Public(), func(message []byte) ([]byte, error) { return ed25519.Sign(k, message), nil })
	}
	return Signer{}, errOtherKey
}

var errOtherKey = errors.New("the key is of another kind; only ECDSA P-256 and Ed25519 are supported")

func signerOf(public crypto.PublicKey, sign func([]byte) ([]byte, error)) (Signer, error) {
	id, err := idOf(public)
	return Signer{sign, id}, err
}

func idOf(public crypto.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return "", fmt.Errorf("write the public key: %w", err)
	}
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:]), nil
}

// A Verifier checks signatures by a public key.
type Verifier struct {
	public crypto.PublicKey
	id     string
}

// ID identifies the key: see [Signer.ID].
func (v Verifier) ID() string { return v.id }

// KeyID is ID, as DSSE wants it.
func (v Verifier) KeyID() (string, error) { return v.id, nil }

// Public is the key, as DSSE wants it.
func (v Verifier) Public() crypto.PublicKey { return v.public }

// Verify checks a signature of a message, as DSSE wants it.
func (v Verifier) Verify(_ context.Context, message, signature []byte) error {
	switch key := v.public.(type) {
	case *ecdsa.PublicKey:
		if sum := sha256.Sum256(message); ecdsa.VerifyASN1(key, sum[:], signature) {
			return nil
		}
	case ed25519.PublicKey:
		if ed25519.Verify(key, message, signature) {
			return nil
		}
	}
	return errors.New("the signature does not match the key and the message")
}

// ParseVerifier reads a public key in PEM.
func ParseVerifier(text []byte) (Verifier, error) {
	block, rest := pem.Decode(text)
	switch {
	case block == nil:
		return Verifier{}, errors.New("not a public key in PEM")
	case block.Type != "PUBLIC KEY":
		return Verifier{}, errors.New("not a public key in PEM: the one that `tokenaudit keygen` wrote ends in .pub")
	}
	if second, _ := pem.Decode(rest); second != nil {
		return Verifier{}, errors.New("it holds more than one key; give each a file")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return Verifier{}, fmt.Errorf("not a public key: %w", err)
	}
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return Verifier{}, errOtherKey
		}
	case ed25519.PublicKey:
	default:
		return Verifier{}, errOtherKey
	}
	id, err := idOf(key)
	return Verifier{key, id}, err
}

// Generate makes a key, and returns both halves in PEM.
func Generate(kind Type) (private, public []byte, err error) {
	var key crypto.Signer
	if kind == Ed25519 {
		_, key, err = ed25519.GenerateKey(rand.Reader)
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("make a key: %w", err)
	}
	privateDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, fmt.Errorf("write the key: %w", err)
	}
	publicDER, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, nil, fmt.Errorf("write the public key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: privateDER}),
		pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: publicDER}), nil
}
