package sealed

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/collectors"
)

const toSeal = `version: 1
sources:
  - {cms: acme, token: {command: [print, hunter2]}, base_url: "https://cms.example.com", labels: {team: web}}
policies:
  rules:
    a: off
    c: on
    b: {severity: low, params: {days: 30, share: 0.5, words: [x, "1"], deep: {on: true}}, sources: [{source: "x*", off: true}, {source: "y", params: {days: 9007199254740993}}]}
owners: [{team: web, owns: [{source: "x*", token: t, name: n, label: "a=b*", owner: o}]}]
waivers: [{rule: a, token: "*", name: n, key: k, reason: r, owner: o, approved_by: p, expires: 2026-12-31}]
accept_gaps: [{source: s, unit: u, reason: r, owner: o, approved_by: p, expires: 2026-12-31}]
reviews:
  - {token: t, reviewer: r, date: 2026-11-01, decision: revoke, by: 2026-11-30, note: n}
  - {token: "x*", reviewer: r, date: "2026-11-01T12:00:00+02:00", decision: keep, note: n}
sla: {severity: {high: 14d}, rules: {a: 3d}, teams: {web: {low: 90d}}, waived: stop}
gate: {fail_on: high, not_evaluated: low, fail_on_overdue: true, waiver_max_days: 30}
limits: {rule_timeout: 1m, load_timeout: 10h}
`

// What verdicts rest on is the same before and after, and nothing that leads to a
// credential is in it.
func TestSealedConfiguration(t *testing.T) {
	definition := collectors.Definition{CMS: "acme", Options: []collectors.Option{{Key: "token", Type: collectors.OptionSecret}}}
	c, err := config.Parse("dir/tokenaudit.yaml", []byte(toSeal), []collectors.Definition{definition})
	if err != nil {
		t.Fatal(err)
	}
	text, err := Write(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"hunter2", "print", "command", "cms.example.com"} {
		if strings.Contains(string(text), word) {
			t.Errorf("%q is in\n%s", word, text)
		}
	}
	got, err := Read(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []struct{ want, got any }{
		{c.Settings, got.Settings}, {c.Places().Lines, got.Places().Lines}, {c.Owners, got.Owners}, {c.Waivers, got.Waivers}, {c.AcceptGaps, got.AcceptGaps}, {c.Reviews, got.Reviews}, {c.Gate, got.Gate}, {c.Deadlines, got.Deadlines},
		{c.Digest, got.Digest}, {c.WaiversDigest, got.WaiversDigest},
		{config.Limits{RuleTimeout: time.Minute, LoadTimeout: maxJudging}, got.Limits},
	} {
		if diff := cmp.Diff(part.want, part.got); diff != "" {
			t.Errorf("%T (-want +got):\n%s", part.want, diff)
		}
	}
	again, err := Write(c)
	if err != nil || string(again) != string(text) {
		t.Errorf("it is sealed in another way each time: %v", err)
	}
}

// No reviews are not the same as an empty list of them.
func TestSealedReviews(t *testing.T) {
	for text, given := range map[string]bool{"version: 1\n": false, "version: 1\nreviews: []\n": true} {
		c, err := config.Parse("tokenaudit.yaml", []byte(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := Write(c)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Read(sealed); err != nil || (got.Reviews != nil) != given {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
		forged := "{\n  \"reviews\": [\n    {\n      \"token\": \"t\",\n      \"reviewer\": \"r\",\n      \"date\": \"x\",\n      \"decision\": \"keep\",\n      \"note\": \"n\"\n    }\n  ]\n}\n"
		if _, err := Read([]byte(forged)); err == nil || !strings.Contains(err.Error(), `invalid date "x"`) {
			t.Errorf("a date that is none: %v", err)
		}
	}
}

// A part of the configuration that is new here has to be sealed, or left out on purpose.
func TestEveryPartIsSealed(t *testing.T) {
	leftOut := "Dir Notify SourcesDigest PolicyPaths Usage WaiversFiles OwnersFiles ReviewsFiles Limits Store database expiries slaLines" // Limits is there in part
	known := " " + leftOut + " "
	for _, field := range reflect.VisibleFields(reflect.TypeFor[document]()) {
		known += field.Name + " "
	}
	known += "Settings lines profileFile profileLines " // called Rules, and Lines and so on
	for _, field := range reflect.VisibleFields(reflect.TypeFor[config.Config]()) {
		if !strings.Contains(known, " "+field.Name+" ") {
			t.Errorf("%s is not sealed", field.Name)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for _, text := range []string{"", "{}", "{}\n\n", "{\"token\": \"x\"}\n", "{\n  \"Digest\": \"x\"\n}\n", "{\n  \"digest\": \"x\",\n  \"digest\": \"x\"\n}\n", "[]\n"} {
		if _, err := Read([]byte(text)); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
	if c, err := Read([]byte("{}\n")); err != nil || c.Digest != "" {
		t.Errorf("an empty configuration: %v", err)
	}
}
