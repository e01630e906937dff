package ci

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// gitlabJob is a job of GitLab CI, as far as the tests need it.
type gitlabJob struct {
	Extends      string
	Image        string
	Rules        []map[string]any
	Variables    map[string]string
	BeforeScript []string `yaml:"before_script"`
	Script       []string
	AfterScript  []string `yaml:"after_script"`
	Artifacts    struct {
		Access   string
		ExpireIn string `yaml:"expire_in"`
		Paths    []string
		Reports  map[string]string
	}
}

// gitlabJobs are the jobs of a file, with what they extend.
func gitlabJobs(t *testing.T, file string) map[string]gitlabJob {
	t.Helper()
	jobs := map[string]gitlabJob{}
	parse(t, file, &jobs)
	for name, j := range jobs {
		if base, extends := jobs[j.Extends]; extends {
			j.Image, j.Rules, j.BeforeScript = base.Image, base.Rules, base.BeforeScript
			jobs[name] = j
		}
	}
	return jobs
}

// gitlab runs a job: before_script and script in one shell, after_script in
// another, whatever came before.
func (b bench) gitlab(j gitlabJob) int {
	b.Helper()
	environ := []string{"TOKENAUDIT_COMMIT=" + b.commit}
	for name, value := range j.Variables {
		environ = append(environ, name+"="+value)
	}
	code := b.run(strings.Join(append(slices.Clone(j.BeforeScript), j.Script...), "\n"), environ...)
	b.run(strings.Join(j.AfterScript, "\n"), environ...)
	b.noPlan(b.dir, b.home)
	if err := os.RemoveAll(filepath.Join(b.home, "tokenaudit")); err != nil { // each job has a container of its own
		b.Fatal(err)
	}
	return code
}

func TestGitLab(t *testing.T) {
	t.Parallel()
	merge := gitlabJobs(t, "gitlab/pre-merge.gitlab-ci.yml")["tokens-of-this-change"]
	nightly := gitlabJobs(t, "gitlab/nightly.gitlab-ci.yml")
	for plan, want := range map[string]int{"bad": 1, "good": 0} {
		b := newBench(t, plan)
		if got := b.gitlab(merge); got != want {
			t.Errorf("pre-merge of the %s plan: exit code %d, want %d", plan, got, want)
		}
		b.wrote(b.dir, merge.Artifacts.Reports["codequality"], merge.Artifacts.Reports["junit"])
		if got := b.gitlab(nightly["tokens-scan"]); got != 0 {
			t.Errorf("the nightly scan of the %s plan: exit code %d; its report would not be ingested", plan, got)
		}
		b.wrote(b.dir, nightly["tokens-scan"].Artifacts.Reports["sarif"], "report.json")
		if got := b.gitlab(nightly["tokens-gate"]); got != want {
			t.Errorf("the nightly gate on the %s plan: exit code %d, want %d", plan, got, want)
		}
	}
	b := newBench(t, "good")
	b.commit = ""
	if got := b.gitlab(merge); got == 0 {
		t.Error("without a commit of tokenaudit the job succeeds")
	}
}

// Code Quality compares a merge request with the last report of its target
// branch, which somebody has to make.
func TestGitLabComparesWithTheTargetBranch(t *testing.T) {
	t.Parallel()
	for name, j := range gitlabJobs(t, "gitlab/pre-merge.gitlab-ci.yml") {
		var when []string
		for _, rule := range j.Rules {
			when = append(when, fmt.Sprint(rule["if"]))
			if len(rule) > 1 {
				t.Errorf("%s is narrowed by %v: a merge request that waits for a pipeline may get none", name, rule)
			}
		}
		all := strings.Join(when, "\n")
		if j.Artifacts.Reports["codequality"] == "" || !strings.Contains(all, "merge_request_event") || !strings.Contains(all, "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH") {
			t.Errorf("%s reports %v and runs %v", name, j.Artifacts.Reports, when)
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
			b.link()
			code := 0
			for _, script := range jenkinsScript.FindAllStringSubmatch(string(text), -1) {
				if got := b.run(script[1]); code == 0 {
					code = got
				}
			}
			if code != want {
				t.Errorf("%s on the %s plan: exit code %d, want %d", file, plan, code, want)
			}
			b.wrote(b.dir, files...)
			b.noPlan(b.dir)
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
	b.link()
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
