// Package policytest has the custom rules that the tests of several packages start from,
// and what they do with files.
package policytest

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// Golden compares with a file, or writes it under -update.
func Golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is not up to date; run go test . -update in this folder (-file +generated):\n%s", name, diff)
	}
}

// CustomRule is a rule with the given METADATA lines changed and the given body.
func CustomRule(body string, replace ...string) string {
	head := `# METADATA
# title: A rule of our own
# description: What it is for.
# custom:
#   severity: low
#   subject: token
#   requires: []
#   params:
#     limit: {type: integer, default: 3, minimum: 1, description: How many.}
#   remediation: {default: Do something.}
package custom.rules.ours

`
	return strings.NewReplacer(replace...).Replace(head) + body
}

// DenyNames is the body of a rule that finds the tokens with "bad" in their name.
const DenyNames = `deny contains {"token": token.id, "message": "bad name"} if {
	some token in input.tokens
	contains(token.name, "bad")
}
`

// Write writes files below a temporary folder and returns the folder.
func Write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir, tree := t.TempDir(), fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	if err := os.CopyFS(dir, tree); err != nil {
		t.Fatal(err)
	}
	return dir
}

// SlowToCompile is a rule that takes the compiler seconds, though it is not complex.
func SlowToCompile() string {
	var names []string
	for i := range 5000 {
		names = append(names, fmt.Sprintf("v%d", i))
	}
	return CustomRule("deny contains {\"token\": token.id, \"message\": \"m\"} if {\n\tsome token in input.tokens\n\tsome " + strings.Join(names, ", ") + "\n\ttrue\n}\n")
}

var tookLonger = regexp.MustCompile(`^[^\n]*\.rego: loading the custom rules took longer than (\S+): [^\n]*limits\.load_timeout$`)

// TimesOut checks that load, which is given a folder with a rule that is slow to compile,
// ends at its time limit with an error that names the file that was being loaded.
func TimesOut(t *testing.T, load func(path string, limit time.Duration) error) {
	t.Helper()
	path := Write(t, map[string]string{"a.rego": strings.ReplaceAll(CustomRule(DenyNames), "rules.ours", "rules.a"), "slow.rego": SlowToCompile()})
	var err error
	// On a busy machine the time may be over before the first file of the folder is opened.
	for limit := 100 * time.Millisecond; limit < 10*time.Second; limit *= 2 {
		err = load(path, limit)
		if err == nil {
			break
		}
		if m := tookLonger.FindStringSubmatch(err.Error()); len(m) > 1 && m[1] == limit.String() {
			return
		}
	}
	t.Errorf("got %v", err)
}
