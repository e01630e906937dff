package report_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
)

func TestGateDecide(t *testing.T) {
	finding := func(s policies.Severity, edit ...func(*report.Finding)) *report.Finding {
		f := &report.Finding{Rule: "r", Severity: s, Status: policies.Fail}
		for _, e := range edit {
			e(f)
		}
		return f
	}
	waived := func(f *report.Finding) { f.Status = policies.Waived }
	unchanged := func(f *report.Finding) { f.Baseline = report.BaselineUnchanged }
	leftAlone := func(f *report.Finding) { f.Planned = inventory.PlannedUnchanged }
	isNew := func(f *report.Finding) { f.Baseline = report.BaselineNew }
	read := report.Source{Source: inventory.Source{ID: "s", Units: []inventory.Unit{{Name: "keys", Status: inventory.UnitComplete}}}}
	failed := report.Source{Source: inventory.Source{ID: "s", Units: []inventory.Unit{{Name: "keys", Status: inventory.UnitFailed}}}}
	partial := report.Source{Source: inventory.Source{ID: "s", Units: []inventory.Unit{{Name: "keys", Status: inventory.UnitPartial}}}}
	accepted := report.AcceptedGap{Source: "s", Unit: "k*", State: report.GapApplied}
	expired := report.AcceptedGap{Source: "s", Unit: "k*", State: report.GapExpired}

	tests := map[string]struct {
		gate    report.Gate
		report  report.Report
		code    int
		verdict report.Verdict
		reason  string
	}{
		"clean":                           {report.DefaultGate(), report.Report{Sources: []report.Source{read}}, 0, report.VerdictPass, "no finding at or above medium, and everything was measured"},
		"a source without tokens":         {report.DefaultGate(), report.Report{Sources: []report.Source{{}}}, 0, report.VerdictPass, "everything was measured"},
		"below the threshold":             {report.DefaultGate(), report.Report{Sources: []report.Source{read}, Findings: []*report.Finding{finding(policies.Low)}}, 0, report.VerdictPass, "no finding at or above medium"},
		"at the threshold":                {report.DefaultGate(), report.Report{Sources: []report.Source{read}, Findings: []*report.Finding{finding(policies.Medium)}}, 1, report.VerdictFail, "1 finding at or above medium (1 medium)"},
		"above the threshold":             {report.DefaultGate(), report.Report{Sources: []report.Source{read}, Findings: []*report.Finding{finding(policies.Critical), finding(policies.High)}}, 1, report.VerdictFail, "2 findings at or above medium (1 critical, 1 high)"},
		"waived":                          {report.DefaultGate(), report.Report{Sources: []report.Source{read}, Findings: []*report.Finding{finding(policies.Critical, waived)}}, 0, report.VerdictPass, ""},
		"fail on none":                    {report.Gate{FailOn: report.NoSeverity}, report.Report{Sources: []report.Source{read}, Findings: []*report.Finding{finding(policies.Critical)}}, 0, report.VerdictPass, "no finding fails this gate"},
		"fail on info":                    {report.Gate{FailOn: policies.Info}, report.Report{Sources: []report.Source{read}, Findings: []*report.Finding{finding(policies.Info)}}, 1, report.VerdictFail, ""},
		"failed unit":                     {report.DefaultGate(), report.Report{Sources: []report.Source{failed}}, 3, report.VerdictIncomplete, "1 list of 1 source could not be read"},
		"partial unit":                    {report.DefaultGate(), report.Report{Sources: []report.Source{partial}}, 3, report.VerdictIncomplete, ""},
		"no source":                       {report.DefaultGate(), report.Report{}, 3, report.VerdictIncomplete, "no source was found"},
		"rule error":                      {report.DefaultGate(), report.Report{Sources: []report.Source{read}, RuleErrors: []report.RuleError{{Rule: "r"}, {Rule: "r"}}}, 3, report.VerdictIncomplete, "1 rule could not run everywhere (r)"},
		"accepted gap":                    {report.DefaultGate(), report.Report{Sources: []report.Source{failed}, AcceptedGaps: []report.AcceptedGap{accepted}}, 0, report.VerdictPass, "everything was measured but 1 list whose absence is accepted"},
		"expired acceptance":              {report.DefaultGate(), report.Report{Sources: []report.Source{failed}, AcceptedGaps: []report.AcceptedGap{expired}}, 3, report.VerdictIncomplete, ""},
		"findings beat a gap":             {report.DefaultGate(), report.Report{Sources: []report.Source{failed}, Findings: []*report.Finding{finding(policies.High)}}, 1, report.VerdictFail, "also, the measurement is incomplete"},
		"a gap beats a low finding":       {report.DefaultGate(), report.Report{Sources: []report.Source{failed}, Findings: []*report.Finding{finding(policies.Low)}}, 3, report.VerdictIncomplete, ""},
		"no fail on findings":             {report.Gate{FailOn: policies.Low, NoFail: true}, report.Report{Sources: []report.Source{read}, Findings: []*report.Finding{finding(policies.High)}}, 0, report.VerdictFail, "exit code 0 instead of 1 because of --no-fail"},
		"no fail on a gap":                {report.Gate{NoFail: true}, report.Report{Sources: []report.Source{failed}}, 0, report.VerdictIncomplete, "exit code 0 instead of 3 because of --no-fail"},
		"only new: unchanged":             {report.Gate{FailOn: policies.Low, OnlyNew: true}, report.Report{Sources: []report.Source{read}, Findings: []*report.Finding{finding(policies.High, unchanged)}}, 0, report.VerdictPass, "no new finding"},
		"only new: new":                   {report.Gate{FailOn: policies.Low, OnlyNew: true}, report.Report{Sources: []report.Source{read}, Findings: []*report.Finding{finding(policies.High, isNew)}}, 1, report.VerdictFail, "1 new finding"},
		"only new: no baseline":           {report.Gate{FailOn: policies.Low, OnlyNew: true}, report.Report{Sources: []report.Source{read}, Findings: []*report.Finding{finding(policies.High)}}, 1, report.VerdictFail, ""},
		"a change leaves it as it is":     {report.DefaultGate(), report.Report{Sources: []report.Source{read}, Findings: []*report.Finding{finding(policies.High, leftAlone)}}, 0, report.VerdictPass, "no new finding"},
		"new about what is left as it is": {report.Gate{FailOn: policies.Medium, OnlyNew: true}, report.Report{Sources: []report.Source{read}, Findings: []*report.Finding{finding(policies.High, leftAlone, isNew)}}, 1, report.VerdictFail, "1 new finding"},
		"old about what is left as it is": {report.Gate{FailOn: policies.Medium, OnlyNew: true}, report.Report{Sources: []report.Source{read}, Findings: []*report.Finding{finding(policies.High, leftAlone, unchanged)}}, 0, report.VerdictPass, "no new finding"},
		"unchanged findings asked for":    {report.Gate{FailOn: policies.Medium, Unchanged: true}, report.Report{Sources: []report.Source{read}, Findings: []*report.Finding{finding(policies.High, leftAlone)}}, 1, report.VerdictFail, "1 finding at or above medium"},
		"not evaluated, ignored":          {report.DefaultGate(), report.Report{Sources: []report.Source{read}, Gaps: []report.Gap{{Severity: policies.Critical, Count: 2}}}, 0, report.VerdictPass, ""},
		"not evaluated, reached":          {report.Gate{NotEvaluated: policies.High}, report.Report{Sources: []report.Source{read}, Gaps: []report.Gap{{Severity: policies.High, Count: 2}}}, 3, report.VerdictIncomplete, "2 verdicts of rules at or above high could not be decided"},
		"not evaluated, below":            {report.Gate{NotEvaluated: policies.High}, report.Report{Sources: []report.Source{read}, Gaps: []report.Gap{{Severity: policies.Medium, Count: 2}}}, 0, report.VerdictPass, ""},
		"an empty gate":                   {report.Gate{}, report.Report{Sources: []report.Source{read}, Findings: []*report.Finding{finding(policies.Critical)}}, 0, report.VerdictPass, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := tt.gate.Decide(&tt.report)
			if got.Code != tt.code || got.Verdict != tt.verdict {
				t.Errorf("got %d %s (%s), want %d %s", got.Code, got.Verdict, got.Reason, tt.code, tt.verdict)
			}
			text := fmt.Sprintf("%s (%s)", got.Reason, got.ExitText())
			if !strings.Contains(text, tt.reason) {
				t.Errorf("%q does not say %q", text, tt.reason)
			}
			if n := strings.Count(text, "exit code"); n != 1 {
				t.Errorf("%q names an exit code %d times", text, n)
			}
		})
	}
}

func TestParseThreshold(t *testing.T) {
	for _, s := range []string{"critical", "high", "medium", "low", "info", "none", "HIGH"} {
		if got, err := report.ParseThreshold(s); err != nil || string(got) != strings.ToLower(s) {
			t.Errorf("ParseThreshold(%q) = %q, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "warning", "medium "} {
		if got, err := report.ParseThreshold(s); err == nil {
			t.Errorf("ParseThreshold(%q) = %q, want an error", s, got)
		}
	}
}
