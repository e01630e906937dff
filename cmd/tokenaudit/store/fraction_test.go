package store

import (
	"testing"
	"time"
)

// Runs within one second are told apart, and their times keep their fractions.
func TestRunsOfOneSecond(t *testing.T) {
	runs := month(3, 3)
	at := runs[0].Report.At
	var written []*Observation
	for i, fraction := range []time.Duration{900 * time.Millisecond, 100 * time.Millisecond, 0} {
		run := runs[i]
		run.Report.At = at.Add(fraction)
		written = append(written, observe(t, run))
	}
	a, b := newFile(t), newFile(t)
	for i := range written {
		write(t, a, written[i])
		write(t, b, written[len(written)-1-i])
	}
	sameExport(t, "backwards", export(t, a), export(t, b))
	o, err := a.At(t.Context(), at)
	if err != nil || o == nil {
		t.Fatalf("%v, %v", o, err)
	}
	found := false
	for _, w := range written {
		found = found || (w.Run.ID == o.Run.ID && w.Run.At.Equal(o.Run.At))
	}
	if !found {
		t.Errorf("a run of %s", o.Run.At)
	}
}
