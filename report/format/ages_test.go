package format_test

import (
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/deadlines"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
)

func TestSince(t *testing.T) {
	at := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	for want, f := range map[string]*report.Finding{
		"":                     {},
		"new":                  {Baseline: report.BaselineNew, FirstSeen: at},
		"unchanged":            {Baseline: report.BaselineUnchanged, FirstSeen: at},
		"143 days":             {Baseline: report.BaselineUnchanged, FirstSeen: at.AddDate(0, 0, -143)},
		"reopened, 1 day":      {Baseline: report.BaselineReopened, FirstSeen: at.AddDate(0, 0, -1)},
		"143 days, 20 overdue": {Baseline: report.BaselineUnchanged, FirstSeen: at.AddDate(0, 0, -143), OverdueDays: 20},
	} {
		f.SeenSince(f.FirstSeen, at)
		if got := format.Since(f); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestChanges(t *testing.T) {
	at := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	finding := func(state report.BaselineState, severity policies.Severity, days int) *report.Finding {
		f := &report.Finding{Rule: "r", Severity: severity, Status: policies.Fail, Baseline: state}
		f.SeenSince(at.AddDate(0, 0, -days), at)
		return f
	}
	r := &report.Report{At: at, Findings: []*report.Finding{{Rule: "r", Severity: policies.High, Status: policies.Fail}}}
	if got := format.Changes(r, report.Gate{}); got != "" {
		t.Errorf("without a baseline: %q", got)
	}
	r.Deadlines = &deadlines.Deadlines{Severity: deadlines.Days{policies.High: 14}}
	if got, want := format.Changes(r, report.Gate{}), "Deadlines unknown: when 1 finding was first seen is not known without --store, or an earlier report as --baseline"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	r.Baseline = &report.BaselineRef{At: at.AddDate(0, 0, -8)}
	r.Resolved = []*report.Finding{{}, {}}
	r.Findings = []*report.Finding{
		finding(report.BaselineUnchanged, policies.High, 143), finding(report.BaselineNew, policies.High, 0), finding(report.BaselineReopened, policies.Medium, 200), finding(report.BaselineUnchanged, policies.Low, 300),
	}
	r.CountChanges()
	want := "1 new, 2 resolved, 1 reopened since 21 Nov 2026; oldest high: 143 days; 1 overdue"
	if got := format.Changes(r, report.Gate{}); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	want += "; 1 of severity high or above ignored as not new"
	if got := format.Changes(r, report.Gate{OnlyNew: true}); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	r.Scope = &report.Scope{Change: true}
	r.Sources = []report.Source{{Source: inventory.Source{Kind: inventory.KindPlan}}}
	r.Findings = []*report.Finding{finding(report.BaselineNew, policies.High, 0), finding(report.BaselineUnchanged, policies.Low, 3)}
	r.Deadlines = nil
	r.CountChanges()
	if got, want := format.Changes(r, report.Gate{}), "1 new, 2 resolved, 0 reopened by the plan; oldest low: 3 days"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
