// Package ci holds the test of the CI examples: their commands are run as they
// are written, on a sample repository, as far as a machine without those
// systems can.
package ci

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// program is the absolute path of tokenaudit, which is built once for all tests:
// linking it costs more than all they do.
var program string

func TestMain(m *testing.M) {
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func buildAndRun(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "tokenaudit")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "tokenaudit")
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", program, "../../cmd/tokenaudit")
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("build: %w\n%s", err, out)
	}
	return m.Run(), nil
}

// bench is a sample repository with tokenaudit and a terraform that only shows
// a saved plan on its PATH.
type bench struct {
	*testing.T
	dir, path string
}

func newBench(t *testing.T, plan string) bench {
	t.Helper()
	b := bench{t, t.TempDir(), t.TempDir()}
	if err := os.Symlink(program, filepath.Join(b.path, "tokenaudit")); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(b.dir, os.DirFS("../../testdata/premerge")); err != nil {
		t.Fatal(err)
	}
	b.write("terraform", "#!/bin/sh\nif [ \"$1\" = show ]; then cat "+plan+"/plan.json; fi\n", b.path, 0o700)
	b.write("tokenaudit.yaml", "version: 1\nsources:\n  - {cms: terraform, name: shop, plan: "+plan+"/plan.json, dir: "+plan+"}\n", b.dir, 0o600)
	return b
}

func (b bench) write(name, text, dir string, mode os.FileMode) {
	b.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
		b.Fatal(err)
	}
}

// run runs a script as the CI systems do, and gives its exit code.
func (b bench) run(script string, environ ...string) int {
	b.Helper()
	cmd := exec.Command("bash", "-e", "-c", script)
	cmd.Dir = b.dir
	cmd.Env = append([]string{"PATH=" + b.path + ":" + os.Getenv("PATH"), "HOME=" + b.dir}, environ...)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		b.Fatalf("%s: %v", script, err)
	}
	b.Logf("$ %s\n%s", strings.TrimSpace(script), out)
	return cmd.ProcessState.ExitCode()
}

// wrote checks that the script left a file that is not empty, and no plan.
func (b bench) wrote(files ...string) {
	b.Helper()
	for _, f := range files {
		if stat, err := os.Stat(filepath.Join(b.dir, f)); err != nil || stat.Size() == 0 {
			b.Errorf("%s was not written: %v", f, err)
		}
	}
}

func (b bench) noPlan() {
	b.Helper()
	for _, f := range []string{"plan.bin", "plan.json"} {
		if _, err := os.Stat(filepath.Join(b.dir, f)); err == nil {
			b.Errorf("%s is left behind: it holds secrets", f)
		}
	}
}

func parse(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

type step struct {
	Name string            `yaml:"name"`
	Uses string            `yaml:"uses"`
	Run  string            `yaml:"run"`
	With map[string]string `yaml:"with"`
	If   string            `yaml:"if"`
}

// github runs the steps of a workflow's only job, the composite action with
// them, and gives the exit code of the first that fails.
func (b bench) github(file string) int {
	b.Helper()
	var workflow struct {
		Jobs map[string]struct {
			Steps []step `yaml:"steps"`
		} `yaml:"jobs"`
	}
	var action struct {
		Runs struct {
			Steps []step `yaml:"steps"`
		} `yaml:"runs"`
	}
	parse(b.T, file, &workflow)
	parse(b.T, "github/action.yml", &action)
	code := 0
	for _, job := range workflow.Jobs {
		for _, s := range job.Steps {
			if code != 0 && s.If != "always()" || s.Name == "Install" {
				continue
			}
			got := 0
			switch {
			case s.Run != "":
				got = b.run(s.Run, "GITHUB_STEP_SUMMARY=summary.md")
			case s.Uses == "./.github/actions/tokenaudit":
				for _, inner := range action.Runs.Steps {
					if inner.Name != "Install" {
						got = b.run(inner.Run, "ARGUMENTS="+s.With["arguments"], "SUMMARY="+s.With["summary"], "GITHUB_STEP_SUMMARY=summary.md")
					}
				}
			}
			if code == 0 {
				code = got
			}
		}
	}
	return code
}

func TestGitHub(t *testing.T) {
	t.Parallel()
	for plan, want := range map[string]int{"bad": 1, "good": 0} {
		b := newBench(t, plan)
		if got := b.github("github/pre-merge.yml"); got != want {
			t.Errorf("pre-merge of the %s plan: exit code %d, want %d", plan, got, want)
		}
		b.wrote("tokens.sarif", "summary.md")
		b.noPlan()
		b = newBench(t, plan)
		if got := b.github("github/nightly.yml"); got != want {
			t.Errorf("nightly on the %s plan: exit code %d, want %d", plan, got, want)
		}
		b.wrote("tokens.sarif", "summary.md", "report.json")
	}
}

func TestNightlyDifference(t *testing.T) {
	t.Parallel()
	b := newBench(t, "good")
	b.write("gh", "#!/bin/sh\necho \"$@\" > opened\n", b.path, 0o700)
	for night, want := range []bool{false, false, true} {
		if night == 2 {
			b.write("tokenaudit.yaml", "version: 1\nsources:\n  - {cms: terraform, name: shop, plan: bad/plan.json, dir: bad}\n", b.dir, 0o600)
		}
		if code := b.github("../schedule/github/nightly-diff.yml"); code != 0 {
			t.Fatalf("night %d: exit code %d", night+1, code)
		}
		_, err := os.Stat(filepath.Join(b.dir, "opened"))
		if opened := err == nil; opened != want {
			t.Errorf("night %d: an issue was opened: %v, want %v", night+1, opened, want)
		}
		_ = os.Remove(filepath.Join(b.dir, "opened"))
	}
}

func TestGitLab(t *testing.T) {
	t.Parallel()
	type job struct {
		Script      []string `yaml:"script"`
		AfterScript []string `yaml:"after_script"`
	}
	for plan, want := range map[string]int{"bad": 1, "good": 0} {
		var merge, nightly map[string]job
		parse(t, "gitlab/pre-merge.gitlab-ci.yml", &merge)
		parse(t, "gitlab/nightly.gitlab-ci.yml", &nightly)
		b := newBench(t, plan)
		one := merge["tokens-of-this-change"]
		if got := b.run(strings.Join(one.Script, "\n")); got != want {
			t.Errorf("pre-merge of the %s plan: exit code %d, want %d", plan, got, want)
		}
		b.run(strings.Join(one.AfterScript, "\n"))
		b.wrote("gl-code-quality-report.json", "tokens.xml")
		b.noPlan()
		if got := b.run(strings.Join(nightly["tokens-scan"].Script, "\n")); got != 0 {
			t.Errorf("the nightly scan of the %s plan: exit code %d; its report would not be ingested", plan, got)
		}
		b.wrote("tokens.sarif", "report.json")
		if got := b.run(strings.Join(nightly["tokens-gate"].Script, "\n")); got != want {
			t.Errorf("the nightly gate on the %s plan: exit code %d, want %d", plan, got, want)
		}
	}
}

var jenkinsScript = regexp.MustCompile(`(?s)sh '''(.*?)'''`)

func TestJenkins(t *testing.T) {
	t.Parallel()
	for file, files := range map[string][]string{"pre-merge": {"tokens.xml"}, "nightly": {"tokens.html", "tokens.xml", "report.json"}} {
		text, err := os.ReadFile("jenkins/" + file + ".Jenkinsfile")
		if err != nil {
			t.Fatal(err)
		}
		for plan, want := range map[string]int{"bad": 1, "good": 0} {
			b := newBench(t, plan)
			code := 0
			for _, script := range jenkinsScript.FindAllStringSubmatch(string(text), -1) {
				if got := b.run(script[1]); code == 0 {
					code = got
				}
			}
			if code != want {
				t.Errorf("%s on the %s plan: exit code %d, want %d", file, plan, code, want)
			}
			b.wrote(files...)
			b.noPlan()
		}
	}
}

func TestPreCommit(t *testing.T) {
	t.Parallel()
	var hooks []struct{ ID, Entry string }
	var config struct {
		Repos []struct {
			Hooks []struct{ ID string }
		}
	}
	parse(t, "../../.pre-commit-hooks.yaml", &hooks)
	parse(t, "pre-commit/.pre-commit-config.yaml", &config)
	entries := map[string]string{}
	for _, h := range hooks {
		entries[h.ID] = h.Entry
	}
	for _, h := range config.Repos[0].Hooks {
		if entries[h.ID] == "" {
			t.Errorf("the example uses the hook %s, which does not exist", h.ID)
		}
	}
	b := newBench(t, "bad")
	b.write("tokens.yaml", manifest, b.dir, 0o600)
	for id, want := range map[string]int{"tokenaudit-waivers": 0, "tokenaudit-scan": 1, "tokenaudit-manifest": 1} {
		if got := b.run(entries[id]); got != want {
			t.Errorf("%s: exit code %d, want %d", id, got, want)
		}
	}
}

const manifest = `version: 1
sources:
  - id: contentstack/stacks/blt1
    tokens:
      - {name: deploy, kind: management, access: {level: write}, expiry: never}
`
