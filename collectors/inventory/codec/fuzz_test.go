package codec_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/sample"
)

var update = flag.Bool("update", false, "write the golden files")

// TestGolden freezes the bytes of a document: saved inventories are compared,
// diffed and kept for years.
func TestGolden(t *testing.T) {
	golden := filepath.Join("testdata", "inventory.json")
	i := sampleInventory()
	i.Sources = append(i.Sources[:0:0], sample.Source("datocms/projects/1", 2), sample.Source("datocms/projects/2", 0))
	sample.WithHistory(&i.Sources[0].Tokens[0])
	var got bytes.Buffer
	if err := codec.Write(&got, i); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("(-golden +written):\n%s", diff)
	}
}

// FuzzRead: whatever is read is refused with a place, or is sound and survives
// being written and read again.
func FuzzRead(f *testing.F) {
	seed, err := os.ReadFile(filepath.Join("testdata", "inventory.json"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte(`{"schema":"tokenaudit/inventory/v1","tool":{"name":"","version":""},"sources":[]}`))
	f.Add([]byte(`{"schema":"tokenaudit/inventory/v1","tool":{"name":"","version":""},"only":["a/*"],"only_labels":["team=web"],"sources":[]}`))
	f.Add([]byte(`{"sources":[{"tokens":[{"id":"\ud800"},null,[[]],1e9]}]}`))
	limits := codec.Limits{Document: 1 << 16, Value: 1 << 13, String: 1 << 10}
	f.Fuzz(func(t *testing.T, doc []byte) {
		first, err := codec.ReadAll(t.Context(), bytes.NewReader(doc), limits)
		if err != nil {
			var place *codec.PlaceError
			if !errors.As(err, &place) {
				t.Fatalf("an error without a place: %v", err)
			}
			if place.Offset < 0 || place.Offset > int64(len(doc)) || place.Line < 1 || place.Message == "" {
				t.Fatalf("an impossible place: %+v", place)
			}
			return
		}
		for _, s := range first.Sources {
			if err := s.Check(); err != nil {
				t.Fatalf("an unsound source was read: %v", err)
			}
		}
		var out bytes.Buffer
		if err := codec.Write(&out, first); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		second, err := codec.ReadAll(t.Context(), &out, codec.Limits{})
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		var again bytes.Buffer
		if err := codec.Write(&again, second); err != nil {
			t.Fatal(err)
		}
		var once bytes.Buffer
		if err := codec.Write(&once, first); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(once.String(), again.String()); diff != "" {
			t.Fatalf("reading changed the document:\n%s", diff)
		}
	})
}
