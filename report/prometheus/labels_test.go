package prometheus

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

func TestLabelNames(t *testing.T) {
	got := labelNames([]string{"", "App Name", "app.name", "app/name", "app_name_conflict1", "größe", strings.Repeat("x", 300)})
	want := []string{"label_", "label_App_Name", "label_app_name", "label_app_name_conflict1", "label_app_name_conflict1_conflict1", "label_gr____e", "label_" + strings.Repeat("x", 100)}
	want[5] = labelNames([]string{"größe"})[0]
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	valid := regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
	for _, name := range got {
		if !valid.MatchString(name) {
			t.Errorf("Prometheus refuses %q", name)
		}
	}
}

// An inventory from outside may have any labels: neither their keys nor their values
// make more series than there is room for, and none is there twice.
func TestLabelsOfSourcesAreBounded(t *testing.T) {
	sources := reporttest.LargeSources(200, 1)
	for i := range sources {
		sources[i].Source.Labels = map[string]string{"same": "x" + strings.Repeat("y", 200) + fmt.Sprint(i), fmt.Sprintf("key%d", i): "\x00\n\"\\", "team": fmt.Sprint(i)}
	}
	out := renderedMetrics(t, reporttest.Build(reporttest.SampleOptions(), sources), format.Options{})
	if problems, err := promlint.New(bytes.NewReader(out)).Lint(); err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
	keys, series := map[string]bool{}, map[string]bool{}
	for _, name := range regexp.MustCompile(`label_[a-z0-9_]+=`).FindAllString(string(out), -1) {
		keys[name] = true
	}
	if len(keys) != maxLabelKeys {
		t.Errorf("%d keys: %v", len(keys), keys)
	}
	for line := range strings.Lines(string(out)) {
		name, _, _ := strings.Cut(line, "} ")
		if series[name] && strings.Contains(line, "{") {
			t.Errorf("a series is there twice: %s", line)
		}
		series[name] = true
	}
	if n, most := bytes.Count(out, []byte("\ntokenaudit_findings{")), (maxLabelSets+1)*len(reporttest.SampleRules()); n > most {
		t.Errorf("%d series of findings, at most %d", n, most)
	}
}

// TestLabelsOfNoSource: what is said of a source that is not in the report, and a report
// without labels, have no series of their own.
func TestLabelsOfNoSource(t *testing.T) {
	r := reporttest.Sample()
	for i := range r.Sources {
		r.Sources[i].Labels = nil
	}
	if out := renderedMetrics(t, r, format.Options{}); bytes.Contains(out, []byte("label_")) {
		t.Errorf("a label without a source that has it:\n%s", out)
	}
	r = reporttest.Sample()
	r.Findings = append(r.Findings, &report.Finding{Rule: "unused-token", Severity: "medium", Status: "fail", Source: "gone/1"})
	if out := renderedMetrics(t, r, format.Options{}); !bytes.Contains(out, []byte(`rule="unused-token",severity="medium",status="fail",label_env="",label_team=""} 1`)) {
		t.Errorf("a finding on a source that is gone:\n%s", out)
	}
}
