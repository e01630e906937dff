package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
)

// planted is the secret that no message may repeat.
const planted = "CFPAT-planted-0123456789abcdef0123456789abcdef"

// definitions declare one hosted and one self-hosted CMS with options of every type.
func definitions() []collectors.Definition {
	return []collectors.Definition{
		{
			CMS: "paper", Title: "Paper",
			Options: []collectors.Option{
				{Key: "organization", Type: collectors.OptionString, Help: "The id of the organization."},
				{Key: "shelves", Type: collectors.OptionStrings, Help: "Ids of shelves."},
				{Key: "region", Type: collectors.OptionString, Help: "The region.", Enum: []string{"us", "eu"}, Default: "us"},
				{Key: "token", Type: collectors.OptionSecret, Help: "A personal access token.", Example: "{env: PAPER_TOKEN}"},
				{Key: "oauth_token", Type: collectors.OptionSecret, Help: "An OAuth token."},
				{Key: "depth", Type: collectors.OptionInteger, Help: "How deep."},
				{Key: "archived", Type: collectors.OptionBoolean, Help: "Read archived shelves too."},
				{Key: "projects", Type: collectors.OptionObjects, Help: "Projects.", Items: []collectors.Option{
					{Key: "name", Type: collectors.OptionString, Help: "A name.", Required: true},
					{Key: "token", Type: collectors.OptionSecret, Help: "The project's token.", Required: true},
				}},
			},
			OneOf: [][]string{{"token", "oauth_token"}},
			AnyOf: [][]string{{"organization", "shelves", "projects"}},
		},
		{
			CMS: "stone", Title: "Stone",
			Options: []collectors.Option{
				{Key: "name", Type: collectors.OptionString, Help: "The name of the instance.", Required: true},
				{Key: "base_url", Type: collectors.OptionString, Help: "Where the instance is.", Required: true},
				{Key: "token", Type: collectors.OptionSecret, Help: "An admin token.", Required: true},
			},
		},
	}
}

func parse(t *testing.T, text string) *config.Config {
	t.Helper()
	c, err := config.Parse("conf/tokenaudit.yaml", []byte(text), definitions())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func environment(vars map[string]string) config.Environment {
	environ := []string{"PATH=" + os.Getenv("PATH")}
	return config.Environment{
		Lookup:  func(name string) (string, bool) { v, ok := vars[name]; return v, ok },
		Environ: environ,
	}
}

const complete = `version: 1
sources:
  - cms: paper
    organization: o1
    shelves: [s1, "s2"]
    exclude: ["sandbox-*"]
    region: eu
    labels: {team: web, since: 2024-05-01}
    requests_per_second: 2.5
    timeout: 45s
    never_after: 2090-01-01
    depth: 3
    archived: true
    token: {env: PAPER_TOKEN}
    projects:
      - {name: blog, token: {env: BLOG_TOKEN}}
  - cms: stone
    name: intranet
    base_url: https://cms.example.com/
    token: {env: STONE_TOKEN}
policies:
  paths: [policies/]
  rules:
    unused-token:
      severity: high
      params: {max_idle_days: 45, words: [a, 1.5, true], since: 2026-01-01}
      sources: [{source: "paper/*", severity: low}, {source: "stone/*", off: true}]
    undocumented-token: off
usage: [{file: usage.csv}]
waivers:
  - rule: write-token-never-expires
    token: paper/*
    reason: Rotated quarterly
    owner: platform@example.com
    approved_by: ciso@example.com
    expires: 2027-01-31
accept_gaps:
  - {source: paper/shelves/s1, unit: tokens, reason: No owner rights, owner: a@example.com, approved_by: b@example.com, expires: "2027-02-28"}
gate: {fail_on: medium, not_evaluated: none, waiver_max_days: 90}
limits: {timeout: 1h, max_wait: 30s, total_wait: 5m, rule_timeout: 2m, load_timeout: 20s}
`

// What switches on a rule that is off by default is told from what leaves it.
func TestRuleIsSwitchedOn(t *testing.T) {
	for text, want := range map[string]bool{
		"on": true, `"on"`: true, "{off: false}": true, "off": false, "{off: true}": false, "{severity: low}": false, "{sources: [{source: a, off: false}]}": false,
	} {
		c := parse(t, "version: 1\npolicies:\n  rules:\n    token-without-owner: "+text+"\n")
		if got := c.Settings.Rules["token-without-owner"]; got.On != want {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

func TestParseReadsEverySection(t *testing.T) {
	c := parse(t, complete)
	entries, err := c.Entries(t.Context(), environment(map[string]string{"PAPER_TOKEN": "p\n", "BLOG_TOKEN": "b", "STONE_TOKEN": "s"}))
	if err != nil {
		t.Fatal(err)
	}
	at := func(line int) inventory.Origin {
		return inventory.Origin{File: "conf/tokenaudit.yaml", Line: line}
	}
	wantEntries := []collectors.Entry{
		{
			CMS: "paper",
			Values: map[string]any{
				"organization": "o1", "shelves": []string{"s1", "s2"}, "region": "eu", "depth": 3, "archived": true,
				"token":    cmsapi.NewSecret("p"),
				"projects": []map[string]any{{"name": "blog", "token": cmsapi.NewSecret("b")}},
			},
			Exclude: []string{"sandbox-*"}, Labels: map[string]string{"team": "web", "since": "2024-05-01"},
			RequestsPerSecond: 2.5, Timeout: 45 * time.Second, NeverAfter: time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC), Origin: at(3),
		},
		{
			CMS: "stone", Name: "intranet", BaseURL: "https://cms.example.com",
			Values: map[string]any{"name": "intranet", "token": cmsapi.NewSecret("s")}, Origin: at(17),
		},
	}
	if diff := cmp.Diff(wantEntries, entries, cmp.AllowUnexported(cmsapi.Secret{})); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	want := &config.Config{
		File: "conf/tokenaudit.yaml", Dir: "conf",
		PolicyPaths: []string{"policies/"},
		Settings: policies.Settings{Rules: map[string]policies.RuleSettings{
			"unused-token": {
				Severity: policies.High,
				Params:   map[string]any{"max_idle_days": 45, "words": []any{"a", 1.5, true}, "since": "2026-01-01"},
				Sources:  []policies.SourceSettings{{Pattern: "paper/*", Severity: policies.Low}, {Pattern: "stone/*", Off: true}},
				Origin:   at(25),
			},
			"undocumented-token": {Off: true, Origin: at(28)},
		}},
		Usage: []config.Usage{{File: "usage.csv", Origin: at(29)}},
		Waivers: []policies.Waiver{{
			Rule: "write-token-never-expires", Token: "paper/*", Reason: "Rotated quarterly", Owner: "platform@example.com",
			ApprovedBy: "ciso@example.com", Expires: "2027-01-31", Origin: at(31),
		}},
		AcceptGaps: []report.AcceptedGap{{
			Source: "paper/shelves/s1", Unit: "tokens", Reason: "No owner rights", Owner: "a@example.com",
			ApprovedBy: "b@example.com", Expires: "2027-02-28", Origin: at(38),
		}},
		Gate:   config.Gate{FailOn: "medium", NotEvaluated: "none", WaiverMaxDays: 90},
		Limits: config.Limits{Timeout: time.Hour, MaxWait: 30 * time.Second, TotalWait: 5 * time.Minute, RuleTimeout: 2 * time.Minute, LoadTimeout: 20 * time.Second},
	}
	if diff := cmp.Diff(want, c, cmpopts.IgnoreUnexported(config.Config{}), cmpopts.IgnoreFields(config.Config{}, "Sources", "Digest", "SourcesDigest", "WaiversDigest")); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
}

func TestMistakesOfSettingsHaveALine(t *testing.T) {
	c := parse(t, "version: 1\npolicies:\n  rules:\n    a:\n      severity: low\n      params:\n        x: 1\n      sources:\n        - source: s/*\n          params:\n            y: 2\n")
	for want, path := range map[string][]string{
		"conf/tokenaudit.yaml:4: policies.rules.a: wrong":                       {"a"},
		"conf/tokenaudit.yaml:5: policies.rules.a.severity: wrong":              {"a", "severity"},
		"conf/tokenaudit.yaml:7: policies.rules.a.params.x: wrong":              {"a", "params", "x"},
		"conf/tokenaudit.yaml:11: policies.rules.a.sources.s/*.params.y: wrong": {"a", "sources", "s/*", "params", "y"},
		"conf/tokenaudit.yaml: policies.rules.b: wrong":                         {"b"},
	} {
		if got := c.Mistake(path, "wrong").Error(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestDigestFollowsContentOnly(t *testing.T) {
	base := parse(t, complete)
	same := parse(t, "# a comment\n"+strings.Replace(complete, "    depth: 3\n    archived: true\n", "    archived: true\n    depth: 3\n", 1))
	if base.Digest != same.Digest || base.WaiversDigest != same.WaiversDigest {
		t.Error("a comment or the order of keys changed a digest")
	}
	gate := parse(t, strings.Replace(complete, "fail_on: medium", "fail_on: high", 1))
	if gate.Digest == base.Digest || gate.WaiversDigest != base.WaiversDigest || gate.SourcesDigest != base.SourcesDigest {
		t.Error("a changed gate must change the digest of the configuration, and that alone")
	}
	sources := parse(t, strings.Replace(complete, "depth: 3", "depth: 4", 1))
	if sources.Digest == base.Digest || sources.WaiversDigest != base.WaiversDigest || sources.SourcesDigest == base.SourcesDigest {
		t.Error("changed sources must change their digest, too")
	}
	waiver := parse(t, strings.Replace(complete, "2027-01-31", "2027-01-30", 1))
	if waiver.Digest != base.Digest || waiver.WaiversDigest == base.WaiversDigest {
		t.Error("a changed waiver must change the digest of the waivers, and that alone")
	}
}

// A target whose secret cannot be had does not take the others with it, and what is told
// changes no digest: no verdict rests on it.
func TestTargets(t *testing.T) {
	c := parse(t, complete+"notify:\n  - {type: slack, url: {env: HOOK}}\n  - {type: jira, url: {env: NONE}, project: SEC, token: {env: NONE}}\n")
	if base := parse(t, complete); c.Digest != base.Digest || c.WaiversDigest != base.WaiversDigest || c.SourcesDigest != base.SourcesDigest {
		t.Error("the targets changed a digest")
	}
	env := environment(map[string]string{"HOOK": "https://hooks.example.com/x"})
	e, err := c.Target(t.Context(), env, 0)
	if err != nil || e.Secret("url").Reveal() != "https://hooks.example.com/x" || e.Name != "notify[0]" {
		t.Errorf("%+v, %v", e, err)
	}
	for text, want := range map[string]string{
		"{url: {env: U}}":                                                    "notify[0].type: missing; what the messages are for",
		"{type: email, url: {env: U}}":                                       "notify[0].type: must be slack, teams, jira or webhook",
		"{type: slack}":                                                      "notify[0].url: missing; the URL of the webhook, which is a secret, or of the site of Jira, such as https://acme.atlassian.net",
		"{type: slack, url: https://example.com/hunter2}":                    "notify[0].url: secrets are not allowed in the file; write url: {env: NOTIFY_URL}, {file: path} or {command: [program, argument]}",
		"{type: slack, url: {env: U}, project: SEC}":                         "notify[0].project: is for type: jira alone",
		"{type: jira, url: {env: U}, token: {env: T}}":                       "notify[0].project: missing; Jira needs it",
		"{type: jira, url: {env: U}, project: SEC}":                          "notify[0].token: missing; Jira needs it",
		`{type: jira, url: {env: U}, token: {env: T}, project: 'SEC" OR x'}`: "notify[0].project: must be the key of a project, for example SEC",
	} {
		if _, err := config.Parse("f.yaml", []byte("version: 1\nnotify: ["+text+"]\n"), nil); err == nil || err.Error() != "f.yaml:2: "+want {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := c.Target(t.Context(), env, 1); err == nil || !strings.Contains(err.Error(), "notify[1].url: the environment variable NONE is not set") {
		t.Errorf("got %v", err)
	}
}

// TestMistakes holds one mistake a case: each must give exactly one error with
// its line, and none may repeat the planted secret.
func TestMistakes(t *testing.T) {
	paper := func(rest string) string {
		return "version: 1\nsources:\n  - cms: paper\n    organization: o\n" + rest
	}
	good := "    token: {env: T}\n"
	stone := "  - cms: stone\n    name: n\n    base_url: https://a.example\n    token: {env: S}\n"
	waiver := "    reason: r\n    owner: o\n    approved_by: a\n    expires: 2027-01-01\n"
	tests := map[string]struct{ text, want string }{
		"empty file":             {"", "f.yaml: the file is empty; `tokenaudit init` writes one to start from"},
		"only comments":          {"# nothing\n", "f.yaml: the file is empty; `tokenaudit init` writes one to start from"},
		"not a mapping":          {"- a\n", "f.yaml:1: must be a mapping (key: value), not a list"},
		"two documents":          {"version: 1\n---\nversion: 1\n", "f.yaml:2: the file must hold one YAML document, not several"},
		"bad syntax":             {"version: 1\n  sources: []\n", "f.yaml:2: not valid YAML: mapping values are not allowed in this context"},
		"tab":                    {"version: 1\nsources:\n\t- cms: paper\n", "f.yaml:3: not valid YAML: found character that cannot start any token"},
		"not UTF-8":              {"version: \xff\n", "f.yaml: the file is not UTF-8 text"},
		"secret as alias":        {paper("    token: *" + planted + "\n"), "f.yaml: not valid YAML: an alias has no anchor; put a value that begins with * in quotes"},
		"no version":             {"sources: []\n", "f.yaml:1: version: missing; write version: 1"},
		"other version":          {"version: 2\n", "f.yaml:1: version: must be 1, the only version there is"},
		"version as text":        {"version: one\n", "f.yaml:1: version: must be a whole number, not text"},
		"unknown section":        {"version: 1\nsource: []\n", "f.yaml:2: source: unknown key; did you mean sources?"},
		"unrelated section":      {"version: 1\nfrobnicate: []\n", "f.yaml:2: frobnicate: unknown key; the keys here are version, sources, profile, policies, usage, owners, waivers, accept_gaps, accept_empty, reviews, sla, gate, notify, limits and store"},
		"section twice":          {"version: 1\ngate: {}\ngate: {}\n", "f.yaml:3: gate: the key is given twice"},
		"merge key":              {"version: 1\ngate: &g {}\nlimits:\n  <<: *g\n", "f.yaml:4: limits: a key must be plain text; merge keys (<<) are not supported"},
		"sources not a list":     {"version: 1\nsources: {}\n", "f.yaml:2: sources: must be a list, not a mapping"},
		"source not a mapping":   {"version: 1\nsources: [" + planted + "]\n", "f.yaml:2: sources[0]: must be a mapping (key: value), not text"},
		"no cms":                 {"version: 1\nsources:\n  - organization: o\n", "f.yaml:3: sources[0].cms: missing; it names the kind of system: paper or stone"},
		"unknown cms":            {"version: 1\nsources:\n  - cms: papier\n", "f.yaml:3: sources[0].cms: must be paper or stone; did you mean paper?"},
		"unknown option":         {paper(good + "    shelfs: [a]\n"), "f.yaml:6: sources[0].shelfs: unknown key; did you mean shelves?"},
		"secret as key":          {paper(good + "    " + planted + ": a\n"), "f.yaml:6: sources[0].(a key not shown here): unknown key; the keys here are cms, organization, shelves, region, token, oauth_token, depth, archived, projects, base_url, labels, exclude, requests_per_second, timeout and never_after"},
		"number as text option":  {"version: 1\nsources:\n  - cms: paper\n    organization: 12\n" + good, "f.yaml:4: sources[0].organization: must be text, not a number; put it in quotes"},
		"empty text option":      {"version: 1\nsources:\n  - cms: paper\n    organization: \"\"\n" + good, "f.yaml:4: sources[0].organization: is empty"},
		"null option":            {"version: 1\nsources:\n  - cms: paper\n    organization:\n" + good, "f.yaml:4: sources[0].organization: must be text, not empty"},
		"control character":      {"version: 1\nsources:\n  - cms: paper\n    organization: \"a\\nb\"\n" + good, "f.yaml:4: sources[0].organization: holds a control character or a line break"},
		"enum":                   {paper(good + "    region: eus\n"), "f.yaml:6: sources[0].region: must be us or eu; did you mean us?"},
		"list as text":           {paper(good + "    shelves: a\n"), "f.yaml:6: sources[0].shelves: must be a list, not text"},
		"empty list":             {paper(good + "    shelves: []\n"), "f.yaml:6: sources[0].shelves: the list is empty"},
		"repeated element":       {paper(good + "    shelves: [a, b, a]\n"), "f.yaml:6: sources[0].shelves[2]: is in the list twice"},
		"integer":                {paper(good + "    depth: 1.5\n"), "f.yaml:6: sources[0].depth: must be a whole number, not a number"},
		"huge integer":           {paper(good + "    depth: 99999999999999999999999\n"), "f.yaml:6: sources[0].depth: must be a whole number, not a number"},
		"boolean":                {paper(good + "    archived: yes please\n"), "f.yaml:6: sources[0].archived: must be true or false, not text"},
		"rate":                   {paper(good + "    requests_per_second: 0\n"), "f.yaml:6: sources[0].requests_per_second: must be above 0 and at most 1000"},
		"rate not a number":      {paper(good + "    requests_per_second: fast\n"), "f.yaml:6: sources[0].requests_per_second: must be a number, not text"},
		"rate infinite":          {paper(good + "    requests_per_second: .inf\n"), "f.yaml:6: sources[0].requests_per_second: must be above 0 and at most 1000"},
		"timeout without unit":   {paper(good + "    timeout: 30\n"), "f.yaml:6: sources[0].timeout: must be a duration such as 30s or 5m, not a number"},
		"timeout negative":       {paper(good + "    timeout: -3s\n"), "f.yaml:6: sources[0].timeout: must be a duration such as 30s or 5m"},
		"date that is none":      {paper(good + "    never_after: 2027-02-30\n"), "f.yaml:6: sources[0].never_after: must be a date that exists, written YYYY-MM-DD"},
		"labels not a mapping":   {paper(good + "    labels: [a]\n"), "f.yaml:6: sources[0].labels: must be a mapping (key: value), not a list"},
		"label not text":         {paper(good + "    labels: {a: 1}\n"), "f.yaml:6: sources[0].labels.a: must be text, not a number; put it in quotes"},
		"secret in a label":      {paper(good + "    labels: {a: " + planted + "}\n"), "f.yaml:6: sources[0].labels.a: looks like a literal secret; secrets are given as {env: NAME}, {file: path} or {command: [program, argument]}, and only where a secret belongs"},
		"secret as label":        {paper(good + "    labels: {" + planted + ": a}\n"), "f.yaml:6: sources[0].labels: a key looks like a literal secret"},
		"no credential":          {paper(""), "f.yaml:3: sources[0]: one of token or oauth_token is missing"},
		"two credentials":        {paper(good + "    oauth_token: {env: O}\n"), "f.yaml:3: sources[0]: give only one of token and oauth_token"},
		"nothing to read":        {"version: 1\nsources:\n  - cms: paper\n" + good, "f.yaml:3: sources[0]: organization, shelves or projects is missing"},
		"literal secret":         {paper("    token: " + planted + "\n"), "f.yaml:5: sources[0].token: secrets are not allowed in the file; write token: {env: PAPER_TOKEN}, {file: path} or {command: [program, argument]}"},
		"literal other option":   {paper("    oauth_token: " + planted + "\n"), "f.yaml:5: sources[0].oauth_token: secrets are not allowed in the file; write oauth_token: {env: PAPER_OAUTH_TOKEN}, {file: path} or {command: [program, argument]}"},
		"secret null":            {paper("    token:\n"), "f.yaml:5: sources[0].token: must be a mapping (key: value), not empty"},
		"secret in braces":       {paper("    token: {abcdef123}\n"), "f.yaml:5: sources[0].token: give exactly one of env, file and command, and nothing else"},
		"secret as value key":    {paper("    token: {value: " + planted + "}\n"), "f.yaml:5: sources[0].token: give exactly one of env, file and command, and nothing else"},
		"two references":         {paper("    token: {env: A, file: b}\n"), "f.yaml:5: sources[0].token: give exactly one of env, file and command, and nothing else"},
		"no reference":           {paper("    token: {}\n"), "f.yaml:5: sources[0].token: give exactly one of env, file and command, and nothing else"},
		"secret as variable":     {paper("    token: {env: " + planted + "}\n"), "f.yaml:5: sources[0].token.env: looks like a literal secret; secrets are given as {env: NAME}, {file: path} or {command: [program, argument]}, and only where a secret belongs"},
		"not a variable":         {paper("    token: {env: $T}\n"), "f.yaml:5: sources[0].token.env: must be the name of an environment variable, such as PAPER_TOKEN"},
		"command as text":        {paper("    token: {command: op read x}\n"), "f.yaml:5: sources[0].token.command: must be a list, not text"},
		"empty command":          {paper("    token: {command: []}\n"), "f.yaml:5: sources[0].token.command: the list is empty; it holds the program and its arguments, no shell is used"},
		"secret in a command":    {paper("    token: {command: [echo, " + planted + "]}\n"), "f.yaml:5: sources[0].token.command[1]: looks like a literal secret; secrets are given as {env: NAME}, {file: path} or {command: [program, argument]}, and only where a secret belongs"},
		"objects not a list":     {paper(good + "    projects: {}\n"), "f.yaml:6: sources[0].projects: must be a list, not a mapping"},
		"object without a key":   {paper(good + "    projects: [{name: a}]\n"), "f.yaml:6: sources[0].projects[0].token: missing; the project's token"},
		"object unknown key":     {paper(good + "    projects: [{name: a, token: {env: A}, nam3: b}]\n"), "f.yaml:6: sources[0].projects[0].nam3: unknown key; did you mean name?"},
		"same object twice":      {paper(good + "    projects:\n      - {name: a, token: {env: A}}\n      - {name: a, token: {env: A}}\n"), "f.yaml:8: sources[0].projects[1]: the same as sources[0].projects[0]; remove one of them"},
		"self-hosted: no name":   {"version: 1\nsources:\n  - cms: stone\n    base_url: https://a.example\n    token: {env: S}\n", "f.yaml:3: sources[0].name: missing; the name of the instance"},
		"same entry twice":       {paper(good) + "  - cms: paper\n    organization: o\n    labels: {a: b}\n" + good, "f.yaml:6: sources[1]: the same source as sources[0] on line 3; remove one of them"},
		"same name twice":        {"version: 1\nsources:\n" + stone + strings.Replace(stone, "a.example", "b.example", 1), "f.yaml:7: sources[1]: the same source as sources[0] on line 3; remove one of them"},
		"base_url: no scheme":    {paper(good + "    base_url: cms.example.com\n"), "f.yaml:6: sources[0].base_url: must be a URL such as https://cms.example.com"},
		"base_url: path":         {paper(good + "    base_url: https://cms.example.com/v3\n"), "f.yaml:6: sources[0].base_url: must be scheme, host and port only; the collector adds the paths of the API"},
		"base_url: user":         {paper(good + "    base_url: https://u:hunter2@cms.example.com\n"), "f.yaml:6: sources[0].base_url: must not hold a user or a password"},
		"base_url: plain http":   {paper(good + "    base_url: http://cms.example.com\n"), "f.yaml:6: sources[0].base_url: must begin with https://; http:// would send the credential in the clear and is allowed on loopback only"},
		"base_url: other scheme": {paper(good + "    base_url: ftp://cms.example.com\n"), "f.yaml:6: sources[0].base_url: must begin with https://"},
		"policies":               {"version: 1\npolicies: []\n", "f.yaml:2: policies: must be a mapping (key: value), not a list"},
		"policy paths":           {"version: 1\npolicies: {paths: policies/}\n", "f.yaml:2: policies.paths: must be a list, not text"},
		"rule word":              {"version: 1\npolicies:\n  rules:\n    unused-token: high\n", "f.yaml:4: policies.rules.unused-token: must be off, on, or a mapping of severity, params and sources"},
		"rule key":               {"version: 1\npolicies:\n  rules:\n    unused-token: {severty: high}\n", "f.yaml:4: policies.rules.unused-token.severty: unknown key; did you mean severity?"},
		"rule severity":          {"version: 1\npolicies:\n  rules:\n    unused-token: {severity: hihg}\n", "f.yaml:4: policies.rules.unused-token.severity: must be critical, high, medium, low or info; did you mean high?"},
		"rule params":            {"version: 1\npolicies:\n  rules:\n    unused-token: {params: [1]}\n", "f.yaml:4: policies.rules.unused-token.params: must be a mapping (key: value), not a list"},
		"rule source":            {"version: 1\npolicies:\n  rules:\n    unused-token: {sources: [{severity: low}]}\n", "f.yaml:4: policies.rules.unused-token.sources[0].source: missing; it is a source id or a glob"},
		"rule param NaN":         {"version: 1\npolicies:\n  rules:\n    unused-token: {params: {a: .nan}}\n", "f.yaml:4: policies.rules.unused-token.params.a: must be a finite number"},
		"usage without a file":   {"version: 1\nusage: [{}]\n", "f.yaml:2: usage[0].file: missing; it is a CSV or JSON file of token ids and times of last use"},
		"waiver without reason":  {"version: 1\nwaivers:\n  - rule: a\n    token: b\n" + strings.Replace(waiver, "    reason: r\n", "", 1), "f.yaml:3: waivers[0].reason: missing; it says why this is acceptable"},
		"waiver misspelt expiry": {"version: 1\nwaivers:\n  - rule: a\n    token: b\n    expired: 2027-01-01\n" + waiver, "f.yaml:5: waivers[0].expired: unknown key; did you mean expires?"},
		"waiver with an instant": {"version: 1\nwaivers:\n  - rule: a\n    token: b\n" + strings.Replace(waiver, "2027-01-01", "2027-01-01T10:00:00Z", 1), "f.yaml:8: waivers[0].expires: must be a date that exists, written YYYY-MM-DD"},
		"waiver bad date":        {"version: 1\nwaivers:\n  - rule: a\n    token: b\n" + strings.Replace(waiver, "2027-01-01", "2027-13-01", 1), "f.yaml:8: waivers[0].expires: must be a date that exists, written YYYY-MM-DD"},
		"gap without a unit":     {"version: 1\naccept_gaps:\n  - source: a\n" + waiver, "f.yaml:3: accept_gaps[0].unit: missing; it is the list that cannot be read, or is empty, as a report names it"},
		"gate":                   {"version: 1\ngate: {fail_on: always}\n", "f.yaml:2: gate.fail_on: must be critical, high, medium, low, info or none"},
		"waiver limit":           {"version: 1\ngate: {waiver_max_days: 0}\n", "f.yaml:2: gate.waiver_max_days: must be between 1 and 36525"},
		"limit":                  {"version: 1\nlimits: {max_wait: soon}\n", "f.yaml:2: limits.max_wait: must be a duration such as 30s or 5m"},
		"alias that contains itself": {"version: 1\npolicies:\n  rules:\n    unused-token: {params: {a: &x [*x]}}\n",
			"f.yaml:4: policies.rules.unused-token.params.a" + strings.Repeat("[0]", 16) + ": is nested too deeply"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c, err := config.Parse("f.yaml", []byte(test.text), definitions())
			if err == nil {
				t.Fatalf("accepted: %+v", c)
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if strings.Contains(err.Error(), "planted") || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "abcdef123") {
				t.Error("the error repeats the secret")
			}
			var coded interface{ ExitCode() int }
			if !errors.As(err, &coded) || coded.ExitCode() != 2 {
				t.Error("the exit code is not 2")
			}
		})
	}
}

func TestAllMistakesAreToldByLine(t *testing.T) {
	_, err := config.Parse("f.yaml", []byte("version: 1\ngate: {fail: high}\nsources:\n  - cms: paper\n    organization: 3\n    token: {env: A}\nlimits: {wait: 3s}\n"), definitions())
	want := "f.yaml:2: gate.fail: unknown key; did you mean fail_on?\n" +
		"f.yaml:5: sources[0].organization: must be text, not a number; put it in quotes\n" +
		"f.yaml:7: limits.wait: unknown key; the keys here are timeout, max_wait, total_wait, rule_timeout and load_timeout"
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestAliasesAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("version: 1\npolicies:\n  rules:\n    unused-token:\n      params:\n        a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := range 12 {
		ref := strings.TrimSuffix(strings.Repeat("*a"+string(rune('a'+i))+", ", 10), ", ")
		if i == 0 {
			ref = strings.ReplaceAll(ref, "*aa", "*a0")
		} else {
			ref = strings.ReplaceAll(ref, "*a"+string(rune('a'+i)), "*a"+string(rune('a'+i-1)))
		}
		b.WriteString("        a" + string(rune('a'+i)) + ": &a" + string(rune('a'+i)) + " [" + ref + "]\n")
	}
	_, err := config.Parse("f.yaml", []byte(b.String()), definitions())
	if err == nil || !strings.HasSuffix(err.Error(), "the file holds too much, or its aliases multiply it") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
}

func TestAliasesWork(t *testing.T) {
	c := parse(t, "version: 1\nsources:\n  - cms: paper\n    organization: a\n    token: &t {env: A}\n  - cms: paper\n    organization: b\n    token: *t\n")
	entries, err := c.Entries(t.Context(), environment(map[string]string{"A": "secret"}))
	if err != nil {
		t.Fatal(err)
	}
	if got := entries[1].Secret("token").Reveal(); got != "secret" {
		t.Errorf("got %q", got)
	}
}

func TestLoadTellsWhatIsWrongWithTheFile(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large.yaml")
	if err := os.WriteFile(large, make([]byte, 4<<20+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		filepath.Join(dir, "absent.yaml"): "the configuration file does not exist; `tokenaudit init` writes one, -c FILE names another",
		dir:                               "cannot open the file: is a folder, not a file",
		large:                             "the file is larger than 4 MiB",
	} {
		_, err := config.Load(t.Context(), file, definitions())
		if err == nil || err.Error() != file+": "+want {
			t.Errorf("got %v", err)
		}
	}
}
