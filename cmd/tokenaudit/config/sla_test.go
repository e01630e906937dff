package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/deadlines"
)

func TestSLA(t *testing.T) {
	c, err := Parse("f.yaml", []byte("version: 1\nsla: {severity: {critical: 2d, high: 14d}, rules: {write-token-never-expires: 7d}, teams: {web: {high: 7d}}, waived: stop}\ngate: {fail_on_overdue: true}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := &deadlines.Deadlines{
		Severity: deadlines.Days{policies.Critical: 2, policies.High: 14}, Rules: map[string]int{"write-token-never-expires": 7},
		Teams: map[string]deadlines.Days{"web": {policies.High: 7}}, StopWaived: true,
	}
	if diff := cmp.Diff(want, c.Deadlines); diff != "" || !c.Gate.FailOnOverdue {
		t.Errorf("%+v\n%s", c.Gate, diff)
	}
	rules := []string{"unused-token", "write-token-never-expires"}
	if err := c.CheckDeadlines(rules, true); err == nil || err.Error() != "f.yaml:2: sla.teams.web: unknown team; owners has the teams" {
		t.Errorf("a team that there is not: %v", err)
	}
	if err := c.CheckDeadlines([]string{"write-token-expires"}, true); err == nil || !strings.Contains(err.Error(), "sla.rules.write-token-never-expires: unknown rule") {
		t.Errorf("a rule that there is not: %v", err)
	}
	none, err := Parse("f.yaml", []byte("version: 1\n"), nil)
	if err != nil || none.Deadlines != nil || none.CheckDeadlines(rules, false) != nil {
		t.Fatal(err, none)
	}
	if err := none.CheckDeadlines(rules, true); err == nil || !strings.Contains(err.Error(), "sla: missing; --fail-on-overdue needs deadlines") {
		t.Errorf("a gate without deadlines: %v", err)
	}
	if none.Digest == c.Digest {
		t.Error("deadlines are not part of the digest")
	}
}

func TestSLAMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"sla: {}":                             "f.yaml:2: sla: sets no deadline; for example severity: {high: 14d}",
		"sla: 14d":                            "f.yaml:2: sla: must be a mapping (key: value), not text",
		"sla: {high: 14d}":                    "f.yaml:2: sla.high: unknown key; the keys here are severity, rules, teams and waived",
		"sla: {severity: {hihg: 14d}}":        "f.yaml:2: sla.severity.hihg: unknown key; did you mean high?",
		"sla: {severity: {high: 14}}":         "f.yaml:2: sla.severity.high: must be days such as 2d or 14d",
		"sla: {severity: {high: 0d}}":         "f.yaml:2: sla.severity.high: must be days such as 2d or 14d",
		"sla: {severity: {high: 48h}}":        "f.yaml:2: sla.severity.high: must be days such as 2d or 14d",
		"sla: {rules: {a: [1d]}}":             "f.yaml:2: sla.rules.a: must be days such as 2d or 14d",
		"sla: {teams: {web: 3d}}":             "f.yaml:2: sla.teams.web: must be a mapping (key: value), not text",
		"sla: {rules: {a: 3d}, waived: halt}": "f.yaml:2: sla.waived: must be run or stop",
		"gate: {fail_on_overdue: true}":       "f.yaml:2: gate.fail_on_overdue: needs deadlines; set sla",
		"gate: {fail_on_overdue: 1}":          "f.yaml:2: gate.fail_on_overdue: must be true or false, not a number",
	} {
		if _, err := Parse("f.yaml", []byte("version: 1\n"+text+"\n"), nil); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
