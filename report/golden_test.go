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

// comparedReport is the sample against a baseline that had more: a token that
// is gone, a list that cannot be read any more, and less of what is there now.
func comparedReport(t *testing.T) *Report {
	t.Helper()
	before := readable(sampleReport())
	gone := before.Findings[len(before.Findings)-1]
	gone.Token, gone.TokenName, gone.Kind = "datocms/projects/77/access_tokens/9", "Gone", "management"
	unread := gone
	unread.CMS, unread.Source, unread.Token, unread.TokenName = "contentstack", "contentstack/stacks/blt9f", "contentstack/stacks/blt9f/management_tokens/blt1", "Unread"
	before.Findings = append(before.Findings[1:], gone, unread)
	for i := range before.Findings {
		f := &before.Findings[i]
		f.Fingerprint = Fingerprint(f.Rule, f.Source, f.Token, f.Key)
	}
	now := sampleReport()
	if err := now.CompareTo(before, false); err != nil {
		t.Fatal(err)
	}
	return now
}

// TestGolden renders the sample report, an empty one, and one against a
// baseline, in every format.
func TestGolden(t *testing.T) {
	options := RenderOptions{Gate: DefaultGate()}
	for _, format := range Formats() {
		t.Run(format.Name, func(t *testing.T) {
			golden(t, format.Name+".txt", rendered(t, format.Name, sampleReport(), options))
			golden(t, format.Name+"-empty.txt", rendered(t, format.Name, emptyReport(), options))
			golden(t, format.Name+"-compared.txt", rendered(t, format.Name, comparedReport(t), options))
		})
	}
}
