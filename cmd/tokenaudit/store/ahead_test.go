package store

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// What a run would change is what it changes once it is written.
func TestAhead(t *testing.T) {
	for seed := range uint64(worlds(t, 2)) {
		s := newFile(t)
		for _, o := range observed(t, seed, 15) {
			ahead, err := s.Ahead(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			write(t, s, o)
			spans, err := s.Spans(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			spans = slices.DeleteFunc(spans, func(p Span) bool { return !p.From.Equal(o.Run.At) })
			for _, all := range [][]Span{spans, ahead.Spans} {
				slices.SortFunc(all, func(a, b Span) int { return strings.Compare(a.Fingerprint, b.Fingerprint) })
			}
			if diff := cmp.Diff(spans, ahead.Spans, cmpopts.IgnoreFields(Span{}, "Key", "Waiver"), cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("company %d: the run of %s (-written +ahead):\n%s", seed, o.Run.At, diff)
			}
			known, err := s.Course(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			counts := map[KindOf]int{}
			for _, k := range known.Kinds {
				if k.To.IsZero() {
					counts[k.KindOf] += k.Count
				}
			}
			if !maps.Equal(counts, ahead.Kinds) {
				t.Fatalf("company %d: the run of %s: %v tokens, and %v ahead", seed, o.Run.At, counts, ahead.Kinds)
			}
		}
	}
}
