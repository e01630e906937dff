package signature

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
)

// The types of what is signed.
const (
	payloadType   = "application/vnd.in-toto+json"
	statementType = "https://in-toto.io/Statement/v1"
	predicateType = "https://github.com/tokenaudit/tokenaudit/bundle/v1"
)

const (
	// maxEnvelope bounds an envelope, in bytes, and maxSignatures the signatures in it.
	maxEnvelope   = 1 << 20
	maxSignatures = 64
)

// statement is an in-toto Statement without a predicate: what there is to say is in its
// subject, the manifest.
type statement struct {
	Type          string    `json:"_type"`
	Subject       []subject `json:"subject"`
	PredicateType string    `json:"predicateType"`
}

type subject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"`
}

// statementOf is the only statement there is about a manifest.
func statementOf(name string, manifest []byte) ([]byte, error) {
	sum := sha256.Sum256(manifest)
	text, err := json.Marshal(statement{statementType, []subject{{name, map[string]string{"sha256": hex.EncodeToString(sum[:])}}}, predicateType})
	if err != nil {
		return nil, fmt.Errorf("write the statement: %w", err)
	}
	return text, nil
}

// Sign returns the envelope of a signed statement about a manifest, called name. A key signs
// once, however often it is given.
func Sign(ctx context.Context, name string, manifest []byte, signers []Signer) ([]byte, error) {
	payload, err := statementOf(name, manifest)
	if err != nil {
		return nil, err
	}
	var all []dsse.Signer
	var ids []string
	for _, s := range signers {
		if !slices.Contains(ids, s.id) {
			ids, all = append(ids, s.id), append(all, s)
		}
	}
	signer, err := dsse.NewEnvelopeSigner(all...)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	envelope, err := signer.SignPayload(ctx, payloadType, payload)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return encode(envelope)
}

// Add returns an envelope with more signatures: those that it has stay as they are. text is
// nil for a manifest that nobody has signed. A key signs once.
func Add(ctx context.Context, text []byte, name string, manifest []byte, signers []Signer) ([]byte, error) {
	added, err := Sign(ctx, name, manifest, signers)
	if err != nil || text == nil {
		return added, err
	}
	have, err := Parse(text, name, manifest)
	if err != nil {
		return nil, err
	}
	more, err := Parse(added, name, manifest)
	if err != nil {
		return nil, err
	}
	for _, id := range more.KeyIDs() {
		if slices.Contains(have.KeyIDs(), id) {
			return nil, fmt.Errorf("key %s has signed it already", id)
		}
	}
	have.Signatures = append(have.Signatures, more.Signatures...)
	if err := have.checkSignatures(); err != nil {
		return nil, err
	}
	return encode(&have.Envelope)
}

// encode writes one member a line, for people who have nothing but sed.
func encode(envelope *dsse.Envelope) ([]byte, error) {
	text, err := json.MarshalIndent(envelope, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the envelope: %w", err)
	}
	return append(text, '\n'), nil
}

// An Envelope is a statement with its signatures.
type Envelope struct{ dsse.Envelope }

// Parse reads an envelope, which must be about a manifest of that name, and written as Sign
// writes it. It does not check signatures.
func Parse(text []byte, name string, manifest []byte) (*Envelope, error) {
	var e Envelope
	if len(text) > maxEnvelope {
		return nil, fmt.Errorf("the envelope is larger than %d MiB", maxEnvelope>>20)
	}
	if err := json.Unmarshal(text, &e.Envelope); err != nil {
		return nil, fmt.Errorf("read the envelope: %w", err)
	}
	again, err := encode(&e.Envelope)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, text) {
		return nil, errors.New("the envelope is not written as a tokenaudit writes it")
	}
	payload, err := statementOf(name, manifest)
	if err != nil {
		return nil, err
	}
	if e.PayloadType != payloadType || e.Payload != base64.StdEncoding.EncodeToString(payload) {
		return nil, errors.New("the envelope is not about the manifest of this bundle")
	}
	return &e, e.checkSignatures()
}

func (e *Envelope) checkSignatures() error {
	if n := len(e.Signatures); n == 0 || n > maxSignatures {
		return fmt.Errorf("the envelope has %d signatures: expected 1 to %d", n, maxSignatures)
	}
	seen := map[string]bool{}
	for _, s := range e.Signatures {
		id, err := hex.DecodeString(s.KeyID)
		if err != nil || len(id) != sha256.Size || hex.EncodeToString(id) != s.KeyID || seen[s.KeyID] {
			return errors.New("the envelope has a signature without a key of its own")
		}
		seen[s.KeyID] = true
		// There is one way to write a signature, so that no bit can be another.
		if _, err := base64.StdEncoding.Strict().DecodeString(s.Sig); err != nil {
			return errors.New("the envelope has a signature that is not base64")
		}
	}
	return nil
}

// KeyIDs are the keys of the signatures, which may be anybody's.
func (e *Envelope) KeyIDs() []string {
	ids := make([]string, len(e.Signatures))
	for i, s := range e.Signatures {
		ids[i] = s.KeyID
	}
	return ids
}

// Verify checks that a key has signed.
func (e *Envelope) Verify(ctx context.Context, key Verifier) error {
	if !slices.Contains(e.KeyIDs(), key.id) {
		return fmt.Errorf("not signed by key %s", key.id)
	}
	verifier, err := dsse.NewEnvelopeVerifier(key)
	if err != nil {
		return fmt.Errorf("check the signature: %w", err)
	}
	if _, err := verifier.Verify(ctx, &e.Envelope); err != nil {
		return fmt.Errorf("the signature of key %s does not hold", key.id)
	}
	return nil
}
