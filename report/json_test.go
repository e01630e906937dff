package report_test

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

// The streamed document is the one that encoding/json would write.
func TestJSONIsThatOfTheStructs(t *testing.T) {
	if testing.Short() {
		t.Skip("one after the other: nothing for the race detector")
	}
	for name, r := range map[string]*report.Report{"sample": reporttest.Sample(), "empty": reporttest.Empty(), "hostile": reporttest.Hostile(), "nothing": reporttest.Build(report.BuildOptions{At: reporttest.AuditTime}, nil)} {
		want, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		var wantValue, gotValue any
		got := writtenJSON(t, r)
		if err := json.Unmarshal(want, &wantValue); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(got, &gotValue); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(wantValue, gotValue); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
		if name == "sample" && !bytes.Equal(bytes.TrimSpace(got), want) {
			t.Errorf("layout differs: %s", cmp.Diff(string(want), string(got)))
		}
	}
}

func TestJSONHasNoNull(t *testing.T) {
	for name, r := range map[string]*report.Report{"sample": reporttest.Sample(), "nothing": reporttest.Build(report.BuildOptions{At: reporttest.AuditTime}, nil)} {
		var document map[string]any
		if err := json.Unmarshal(writtenJSON(t, r), &document); err != nil {
			t.Fatal(err)
		}
		for _, list := range []string{"rules", "sources", "findings", "gaps", "allowed", "tokens", "accepted_gaps", "rule_errors"} {
			if _, ok := document[list].([]any); !ok {
				t.Errorf("%s: %s is %v, want a list", name, list, document[list])
			}
		}
		for list, v := range document["waivers"].(map[string]any) {
			if _, ok := v.([]any); !ok {
				t.Errorf("%s: waivers.%s is %v, want a list", name, list, v)
			}
		}
	}
}

// writtenJSON is the interchange format of a report.
func writtenJSON(t *testing.T, r *report.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A report that is written in a bubble of synctest leaves nothing behind that one outside of it
// would meet, such as the channels that conc/stream keeps for all streams of the process.
func TestWriteJSONKeepsNothing(t *testing.T) {
	r := &report.Report{Rules: make([]report.Rule, 1000)}
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			if err := r.WriteJSON(io.Discard); err != nil {
				t.Error(err)
			}
		})
		if err := r.WriteJSON(io.Discard); err != nil {
			t.Error(err)
		}
	}
}
