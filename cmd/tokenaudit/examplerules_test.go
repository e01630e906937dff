package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const exampleRules = "../../examples/rules"

// TestExampleRulesPass runs the tests of the examples by the program.
func TestExampleRulesPass(t *testing.T) {
	out := shell(t, exampleRules, "tokenaudit rules test policies\n")
	if !strings.Contains(out, ", 0 failed, 0 could not run, 0 skipped; 0 conventions broken") {
		t.Error(out)
	}
}

// TestExampleRulesFixturesAreWhatIsWritten: the fixtures of the examples are those of a
// new rule.
func TestExampleRulesFixturesAreWhatIsWritten(t *testing.T) {
	dir := t.TempDir()
	rules, err := os.ReadDir(filepath.Join(exampleRules, "policies"))
	if err != nil || len(rules) != 3 {
		t.Fatalf("%d rules, %v", len(rules), err)
	}
	for _, rule := range rules {
		shell(t, dir, "tokenaudit rules new --quiet "+rule.Name()+"\n")
		file := filepath.Join("policies", rule.Name(), "fixtures_test.rego")
		if textOf(t, filepath.Join(dir, file)) != textOf(t, filepath.Join(exampleRules, file)) {
			t.Errorf("%s is not what `tokenaudit rules new` writes", file)
		}
	}
}

// block is a piece of code of a page, with the kind that it is and the file that the text
// before it names.
type block struct{ kind, file, text string }

var (
	blocks    = regexp.MustCompile("(?s)(.*?)\n```([a-z]+)\n(.*?)```\n")
	namesFile = regexp.MustCompile("`(policies/[^`]+\\.rego|tokenaudit\\.yaml)`")
)

func blocksOf(page string) []block {
	var found []block
	for _, m := range blocks.FindAllStringSubmatch(page, -1) {
		b := block{kind: m[2], text: m[3]}
		if names := namesFile.FindAllStringSubmatch(m[1], -1); len(names) > 0 {
			b.file = names[len(names)-1][1]
		}
		found = append(found, b)
	}
	return found
}

// TestExampleRulesPageIsTrue follows the page in an empty repository: it writes what the
// page shows of files, runs its commands, and finds what it says that they print.
func TestExampleRulesPageIsTrue(t *testing.T) {
	if testing.Short() {
		t.Skip("one after the other: nothing for the race detector")
	}
	dir := t.TempDir()
	shell(t, dir, "git init --quiet\n")
	out, ran := "", 0
	for _, b := range blocksOf(textOf(t, filepath.Join(exampleRules, "README.md"))) {
		switch b.kind {
		case "sh":
			out = shell(t, dir, b.text)
			ran++
		case "text":
			checkShown(t, b.text, out)
		case "rego", "yaml":
			if b.file == "" {
				t.Fatalf("the page does not say which file this is:\n%s", b.text)
			}
			write(t, filepath.Join(dir, b.file), b.text)
		default:
			t.Fatalf("a block of the kind %s", b.kind)
		}
	}
	if ran != 7 {
		t.Errorf("%d blocks were run", ran)
	}
	rule := "policies/environment-in-name"
	files, err := os.ReadDir(filepath.Join(exampleRules, rule))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if name := filepath.Join(rule, f.Name()); textOf(t, filepath.Join(dir, name)) != textOf(t, filepath.Join(exampleRules, name)) {
			t.Errorf("who follows the page has another %s", name)
		}
	}
	if log := shell(t, dir, "git show --stat --format=%s\n"); !strings.Contains(log, "fixtures_test.rego") {
		t.Errorf("the commit lacks the rule:\n%s", log)
	}
}

// checkShown demands that the lines are part of an output, in their order.
func checkShown(t *testing.T, shown, out string) {
	t.Helper()
	rest := out
	for line := range strings.Lines(shown) {
		if strings.TrimSpace(line) == "..." {
			continue
		}
		_, after, found := strings.Cut(rest, strings.TrimRight(line, "\n"))
		if !found {
			t.Fatalf("it does not print this, or not in this order:\n%s\nbut\n%s", line, out)
		}
		rest = after
	}
}

// shell runs commands as somebody who follows a page would, and returns what they print.
func shell(t *testing.T, dir, commands string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-eu", "-c", commands)
	cmd.Dir = dir
	cmd.Env = slices.Concat(os.Environ(), []string{
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_CEILING_DIRECTORIES=" + dir,
		"GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com",
	})
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s%v:\n%s", commands, err, out)
	}
	return string(out)
}
