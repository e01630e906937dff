package documents

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/sample"
)

// A pipe is copied only if the document does not say, before its sources, until when it
// was collected; either way it can be read afterwards.
func TestCollectedUntilOfAPipe(t *testing.T) {
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	early, late := sample.Source("a", 2), sample.Source("b", 1)
	early.CollectedAt, late.CollectedAt = noon.Add(-time.Hour), noon
	inv := inventory.Inventory{Sources: []inventory.Source{early, late}}
	for name, at := range map[string]time.Time{"said": noon, "not said": {}} {
		inv.CollectedUntil = at
		var document bytes.Buffer
		if err := codec.Write(&document, inv); err != nil {
			t.Fatal(err)
		}
		files := Inventories{{name: "standard input", in: &document}}
		got, err := files.CollectedUntil(t.Context())
		if err != nil || !got.Equal(noon) {
			t.Errorf("%s: %s, %v", name, got, err)
		}
		if copied := files[0].again != nil; copied != at.IsZero() {
			t.Errorf("%s: copied: %t", name, copied)
		}
		read := 0
		if err := files.Read(t.Context(), func(inventory.Source) error { read++; return nil }); err != nil || read != 2 {
			t.Errorf("%s: %d sources, %v", name, read, err)
		}
		if err := files.Close(); err != nil {
			t.Error(err)
		}
	}
}

// The copy of a pipe is bounded, and leaves nothing behind.
func TestCopyIsBounded(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	s := Inventory{name: "standard input", in: io.MultiReader(strings.NewReader("{"), blanks{})}
	err := s.copy(t.Context(), 1<<20)
	if err == nil || err.Error() != "it is larger than 1 MiB and does not say collected_until; save it in a file, or give --at, which needs no copy" {
		t.Errorf("got %v", err)
	}
	if err := (Inventories{s}).Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// blanks are a text without an end.
type blanks struct{}

func (blanks) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
