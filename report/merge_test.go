package report_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

// Shards may share a file of evidence, and each may have its own: the whole
// names each once.
func TestMergeNamesEvidenceOnce(t *testing.T) {
	shared := report.Evidence{report.EvidenceUsage, "cdn.csv", "1"}
	part := func(name string, own report.Evidence) report.Part {
		r := reporttest.Build(report.BuildOptions{At: reporttest.AuditTime, Evidence: []report.Evidence{own, shared}}, nil)
		return report.Part{Name: name, Report: r}
	}
	first, second := report.Evidence{report.EvidencePrevious, "shard.json", "2"}, report.Evidence{report.EvidencePrevious, "shard.json", "3"}
	whole, err := report.Merge([]report.Part{part("b", second), part("a", first)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]report.Evidence{first, second, shared}, whole.Evidence); diff != "" {
		t.Error(diff)
	}
}
