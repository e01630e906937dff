// Package keyless checks signatures that somebody made with an identity rather than a key:
// sigstore bundles, as cosign and the npm package sigstore write them. It sends nothing:
// what is to be trusted is in a file.
package keyless

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	sigstore "github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

// MaxFile bounds a sigstore bundle and a trusted root, in bytes.
const MaxFile = 1 << 20

// An Identity is who must have signed: the subject of the certificate, such as
// ada@example.com or the URL of a workflow, and the OIDC issuer that vouches for it. Both
// are compared as a whole.
type Identity struct{ Subject, Issuer string }

// A Root holds the certificate authorities, the logs and the timestamp authorities that are
// trusted.
type Root struct {
	material root.TrustedMaterialCollection
}

// ParseRoot reads a trusted root (trusted_root.json), or several, one after the other, as
// `gh attestation trusted-root` prints them.
func ParseRoot(text []byte) (Root, error) {
	var r Root
	documents := json.NewDecoder(bytes.NewReader(text))
	for {
		var document json.RawMessage
		err := documents.Decode(&document)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Root{}, fmt.Errorf("not a trusted root: %w", err)
		}
		one, err := root.NewTrustedRootFromJSON(document)
		if err != nil {
			return Root{}, fmt.Errorf("not a trusted root: %w", err)
		}
		r.material = append(r.material, one)
	}
	if len(r.material) == 0 {
		return Root{}, errors.New("not a trusted root: it is empty")
	}
	return r, nil
}

// A Signature is a sigstore bundle that nobody has checked yet.
type Signature struct{ bundle *sigstore.Bundle }

// Parse reads a sigstore bundle.
func Parse(text []byte) (Signature, error) {
	var b sigstore.Bundle
	if err := b.UnmarshalJSON(text); err != nil {
		return Signature{}, fmt.Errorf("not a sigstore bundle: %w", err)
	}
	return Signature{&b}, nil
}

// Verify checks that the identity signed a file with this digest, while its certificate was
// valid, and returns the time that a trusted log or timestamp authority has for it. The
// certificate and the signature must each be in a trusted log.
func (s Signature) Verify(trusted Root, digest [sha256.Size]byte, who Identity) (time.Time, error) {
	verifier, err := verify.NewVerifier(trusted.material,
		verify.WithSignedCertificateTimestamps(1), verify.WithTransparencyLog(1), verify.WithObserverTimestamps(1))
	if err != nil {
		return time.Time{}, fmt.Errorf("check the keyless signature: %w", err)
	}
	identity, err := verify.NewShortCertificateIdentity(who.Issuer, "", who.Subject, "")
	if err != nil {
		return time.Time{}, fmt.Errorf("check the keyless signature: %w", err)
	}
	result, err := verifier.Verify(s.bundle, verify.NewPolicy(verify.WithArtifactDigest("sha256", digest[:]), verify.WithCertificateIdentity(identity)))
	if err != nil {
		return time.Time{}, fmt.Errorf("the keyless signature of %s: %w", who.Subject, err)
	}
	if len(result.VerifiedTimestamps) == 0 {
		return time.Time{}, fmt.Errorf("the keyless signature of %s has no time that can be trusted", who.Subject)
	}
	return result.VerifiedTimestamps[0].Timestamp.UTC(), nil
}
