package codec_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	inv "github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/sample"
)

func sampleInventory() inv.Inventory {
	return inv.Inventory{
		Schema: inv.Schema, Tool: inv.Tool{Name: "tokenaudit", Version: "1.0.0"},
		Sources: []inv.Source{
			sample.Source("datocms/projects/1", 0), sample.Source("datocms/projects/2", 100), sample.Source("datocms/projects/3", 1),
		},
	}
}

func write(t *testing.T, compact bool, i inv.Inventory) string {
	t.Helper()
	var out bytes.Buffer
	w := codec.NewWriter(&out, i.Tool)
	w.Compact = compact
	for _, s := range i.Sources {
		if err := w.WriteSource(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// normal is the form in which Read returns an inventory.
func normal(i inv.Inventory) inv.Inventory {
	for n := range i.Sources {
		i.Sources[n].Normalise()
	}
	return i
}

// TestWriteIsMarshalIndent: the streamed document is byte for byte the one that
// encoding/json makes of the whole inventory.
func TestWriteIsMarshalIndent(t *testing.T) {
	for name, i := range map[string]inv.Inventory{
		"full":  sampleInventory(),
		"empty": {Schema: inv.Schema, Sources: []inv.Source{}},
	} {
		t.Run(name, func(t *testing.T) {
			var want bytes.Buffer
			e := json.NewEncoder(&want)
			e.SetEscapeHTML(false)
			e.SetIndent("", "  ")
			if err := e.Encode(normal(i)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.String(), write(t, false, i)); diff != "" {
				t.Errorf("indented (-encoding/json +Writer):\n%s", diff)
			}
			var compact bytes.Buffer
			if err := json.Compact(&compact, want.Bytes()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(compact.String(), strings.ReplaceAll(write(t, true, i), "\n", "")); diff != "" {
				t.Errorf("compact (-encoding/json +Writer):\n%s", diff)
			}
		})
	}
}

func TestRoundTrip(t *testing.T) {
	for name, compact := range map[string]bool{"indented": false, "compact": true} {
		t.Run(name, func(t *testing.T) {
			// One byte at a time moves every boundary of the scanner's window.
			in := iotest.OneByteReader(strings.NewReader(write(t, compact, sampleInventory())))
			got, err := codec.ReadAll(t.Context(), in, codec.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(normal(sampleInventory()), got); diff != "" {
				t.Errorf("(-written +read):\n%s", diff)
			}
		})
	}
}

func TestWriterRefusesDisorder(t *testing.T) {
	for name, ids := range map[string][]string{"twice": {"a", "a"}, "backwards": {"b", "a"}} {
		t.Run(name, func(t *testing.T) {
			w := codec.NewWriter(&bytes.Buffer{}, inv.Tool{})
			if err := w.WriteSource(sample.Source(ids[0], 0)); err != nil {
				t.Fatal(err)
			}
			err := w.WriteSource(sample.Source(ids[1], 0))
			if err == nil || !strings.Contains(err.Error(), "sorted by id") {
				t.Fatalf("got %v", err)
			}
			if again := w.Close(); !errors.Is(again, err) {
				t.Errorf("Close after an error gave %v", again)
			}
		})
	}
}

func TestWriterReportsWriteErrors(t *testing.T) {
	full := errors.New("disk full")
	w := codec.NewWriter(iotestWriter{full}, inv.Tool{})
	err := w.WriteSource(sample.Source("a", 500)) // larger than the buffer
	if !errors.Is(err, full) {
		t.Errorf("WriteSource gave %v", err)
	}
	if err := w.Close(); !errors.Is(err, full) {
		t.Errorf("Close gave %v", err)
	}
}

type iotestWriter struct{ err error }

func (w iotestWriter) Write([]byte) (int, error) { return 0, w.err }

// TestWriteLeavesSourceAlone: a source that is being judged elsewhere must not
// change while it is written.
func TestWriteLeavesSourceAlone(t *testing.T) {
	foreign := func() inv.Source {
		s := sample.Source("a", 3)
		s.Tokens[0], s.Tokens[2] = s.Tokens[2], s.Tokens[0]
		s.Tokens[0].Access.Grants = nil
		s.Tokens[0].Branches.Items = []inv.ScopeItem{{ID: "b"}, {ID: "a"}}
		sample.WithHistory(&s.Tokens[0])
		moveTimes(&s)
		return s
	}
	s := foreign()
	write(t, false, inv.Inventory{Sources: []inv.Source{s}})
	if want := foreign(); !reflect.DeepEqual(want, s) {
		t.Errorf("changed:\n%s", cmp.Diff(want, s))
	}
}

// TestNormaliseTimes: in its normal form a source has all its times in UTC, so
// that one moment is written in one way.
func TestNormaliseTimes(t *testing.T) {
	want, got := sample.Source("a", 2), sample.Source("a", 2)
	sample.WithHistory(&want.Tokens[0])
	sample.WithHistory(&got.Tokens[0])
	moveTimes(&got)
	want.Normalise()
	got.Normalise()
	if !reflect.DeepEqual(want, got) {
		t.Errorf("(-in UTC +in another zone):\n%s", cmp.Diff(write(t, false, inv.Inventory{Sources: []inv.Source{want}}), write(t, false, inv.Inventory{Sources: []inv.Source{got}})))
	}
}

// moveTimes tells all times of s in another zone.
func moveTimes(s *inv.Source) {
	codec.EachValue(reflect.ValueOf(s).Elem(), func(v reflect.Value) {
		if at, ok := reflect.TypeAssert[time.Time](v); ok && !at.IsZero() {
			v.Set(reflect.ValueOf(at.In(time.FixedZone("", 7200))))
		}
	})
}

func TestOnlyLabelsRoundTrip(t *testing.T) {
	written := sampleInventory()
	written.OnlyLabels, written.SourcesDigest = []string{"env=prod", "team=web"}, "abc"
	var out bytes.Buffer
	if err := codec.Write(&out, written); err != nil {
		t.Fatal(err)
	}
	read, err := codec.ReadAll(t.Context(), bytes.NewReader(out.Bytes()), codec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(read.OnlyLabels, written.OnlyLabels) || read.SourcesDigest != written.SourcesDigest {
		t.Errorf("got %v and %q", read.OnlyLabels, read.SourcesDigest)
	}
	broken := strings.Replace(out.String(), `"env=prod"`, `"prod"`, 1)
	if _, err := codec.ReadAll(t.Context(), strings.NewReader(broken), codec.Limits{}); err == nil || !strings.Contains(err.Error(), "only_labels") {
		t.Errorf("a label without a key: %v", err)
	}
}
