package html

import (
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/input"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

// counted returns what the bars of a chart count, by their labels.
func counted(chart barChart) map[string]string {
	counts := map[string]string{}
	for _, b := range chart.Bars {
		if b.Count == "" {
			continue
		}
		words := make([]string, len(b.Label))
		for i, line := range b.Label {
			words[i] = line.Text
		}
		counts[strings.Join(words, " ")] = b.Count
	}
	return counts
}

func TestCharts(t *testing.T) {
	at := func(days int) inventory.Expiry {
		return inventory.Expiry{State: inventory.ExpiryAt, At: reporttest.DaysAgo(-days), Supported: true}
	}
	token := func(status input.TokenStatus, expiry inventory.Expiry, age, idle *int, write bool) report.Token {
		used := inventory.LastUsed{State: inventory.LastUsedUnknown}
		d := input.Derived{Status: status, AgeDays: age}
		if idle != nil {
			used.State, d.UnusedDays = inventory.LastUsedBetween, &input.UnusedDays{Min: *idle}
		}
		return report.Token{Token: inventory.Token{Expiry: expiry, LastUsed: used, Access: inventory.Access{Write: write}}, Derived: d}
	}
	never := inventory.Expiry{State: inventory.ExpiryNever}
	r := &report.Report{At: reporttest.AuditTime, Tokens: []report.Token{
		token(input.Active, at(0), new(0), new(29), true),
		token(input.Active, at(17), new(29), new(30), false), // the last day of March
		token(input.Active, at(18), new(30), new(89), true),
		token(input.Active, at(365), new(729), new(364), true), // March again: later
		token(input.Active, at(351), new(730), nil, true),      // 28 February
		token(input.Active, never, nil, nil, false),
		token(input.Active, inventory.Expiry{State: inventory.ExpiryUnknown}, new(365), new(5000), false),
		token(input.Expired, at(-5), new(10), new(10), true),
		token(input.Revoked, never, new(10), new(10), true),
	}}
	dated, undated := expiryCharts(r)
	for name, tt := range map[string]struct {
		chart barChart
		want  map[string]string
	}{
		"expiry":    {dated, map[string]string{"Mar 2026": "2", "Apr": "1", "Feb": "1", "later": "1"}},
		"no expiry": {undated, map[string]string{"never": "1", "unknown": "1"}},
		"age":       {ageChart(r), map[string]string{"under 30": "2", "30–89": "1", "1–2 years": "2", "over 2 y": "1", "unknown": "1"}},
		"idle":      {idleChart(r), map[string]string{"under 30": "1", "30–89": "2", "180–364": "1", "over 2 y": "1", "unknown": "2"}},
	} {
		got := counted(tt.chart)
		for label, n := range tt.want {
			if got[label] != n {
				t.Errorf("%s: %s is %q, want %s", name, label, got[label], n)
			}
			delete(got, label)
		}
		if len(got) > 0 {
			t.Errorf("%s: besides %v", name, got)
		}
	}
}

func TestMatrix(t *testing.T) {
	r := reporttest.Sample()
	m := newMatrix(r.Tokens)
	got := map[string]string{}
	for _, row := range m.Rows {
		for i, cell := range row.Cells {
			if cell.Class != "" {
				got[row.CMS+" "+string(m.Levels[i])] = cell.Text
			}
		}
	}
	want := map[string]string{"contentful read": "2", "contentful write": "1", "contentstack read": "1", "datocms read": "1", "datocms write": "2", "terraform write": "1"}
	for key, n := range want {
		if got[key] != n {
			t.Errorf("%s is %q, want %s", key, got[key], n)
		}
	}
	if len(got) != len(want) {
		t.Errorf("cells %v", got)
	}
}

func TestFlowIsBounded(t *testing.T) {
	r := reporttest.Build(reporttest.SampleOptions(), reporttest.LargeSources(40, 30))
	f := newFlow(r)
	if len(f.Tokens) != flowTokens || len(f.Environments) > flowEnvironments+1 {
		t.Errorf("%d tokens, %d environments", len(f.Tokens), len(f.Environments))
	}
	perRole := map[string]int{}
	for _, link := range f.Links[:flowTokens] {
		perRole[link.Path[strings.LastIndex(link.Path, " "):]]++
	}
	for role, n := range perRole {
		if n > flowOfOneRole {
			t.Errorf("%d tokens of one role at %s", n, role)
		}
	}
	if f := newFlow(&report.Report{}); f.Tokens != nil || f.Note == "" {
		t.Errorf("no tokens: %+v", f)
	}
}
