package engine

import (
	"fmt"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// population is a source with tokens of which about one in six has a finding.
func population(n int) inventory.Source {
	tokens := make([]inventory.Token, n)
	for i := range tokens {
		tokens[i] = aToken(fmt.Sprintf("contentstack/stacks/blt1/management_tokens/%06d", i))
		switch i % 12 {
		case 0:
			neverExpires(&tokens[i])
		case 1:
			tokens[i].LastUsed.At = daysAgo(200)
		case 2, 3, 4:
			delivering(&tokens[i])
		}
	}
	return aSource(tokens...)
}

// BenchmarkEvaluate measures the judging of one source by all rules; the figure
// to look at is ns/token.
func BenchmarkEvaluate(b *testing.B) {
	for _, n := range []int{10, 1000, 10000} {
		b.Run(fmt.Sprintf("tokens=%d", n), func(b *testing.B) {
			e, err := Load(b.Context(), LoadOptions{})
			if err != nil {
				b.Fatal(err)
			}
			source := population(n)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Evaluate(b.Context(), source, auditTime); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/token")
		})
	}
}

func BenchmarkInput(b *testing.B) {
	source := population(1000)
	b.ReportAllocs()
	for b.Loop() {
		prepare(&source, auditTime, nil, nil)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/token")
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load(b.Context(), LoadOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
