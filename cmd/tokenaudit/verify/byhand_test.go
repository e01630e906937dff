package verify

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/bundle"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/signature"
)

// The commands of the page about evidence check a bundle without tokenaudit, and find out
// what was changed.
func TestVerifyByHand(t *testing.T) {
	for _, tool := range []string{"sh", "tar", "sed", "sha256sum", "openssl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not here", tool)
		}
	}
	page, err := os.ReadFile("../../../report/EVIDENCE.md")
	if err != nil {
		t.Fatal(err)
	}
	ecdsa := block(t, string(page), "by-hand")
	lines := strings.Split(strings.TrimSpace(ecdsa), "\n")
	ed25519 := strings.Join(lines[:len(lines)-1], "\n") + "\n" + block(t, string(page), "by-hand-ed25519")
	for kind, commands := range map[signature.Type]string{signature.P256: ecdsa, signature.Ed25519: ed25519} {
		signed, key := signedBundle(t, kind)
		other, _ := signedBundle(t, kind)
		for name, c := range map[string]struct {
			bundle []byte
			holds  bool
		}{
			"as it was written": {signed, true},
			"another key":       {other, false},
			"another file":      {bytes.Replace(signed, []byte("a report"), []byte("A report"), 1), false},
			"another manifest":  {bytes.Replace(signed, []byte("unused-token"), []byte("leaked-token"), 1), false},
		} {
			dir := t.TempDir()
			for file, text := range map[string][]byte{"audit.tar": c.bundle, "seal.key.pub": key} {
				if err := os.WriteFile(filepath.Join(dir, file), text, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command("sh", "-euc", commands)
			cmd.Dir = dir
			out, err := cmd.CombinedOutput()
			if holds := err == nil; holds != c.holds {
				t.Errorf("%s, %s: holds: %t, want %t\n%s", kind, name, holds, c.holds, out)
			}
		}
	}
}

// block returns the code of a page between two marks.
func block(t *testing.T, page, mark string) string {
	t.Helper()
	_, rest, found := strings.Cut(page, "<!-- "+mark+": begin -->\n```sh\n")
	code, _, ended := strings.Cut(rest, "```\n<!-- "+mark+": end -->")
	if !found || !ended {
		t.Fatalf("the page has no code at %s", mark)
	}
	return code
}

func signedBundle(t *testing.T, kind signature.Type) (archive, public []byte) {
	t.Helper()
	private, public, err := signature.Generate(kind)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := signature.ParseSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	b := &bundle.Bundle{At: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), Only: []string{"unused-token"}, Files: []bundle.File{
		{Name: bundle.Configuration, Data: []byte("{}\n")},
		{Name: bundle.Report, Data: []byte("a report\n")},
		{Name: bundle.Number(bundle.Inventories, 0, ".json"), Data: []byte("{}\n")},
		{Name: bundle.Number(bundle.Usage, 0, ".csv"), Origin: "cdn.csv", Data: []byte("token\n")},
	}}
	manifest, err := b.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if b.Envelope, err = signature.Sign(t.Context(), bundle.Manifest, manifest, []signature.Signer{signer}); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := b.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), public
}
