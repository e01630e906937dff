package ci

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// change makes the checkout the merge of a change that adds to a file.
func (b bench) change(file string) {
	b.Helper()
	b.git(b.dir, "init", "--quiet")
	b.save(b.dir, "base")
	b.git(b.dir, "checkout", "--quiet", "-b", "change")
	text, err := os.ReadFile(filepath.Join(b.dir, file))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		b.Fatal(err)
	}
	b.write(file, string(text)+"\n", b.dir, 0o600)
	b.save(b.dir, "change")
	b.git(b.dir, "checkout", "--quiet", "main")
	b.git(b.dir, "merge", "--quiet", "--no-ff", "change")
}

// pullRequest is the event of a pull request from a repository.
func pullRequest(from string) map[string]string {
	return map[string]string{
		"github.event_name": "pull_request", "github.event.pull_request.head.repo.full_name": from, "vars.TOKENAUDIT_CODE_SCANNING": "true",
	}
}

// needsJq skips a test that runs a step which calls jq, where there is none: CI has it.
func needsJq(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("jq"); err != nil {
		t.Skip("there is no jq")
	}
}

func TestPreMerge(t *testing.T) {
	t.Parallel()
	needsJq(t)
	for _, c := range []struct {
		file, plan string
		want       int
	}{
		{"new.tf", "bad", 1}, {"new.tf", "good", 0}, {"new.tfvars", "bad", 1}, {"new.tf.json", "bad", 1}, {"modules/site_key/new.tf", "bad", 1},
		{".terraform.lock.hcl", "bad", 1}, {"tokenaudit.yaml", "bad", 1}, {"rules.rego", "bad", 1},
	} {
		b := newBench(t, c.plan)
		b.change(c.file)
		r := b.runner(pullRequest("acme/shop"))
		codes := r.workflow("github/pre-merge.yml")
		if codes["judge"] != c.want {
			t.Errorf("a change of %s to the %s plan: exit code %d, want %d", c.file, c.plan, codes["judge"], c.want)
		}
		if alerts, ran := codes["alerts"]; !ran || alerts != 0 || len(r.uploaded) != 1 {
			t.Errorf("a change of %s to the %s plan: the alerts ended with %d, and %d reports were uploaded", c.file, c.plan, alerts, len(r.uploaded))
		}
		if !strings.Contains(r.summary.String(), "## API token audit") {
			t.Errorf("the summary is %q", r.summary.String())
		}
	}
}

// A required check ends green where there is nothing to judge: it never stays pending.
func TestPreMergeOfNothing(t *testing.T) {
	t.Parallel()
	var w workflow
	parse(t, "github/pre-merge.yml", &w)
	for event, filter := range w.On {
		if filter != nil {
			t.Errorf("%s is filtered by %v: a required check stays pending", event, filter)
		}
	}
	b := newBench(t, "bad")
	b.change("README.md")
	r := b.runner(pullRequest("acme/shop"))
	codes := r.workflow("github/pre-merge.yml")
	if _, ran := codes["alerts"]; codes["judge"] != 0 || ran || r.summary.Len() > 0 {
		t.Errorf("judged with %d, alerts %v, summary %q", codes["judge"], ran, r.summary.String())
	}
	// A checkout in which git cannot tell what changed is judged.
	b = newBench(t, "bad")
	b.git(b.dir, "init", "--quiet")
	b.save(b.dir, "all")
	if code := b.runner(pullRequest("acme/shop")).workflow("github/pre-merge.yml")["judge"]; code != 1 {
		t.Errorf("without a parent: exit code %d, want 1", code)
	}
}

func TestPreMergeWithoutRights(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		values map[string]string
		want   int
	}{
		"fork":                  {pullRequest("mallory/shop"), 1},
		"no commit":             {map[string]string{"github.event_name": "merge_group", "vars.TOKENAUDIT_COMMIT": ""}, 1},
		"a branch for a commit": {map[string]string{"github.event_name": "merge_group", "vars.TOKENAUDIT_COMMIT": "main"}, 1},
		"a merge queue":         {map[string]string{"github.event_name": "merge_group", "vars.TOKENAUDIT_CODE_SCANNING": "true"}, 0},
		"no code scanning":      {map[string]string{"github.event_name": "pull_request", "github.event.pull_request.head.repo.full_name": "acme/shop"}, 0},
	} {
		b := newBench(t, "good")
		b.change("main.tf")
		r := b.runner(c.values)
		codes := r.workflow("github/pre-merge.yml")
		if _, ran := codes["alerts"]; codes["judge"] != c.want || ran {
			t.Errorf("%s: exit code %d, want %d, alerts %v", name, codes["judge"], c.want, ran)
		}
	}
}

// What the job that ran the change's Terraform hands over is a stranger's.
func TestAlertsTakeNoForeignReport(t *testing.T) {
	t.Parallel()
	needsJq(t)
	var w workflow
	parse(t, "github/pre-merge.yml", &w)
	const good = `{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "tokenaudit"}}, "results": []}]}`
	for name, c := range map[string]struct {
		files map[string]string
		link  bool
		want  bool
	}{
		"a report":             {files: map[string]string{"tokens.sarif": good}, want: true},
		"another tool's":       {files: map[string]string{"tokens.sarif": strings.Replace(good, "tokenaudit", "CodeQL", 1)}},
		"two runs":             {files: map[string]string{"tokens.sarif": `{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "tokenaudit"}}}, {}]}`}},
		"no JSON":              {files: map[string]string{"tokens.sarif": "@everyone"}},
		"nothing":              {files: map[string]string{}},
		"another file":         {files: map[string]string{"tokens.sarif": good, "x": "y"}},
		"a name of two lines":  {files: map[string]string{"tokens.sarif\nx": good}},
		"more than code takes": {files: map[string]string{"tokens.sarif": good + strings.Repeat(" ", 10_000_000)}},
		"a link":               {files: map[string]string{}, link: true},
	} {
		r := newBench(t, "good").runner(nil)
		dir := t.TempDir()
		for file, text := range c.files {
			r.write(file, text, dir, 0o600)
		}
		r.artifacts["tokens-sarif"] = dir
		alerts := w.Jobs["alerts"]
		if c.link {
			alerts.Steps = slices.Insert(slices.Clone(alerts.Steps), 1, step{Run: "ln -s /etc/hostname report/tokens.sarif"})
		}
		if code := r.job("alerts", alerts); (code == 0) != c.want || (len(r.uploaded) > 0) != c.want {
			t.Errorf("%s: exit code %d, %d uploaded", name, code, len(r.uploaded))
		}
	}
}

func TestNightly(t *testing.T) {
	t.Parallel()
	for plan, want := range map[string]int{"bad": 1, "good": 0} {
		b := newBench(t, plan)
		b.git(b.dir, "init", "--quiet")
		b.save(b.dir, "all")
		for scanning, uploads := range map[string]int{"true": 1, "": 0} {
			r := b.runner(map[string]string{"github.event_name": "schedule", "vars.TOKENAUDIT_CODE_SCANNING": scanning})
			codes := r.workflow("github/nightly.yml")
			if codes["scan"] != want || len(r.uploaded) != uploads {
				t.Errorf("nightly on the %s plan: exit code %d, want %d; %d uploaded, want %d", plan, codes["scan"], want, len(r.uploaded), uploads)
			}
			r.wrote(r.artifacts["tokens"], "tokens.sarif", "report.json")
			if !strings.Contains(r.summary.String(), "## API token audit") {
				t.Errorf("the summary is %q", r.summary.String())
			}
		}
	}
}

// The arguments of the action are an argument a line, as they stand: nothing is
// expanded, and quotes are removed as a shell would.
func TestActionArguments(t *testing.T) {
	t.Parallel()
	var a action
	parse(t, "github/action.yml", &a)
	b := newBench(t, "good")
	b.write("tokenaudit", "#!/bin/sh\nfor a; do echo \"<$a>\"; done > \"$RUNNER_TEMP/arguments\"\nexit 1\n", b.path, 0o700)
	r := b.runner(map[string]string{
		"inputs.arguments": "scan\n--source='contentful/*'\n\n'--source=datocms/*'\n--source=\"strapi/*\"\n--output=json=my report.json\n  \n--at=$(touch pwned)`touch pwned`;touch pwned\n--rule=it's\n--source\n*\n",
		"inputs.summary":   "summary.md",
	})
	run := &jobRun{runner: r, dir: t.TempDir(), temp: t.TempDir()}
	b.write("summary.md", "the summary\n", run.dir, 0o600)
	if err := os.Mkdir(filepath.Join(run.dir, "contentful"), 0o700); err != nil {
		t.Fatal(err)
	}
	b.write("spaces", "", filepath.Join(run.dir, "contentful"), 0o600)
	run.step(a.Runs.Steps[len(a.Runs.Steps)-1])
	want := "<scan>\n<--source=contentful/*>\n<--source=datocms/*>\n<--source=strapi/*>\n<--output=json=my report.json>\n<  >\n" +
		"<--at=$(touch pwned)`touch pwned`;touch pwned>\n<--rule=it's>\n<--source>\n<*>\n"
	if got := run.read(filepath.Join(run.temp, "arguments")); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if run.code != 1 || r.summary.String() != "the summary\n" {
		t.Errorf("exit code %d, summary %q", run.code, r.summary.String())
	}
}

// Terraform itself, where there is one, plans with a provider that needs no
// network. It takes the same flags, and tokenaudit reads what it shows.
func TestTerraformItself(t *testing.T) {
	t.Parallel()
	needsJq(t)
	if _, err := exec.LookPath("terraform"); err != nil {
		t.Skip("there is no terraform")
	}
	b := newBench(t, "good")
	if err := os.Remove(filepath.Join(b.path, "terraform")); err != nil {
		t.Fatal(err)
	}
	b.write("terraformrc", "disable_checkpoint = true\n", b.path, 0o600)
	b.write("main.tf", "resource \"terraform_data\" \"shop\" {\n  input = \"open\"\n}\n", b.dir, 0o600)
	job := gitlabJobs(t, "gitlab/pre-merge.gitlab-ci.yml")["tokens-of-this-change"]
	job.Variables["TF_CLI_CONFIG_FILE"] = filepath.Join(b.path, "terraformrc")
	if code := b.gitlab(job); code != 0 {
		t.Errorf("GitLab: exit code %d", code)
	}
	b.wrote(b.dir, "gl-code-quality-report.json", "tokens.xml")
	if err := os.RemoveAll(filepath.Join(b.dir, ".terraform")); err != nil {
		t.Fatal(err)
	}
	b.change("new.tf")
	r := b.runner(pullRequest("acme/shop"))
	if codes := r.workflow("github/pre-merge.yml"); codes["judge"] != 0 || len(r.uploaded) != 1 {
		t.Errorf("GitHub: exit codes %v, %d reports uploaded", codes, len(r.uploaded))
	}
}
