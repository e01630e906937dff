package trend_test

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report/trend"
)

var update = flag.Bool("update", false, "write the golden files")

// sample are the weeks of a quarter: it gets better, but for one week.
func sample() *trend.Trend {
	t := &trend.Trend{Fixes: []trend.Fix{
		{Severity: policies.Critical, Team: "web", Findings: 3, Days: 5}, {Severity: policies.High, Team: "web", Findings: 12, Days: 300}, {Severity: policies.High, Findings: 2, Days: 1},
	}}
	for i := range 13 {
		from := time.Date(2026, 9, 7, 0, 0, 0, 0, time.UTC).AddDate(0, 0, 7*i)
		p := trend.Period{
			From: from, At: from.AddDate(0, 0, 6).Add(3 * time.Hour), Runs: 7, Complete: i != 4,
			Open:    map[policies.Severity]int{policies.Critical: max(0, 4-i), policies.High: 30 - 2*i, policies.Medium: 50 - i, policies.Low: 8},
			Overdue: max(0, 20-2*i), New: 2 + i%3, Resolved: 4 + i%2,
			Tokens: map[inventory.Kind]int{inventory.Delivery: 1200 + i, inventory.Management: 80, inventory.Personal: 40 - i, inventory.Preview: 900, "oauth": 3, "webhook": 2, "user": 1},
		}
		if i == 7 {
			p.Reopened, p.Tokens = 3, nil
		}
		t.Periods = append(t.Periods, p)
	}
	return t
}

func formats(t *trend.Trend) map[string]func(io.Writer) error {
	return map[string]func(io.Writer) error{
		"json": t.WriteJSON, "csv": t.WriteCSV, "html": t.WriteHTML, "section": t.WriteSection,
	}
}

func TestGolden(t *testing.T) {
	for series, data := range map[string]*trend.Trend{"": sample(), "-empty": {}} {
		for name, write := range formats(data) {
			var got bytes.Buffer
			if err := write(&got); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", "golden", name+series+".txt")
			if *update {
				if err := os.WriteFile(file, got.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("%s differs; -update writes it anew (-want +got):\n%s", file, diff)
			}
		}
	}
}

// The name of a team is text of users: it changes nothing in any format.
func TestHostileTeams(t *testing.T) {
	data := sample()
	data.Fixes[0].Team = "=cmd|' /C calc'!A1<script>\x1b[31m\u202e\n"
	for name, write := range formats(data) {
		var got bytes.Buffer
		if err := write(&got); err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"\x1b", "\u202e", ",=cmd"} {
			if strings.Contains(got.String(), bad) {
				t.Errorf("%s has %q", name, bad)
			}
		}
		if (name == "html" || name == "section") && strings.Contains(got.String(), "<script") {
			t.Error("a name is markup in the page")
		}
	}
}

// A long series has as many bars as there is room for, and all of its figures.
func TestLongSeries(t *testing.T) {
	data := &trend.Trend{}
	for i := range 400 {
		at := time.Date(2025, 1, 1, 3, 0, 0, 0, time.UTC).AddDate(0, 0, i)
		data.Periods = append(data.Periods, trend.Period{From: at, At: at, Runs: 1, Complete: true, Open: map[policies.Severity]int{policies.High: 400 - i}})
	}
	var page bytes.Buffer
	if err := data.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(page.String(), `<rect class="high"`); n != 53 {
		t.Errorf("%d bars", n)
	}
	if n := strings.Count(page.String(), "<tr>"); n != 401 {
		t.Errorf("%d rows", n)
	}
	if !strings.Contains(page.String(), "The charts show the last 53 of 400 periods.") {
		t.Error("it does not say that it leaves some out")
	}
}
