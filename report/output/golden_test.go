package output

import (
	"bytes"
	"flag"
	"testing"

	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

func rendered(t *testing.T, name string, r *report.Report, o format.Options) []byte {
	t.Helper()
	f, err := Lookup(name)
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
	options := format.Options{Gate: report.DefaultGate()}
	for _, f := range Formats() {
		t.Run(f.Name, func(t *testing.T) {
			reporttest.Golden(t, *update, f.Name+".txt", rendered(t, f.Name, reporttest.Sample(), options))
			reporttest.Golden(t, *update, f.Name+"-empty.txt", rendered(t, f.Name, reporttest.Empty(), options))
			reporttest.Golden(t, *update, f.Name+"-compared.txt", rendered(t, f.Name, reporttest.Compared(t), options))
		})
	}
}
