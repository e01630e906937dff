package regofile

import (
	"os"
	"path/filepath"
	"testing"
)

// A bundle is whatever somebody downloaded.
func FuzzBundle(f *testing.F) {
	f.Add([]byte("no gzip"))
	f.Add([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, packed []byte) {
		path := filepath.Join(t.TempDir(), "rules.tar.gz")
		if err := os.WriteFile(path, packed, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadCustom([]string{path}, &Place{}); err == nil && len(packed) == 0 {
			t.Error("an empty file was read as a bundle")
		}
	})
}
