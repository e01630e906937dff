package prometheus

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/deadlines"
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
	keys := map[string]bool{}
	for _, name := range regexp.MustCompile(`label_[a-z0-9_]+=`).FindAllString(string(out), -1) {
		keys[name] = true
	}
	if len(keys) != maxLabelKeys {
		t.Errorf("%d keys: %v", len(keys), keys)
	}
	noSeriesTwice(t, out)
	if n, most := bytes.Count(out, []byte("\ntokenaudit_findings{")), (maxLabelSets+1)*len(reporttest.SampleRules()); n > most {
		t.Errorf("%d series of findings, at most %d", n, most)
	}
}

// noSeriesTwice fails where a series is there twice, for which Prometheus refuses the file.
func noSeriesTwice(t *testing.T, out []byte) {
	t.Helper()
	seen := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		name, _, _ := strings.Cut(line, "} ")
		if seen[name] && strings.Contains(line, "{") {
			t.Errorf("a series is there twice: %s", line)
		}
		seen[name] = true
	}
}

// Names from outside that are alike as far as a value goes are one series, and what joins
// labels is in none of them.
func TestNamesFromOutsideAreValues(t *testing.T) {
	long := strings.Repeat("y", 120)
	var sources []reporttest.Judged
	for i, cms := range []string{long + "1", long + "2", "x\x00name"} {
		source := reporttest.SampleSource("datocms", fmt.Sprintf("datocms/projects/%d", i), inventory.KindProject, "Blog")
		token := reporttest.SampleToken(source, inventory.Delivery, "access_tokens/1", "One")
		token.Expiry = inventory.Expiry{State: inventory.ExpiryAt, At: reporttest.DaysAgo(-20 - i), Precision: inventory.PrecisionInstant, Supported: true}
		source.CMS, token.CMS = cms, cms
		source.Tokens = []inventory.Token{token}
		sources = append(sources, reporttest.Judge(source, reporttest.SampleRules(), policies.Verdict{Rule: "unused-token", Status: policies.Fail, Token: token.ID, Message: "bad"}))
	}
	r := reporttest.Build(reporttest.SampleOptions(), sources)
	r.Deadlines = &deadlines.Deadlines{}
	r.Teams = []string{long + "1", long + "2", "a\x00b"}
	for i, f := range r.Findings {
		f.Team, f.OverdueDays = r.Teams[i], 1
	}
	out := renderedMetrics(t, r, format.Options{})
	noSeriesTwice(t, out)
	cut := long[:maxLabelValue-1] + "…"
	for _, want := range []string{
		`tokenaudit_sources{cms="` + cut + `",label_team="web"} 2`, `tokenaudit_sources{cms="x\\x00name",label_team="web"} 1`,
		`tokenaudit_tokens{cms="` + cut + `",kind="delivery",`, `tokenaudit_next_expiry_timestamp_seconds{cms="x\\x00name",kind="delivery",`,
		`tokenaudit_overdue_findings{severity="medium",team="` + cut + `"} 2`, `tokenaudit_overdue_findings{severity="medium",team="a\\x00b"} 1`,
	} {
		if !bytes.Contains(out, []byte("\n"+want)) {
			t.Errorf("there is no %s in\n%s", want, out)
		}
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
