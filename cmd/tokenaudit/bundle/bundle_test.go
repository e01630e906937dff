package bundle

import (
	"archive/tar"
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func example() *Bundle {
	return &Bundle{
		At: noon, Only: []string{"unused-token"}, Labels: []string{"team=web"},
		Files: []File{
			{Name: Report, Data: []byte(`{"a": 1}`)},
			{Name: Number(Inventories, 0, ".json"), Origin: "live.json", Data: []byte("{}")},
			{Name: Configuration, Data: []byte("{}\n")},
			{Name: Number(Rules, 0, ".rego"), Data: []byte("package custom.rules.x\n")},
			{Name: RuleData, Data: []byte("{}")},
			{Name: Number(Usage, 0, ".csv"), Origin: "cdn.csv", Data: bytes.Repeat([]byte("x"), 1000)},
		},
		Envelope: []byte(`{"signed": true}`),
	}
}

func packed(t testing.TB, b *Bundle) []byte {
	t.Helper()
	var out bytes.Buffer
	n, err := b.WriteTo(&out)
	if err != nil || n != int64(out.Len()) {
		t.Fatalf("%d of %d bytes, %v", n, out.Len(), err)
	}
	return out.Bytes()
}

func TestBundleIsReproducible(t *testing.T) {
	first := packed(t, example())
	shuffled := example()
	slices.Reverse(shuffled.Files)
	shuffled.At = noon.In(time.FixedZone("", 3600))
	if !bytes.Equal(first, packed(t, shuffled)) {
		t.Error("the same files in another order make another bundle")
	}
	got, err := Read(bytes.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	want := example()
	if err := want.check(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, at := range []time.Time{{}, time.Unix(-5, 0), time.Date(9999, 12, 31, 23, 59, 59, 999, time.UTC)} {
		b := example()
		b.At = at
		if _, err := Read(bytes.NewReader(packed(t, b))); err != nil {
			t.Errorf("%s: %v", at, err)
		}
	}
}

// Of a bundle no byte can be another one, and none can be added or left out. What the
// manifest says by itself is what a signature is for.
func TestEveryByteCounts(t *testing.T) {
	b := example()
	b.Envelope = nil // the manifest does not list it: its own check holds it
	raw := packed(t, b)
	text, err := b.Manifest()
	begin := bytes.Index(raw, text)
	if err != nil || begin < 0 {
		t.Fatalf("the manifest is not in the bundle: %v", err)
	}
	for i := range raw {
		changed := slices.Clone(raw)
		changed[i] ^= 1 << (i % 8)
		if _, err := Read(bytes.NewReader(changed)); err == nil && (i < begin || i >= begin+len(text)) {
			t.Fatalf("byte %d of %d can be changed", i, len(raw))
		}
	}
	for _, n := range []int{0, 1, 511, 512, 513, len(raw) - 1024, len(raw) - 1} {
		if _, err := Read(bytes.NewReader(raw[:n])); err == nil {
			t.Errorf("it can be cut off after %d bytes", n)
		}
	}
	for _, more := range []string{"x", strings.Repeat("\x00", 512), string(raw)} {
		if _, err := Read(strings.NewReader(string(raw) + more)); err == nil {
			t.Errorf("%d bytes can follow its end", len(more))
		}
	}
}

// hostile is an archive with the files of the example, and one more.
func hostile(t *testing.T, extra *tar.Header, data string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	in := tar.NewReader(bytes.NewReader(packed(t, example())))
	for header, err := in.Next(); err == nil; header, err = in.Next() {
		content := make([]byte, header.Size)
		_, _ = in.Read(content)
		if err := errors.Join(w.WriteHeader(header), second(w.Write(content))); err != nil {
			t.Fatal(err)
		}
	}
	extra.Size = int64(len(data))
	if err := errors.Join(w.WriteHeader(extra), second(w.Write([]byte(data))), w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func second[T any](_ T, err error) error { return err }

func TestHostileArchives(t *testing.T) {
	for want, extra := range map[string]*tar.Header{
		`"report.json" is not a plain file`:                        {Typeflag: tar.TypeSymlink, Name: Report, Linkname: "/etc/passwd"},
		`"inventory/0002.json" is not a plain file`:                {Typeflag: tar.TypeLink, Name: "inventory/0002.json", Linkname: Report},
		`"rules/" is not a plain file`:                             {Typeflag: tar.TypeDir, Name: "rules/"},
		`"usage/0002.csv" is not a plain file`:                     {Typeflag: tar.TypeChar, Name: "usage/0002.csv"},
		`cannot be called "../report.json"`:                        {Name: "../report.json"},
		`cannot be called "/report.json"`:                          {Name: "/report.json"},
		`cannot be called "usage/../../x.csv"`:                     {Name: "usage/../../x.csv"},
		`cannot be called "notes.txt"`:                             {Name: "notes.txt"},
		`report.json is duplicated`:                                {Name: Report},
		`"inventory/0002.json" is in the bundle, and not in the m`: {Name: "inventory/0002.json"},
		`is not a plain file`:                                      {Name: "usage/0002.csv", Format: tar.FormatPAX, PAXRecords: map[string]string{"comment": "x"}},
	} {
		_, err := Read(bytes.NewReader(hostile(t, extra, "")))
		if _, ok := errors.AsType[*Flaw](err); !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestBundleRefuses(t *testing.T) {
	for want, change := range map[string]func(*Bundle){
		"configuration.json is missing": func(b *Bundle) { b.Files[2].Name = "previous/0001.json" },
		"an inventory is missing":       func(b *Bundle) { b.Files[1].Name = "previous/0001.json" },
		"inventory/0001 is missing: the files of a folder are numbered from 1": func(b *Bundle) { b.Files[1].Name = "inventory/0002.json" },
		"rules/data.json is there without rules":                               func(b *Bundle) { b.Files = slices.Delete(b.Files, 3, 4) },
		"report.json is duplicated":                                            func(b *Bundle) { b.Files[1].Name = Report },
		`a file of a bundle cannot be called "evil"`:                           func(b *Bundle) { b.Files[1].Name = "evil" },
		"the origin of inventory/0001.json is not text of at most 4096 bytes":  func(b *Bundle) { b.Files[1].Origin = "\xff" },
		"a bundle has at most 4096 files":                                      func(b *Bundle) { b.Files = append(b.Files, make([]File, 4096)...) },
	} {
		b := example()
		change(b)
		if _, err := b.WriteTo(&bytes.Buffer{}); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// Whatever is read is a bundle that is written as it was read.
func FuzzRead(f *testing.F) {
	f.Add(packed(f, example()))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := Read(bytes.NewReader(raw))
		if err != nil {
			return
		}
		if !bytes.Equal(packed(t, b), raw) {
			t.Error("another bundle is written than was read")
		}
	})
}
