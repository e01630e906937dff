package main

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/collectors/builtin"
	"github.com/tokenaudit/tokenaudit/collectors/emulator"
	"github.com/tokenaudit/tokenaudit/collectors/history"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
	"github.com/tokenaudit/tokenaudit/collectors/manifest"
	"github.com/tokenaudit/tokenaudit/collectors/terraform"
	"github.com/tokenaudit/tokenaudit/collectors/usage"
	"github.com/tokenaudit/tokenaudit/report"
)

// documentKind is a kind of file that somebody names.
type documentKind struct {
	sample string
	read   func(t *testing.T, text string) error
}

// documentKinds are all of them, each with a small one that is right.
func documentKinds(t *testing.T) map[string]documentKind {
	t.Helper()
	samplePlan, err := os.ReadFile("../../testdata/premerge/bad/plan.json")
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture(t)
	if got := f.execute(t.Context(), "scan", "--source", "datocms/*", "--no-fail", "--save-inventory", "inventory.json", "-o", "json=report.json"); got.code != 0 {
		t.Fatal(got.err)
	}
	file := func(name string) string {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	registry, err := builtin.Registry()
	if err != nil {
		t.Fatal(err)
	}
	return map[string]documentKind{
		"inventory": {file("inventory.json"), func(t *testing.T, text string) error {
			_, err := codec.ReadAll(t.Context(), strings.NewReader(text), codec.Limits{})
			return err
		}},
		"earlier inventory": {file("inventory.json"), func(t *testing.T, text string) error {
			return new(history.History).Add(t.Context(), strings.NewReader(text))
		}},
		"report": {file("report.json"), func(_ *testing.T, text string) error {
			_, err := report.Read(strings.NewReader(text))
			return err
		}},
		"plan": {string(samplePlan), func(_ *testing.T, text string) error {
			_, err := terraform.Read(strings.NewReader(text), "web")
			return err
		}},
		"manifest": {
			"version: 1\nsources:\n  - id: contentstack/stacks/bltstack\n    tokens:\n      - {name: deploy, kind: management, expiry: 2027-01-31}\n      - name: web\n        kind: delivery\n        expiry: never\n",
			func(_ *testing.T, text string) error {
				_, err := manifest.Read(strings.NewReader(text), "tokens.yaml")
				return err
			},
		},
		"configuration": {
			f.config() + "policies: {rules: {unused-token: {severity: high, params: {max_idle_days: 45}}}}\nwaivers: [{rule: unused-token, token: '*', reason: r, owner: o, approved_by: p, expires: 2027-01-31}]\nlimits: {timeout: 1h}\n",
			func(_ *testing.T, text string) error {
				_, err := config.Parse("tokenaudit.yaml", []byte(text), registry.Definitions())
				return err
			},
		},
		"usage as CSV":  {"token,last_used_at,origin\na,2026-11-01,cdn\n\"b\",2026-11-02T00:00:00Z,\n", readUsageText},
		"usage as JSON": {`[{"token": "a", "last_used_at": "2026-11-01", "origin": "cdn"}, {"token": "b", "last_used_at": "2026-11-02"}]`, readUsageText},
	}
}

func readUsageText(_ *testing.T, text string) error {
	return (&usage.Evidence{Now: noon}).Add(strings.NewReader(text), "usage")
}

// leakTestFactor is by how much the leak tests look at more places than they do in an
// ordinary run: the value of TOKENAUDIT_LEAK_TEST.
func leakTestFactor() int {
	if factor, err := strconv.Atoi(os.Getenv("TOKENAUDIT_LEAK_TEST")); err == nil && factor > 0 {
		return factor
	}
	return 1
}

// TestErrorsQuoteNoSecretOfADocument puts a secret into each place of each kind of
// file that somebody may name. Where the file is refused, the error has no part of
// the secret: the file may be any that a link or a configuration leads to.
func TestErrorsQuoteNoSecretOfADocument(t *testing.T) {
	if testing.Short() {
		t.Skip("one after the other: nothing for the race detector")
	}
	secrets := []string{contentfulSecret("file"), contentstackSecret("file"), plainSecret("file")}
	refused := 0
	for name, kind := range documentKinds(t) {
		if err := kind.read(t, kind.sample); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i := 0; i <= len(kind.sample); i += len(kind.sample)/(60*leakTestFactor()) + 1 {
			secret := secrets[i%len(secrets)]
			for _, text := range []string{
				kind.sample[:i] + secret + kind.sample[i:],
				kind.sample[:i] + secret + kind.sample[min(len(kind.sample), i+len(secret)):],
				kind.sample[:i] + secret,
				kind.sample[:i] + "\x00" + secret + "\n",
			} {
				err := kind.read(t, text)
				if err == nil {
					continue
				}
				refused++
				if emulator.ContainsSecret([]byte(err.Error())) {
					t.Errorf("%s, at byte %d: %v", name, i, err)
				}
			}
		}
	}
	t.Logf("%d documents were refused", refused)
}

// TestFilesOfOthersAreNotQuoted reads files that are no documents of this program as
// each kind: nothing of them is quoted, whatever it looks like.
func TestFilesOfOthersAreNotQuoted(t *testing.T) {
	files := []string{
		"hunter two\n", "hunter", "hunter: two\n", "HUNTER=two\n", "[hunter]\ntwo = 1\n", "\"hunter\"", "- hunter\n- two\n", "*hunter", "!hunter two",
		`{"hunter": "two"}`, `["hunter"]`, `{"type": "service_account", "private_key_id": "hunter"}`, `[{"hunter": 1}]`, `{"hunter": {"two": hunter}}`,
		"machine hunter\nlogin two\n", "root:$6$hunter:19000:0:99999:7:::\n", "-----BEGIN PRIVATE KEY-----\nhunter\n", "A=1\x00SECRET=hunter\x00", "hunter,two\na,b\n", "%hunter\n---\n", "&hunter {two: *hunter}",
	}
	for name, kind := range documentKinds(t) {
		for _, text := range files {
			err := kind.read(t, text)
			if err == nil {
				t.Errorf("%s: %q was taken", name, text)
			} else if strings.Contains(strings.ToLower(err.Error()), "hunter") {
				t.Errorf("%s: %q: %v", name, text, err)
			}
		}
	}
}
