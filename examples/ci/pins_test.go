package ci

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var workflows = []string{"github/pre-merge.yml", "github/nightly.yml", nightlyDiff}

// Who may write runs nothing of a change, and what runs a change may write nothing.
func TestWorkflowsKeepRightsApart(t *testing.T) {
	t.Parallel()
	foreign := regexp.MustCompile(`(?m)(?:^|[;&|(])\s*(?:terraform|tokenaudit|make|go|git|npm|bash|sh|eval|source)\b`)
	for _, file := range workflows {
		var w workflow
		parse(t, file, &w)
		if w.Permissions == nil || len(w.Permissions) > 0 {
			t.Errorf("%s: the permissions of all jobs are %v, want none", file, w.Permissions)
		}
		if _, target := w.On["pull_request_target"]; target {
			t.Errorf("%s runs on pull_request_target, with the rights of the target", file)
		}
		for name, j := range w.Jobs {
			if j.Permissions == nil {
				t.Errorf("%s: %s names no permissions", file, name)
			}
			writes := false
			for _, right := range j.Permissions {
				writes = writes || right == "write"
			}
			for _, s := range j.Steps {
				action, _, _ := strings.Cut(s.Uses, "@")
				if writes && (action == "actions/checkout" || strings.HasPrefix(action, "./")) {
					t.Errorf("%s: %s may write and uses %s", file, name, action)
				}
				if found := foreign.FindString(s.Run); writes && found != "" {
					t.Errorf("%s: %s may write and calls %s", file, name, found)
				}
				if writes && strings.Contains(strings.Join(valuesOf(s.Env), " "), "secrets.") {
					t.Errorf("%s: %s may write and has secrets", file, name)
				}
			}
		}
	}
}

func valuesOf(m map[string]string) []string {
	var values []string
	for _, v := range m {
		values = append(values, v)
	}
	return values
}

// What each step of a workflow keeps, leaves and interpolates.
func TestWorkflowSteps(t *testing.T) {
	t.Parallel()
	steps := map[string][]step{}
	for _, file := range workflows {
		var w workflow
		parse(t, file, &w)
		for _, j := range w.Jobs {
			steps[file] = append(steps[file], j.Steps...)
		}
	}
	var a action
	parse(t, "github/action.yml", &a)
	steps["github/action.yml"] = a.Runs.Steps
	for file, list := range steps {
		for _, s := range list {
			action, _, _ := strings.Cut(s.Uses, "@")
			switch {
			case strings.Contains(s.Run, "${{"):
				t.Errorf("%s: the script of %q interpolates: pass it by env", file, s.Name)
			case action == "actions/checkout" && s.With["persist-credentials"] != "false":
				t.Errorf("%s: the checkout keeps its credential", file)
			case action == "actions/setup-go" && s.With["cache"] != "false", strings.HasPrefix(action, "actions/cache"):
				t.Errorf("%s: %s keeps a cache, which pull requests from forks can restore", file, action)
			case action == "actions/upload-artifact":
				if days, err := strconv.Atoi(s.With["retention-days"]); err != nil || days < 1 || days > 90 {
					t.Errorf("%s: the artifact %s has no expiry", file, s.With["name"])
				}
			}
		}
	}
}

func TestGitLabArtifacts(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"gitlab/pre-merge.gitlab-ci.yml", "gitlab/nightly.gitlab-ci.yml"} {
		for name, j := range gitlabJobs(t, file) {
			if keeps := len(j.Artifacts.Paths)+len(j.Artifacts.Reports) > 0; keeps && (j.Artifacts.ExpireIn == "" || j.Artifacts.Access != "developer") {
				t.Errorf("%s: the artifacts of %s expire in %q and are for %q", file, name, j.Artifacts.ExpireIn, j.Artifacts.Access)
			}
		}
	}
}

func TestJenkinsKeepsNothingForEver(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"jenkins/pre-merge.Jenkinsfile", "jenkins/nightly.Jenkinsfile"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "artifactDaysToKeepStr: '") {
			t.Errorf("%s keeps its artifacts for ever", file)
		}
		if found := regexp.MustCompile(`"[^"\n]*\$|\bsh\s*[^'\s]`).FindString(jenkinsScript.ReplaceAllString(string(text), "")); found != "" {
			t.Errorf("%s interpolates: %s", file, found)
		}
	}
}

var (
	usesLine  = regexp.MustCompile(`(?m)^\s*(?:- )?uses:\s*(\S+)(.*)$`)
	imageLine = regexp.MustCompile(`(?m)^(?:\s*(?:- )?image:|FROM)\s+(\S+)`)
	pinned    = regexp.MustCompile(`^([\w./-]+)@([0-9a-f]{40})$`)
	digest    = regexp.MustCompile(`^([\w./-]+):([\w.-]+)@sha256:([0-9a-f]{64})$`)
	zip       = regexp.MustCompile(`TERRAFORM_VERSION[:=] ?([\d.]+)\s[^\n]*TERRAFORM_SHA256[:=] ?([0-9a-f]+)`)
	// toolVersion is what the actions that install a tool are told.
	toolVersion = regexp.MustCompile(`(?:go|terraform)[-_]version: (\S+)`)
	blank       = regexp.MustCompile(`\s+`)
	toFillIn    = regexp.MustCompile(`\bTOKENAUDIT_[A-Z_]+`)
)

// TestPins: what an example uses is pinned, and the README says by what, with
// where the pin was read.
func TestPins(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	table := map[string]bool{}
	for line := range strings.Lines(string(readme)) {
		cells := strings.Split(line, "|")
		if len(cells) == 6 {
			table[strings.Trim(strings.TrimSpace(cells[1]), "`")+" "+strings.TrimSpace(cells[2])+" "+strings.TrimSpace(cells[3])] = false
		}
	}
	known := func(file, what, version, pin string) {
		key := what + " " + version + " " + pin
		if _, ok := table[key]; !ok {
			t.Errorf("%s: the README does not know the pin %q", file, key)
		}
		table[key] = true
	}
	for file, text := range examples(t) {
		for _, uses := range usesLine.FindAllStringSubmatch(text, -1) {
			if uses[1] == "./.github/actions/tokenaudit" {
				continue
			}
			pin := pinned.FindStringSubmatch(uses[1])
			version, hasVersion := strings.CutPrefix(strings.TrimSpace(uses[2]), "# v")
			if pin == nil || !hasVersion {
				t.Errorf("%s: %s is not pinned to a commit, with its version behind it", file, uses[1])
				continue
			}
			owner := strings.Split(pin[1], "/")
			known(file, strings.Join(owner[:2], "/"), "v"+version, pin[2])
		}
		for _, image := range imageLine.FindAllStringSubmatch(text, -1) {
			if image[1] == "scratch" || image[1] == "TOKENAUDIT_IMAGE" {
				continue
			}
			pin := digest.FindStringSubmatch(image[1])
			if pin == nil {
				t.Errorf("%s: the image %s is not pinned by digest", file, image[1])
				continue
			}
			known(file, pin[1], pin[2], pin[3])
		}
		if strings.Contains(text, "releases.hashicorp.com") {
			pin := zip.FindStringSubmatch(blank.ReplaceAllString(text, " "))
			if pin == nil {
				t.Errorf("%s downloads Terraform without a checksum", file)
				continue
			}
			known(file, "Terraform, the zip for linux_amd64", pin[1], pin[2])
		}
	}
	for _, file := range append([]string{"github/action.yml"}, workflows...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, version := range toolVersion.FindAllStringSubmatch(string(text), -1) {
			if !strings.Contains(string(readme), "| "+version[1]) {
				t.Errorf("%s: %s is not the version that the README names", file, version[0])
			}
		}
	}
	for key, used := range table {
		if !used && strings.Count(key, " ") > 1 && regexp.MustCompile(`[0-9a-f]{40}$`).MatchString(key) {
			t.Errorf("the README names the pin %q, which nothing uses", key)
		}
	}
}

// What the reader fills in has one name everywhere.
func TestNamesToFillIn(t *testing.T) {
	t.Parallel()
	for file, text := range examples(t) {
		names := toFillIn.FindAllString(text, -1)
		slices.Sort(names)
		names = slices.DeleteFunc(slices.Compact(names), func(n string) bool { return n == "TOKENAUDIT_CODE_SCANNING" })
		if len(names) > 1 || len(names) == 1 && names[0] != "TOKENAUDIT_COMMIT" && names[0] != "TOKENAUDIT_IMAGE" {
			t.Errorf("%s leaves %v to the reader, want TOKENAUDIT_COMMIT or TOKENAUDIT_IMAGE", file, names)
		}
	}
}

// examples are the files that a reader copies, by their paths below examples.
func examples(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(".."), ".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (file == "check" || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || filepath.Ext(file) == ".go" || filepath.Ext(file) == ".md":
			return nil
		}
		text, err := os.ReadFile(filepath.Join("..", file))
		files[file] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
