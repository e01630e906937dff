package report

import (
	"bytes"
	"flag"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

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

// TestGolden renders the sample report, an empty one, and one against a
// baseline, in every format.
func TestGolden(t *testing.T) {
	options := RenderOptions{Gate: DefaultGate()}
	for _, format := range Formats() {
		t.Run(format.Name, func(t *testing.T) {
			golden(t, *update, format.Name+".txt", rendered(t, format.Name, sampleReport(), options))
			golden(t, *update, format.Name+"-empty.txt", rendered(t, format.Name, emptyReport(), options))
			golden(t, *update, format.Name+"-compared.txt", rendered(t, format.Name, comparedReport(t), options))
		})
	}
}
