package report

import (
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
)

func TestGateDecide(t *testing.T) {
	finding := func(s policies.Severity, edit ...func(*Finding)) Finding {
		f := Finding{Rule: "r", Severity: s, Status: policies.Fail}
		for _, e := range edit {
			e(&f)
		}
		return f
	}
	waived := func(f *Finding) { f.Status = policies.Waived }
	unchanged := func(f *Finding) { f.Baseline = BaselineUnchanged }
	leftAlone := func(f *Finding) { f.Planned = inventory.PlannedUnchanged }
	isNew := func(f *Finding) { f.Baseline = BaselineNew }
	read := Source{Source: inventory.Source{ID: "s", Units: []inventory.Unit{{Name: "keys", Status: inventory.UnitComplete}}}}
	failed := Source{Source: inventory.Source{ID: "s", Units: []inventory.Unit{{Name: "keys", Status: inventory.UnitFailed}}}}
	partial := Source{Source: inventory.Source{ID: "s", Units: []inventory.Unit{{Name: "keys", Status: inventory.UnitPartial}}}}
	accepted := AcceptedGap{Source: "s", Unit: "k*", State: GapApplied}
	expired := AcceptedGap{Source: "s", Unit: "k*", State: GapExpired}

	tests := map[string]struct {
		gate    Gate
		report  Report
		code    int
		verdict Verdict
		reason  string
	}{
		"clean":                        {DefaultGate(), Report{Sources: []Source{read}}, 0, VerdictPass, "no finding at or above medium, and everything was measured"},
		"a source without tokens":      {DefaultGate(), Report{Sources: []Source{{}}}, 0, VerdictPass, "everything was measured"},
		"below the threshold":          {DefaultGate(), Report{Sources: []Source{read}, Findings: []Finding{finding(policies.Low)}}, 0, VerdictPass, "no finding at or above medium"},
		"at the threshold":             {DefaultGate(), Report{Sources: []Source{read}, Findings: []Finding{finding(policies.Medium)}}, 1, VerdictFail, "1 finding at or above medium (1 medium)"},
		"above the threshold":          {DefaultGate(), Report{Sources: []Source{read}, Findings: []Finding{finding(policies.Critical), finding(policies.High)}}, 1, VerdictFail, "2 findings at or above medium (1 critical, 1 high)"},
		"waived":                       {DefaultGate(), Report{Sources: []Source{read}, Findings: []Finding{finding(policies.Critical, waived)}}, 0, VerdictPass, ""},
		"fail on none":                 {Gate{FailOn: NoSeverity}, Report{Sources: []Source{read}, Findings: []Finding{finding(policies.Critical)}}, 0, VerdictPass, "no finding fails this gate"},
		"fail on info":                 {Gate{FailOn: policies.Info}, Report{Sources: []Source{read}, Findings: []Finding{finding(policies.Info)}}, 1, VerdictFail, ""},
		"failed unit":                  {DefaultGate(), Report{Sources: []Source{failed}}, 3, VerdictIncomplete, "1 list of 1 source could not be read"},
		"partial unit":                 {DefaultGate(), Report{Sources: []Source{partial}}, 3, VerdictIncomplete, ""},
		"no source":                    {DefaultGate(), Report{}, 3, VerdictIncomplete, "no source was found"},
		"rule error":                   {DefaultGate(), Report{Sources: []Source{read}, RuleErrors: []RuleError{{Rule: "r"}, {Rule: "r"}}}, 3, VerdictIncomplete, "1 rule could not run everywhere (r)"},
		"accepted gap":                 {DefaultGate(), Report{Sources: []Source{failed}, AcceptedGaps: []AcceptedGap{accepted}}, 0, VerdictPass, "everything was measured but 1 list whose absence is accepted"},
		"expired acceptance":           {DefaultGate(), Report{Sources: []Source{failed}, AcceptedGaps: []AcceptedGap{expired}}, 3, VerdictIncomplete, ""},
		"findings beat a gap":          {DefaultGate(), Report{Sources: []Source{failed}, Findings: []Finding{finding(policies.High)}}, 1, VerdictFail, "besides, the measurement is incomplete"},
		"a gap beats a low finding":    {DefaultGate(), Report{Sources: []Source{failed}, Findings: []Finding{finding(policies.Low)}}, 3, VerdictIncomplete, ""},
		"no fail on findings":          {Gate{FailOn: policies.Low, NoFail: true}, Report{Sources: []Source{read}, Findings: []Finding{finding(policies.High)}}, 0, VerdictFail, "exit code 1 turned into 0"},
		"no fail on a gap":             {Gate{NoFail: true}, Report{Sources: []Source{failed}}, 0, VerdictIncomplete, "exit code 3 turned into 0"},
		"only new: unchanged":          {Gate{FailOn: policies.Low, OnlyNew: true}, Report{Sources: []Source{read}, Findings: []Finding{finding(policies.High, unchanged)}}, 0, VerdictPass, "no new finding"},
		"only new: new":                {Gate{FailOn: policies.Low, OnlyNew: true}, Report{Sources: []Source{read}, Findings: []Finding{finding(policies.High, isNew)}}, 1, VerdictFail, "1 new finding"},
		"only new: no baseline":        {Gate{FailOn: policies.Low, OnlyNew: true}, Report{Sources: []Source{read}, Findings: []Finding{finding(policies.High)}}, 1, VerdictFail, ""},
		"a change leaves it as it is":  {DefaultGate(), Report{Sources: []Source{read}, Findings: []Finding{finding(policies.High, leftAlone)}}, 0, VerdictPass, "no new finding"},
		"unchanged findings asked for": {Gate{FailOn: policies.Medium, Unchanged: true}, Report{Sources: []Source{read}, Findings: []Finding{finding(policies.High, leftAlone)}}, 1, VerdictFail, "1 finding at or above medium"},
		"not evaluated, ignored":       {DefaultGate(), Report{Sources: []Source{read}, Gaps: []Gap{{Severity: policies.Critical, Count: 2}}}, 0, VerdictPass, ""},
		"not evaluated, reached":       {Gate{NotEvaluated: policies.High}, Report{Sources: []Source{read}, Gaps: []Gap{{Severity: policies.High, Count: 2}}}, 3, VerdictIncomplete, "2 verdicts of rules at or above high could not be decided"},
		"not evaluated, below":         {Gate{NotEvaluated: policies.High}, Report{Sources: []Source{read}, Gaps: []Gap{{Severity: policies.Medium, Count: 2}}}, 0, VerdictPass, ""},
		"an empty gate":                {Gate{}, Report{Sources: []Source{read}, Findings: []Finding{finding(policies.Critical)}}, 0, VerdictPass, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := tt.gate.Decide(&tt.report)
			if got.Code != tt.code || got.Verdict != tt.verdict {
				t.Errorf("got %d %s (%s), want %d %s", got.Code, got.Verdict, got.Reason, tt.code, tt.verdict)
			}
			if !strings.Contains(got.Reason, tt.reason) {
				t.Errorf("reason %q does not say %q", got.Reason, tt.reason)
			}
		})
	}
}

func TestParseThreshold(t *testing.T) {
	for _, s := range []string{"critical", "high", "medium", "low", "info", "none", "HIGH"} {
		if got, err := ParseThreshold(s); err != nil || string(got) != strings.ToLower(s) {
			t.Errorf("ParseThreshold(%q) = %q, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "warning", "medium "} {
		if got, err := ParseThreshold(s); err == nil {
			t.Errorf("ParseThreshold(%q) = %q, want an error", s, got)
		}
	}
}
