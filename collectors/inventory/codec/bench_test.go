package codec_test

import (
	"bytes"
	"fmt"
	"testing"

	inv "github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/sample"
)

func BenchmarkRead(b *testing.B) {
	var doc bytes.Buffer
	w := codec.NewWriter(&doc, inv.Tool{})
	const sources, tokens = 20, 500
	for i := range sources {
		if err := w.WriteSource(sample.Source(fmt.Sprintf("datocms/projects/%03d", i), tokens)); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(doc.Len()))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		err := codec.Read(b.Context(), bytes.NewReader(doc.Bytes()), codec.Limits{}, func(s inv.Source) error {
			n += len(s.Tokens)
			return nil
		})
		if err != nil || n != sources*tokens {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*sources*tokens), "µs/token")
}
