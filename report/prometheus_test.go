package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

func TestPrometheusPassesTheLinter(t *testing.T) {
	compared := sampleReport()
	if err := compared.CompareTo(readable(sampleReport()), false); err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*Report{"sample": sampleReport(), "compared": compared, "empty": emptyReport(), "hostile": hostileReport(), "nothing": build(sampleOptions(), nil)} {
		problems, err := promlint.New(bytes.NewReader(renderedMetrics(t, r, RenderOptions{}))).Lint()
		if err != nil || len(problems) > 0 {
			t.Errorf("%s: %v, %v", name, problems, err)
		}
	}
}

// The number of series does not grow with sources, tokens or findings.
func TestPrometheusIsBounded(t *testing.T) {
	lines := func(sources, tokens int) int {
		return bytes.Count(renderedMetrics(t, build(sampleOptions(), largeSources(sources, tokens)), RenderOptions{}), []byte("\n"))
	}
	if small, large := lines(3, 1400), lines(12, 1400); small != large {
		t.Errorf("%d lines for 4,200 tokens, %d for 16,800", small, large)
	}
	r := sampleReport()
	for i := range 500 {
		source := r.Sources[0]
		source.CMS = "cms" + strings.Repeat("x", i)
		r.Sources = append(r.Sources, source)
	}
	if n := bytes.Count(renderedMetrics(t, r, RenderOptions{}), []byte("tokenaudit_sources{")); n > maxCMSes+1 {
		t.Errorf("%d CMSes", n)
	}
}

// --no-fail is for the job that makes the report, and not for who watches it.
func TestMetricOfTheGateIgnoresNoFail(t *testing.T) {
	gate := DefaultGate()
	gate.NoFail = true
	if out := string(renderedMetrics(t, sampleReport(), RenderOptions{Gate: gate})); !strings.Contains(out, "\ntokenaudit_exit_code 1\n") {
		t.Errorf("the metric says that nothing was found:\n%s", out)
	}
}

func renderedMetrics(t *testing.T, r *Report, o RenderOptions) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := prometheusFormat().Render(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
