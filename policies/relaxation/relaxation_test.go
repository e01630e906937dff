package relaxation_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/engine"
	"github.com/tokenaudit/tokenaudit/policies/frameworks"
	"github.com/tokenaudit/tokenaudit/policies/relaxation"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/controls"
)

// rules are the built-in ones, as they are declared.
func rules(t *testing.T) []policies.Rule {
	t.Helper()
	loaded, err := engine.Load(t.Context(), engine.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return loaded.Rules()
}

// change is one setting of a rule, for all sources and for some.
type change struct {
	name string
	set  policies.SourceSettings
}

// values are some of a parameter that are weaker than its default, and some that meet what
// every control needs.
func values(t *testing.T, rule *policies.Rule, name string) (weaker, strict []any) {
	t.Helper()
	p := rule.Params[name]
	n, _ := p.Default.(int)
	switch p.Stricter {
	case policies.StricterLower:
		least := n
		for _, controls := range rule.ControlNeeds {
			for _, needs := range controls {
				if most := needs[name].Max; most != nil {
					least = min(least, int(*most))
				}
			}
		}
		return []any{n + 1, 36500}, []any{least, least - 1}
	case policies.StricterHigher:
		return []any{n - 1, 0}, []any{n, n + 1}
	case policies.StricterFirst:
		at := slices.Index(p.Enum, p.Default)
		return p.Enum[at+1:], p.Enum[:at+1]
	}
	t.Fatalf("%s: a built-in parameter has to say which values are stricter", p.Description)
	return nil, nil
}

// For every built-in rule, whatever is weaker, off, or less severe, for all sources or for
// some, is found, and keeps each control of the rule from passing; what is stricter is not
// named.
func TestEveryWeakerSettingTakesTheControls(t *testing.T) {
	all := rules(t)
	for i := range all {
		rule := &all[i]
		if rule.Off {
			continue
		}
		weaker, stricter := []change{{"off", policies.SourceSettings{Off: true}}}, []change{{"critical", policies.SourceSettings{Severity: policies.Critical}}}
		if rule.Severity != policies.Info {
			weaker = append(weaker, change{"info", policies.SourceSettings{Severity: policies.Info}})
		}
		for name := range rule.Params {
			bad, good := values(t, rule, name)
			for _, v := range bad {
				weaker = append(weaker, change{fmt.Sprint(name, "=", v), policies.SourceSettings{Params: map[string]any{name: v}}})
			}
			for _, v := range good {
				stricter = append(stricter, change{fmt.Sprint(name, "=", v), policies.SourceSettings{Params: map[string]any{name: v}}})
			}
		}
		for _, c := range weaker {
			for _, found := range everywhere(all, rule.ID, c.set) {
				if len(rule.Controls) > 0 && len(found) == 0 {
					t.Errorf("%s with %s: %v", rule.ID, c.name, found)
				}
				checkControls(t, all, rule, c.name, found)
			}
		}
		for _, c := range stricter {
			for _, found := range everywhere(all, rule.ID, c.set) {
				if len(found) > 0 {
					t.Errorf("%s with the stricter %s: %v", rule.ID, c.name, found)
				}
			}
		}
	}
}

// everywhere finds what a setting relaxes for all sources, and for some.
func everywhere(all []policies.Rule, id string, set policies.SourceSettings) [][]relaxation.Relaxation {
	some := set
	some.Pattern = "contentful/*"
	find := func(s policies.RuleSettings) []relaxation.Relaxation {
		found := relaxation.Find(all, policies.Settings{Rules: map[string]policies.RuleSettings{id: s}})
		return slices.DeleteFunc(found, func(r relaxation.Relaxation) bool { return r.Default })
	}
	return [][]relaxation.Relaxation{
		find(policies.RuleSettings{Off: set.Off, Severity: set.Severity, Params: set.Params}),
		find(policies.RuleSettings{Sources: []policies.SourceSettings{some}}),
	}
}

// Of the built-in rules one control needs more than a default, and no setting is to blame.
func TestDefaults(t *testing.T) {
	var got []string
	for _, r := range relaxation.Find(rules(t), policies.Settings{}) {
		got = append(got, fmt.Sprint(r, " ", r.Controls, " ", r.Default))
	}
	want := []string{"unused-token: max_idle_days is 90, where at most 45 is needed (by default) map[cis_v8:[5.3]] true"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// checkControls builds a report in which every rule passes, and demands that no control of
// the rule does, and all others do.
func checkControls(t *testing.T, all []policies.Rule, rule *policies.Rule, what string, found []relaxation.Relaxation) {
	t.Helper()
	catalogues, err := frameworks.All()
	if err != nil {
		t.Fatal(err)
	}
	r := &report.Report{Complete: true, Relaxed: found, Sources: make([]report.Source, 1)}
	for i := range all {
		r.Rules = append(r.Rules, report.Rule{ID: all[i].ID, Controls: all[i].Controls, Statuses: policies.Counts{Pass: 1}})
	}
	for i := range catalogues {
		for _, control := range controls.Of(r, &catalogues[i]).Controls {
			mine := slices.Contains(rule.Controls[catalogues[i].Key], control.ID)
			switch {
			case mine && (control.Outcome != report.ControlRelaxed || len(control.Reasons) != 1):
				t.Errorf("%s with %s: %s of %s is %s: %v", rule.ID, what, control.ID, catalogues[i].ID, control.Outcome, control.Reasons)
			case !mine && len(control.Rules) > 0 && control.Outcome != report.ControlPasses:
				t.Errorf("%s with %s: %s of %s is %s, which the rule does not speak to", rule.ID, what, control.ID, catalogues[i].ID, control.Outcome)
			}
		}
	}
}

// A control may need less, or more, than the default; another value of a parameter
// without a direction is taken as weaker.
func TestNeedsOfAControl(t *testing.T) {
	limit := 120.0
	rule := policies.Rule{
		ID: "custom/idle", Severity: policies.High, Controls: map[string][]string{"pci_dss": {"8.2.6"}, "soc2": {"CC6.2"}},
		Params: map[string]policies.Param{
			"days":  {Type: "integer", Default: 90, Stricter: policies.StricterLower},
			"words": {Type: "array", Default: []any{"prod"}},
		},
		ControlNeeds: map[string]map[string]map[string]policies.Need{"soc2": {"CC6.2": {"days": {Max: &limit}}}},
	}
	for _, c := range []struct {
		params map[string]any
		want   []string
	}{
		{map[string]any{"days": 90}, nil},
		{map[string]any{"days": 100}, []string{"custom/idle: days is 100, where at most 90 is needed map[pci_dss:[8.2.6]]"}},
		{map[string]any{"days": 121}, []string{
			"custom/idle: days is 121, where at most 120 is needed map[soc2:[CC6.2]]",
			"custom/idle: days is 121, where at most 90 is needed map[pci_dss:[8.2.6]]",
		}},
		{map[string]any{"words": []any{"prod"}}, nil},
		{map[string]any{"words": []any{"prod", "live"}}, []string{`custom/idle: words is ["prod","live"], where ["prod"] is needed map[pci_dss:[8.2.6] soc2:[CC6.2]]`}},
	} {
		found := relaxation.Find([]policies.Rule{rule}, policies.Settings{Rules: map[string]policies.RuleSettings{rule.ID: {Params: c.params}}})
		var got []string
		for _, r := range found {
			got = append(got, fmt.Sprint(r, " ", r.Controls))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", slices.Collect(maps.Keys(c.params)), diff)
		}
	}
}
