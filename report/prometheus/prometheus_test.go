package prometheus

import (
	"bytes"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/baseline"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

func TestPrometheusPassesTheLinter(t *testing.T) {
	compared := reporttest.Sample()
	if err := baseline.Compare(compared, reporttest.Readable(reporttest.Sample()), false); err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*report.Report{"sample": reporttest.Sample(), "compared": compared, "empty": reporttest.Empty(), "hostile": reporttest.Hostile(), "nothing": reporttest.Build(reporttest.SampleOptions(), nil)} {
		problems, err := promlint.New(bytes.NewReader(renderedMetrics(t, r, format.Options{}))).Lint()
		if err != nil || len(problems) > 0 {
			t.Errorf("%s: %v, %v", name, problems, err)
		}
	}
}

// The number of series does not grow with sources, tokens or findings.
func TestPrometheusIsBounded(t *testing.T) {
	lines := func(sources, tokens int) int {
		return bytes.Count(renderedMetrics(t, reporttest.Build(reporttest.SampleOptions(), reporttest.LargeSources(sources, tokens)), format.Options{}), []byte("\n"))
	}
	if small, large := lines(3, 1400), lines(12, 1400); small != large {
		t.Errorf("%d lines for 4,200 tokens, %d for 16,800", small, large)
	}
	r := reporttest.Sample()
	for i := range 500 {
		source := r.Sources[0]
		source.CMS = "cms" + strings.Repeat("x", i)
		r.Sources = append(r.Sources, source)
	}
	if n := bytes.Count(renderedMetrics(t, r, format.Options{}), []byte("tokenaudit_sources{")); n > maxCMSes+1 {
		t.Errorf("%d CMSes", n)
	}
}

// --no-fail is for the job that makes the report, and not for who watches it.
func TestMetricOfTheGateIgnoresNoFail(t *testing.T) {
	gate := report.DefaultGate()
	gate.NoFail = true
	if out := string(renderedMetrics(t, reporttest.Sample(), format.Options{Gate: gate})); !strings.Contains(out, "\ntokenaudit_exit_code 1\n") {
		t.Errorf("the metric says that nothing was found:\n%s", out)
	}
}

func renderedMetrics(t *testing.T, r *report.Report, o format.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Format().Render(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
