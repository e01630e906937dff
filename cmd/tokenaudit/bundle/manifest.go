package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// Schema names the version of the manifest, and with it that of the bundle.
const Schema = "tokenaudit/bundle/v1"

// maxManifest bounds the manifest, in bytes.
const maxManifest = 8 << 20

// manifest is the list of the files of a bundle.
type manifest struct {
	Schema string    `json:"schema"`
	At     time.Time `json:"at"`
	// Rules are the ids that the run was restricted to.
	Rules  []string `json:"rules,omitempty"`
	Labels []string `json:"labels,omitempty"`
	Files  []entry  `json:"files"`
}

// entry is a file in the manifest.
type entry struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Size   int    `json:"size"`
	Origin string `json:"origin,omitempty"`
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Manifest returns the manifest of the files as they are.
func (b *Bundle) Manifest() ([]byte, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	m := manifest{Schema: Schema, At: b.At.UTC(), Rules: b.Only, Labels: b.Labels}
	for _, f := range b.Files {
		m.Files = append(m.Files, entry{f.Name, digest(f.Data), len(f.Data), f.Origin})
	}
	return m.encode()
}

// encode writes one file a line, for people who have nothing but sed and sha256sum.
func (m manifest) encode() ([]byte, error) {
	head, err := json.Marshal(manifest{Schema: m.Schema, At: m.At, Rules: m.Rules, Labels: m.Labels})
	if err != nil {
		return nil, fmt.Errorf("write the manifest: %w", err)
	}
	var out bytes.Buffer
	out.Write(bytes.TrimSuffix(head, []byte("null}")))
	out.WriteByte('[')
	for i, f := range m.Files {
		line, err := json.Marshal(f)
		if err != nil {
			return nil, fmt.Errorf("write the manifest: %w", err)
		}
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteByte('\n')
		out.Write(line)
	}
	out.WriteString("\n]}\n")
	return out.Bytes(), nil
}

// readManifest reads the text of a manifest, which must be as encode writes it.
func readManifest(text []byte) (manifest, error) {
	var m manifest
	if len(text) > maxManifest {
		return m, fmt.Errorf("%s is larger than %d MiB", Manifest, maxManifest>>20)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("%s: %w", Manifest, err)
	}
	if m.Schema != Schema {
		return m, fmt.Errorf("%s: it does not say schema %s", Manifest, Schema)
	}
	m.At = m.At.UTC()
	again, err := m.encode()
	if err != nil {
		return m, err
	}
	if !bytes.Equal(again, text) {
		return m, fmt.Errorf("%s: it is not written as a tokenaudit writes it", Manifest)
	}
	return m, nil
}
