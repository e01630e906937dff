package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// golden compares with a file in testdata/golden, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got); go test ./report -update writes it anew\n%s", path, diff)
	}
}

func rendered(t *testing.T, format string, r *Report, o RenderOptions) []byte {
	t.Helper()
	f, err := Lookup(format)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Render(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestGolden renders the sample report and an empty one in every format.
func TestGolden(t *testing.T) {
	options := RenderOptions{Gate: DefaultGate()}
	for _, format := range Formats() {
		t.Run(format.Name, func(t *testing.T) {
			golden(t, format.Name+".txt", rendered(t, format.Name, sampleReport(), options))
			golden(t, format.Name+"-empty.txt", rendered(t, format.Name, emptyReport(), options))
		})
	}
}
