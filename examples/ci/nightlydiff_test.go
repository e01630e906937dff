package ci

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const nightlyDiff = "../schedule/github/nightly-diff.yml"

// github is what the repository keeps between the nights: the artifacts called
// tokens-baseline, a folder a run, and the issues.
type github struct {
	bench
	state string
	night int
}

// gh is the command line of GitHub on that state. The filter of the artifacts is
// examples/check's to try.
const gh = `case "$1 $2" in
"api --method") ls -r "$GH_STATE/runs" ;;
"api repos/acme/shop/actions/runs/"*) cat "$GH_STATE/runs/${2##*/}/event" ;;
"run download") mkdir "$9" && cp "$GH_STATE/runs/$3/report.json" "$9" ;;
"issue create") cp "$8" "$GH_STATE/issue" ;;
*) echo "gh $*: not known here" >&2; exit 9 ;;
esac`

func newGitHub(t *testing.T) *github {
	t.Helper()
	g := &github{bench: newBench(t, "good"), state: t.TempDir()}
	if err := os.Mkdir(filepath.Join(g.state, "runs"), 0o700); err != nil {
		t.Fatal(err)
	}
	g.write("gh", "#!/bin/sh\nset -e\nGH_STATE="+g.state+"\n"+gh+"\n", g.path, 0o700)
	for _, file := range []string{"pressroom-tokens.sh", "tokens.csv"} {
		text, err := os.ReadFile("../command/" + file)
		if err != nil {
			t.Fatal(err)
		}
		g.write(file, string(text), g.dir, 0o700)
	}
	g.git(g.dir, "init", "--quiet")
	return g
}

// estate is what there is to scan: the tokens of a plan and those of Pressroom.
func (g *github) estate(plan string) {
	g.Helper()
	g.write("tokenaudit.yaml", `version: 1
sources:
  - {cms: terraform, name: shop, plan: `+plan+`/plan.json, dir: `+plan+`}
  - {cms: command, name: pressroom, run: [./pressroom-tokens.sh, tokens.csv]}
`, g.dir, 0o600)
}

// leave keeps a baseline as a run left it.
func (g *github) leave(event, report string) {
	g.Helper()
	dir := filepath.Join(g.state, "runs", fmt.Sprintf("%03d", g.night))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		g.Fatal(err)
	}
	g.write("event", event, dir, 0o600)
	g.write("report.json", report, dir, 0o600)
}

// run runs a night; it returns the exit code of the scan and the issue that was opened.
func (g *github) run() (code int, issue string) {
	g.Helper()
	g.night++
	g.save(g.dir, "night")
	r := g.runner(map[string]string{"github.event_name": "schedule"})
	codes := r.workflow(nightlyDiff)
	if dir := r.artifacts["tokens-baseline"]; dir != "" {
		text, err := os.ReadFile(filepath.Join(dir, "report.json"))
		if err != nil {
			g.Fatal(err)
		}
		g.leave("schedule", string(text))
	}
	file := filepath.Join(g.state, "issue")
	text, err := os.ReadFile(file)
	if err == nil {
		issue = string(text)
		if err := os.Remove(file); err != nil {
			g.Fatal(err)
		}
	}
	return codes["scan"], issue
}

// TestNights tries what can happen from one night to the next.
func TestNights(t *testing.T) {
	t.Parallel()
	g := newGitHub(t)
	pressroom := g.read("pressroom-tokens.sh")
	expect := func(what string, wantCode int, wantIssue string) {
		t.Helper()
		code, issue := g.run()
		if code != wantCode {
			t.Errorf("%s: exit code %d, want %d", what, code, wantCode)
		}
		if wantIssue == "" && issue != "" || !strings.Contains(issue, wantIssue) {
			t.Errorf("%s: the issue is\n%s\nwant one about %q", what, issue, wantIssue)
		}
	}
	g.estate("good")
	expect("the first night", 0, "")
	expect("the same", 0, "")
	g.estate("bad")
	expect("a change for the worse", 0, "### New findings")
	expect("the same, which is known", 0, "")

	// A source that cannot be read is neither resolved nor, when it is back, new.
	g.write("pressroom-tokens.sh", "#!/bin/sh\nexit 1\n", g.dir, 0o700)
	expect("an outage", 3, "")
	expect("an outage that lasts", 3, "")
	g.write("pressroom-tokens.sh", pressroom, g.dir, 0o700)
	expect("the source is back", 0, "")
	g.write("tokens.csv", g.read("tokens.csv")+"t4,old importer,true,\n", g.dir, 0o600)
	expect("a new token", 0, "old importer")

	// Something new is told although the measurement is incomplete.
	g.estate("good")
	expect("a change for the better", 0, "")
	g.write("pressroom-tokens.sh", "#!/bin/sh\nexit 1\n", g.dir, 0o700)
	g.estate("bad")
	expect("for the worse, in an outage", 0, "### New findings")
	g.write("pressroom-tokens.sh", pressroom, g.dir, 0o700)
	expect("the source is back again", 0, "")

	// No verdict is not a finding, and leaves the baseline as it is.
	g.write("tokenaudit.yaml", "version: 2\n", g.dir, 0o600)
	expect("a configuration that is wrong", 2, "")
	g.estate("bad")
	expect("it is right again", 0, "")
}

// A pull request can leave an artifact of the same name; it is not a baseline.
func TestForeignBaseline(t *testing.T) {
	t.Parallel()
	g := newGitHub(t)
	g.estate("good")
	if code, issue := g.run(); code != 0 || issue != "" {
		t.Fatalf("the first night: exit code %d, issue %q", code, issue)
	}
	g.night++
	g.leave("pull_request", "{}")
	g.estate("bad")
	if code, issue := g.run(); code != 0 || issue == "" {
		t.Errorf("behind a foreign artifact: exit code %d, issue %q", code, issue)
	}
	g = newGitHub(t)
	g.estate("good")
	g.leave("pull_request", "{}")
	if code, _ := g.run(); code != 1 {
		t.Errorf("with foreign artifacts alone: exit code %d, want 1", code)
	}
}

func (g *github) read(file string) string {
	g.Helper()
	text, err := os.ReadFile(filepath.Join(g.dir, file))
	if err != nil {
		g.Fatal(err)
	}
	return string(text)
}
