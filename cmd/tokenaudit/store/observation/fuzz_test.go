package observation

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/sample"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
)

// nights returns what two runs saw: the second one a token less.
func nights(f *testing.F) []*Observation {
	f.Helper()
	var all []*Observation
	for night := range 2 {
		source := sample.Source("datocms/projects/a", 3-night)
		for i := range source.Tokens {
			t := &source.Tokens[i]
			t.Planned, t.Address, t.Origin, t.Exposure = "", "", inventory.Origin{}, nil
		}
		r := &report.Report{At: sample.CollectedAt().AddDate(0, 0, night), Rules: []report.Rule{{ID: "admin"}}, Tokens: []report.Token{}}
		for _, t := range source.Tokens {
			r.Tokens = append(r.Tokens, report.Token{Token: t, Verdicts: map[string]policies.Status{"admin": policies.NotEvaluated}})
			r.Findings = append(r.Findings, &report.Finding{
				Fingerprint: report.Fingerprint("admin", source.ID, t.ID, ""), Rule: "admin", Source: source.ID, CMS: source.CMS, Token: t.ID, Kind: t.Kind,
				Severity: policies.High, Status: policies.Waived, Waiver: &policies.Waiver{Owner: "a", ApprovedBy: "b", Expires: "2030-01-01"},
			})
		}
		o, err := Observe(Input{Report: r, Sources: []inventory.Source{source}, Files: []File{{Name: "configuration.json", Data: []byte("{}")}}})
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, o)
	}
	return all
}

func written(t testing.TB, runs []*Observation) []byte {
	t.Helper()
	var out bytes.Buffer
	w := NewWriter(&out)
	for _, o := range runs {
		if err := w.Write(o); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// readAll returns the runs until the first error.
func readAll(t testing.TB, text []byte) ([]*Observation, error) {
	t.Helper()
	r := NewReader(t.Context(), bytes.NewReader(text))
	var runs []*Observation
	for {
		o, err := r.Next()
		if err != nil || o == nil {
			return runs, err
		}
		runs = append(runs, o)
	}
}

// Whatever is read can be written, and is the same when it is read again.
func FuzzRead(f *testing.F) {
	text := written(f, nights(f))
	f.Add(text)
	for _, line := range bytes.SplitAfter(text, []byte("\n")) {
		f.Add(append([]byte(`{"schema":"`+Schema+"\"}\n"), line...))
	}
	f.Add(bytes.Replace(text, []byte(`"at":"2`), []byte(`"at":"9999-12-31T23:59:59-10:00","x":"2`), 1))
	f.Fuzz(func(t *testing.T, text []byte) {
		runs, err := readAll(t, text)
		if err != nil {
			return
		}
		again, err := readAll(t, written(t, runs))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(runs, again, cmpopts.IgnoreUnexported(Observation{})); diff != "" {
			t.Fatalf("(-read +again):\n%s", diff)
		}
	})
}

// A time that has no year of four digits in UTC could not be written again.
func TestTimesOutsideTheCalendar(t *testing.T) {
	run := Run{ID: "a", At: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	text, err := json.Marshal(map[string]any{"run": run})
	if err != nil {
		t.Fatal(err)
	}
	head := []byte(`{"schema":"` + Schema + "\"}\n")
	if runs, err := readAll(t, append(head, text...)); err != nil || len(runs) != 1 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	text = bytes.Replace(text, []byte(`"2026-01-01T00:00:00Z"`), []byte(`"9999-12-31T23:59:59-10:00"`), 1)
	if _, err := readAll(t, append(head, text...)); err == nil {
		t.Error("a run in the year 10000 is read")
	}
}
