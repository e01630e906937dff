package engine

import "testing"

// BenchmarkRules measures each rule alone, and the risk model; the figure to look at is ns/token.
func BenchmarkRules(b *testing.B) {
	all, err := Load(b.Context(), LoadOptions{})
	if err != nil {
		b.Fatal(err)
	}
	source := population(1000)
	c := prepare(&source, auditTime, nil, nil)
	for _, rule := range all.rules {
		b.Run(rule.ID, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				all.judge(b.Context(), c, rule, &rule.base, nil)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/token")
		})
	}
	b.Run("risk", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := all.scores(b.Context(), c, nil); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/token")
	})
}
