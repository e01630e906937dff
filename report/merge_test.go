package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Shards may share a file of evidence, and each may have its own: the whole
// names each once.
func TestMergeNamesEvidenceOnce(t *testing.T) {
	shared := Evidence{EvidenceUsage, "cdn.csv", "1"}
	part := func(name string, own Evidence) Part {
		r := build(BuildOptions{At: auditTime, Evidence: []Evidence{own, shared}}, nil)
		return Part{Name: name, Report: r}
	}
	first, second := Evidence{EvidencePrevious, "shard.json", "2"}, Evidence{EvidencePrevious, "shard.json", "3"}
	whole, err := Merge([]Part{part("b", second), part("a", first)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Evidence{first, second, shared}, whole.Evidence); diff != "" {
		t.Error(diff)
	}
}
