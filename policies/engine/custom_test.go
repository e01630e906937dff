package engine

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/policytest"
	"github.com/tokenaudit/tokenaudit/policies/regofile"
)

func TestCustomRuleJudgesBesideTheBuiltIn(t *testing.T) {
	dir := policytest.Write(t, map[string]string{
		"ours.rego":      policytest.CustomRule("import data.custom.lib.names\n\ndeny contains {\"token\": token.id, \"message\": \"bad name\"} if {\n\tsome token in input.tokens\n\tnames.bad(token.name)\n}\n"),
		"names.rego":     "package custom.lib.names\n\nbad(name) if contains(name, \"bad\")\n",
		"ours_test.rego": "package custom.rules.ours_test\n\nthis is not Rego, but tests are not loaded\n",
		".git/x.rego":    "nor is this",
	})
	e := load(t, LoadOptions{Paths: []string{dir}})
	r := evaluate(t, e, aSource(aToken("a", func(token *inventory.Token) { token.Name = "a bad one" }), aToken("b")))
	if diff := cmp.Diff(policies.Counts{Fail: 1, Pass: 1}, r.Counts["custom/ours"]); diff != "" {
		t.Error(diff)
	}
	i := slices.IndexFunc(e.Rules(), func(r policies.Rule) bool { return r.ID == "custom/ours" })
	if i < 0 || !e.Rules()[i].Custom || e.Rules()[i].Title != "A rule of our own" {
		t.Errorf("the rules are %+v", e.Rules())
	}
}

// A title and a severity are enough.
func TestCustomRuleWithLittleMetadata(t *testing.T) {
	text := "# METADATA\n# title: Ours\n# custom: {severity: low}\npackage custom.rules.ours\n\n" + policytest.DenyNames
	e := load(t, LoadOptions{Paths: []string{policytest.Write(t, map[string]string{"ours.rego": text})}, Only: []string{"custom/ours"}})
	rule := e.Rules()[0]
	if rule.Subject != policies.SubjectToken || rule.Description != "Ours" || rule.RemediationFor("datocms") == "" {
		t.Errorf("the rule is %+v", rule)
	}
}

// Everything that is wrong with a custom rule stops the load with its place.
func TestCustomRuleRefused(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"does not parse", policytest.CustomRule("deny contains x if {"), []string{"ours.rego:13:", "rego_parse_error"}},
		{"does not compile", policytest.CustomRule("deny contains {\"token\": undefined, \"message\": \"\"} if true\n"), []string{"ours.rego:13:", "rego_unsafe_var_error", "undefined"}},
		{"unused variable", policytest.CustomRule(policytest.DenyNames + "\nx if { y := 1 }\n"), []string{"ours.rego:18:", "assigned var y unused"}},
		{"empty file", "", []string{"ours.rego", "empty"}},
		{"no METADATA", "package custom.rules.ours\n\n" + policytest.DenyNames, []string{"ours.rego:1:", "no METADATA"}},
		{"METADATA is not YAML", policytest.CustomRule(policytest.DenyNames, "# custom:", "# custom: ["), []string{"ours.rego:"}},
		{"no title", policytest.CustomRule(policytest.DenyNames, "# title: A rule of our own\n", ""), []string{"ours.rego:1:", "title is missing"}},
		{"no severity", policytest.CustomRule(policytest.DenyNames, "#   severity: low\n", ""), []string{"ours.rego:1:", "custom.severity is missing"}},
		{"unknown subject", policytest.CustomRule(policytest.DenyNames, "subject: token", "subject: tokens"), []string{"ours.rego:1:", "custom.subject is tokens; it must be one of token, source"}},
		{"misspelt key", policytest.CustomRule(policytest.DenyNames, "severity:", "severty:"), []string{"ours.rego:1:", "custom.severty is unknown; did you mean severity?"}},
		{"unknown off", policytest.CustomRule(policytest.DenyNames, "severity: low", "severity: low\n#   off: maybe"), []string{"ours.rego:1:", "custom.off must be true or false"}},
		{"unknown only_with", policytest.CustomRule(policytest.DenyNames, "severity: low", "severity: low\n#   only_with: leak"), []string{"ours.rego:1:", "custom.only_with is leak; it must be one of leaks, owners"}},
		{"only_with leaks of a source", policytest.CustomRule(policytest.DenyNames, "subject: token", "subject: source\n#   only_with: leaks"), []string{"ours.rego:1:", "custom.only_with is leaks, which is about tokens"}},
		{"unknown severity", policytest.CustomRule(policytest.DenyNames, "low", "urgent"), []string{"ours.rego:1:", "custom.severity is urgent; it must be one of critical, high, medium, low, info"}},
		{"unknown fact", policytest.CustomRule(policytest.DenyNames, "requires: []", "requires: [expires]"), []string{"ours.rego:1:", "custom.requires has expires"}},
		{"parameter without default", policytest.CustomRule(policytest.DenyNames, "default: 3, ", ""), []string{"ours.rego:1:", "custom.params.limit.default is missing"}},
		{"parameter of no type", policytest.CustomRule(policytest.DenyNames, "integer", "int"), []string{"ours.rego:1:", "custom.params.limit.type must be one of"}},
		{"default out of bounds", policytest.CustomRule(policytest.DenyNames, "default: 3", "default: 0"), []string{"ours.rego:1:", "custom.params.limit.default"}},
		{"default of another type", policytest.CustomRule(policytest.DenyNames, "default: 3", "default: three"), []string{"ours.rego:1:", "custom.params.limit.default"}},
		{"replaces the schema", policytest.CustomRule(policytest.DenyNames, "# custom:", "# schemas:\n#   - input: {}\n# custom:"), []string{"ours.rego:1:", "schemas"}},
		{"field that does not exist", policytest.CustomRule("deny contains {\"token\": token.id, \"message\": \"m\"} if {\n\tsome token in input.tokens\n\ttoken.expires == \"never\"\n}\n"), []string{"ours.rego:15:", "undefined ref", "expires"}},
		{"comparison of different types", policytest.CustomRule("deny contains {\"token\": token.id, \"message\": \"m\"} if {\n\tsome token in input.tokens\n\ttoken.name == 3\n}\n"), []string{"ours.rego:15:", "match error"}},
		{"parameter that is not declared", policytest.CustomRule("deny contains {\"token\": token.id, \"message\": \"m\"} if {\n\tsome token in input.tokens\n\tcount(token.name) > input.params.limt\n}\n"), []string{"ours.rego:15:", "limt"}},
		{"parameter of another type", policytest.CustomRule("deny contains {\"token\": token.id, \"message\": \"m\"} if {\n\tsome token in input.tokens\n\ttoken.name == input.params.limit\n}\n"), []string{"ours.rego:15:", "match error"}},
		{"fact that is not required", policytest.CustomRule("deny contains {\"token\": token.id, \"message\": \"m\"} if {\n\tsome token in input.tokens\n\ttoken.expiry.state == \"never\"\n}\n"), []string{"ours.rego:15:", "reads expiry", "custom.requires"}},
		{"outside custom", policytest.CustomRule(policytest.DenyNames, "package custom.rules.ours", "package tokenaudit.rules.unused_token"), []string{"ours.rego:11:", "out of place", "custom.rules.<name>"}},
		{"two segments", policytest.CustomRule(policytest.DenyNames, "package custom.rules.ours", "package custom.rules.ours.more"), []string{"ours.rego:11:", "out of place"}},
		{"name that is not an id", policytest.CustomRule(policytest.DenyNames, "package custom.rules.ours", "package custom.rules.Ours"), []string{"ours.rego:11:", "lower_snake_case"}},
		{"data that does not exist", policytest.CustomRule("deny contains {\"token\": token.id, \"message\": data.custom.lib.mesage} if some token in input.tokens\n"), []string{"ours.rego:13:", "not defined"}},
		{"another rule's data", policytest.CustomRule("deny contains {\"token\": id, \"message\": \"m\"} if some id in data.tokenaudit.rules.unused_token.applies\n"), []string{"ours.rego:13:", "not part of this rule"}},
		{"no deny set", policytest.CustomRule("denied if true\n"), []string{"ours.rego:11:", "no deny set"}},
		{"deny is not a set", policytest.CustomRule("deny := true\n"), []string{"ours.rego:13:", "deny must be a set"}},
		{"Rego v0", policytest.CustomRule("deny[x] { x := 1 }\n"), []string{"ours.rego:13:", "rego_parse_error"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := policytest.Write(t, map[string]string{"ours.rego": tt.text})
			_, err := Load(t.Context(), LoadOptions{Paths: []string{dir}})
			if _, ok := errors.AsType[regofile.LoadErrors](err); !ok {
				t.Fatalf("got %v, want LoadErrors", err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in the error:\n%s", want, err)
				}
			}
		})
	}
}

// A fact that is read in ways that the eye does not see is still found.
func TestReadsAreFound(t *testing.T) {
	tests := []struct{ name, body, fact string }{
		{"alias", "x := token.expiry\n\tx.state == \"never\"", "expiry"},
		{"object.get", "object.get(token, \"expiry\", {}).state == \"never\"", "expiry"},
		{"object.get with a path", "object.get(token, [\"expiry\", \"state\"], \"\") == \"never\"", "expiry"},
		{"computed field", "some field in [\"exp\", \"iry\"]\n\ttoken[field]", "access"},
		{"whole token", "contains(json.marshal(token), \"never\")", "owner"},
		{"whole input", "walk(input, [_, \"never\"])", "owner"},
		{"function", "never(token)", "expiry"},
		{"day count", "token.lifetime_days > 3", "created_at, expiry"},
		{"by index", "input.tokens[0].last_used.state == \"never\"", "last_used"},
		{"level", "token.access.level == \"admin\"", "access"},
		{"every", "every t in input.tokens { t.owner.state == \"active\" }", "owner"},
		{"in a comprehension", "count([1 | token.created_at.state == \"at\"]) > 0", "created_at"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := policytest.CustomRule("deny contains {\"token\": token.id, \"message\": \"m\"} if {\n\tsome token in input.tokens\n\t" + tt.body + "\n}\n")
			if strings.Contains(tt.body, "never(") {
				text += "\nnever(thing) if thing.expiry.state == \"never\"\n"
			}
			_, err := Load(t.Context(), LoadOptions{Paths: []string{policytest.Write(t, map[string]string{"ours.rego": text})}})
			if err == nil || !strings.Contains(err.Error(), "reads ") || !strings.Contains(err.Error(), tt.fact) {
				t.Errorf("got %v, want an error about %s", err, tt.fact)
			}
		})
	}
}

// What only looks like a fact of a token, or needs none, is let through.
func TestReadsThatNeedNoFact(t *testing.T) {
	for _, body := range []string{
		"token.access.write",
		"token.status == \"active\"",
		"input.source.environments[_].id == token.name",
		"some e in input.source.environments\n\te.id == token.name",
		"s := input.source\n\ts.facts.expiry.reported == \"no\"",
		"token.expiry.supported",
		"token.role.name == \"Admin\"",
	} {
		text := policytest.CustomRule("deny contains {\"token\": token.id, \"message\": \"m\"} if {\n\tsome token in input.tokens\n\t" + body + "\n}\n")
		if _, err := Load(t.Context(), LoadOptions{Paths: []string{policytest.Write(t, map[string]string{"ours.rego": text})}}); err != nil {
			t.Errorf("%s: %v", body, err)
		}
	}
	// An unknown set of its own stands for requires.
	text := policytest.CustomRule(policytest.DenyNames + "\nunknown contains {\"token\": token.id, \"reason\": \"r\"} if {\n\tsome token in input.tokens\n\ttoken.expiry.state == \"unknown\"\n}\n")
	if _, err := Load(t.Context(), LoadOptions{Paths: []string{policytest.Write(t, map[string]string{"ours.rego": text})}}); err != nil {
		t.Error(err)
	}
}

func TestAllFaultsAreToldAtOnce(t *testing.T) {
	dir := policytest.Write(t, map[string]string{
		"a.rego": policytest.CustomRule(policytest.DenyNames, "severity: low", "severity: urgent", "# title: A rule of our own\n", ""),
		"b.rego": "package elsewhere\n",
	})
	_, err := Load(t.Context(), LoadOptions{Paths: []string{dir}})
	var errs regofile.LoadErrors
	if !errors.As(err, &errs) || len(errs) != 3 {
		t.Errorf("got %v, want three errors", err)
	}
}

func TestPathsThatHoldNothing(t *testing.T) {
	dir := policytest.Write(t, map[string]string{"notes.txt": "", "empty/notes.txt": ""})
	for _, path := range []string{"nowhere", "notes.txt", "empty"} {
		_, err := Load(t.Context(), LoadOptions{Paths: []string{filepath.Join(dir, path)}})
		if err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

// A variable that is not set must not mean the working directory.
func TestEmptyPath(t *testing.T) {
	_, err := Load(t.Context(), LoadOptions{Paths: []string{""}})
	if err == nil || !strings.Contains(err.Error(), "the path of the custom rules is empty") {
		t.Errorf("got %v", err)
	}
}

// A path that leads to a file that another path has led to already is not an error.
func TestOverlappingPaths(t *testing.T) {
	dir := policytest.Write(t, map[string]string{"ours.rego": policytest.CustomRule(policytest.DenyNames)})
	load(t, LoadOptions{Paths: []string{dir, filepath.Join(dir, "ours.rego")}})
	load(t, LoadOptions{Paths: []string{dir, dir, dir + "/"}})
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Skip(err)
	}
	load(t, LoadOptions{Paths: []string{link, dir}})
}

// Two rules of one name are told with both places.
func TestRuleDefinedTwice(t *testing.T) {
	dir := policytest.Write(t, map[string]string{"a/ours.rego": policytest.CustomRule(policytest.DenyNames), "b/ours.rego": policytest.CustomRule(policytest.DenyNames)})
	_, err := Load(t.Context(), LoadOptions{Paths: []string{dir}})
	if err == nil || !strings.Contains(err.Error(), "b/ours.rego:1:") || !strings.Contains(err.Error(), "a/ours.rego:1") {
		t.Errorf("got %v", err)
	}
}

func TestDigestIsOfWhatJudges(t *testing.T) {
	text := policytest.CustomRule(policytest.DenyNames)
	digestOf := func(options LoadOptions) string { return load(t, options).Digest() }
	one := digestOf(LoadOptions{Paths: []string{policytest.Write(t, map[string]string{"a.rego": text})}})
	if two := digestOf(LoadOptions{Paths: []string{policytest.Write(t, map[string]string{"elsewhere/b.rego": text})}}); one != two {
		t.Error("the place of a rule changes the digest")
	}
	for name, other := range map[string]LoadOptions{
		"no custom rule":  {},
		"another text":    {Paths: []string{policytest.Write(t, map[string]string{"a.rego": text + "# more\n"})}},
		"another setting": {Paths: []string{policytest.Write(t, map[string]string{"a.rego": text})}, Settings: policies.Settings{Rules: map[string]policies.RuleSettings{"custom/ours": {Params: map[string]any{"limit": 4}}}}},
		"a rule off":      {Paths: []string{policytest.Write(t, map[string]string{"a.rego": text})}, Settings: policies.Settings{Rules: map[string]policies.RuleSettings{"unused-token": {Off: true}}}},
	} {
		if digestOf(other) == one {
			t.Errorf("%s: the digest is the same", name)
		}
	}
}

func packBundle(t *testing.T, files map[string]string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rules.tar.gz")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	zipped := gzip.NewWriter(file)
	packed := tar.NewWriter(zipped)
	for name, text := range files {
		if err := packed.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(packed, text); err != nil {
			t.Fatal(err)
		}
	}
	for _, closer := range []io.Closer{packed, zipped, file} {
		if err := closer.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func TestBundle(t *testing.T) {
	path := packBundle(t, map[string]string{
		"/custom/rules/ours/ours.rego":      policytest.CustomRule("deny contains {\"token\": token.id, \"message\": \"banned\"} if {\n\tsome token in input.tokens\n\ttoken.name in data.custom.banned\n}\n"),
		"/custom/rules/ours/ours_test.rego": "package custom.rules.ours_test\n\ntest_it if true\n",
		"/data.json":                        `{"custom": {"banned": ["name of a"]}}`,
		"/.manifest":                        `{"roots": ["custom"]}`,
	})
	e := load(t, LoadOptions{Paths: []string{path}})
	r := evaluate(t, e, aSource(aToken("a"), aToken("b")))
	if diff := cmp.Diff(policies.Counts{Fail: 1, Pass: 1}, r.Counts["custom/ours"]); diff != "" {
		t.Error(diff)
	}
}

func TestBundleRefused(t *testing.T) {
	rule := policytest.CustomRule(policytest.DenyNames)
	tests := []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"a rule that does not compile", map[string]string{"/ours.rego": policytest.CustomRule("deny contains {\"token\": x, \"message\": \"\"} if true\n")}, "rules.tar.gz/ours.rego:13:"},
		{"data outside custom", map[string]string{"/ours.rego": rule, "/data.json": `{"tokenaudit": {"x": 1}}`}, "data outside custom: tokenaudit"},
		{"data in the place of rules", map[string]string{"/ours.rego": rule, "/custom/lib/data.json": `{"x": 1}`}, "custom.lib"},
		{"a signature that nothing can check", map[string]string{"/ours.rego": rule, "/.signatures.json": `{"signatures": ["a.b.c"]}`}, "the bundle is signed, and there is no key"},
		{"a rule that does not parse", map[string]string{"/rules/ours.rego": rule + "deny contains"}, "rules.tar.gz/rules/ours.rego:"},
		{"no rules", map[string]string{"/data.json": `{}`}, "no Rego files"},
		{"a bomb", map[string]string{"/ours.rego": rule, "/data.json": strings.Repeat(" ", 64<<20+1)}, "unpacks to more than"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Load(t.Context(), LoadOptions{Paths: []string{packBundle(t, tt.files)}})
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "rules.tar.gz") {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	broken := filepath.Join(t.TempDir(), "rules.tar.gz")
	if err := os.WriteFile(broken, []byte("no gzip"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(t.Context(), LoadOptions{Paths: []string{broken}}); err == nil || !strings.Contains(err.Error(), "rules.tar.gz") {
		t.Errorf("got %v", err)
	}
}

// A custom rule may refer to the helpers of the built-in ones, and to no rule of these.
func TestCustomRulesUseTheSharedHelpers(t *testing.T) {
	with := func(message string) string {
		return policytest.CustomRule("deny contains {\"token\": token.id, \"message\": " + message + "} if some token in input.tokens\n")
	}
	e, err := loadRule(t, with("data.tokenaudit.lib.quantity(2, token.kind)"))
	if err != nil {
		t.Fatal(err)
	}
	if got := evaluate(t, e, aSource(aToken("a"))).Verdicts[0].Message; got != "2 managements" {
		t.Errorf("got the message %q", got)
	}
	if _, err := loadRule(t, with("data.tokenaudit.rules.admin_token.deny")); err == nil || !strings.Contains(err.Error(), "is not part of this rule") {
		t.Errorf("got %v", err)
	}
}

func TestCustomSelect(t *testing.T) {
	rule := func(body, selects string) *Engine {
		t.Helper()
		e, err := loadRule(t, policytest.CustomRule(body, "requires: []", "requires: []\n#   select: "+selects))
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	const everyToken = "deny contains {\"token\": token.id, \"message\": \"m\"} if some token in input.tokens\n"
	source := aSource(aToken("writes"), aToken("reads", readOnly), aToken("unread", unread), aToken("expired", expires(-1)), aToken("perhaps", expiryUnknown))
	for _, tt := range []struct {
		body, selects                     string
		fail, pass, unknown, inapplicable int
	}{
		{everyToken, "{}", 4, 0, 0, 1},
		{everyToken, "{write: false}", 1, 0, 1, 3},
		{everyToken, "{status: [expired]}", 1, 0, 1, 3},
		{everyToken, "{status: [active, expired, revoked]}", 5, 0, 0, 0},
		// One of many tokens may be selected or not.
		{"deny contains {\"token\": token.id, \"message\": \"m\"} if { some token in input.tokens; count(input.tokens) > 9 }\n", "{write: true}", 0, 0, 3, 2},
		{"deny contains {\"token\": token.id, \"message\": \"m\"} if { some token in input.tokens; count(input.source_tokens) > 9 }\n", "{status: [revoked]}", 0, 0, 0, 5},
	} {
		if got := evaluate(t, rule(tt.body, tt.selects), source).Counts["custom/ours"]; got != (policies.Counts{Fail: tt.fail, Pass: tt.pass, NotEvaluated: tt.unknown, NotApplicable: tt.inapplicable}) {
			t.Errorf("%s %s: got %+v", tt.selects, tt.body, got)
		}
	}
	for selects, want := range map[string]string{
		"{kind: [personal]}":        "custom.select.kind is unknown; did you mean kinds?",
		"[personal]":                "custom.select must be a mapping",
		"{}\n#   kinds: [personal]": "custom.kinds and custom.select both",
	} {
		_, err := loadRule(t, policytest.CustomRule(everyToken, "requires: []", "requires: []\n#   select: "+selects))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "ours.rego:1") {
			t.Errorf("%s: got %v", selects, err)
		}
	}
}

// A rule is not asked where no token has what it judges with: one that would fail does not.
func TestRuleIsNotAskedWithoutWhatItJudgesWith(t *testing.T) {
	fails := policytest.CustomRule("deny contains {\"token\": token.id, \"message\": \"m\"} if {\n\tsome token in input.tokens\n\tto_number(token.name) > 0\n}\n")
	for given, want := range map[string]int{"": 1, "#   only_with: leaks\n": 0, "#   only_with: reviews\n": 0, "#   subject: source\n#   only_with: owners\n": 0} {
		text := strings.Replace(fails, "#   severity: low\n", "#   severity: low\n"+given, 1)
		if strings.Contains(given, "subject") {
			text = strings.Replace(text, "#   subject: token\n", "", 1)
		}
		e := load(t, LoadOptions{Paths: []string{policytest.Write(t, map[string]string{"ours.rego": text})}, Only: []string{"custom/ours"}})
		r, err := e.Evaluate(t.Context(), aSource(aToken("a", func(token *inventory.Token) { token.Exposure = nil })), auditTime)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Errors) != want || (len(r.NotAsked) == 0) != (given == "") {
			t.Errorf("%q: errors %v, not asked %v", given, r.Errors, r.NotAsked)
		}
	}
}
