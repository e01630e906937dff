package html

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
	"github.com/tokenaudit/tokenaudit/report/trend"
)

// hostileTeam is the name of a team that is markup, style and script.
const hostileTeam = `</style><script>alert(1)</script>"'&\u202e`

// aYear is the trend of a year, by week.
func aYear() *trend.Trend {
	t := &trend.Trend{Fixes: []trend.Fix{
		{Severity: policies.Critical, Team: hostileTeam, Findings: 3, Days: 5}, {Severity: policies.High, Team: "web", Findings: 12, Days: 300}, {Severity: policies.Medium, Findings: 1234, Days: 4000},
	}}
	for i := range 53 {
		from := time.Date(2025, 11, 24, 0, 0, 0, 0, time.UTC).AddDate(0, 0, 7*i)
		t.Periods = append(t.Periods, trend.Period{
			From: from, At: from.AddDate(0, 0, 6).Add(3 * time.Hour), Runs: 7, Complete: i != 4,
			Open:    map[policies.Severity]int{policies.Critical: max(0, 9-i), policies.High: 300 - 4*i, policies.Medium: 1500 - 10*i, policies.Low: 80, policies.Info: 20},
			Overdue: max(0, 120-2*i), New: 2 + i%3, Reopened: i % 4, Resolved: 4 + i%2,
			Tokens: map[inventory.Kind]int{inventory.Delivery: 1200 + i, inventory.Management: 80, inventory.Personal: 90 - i, inventory.Preview: 900, inventory.OAuth: 3, "scim": 2, inventory.CLI: 1},
		})
	}
	return t
}

func withTrend() format.Options {
	return format.Options{Gate: report.DefaultGate(), Trend: func([]string) *trend.Trend { return aYear() }}
}

// The page has the trend where there is one, of the teams that it is about.
func TestHTMLTrend(t *testing.T) {
	r := reporttest.Sample()
	r.Scope = &report.Scope{Owners: []string{"web"}}
	o := withTrend()
	var asked []string
	o.Trend = func(teams []string) *trend.Trend {
		asked = teams
		return aYear()
	}
	page := string(renderedPage(t, r, o))
	if !slices.Equal(asked, []string{"web"}) {
		t.Errorf("the trend of %q", asked)
	}
	last := 0
	for _, part := range []string{`<a href="#trend">`, `id="rules"`, `id="trend"`, "Open findings by severity", "New and reopened against resolved", "Burn-down of overdue findings", "Tokens by kind", "Mean time to fix", "All figures", `id="access"`} {
		at := strings.Index(page, part)
		if at < last {
			t.Errorf("%s is at %d, before %d", part, at, last)
		}
		last = at
	}
	for _, chart := range regexp.MustCompile(`<svg viewBox="0 0 960 176"[^>]*>`).FindAllString(page, -1) {
		if !strings.Contains(chart, `role="img" aria-label="`) || !strings.Contains(chart, "on 30 Nov 2025 ") {
			t.Errorf("what a chart shows is not said in words: %s", chart)
		}
	}
	if without := string(renderedPage(t, r, format.Options{Gate: report.DefaultGate()})); strings.Contains(without, "trend") {
		t.Error("there is a trend without a store")
	}
}
