package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/metadata"
	"github.com/tokenaudit/tokenaudit/policies/reviews"
)

func settings(id string, s policies.RuleSettings) policies.Settings {
	return policies.Settings{Rules: map[string]policies.RuleSettings{id: s}}
}

func TestSettingsChangeRules(t *testing.T) {
	idle := func(days int) change {
		return func(token *inventory.Token) { token.LastUsed.At = daysAgo(days) }
	}
	e := load(t, LoadOptions{Settings: settings("unused-token", policies.RuleSettings{
		Severity: policies.High, Params: map[string]any{"max_idle_days": 45},
		Sources: []policies.SourceSettings{
			{Pattern: "contentstack/*", Params: map[string]any{"max_idle_days": 10}},
			{Pattern: "contentstack/stacks/blt1", Severity: policies.Low},
			{Pattern: "datocms/*", Off: true},
		},
	})})
	tests := []struct {
		source   string
		days     int
		want     policies.Counts
		severity policies.Severity
	}{
		{"contentful/spaces/a", 44, policies.Counts{Pass: 1}, ""},
		{"contentful/spaces/a", 45, policies.Counts{Fail: 1}, policies.High},
		{"contentstack/stacks/blt2", 10, policies.Counts{Fail: 1}, policies.High},
		{"contentstack/stacks/blt1", 44, policies.Counts{Pass: 1}, ""}, // the last match alone counts
		{"contentstack/stacks/blt1", 45, policies.Counts{Fail: 1}, policies.Low},
		{"datocms/projects/1", 1000, policies.Counts{}, ""},
	}
	for _, tt := range tests {
		source := aSource(aToken("a", idle(tt.days)))
		source.ID = tt.source
		r := evaluate(t, e, source)
		if diff := cmp.Diff(tt.want, r.Counts["unused-token"]); diff != "" {
			t.Errorf("%s, idle for %d days: %s", tt.source, tt.days, diff)
		}
		for _, v := range r.Verdicts {
			if v.Severity != tt.severity {
				t.Errorf("%s: severity %s, want %s", tt.source, v.Severity, tt.severity)
			}
		}
	}
	for _, rule := range e.Rules() {
		if rule.ID == "unused-token" && (rule.Severity != policies.High || rule.Values["max_idle_days"] != 45 || rule.Values["no_record"] != "fail") {
			t.Errorf("the rule in force is %s with %v", rule.Severity, rule.Values)
		}
	}
}

// A rule that is off by default judges where the settings want it: by on, by a severity or
// parameters, and for the sources that they name.
func TestRuleThatIsOffByDefault(t *testing.T) {
	const id = "token-without-owner"
	for name, tt := range map[string]struct {
		set  policies.RuleSettings
		want policies.Counts
	}{
		"untouched":         {},
		"off":               {set: policies.RuleSettings{Off: true}},
		"on":                {policies.RuleSettings{On: true}, policies.Counts{Fail: 1}},
		"a severity":        {policies.RuleSettings{Severity: policies.High}, policies.Counts{Fail: 1}},
		"off, a severity":   {set: policies.RuleSettings{Off: true, Severity: policies.High}},
		"for its sources":   {policies.RuleSettings{Sources: []policies.SourceSettings{{Pattern: "contentstack/*"}}}, policies.Counts{Fail: 1}},
		"for other sources": {set: policies.RuleSettings{Sources: []policies.SourceSettings{{Pattern: "datocms/*"}}}},
	} {
		e := load(t, LoadOptions{Owners: teams(), Settings: settings(id, tt.set)})
		if got := evaluate(t, e, aSource(aToken("a"))).Counts[id]; got != tt.want {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
	_, err := Load(t.Context(), LoadOptions{Only: []string{id}})
	if err == nil || err.Error() != "the rule token-without-owner is off: token-without-owner: on, below policies.rules in the configuration, switches it on" {
		t.Errorf("the rule alone: %v", err)
	}
}

// Where what a rule judges with was not given, nothing passes and nothing is taken for
// unknown: the question was not asked, and the result says so once a source.
func TestRuleWithoutWhatItJudgesWith(t *testing.T) {
	options := everyRule()
	options.Owners, options.Reviews = nil, nil
	options.Only = []string{"leaked-token", "revocation-overdue", "token-not-reviewed", "token-without-owner"}
	compared := aSource(aToken("a"), aToken("b", neverCompared), aToken("c", exposureUnknown))
	r := evaluate(t, load(t, options), compared)
	if got, want := r.Counts["leaked-token"], (policies.Counts{Pass: 1, NotApplicable: 1, NotEvaluated: 1}); got != want {
		t.Errorf("leaked-token: %+v, want %+v", got, want)
	}
	for _, id := range options.Only[1:] {
		if got, want := r.Counts[id], (policies.Counts{NotApplicable: 3}); got != want {
			t.Errorf("%s: %+v, want %+v", id, got, want)
		}
	}
	want := []policies.NotAsked{
		{Rule: "leaked-token", Reason: "no report of a leak scanner was given (--leaks)"},
		{Rule: "revocation-overdue", Reason: "the configuration has no reviews of tokens (reviews)"},
		{Rule: "token-not-reviewed", Reason: "the configuration has no reviews of tokens (reviews)"},
		{Rule: "token-without-owner", Reason: "the configuration assigns no tokens to teams (owners)"},
	}
	if diff := cmp.Diff(want, r.NotAsked); diff != "" {
		t.Error(diff)
	}
	// An empty list of reviews is one: no token was reviewed.
	options.Owners, options.Reviews = teams(), reviews.New(nil)
	if got := evaluate(t, load(t, options), compared).Counts["token-not-reviewed"]; got != (policies.Counts{Fail: 3}) {
		t.Errorf("an empty list of reviews: %+v", got)
	}
	if r = evaluate(t, load(t, options), aSource(aToken("a"))); len(r.NotAsked) > 0 {
		t.Errorf("all was given: %v", r.NotAsked)
	}
	x, err := load(t, options).Explain(t.Context(), compared, "leaked-token", "b", auditTime)
	if err != nil || x.Status != policies.NotApplicable || x.DecidedBy != StepGiven {
		t.Errorf("%s by %s, %v", x.Status, x.DecidedBy, err)
	}
}

func TestRuleThatIsOff(t *testing.T) {
	off := load(t, LoadOptions{Settings: settings("unused-token", policies.RuleSettings{Off: true})})
	if slices.ContainsFunc(off.Rules(), func(r policies.Rule) bool { return r.ID == "unused-token" }) {
		t.Error("a rule that is off is loaded")
	}
	some := load(t, LoadOptions{Settings: settings("unused-token", policies.RuleSettings{Off: true, Sources: []policies.SourceSettings{{Pattern: "contentstack/*"}}})})
	old := aSource(aToken("a", func(token *inventory.Token) { token.LastUsed.At = daysAgo(1000) }))
	if diff := cmp.Diff(policies.Counts{Fail: 1}, evaluate(t, some, old).Counts["unused-token"]); diff != "" {
		t.Error("on for this source:", diff)
	}
	old.ID = "datocms/projects/1"
	if diff := cmp.Diff(policies.Counts{}, evaluate(t, some, old).Counts["unused-token"]); diff != "" {
		t.Error("off elsewhere:", diff)
	}
}

func TestSettingsRefused(t *testing.T) {
	params := func(name string, value any) policies.RuleSettings {
		return policies.RuleSettings{Params: map[string]any{name: value}}
	}
	tests := []struct {
		name, id string
		settings policies.RuleSettings
		path     string
		detail   string
	}{
		{"unknown rule", "unused-tokens", policies.RuleSettings{}, "unused-tokens", "did you mean unused-token?"},
		{"a rule that is like none", "xyz", policies.RuleSettings{}, "xyz", "unknown rule"},
		{"unknown severity", "unused-token", policies.RuleSettings{Severity: "urgent"}, "unused-token severity", "critical, high"},
		{"unknown parameter", "unused-token", params("max_idel_days", 3), "unused-token params max_idel_days", "did you mean max_idle_days? (it has max_idle_days, no_record)"},
		{"a parameter that is like none", "unused-token", params("x", 3), "unused-token params x", "unknown parameter (it has max_idle_days, no_record)"},
		{"a parameter of a rule without any", "admin-token", params("x", 3), "admin-token params x", "unknown parameter (it has none)"},
		{"too small", "unused-token", params("max_idle_days", 0), "unused-token params max_idle_days", "must be >= 1 but found 0"},
		{"a fraction", "unused-token", params("max_idle_days", 1.5), "unused-token params max_idle_days", "expected integer"},
		{"another type", "unused-token", params("max_idle_days", "many"), "unused-token params max_idle_days", "expected integer"},
		{"null", "unused-token", params("max_idle_days", nil), "unused-token params max_idle_days", "expected integer"},
		{"not in the list", "unused-token", params("no_record", "pass"), "unused-token params no_record", "value must be one of"},
		{"for a source", "unused-token", policies.RuleSettings{Sources: []policies.SourceSettings{{Pattern: "a/*", Params: map[string]any{"max_idle_days": -1}}}}, "unused-token sources a/* params max_idle_days", "must be >= 1 but found -1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Load(t.Context(), LoadOptions{Settings: settings(tt.id, tt.settings)})
			var e *SettingsError
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want a SettingsError", err)
			}
			if got := strings.Join(e.Path, " "); got != tt.path || !strings.Contains(e.Detail, tt.detail) {
				t.Errorf("got %q: %s; want %q: %s", got, e.Detail, tt.path, tt.detail)
			}
		})
	}
}

func TestOnlyUnknownRule(t *testing.T) {
	_, err := Load(t.Context(), LoadOptions{Only: []string{"unused-tokn"}})
	if err == nil || !strings.Contains(err.Error(), "did you mean unused-token?") {
		t.Errorf("got %v", err)
	}
}

// The schema for editors says of settings what Load says of them.
func TestSettingsSchema(t *testing.T) {
	model, _ := load(t, LoadOptions{}).Risk()
	text, err := json.Marshal(metadata.SettingsSchema(load(t, LoadOptions{}).Known(), model))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.Draft = jsonschema.Draft2020
	if err := compiler.AddResource("settings.json", bytes.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("settings.json")
	if err != nil {
		t.Fatal(err)
	}
	for document, valid := range map[string]bool{
		`{}`:                            true,
		`{"unused-token": "off"}`:       true,
		`{"unused-token": "on"}`:        true,
		`{"unused-token": "yes"}`:       false,
		`{"token-without-owner": "on"}`: true,
		`{"unused-tokens": "off"}`:      false,
		`{"unused-token": {"severity": "high", "params": {"max_idle_days": 45}}}`:          true,
		`{"unused-token": {"params": {"max_idle_days": 0}}}`:                               false,
		`{"unused-token": {"params": {"max_idle_day": 1}}}`:                                false,
		`{"unused-token": {"sources": [{"source": "a/*", "off": true}]}}`:                  true,
		`{"unused-token": {"sources": [{"off": true}]}}`:                                   false,
		`{"unused-token": {"sources": [{"source": "a/*", "params": {"no_record": "x"}}]}}`: false,
		`{"unused-token": {"severity": "urgent"}}`:                                         false,
		`{"write-token-never-expires": {"params": {"max_idle_days": 45}}}`:                 false,
	} {
		var value any
		if err := json.Unmarshal([]byte(document), &value); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); (err == nil) != valid {
			t.Errorf("%s: got %v, want valid %t", document, err, valid)
		}
	}
}
