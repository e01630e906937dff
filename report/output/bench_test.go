package output

import (
	"bytes"
	"runtime"
	"sync"
	"testing"

	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

// bench100k is a report with 100,000 findings on as many tokens.
var bench100k = sync.OnceValue(func() *report.Report {
	return reporttest.Build(reporttest.SampleOptions(), reporttest.LargeSources(100, 1000))
})

// peakWriter counts what is written, and how high the heap rises meanwhile.
type peakWriter struct {
	bytes, since int
	base, peak   uint64
}

func newPeakWriter() *peakWriter {
	runtime.GC()
	return &peakWriter{base: heap()}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func (w *peakWriter) Write(b []byte) (int, error) {
	w.bytes += len(b)
	if w.since += len(b); w.since > 1<<18 {
		w.since = 0
		w.peak = max(w.peak, heap())
	}
	return len(b), nil
}

// mebibytes returns the rise of the heap.
func (w *peakWriter) mebibytes() float64 {
	w.peak = max(w.peak, heap())
	return float64(w.peak-min(w.base, w.peak)) / (1 << 20)
}

// BenchmarkFormats renders 100,000 findings in every format. heap-MiB is what
// rendering adds to the report itself, garbage included; out-MB what it writes.
func BenchmarkFormats(b *testing.B) {
	for _, f := range Formats() {
		b.Run(f.Name, func(b *testing.B) {
			r := bench100k()
			var w *peakWriter
			var most float64
			for b.Loop() {
				w = newPeakWriter()
				if err := f.Render(w, r, format.Options{Gate: report.DefaultGate()}); err != nil {
					b.Fatal(err)
				}
				most = max(most, w.mebibytes())
			}
			b.ReportMetric(most, "heap-MiB")
			b.ReportMetric(float64(w.bytes)/1e6, "out-MB")
		})
	}
}

func BenchmarkBuild(b *testing.B) {
	sources := reporttest.LargeSources(100, 1000)
	for b.Loop() {
		reporttest.Build(reporttest.SampleOptions(), sources)
	}
}

func BenchmarkRead(b *testing.B) {
	var document bytes.Buffer
	if err := bench100k().WriteJSON(&document); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(document.Len()))
	for b.Loop() {
		if _, err := report.Read(bytes.NewReader(document.Bytes())); err != nil {
			b.Fatal(err)
		}
	}
}
