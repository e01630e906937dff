package parts_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/parts"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

// Shards may share a file of evidence, and each may have its own: the whole
// names each once.
func TestMergeNamesEvidenceOnce(t *testing.T) {
	shared := report.Evidence{Kind: report.EvidenceUsage, File: "cdn.csv", SHA256: "1"}
	part := func(name string, own report.Evidence) parts.Part {
		r := reporttest.Build(report.BuildOptions{At: reporttest.AuditTime, Evidence: []report.Evidence{own, shared}}, nil)
		return parts.Part{Name: name, Report: r}
	}
	first, second := report.Evidence{Kind: report.EvidencePrevious, File: "shard.json", SHA256: "2"}, report.Evidence{Kind: report.EvidencePrevious, File: "shard.json", SHA256: "3"}
	whole, err := parts.Merge([]parts.Part{part("b", second), part("a", first)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]report.Evidence{first, second, shared}, whole.Evidence); diff != "" {
		t.Error(diff)
	}
}
