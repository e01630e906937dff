package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/report"
)

// What is wrong with a planned token is put right in the code, not in the web
// app, whose change the next run would undo.
func TestFindingsOfPlansAreFixedInCode(t *testing.T) {
	for _, plan := range []string{
		"../../collectors/terraform/testdata/cysp-create.json", "../../collectors/terraform/testdata/labd-create.json",
		"../../testdata/premerge/bad/plan.json", "../../testdata/premerge/good/plan.json",
	} {
		saved := filepath.Join(t.TempDir(), "report.json")
		var out, errs bytes.Buffer
		a := newProgram(ioStreams{in: strings.NewReader(""), out: &out, err: &errs})
		err := execute(t.Context(), a, []string{"evaluate", "--terraform-plan", plan, "--fail-on-unchanged", "-o", "json=" + saved})
		var code interface{ ExitCode() int }
		if err != nil && (!errors.As(err, &code) || code.ExitCode() == 2) {
			t.Fatalf("%s: %v\n%s", plan, err, errs.String())
		}
		text, err := os.ReadFile(saved)
		if err != nil {
			t.Fatal(err)
		}
		var r report.Report
		if err := json.Unmarshal(text, &r); err != nil {
			t.Fatal(err)
		}
		fixes := map[string]string{}
		for _, rule := range r.Rules {
			fixes[rule.ID] = rule.Remediation["terraform"]
		}
		planned := 0
		for _, f := range r.Findings {
			if f.Planned == "" {
				continue
			}
			planned++
			if f.Remediation == "" || f.Remediation != fixes[f.Rule] {
				t.Errorf("%s: %s on %s says: %s", plan, f.Rule, f.Token, f.Remediation)
			}
		}
		if planned == 0 && !strings.Contains(plan, "good") {
			t.Errorf("%s: no finding is about a planned token", plan)
		}
	}
}
