package check

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// clone is a repository of what lies in the working tree, at one commit.
func clone(t *testing.T) (dir, commit string) {
	t.Helper()
	files, err := exec.CommandContext(t.Context(), "git", "-C", "../..", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for file := range strings.SplitSeq(strings.TrimSuffix(string(files), "\x00"), "\x00") {
		from := filepath.Join("../..", file)
		stat, err := os.Stat(from)
		if err != nil {
			continue // deleted, and not yet committed
		}
		to := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, []byte(read(t, from)), stat.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
	}
	return dir, commitAll(t, dir)
}

// commitAll makes a folder a repository with one commit, and returns it.
func commitAll(t *testing.T, dir string) string {
	t.Helper()
	run := func(arguments ...string) string {
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.com"}, arguments...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", arguments, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	run("init", "--quiet", "--initial-branch=main")
	run("add", "--all")
	run("commit", "--quiet", "--message=x")
	return run("rev-parse", "HEAD")
}

// newcomer is the environment of somebody whose home is empty and for whom the
// repository of tokenaudit is source. The modules need not be new.
func newcomer(t *testing.T, source string) (home string, environ []string) {
	t.Helper()
	home = t.TempDir()
	environ = append(os.Environ(), "HOME="+home)
	for _, name := range []string{"GOMODCACHE", "GOCACHE"} {
		value, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		environ = append(environ, name+"="+strings.TrimSpace(string(value)))
	}
	write(t, home, ".gitconfig", "[url \"file://"+source+"\"]\n\tinsteadOf = https://github.com/tokenaudit/tokenaudit\n")
	return home, environ
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestInstall runs what the README says of installing.
func TestInstall(t *testing.T) {
	t.Parallel()
	_, install, _ := strings.Cut(read(t, "../../README.md"), "\n## Install\n")
	script := block.FindStringSubmatch(install)
	source, _ := clone(t)
	home, environ := newcomer(t, source)
	for _, line := range []string{script[1], "\"$HOME/.local/bin/tokenaudit\" version"} {
		cmd := exec.CommandContext(t.Context(), "bash", "-ec", line)
		cmd.Dir, cmd.Env = home, environ
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		t.Logf("$ %s\n%s", line, out)
	}
}

// TestPreCommit has pre-commit itself build the hooks from a clone, as the example
// tells it to, and run them.
func TestPreCommit(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("pre-commit"); err != nil {
		t.Skip("there is no pre-commit")
	}
	source, commit := clone(t)
	_, environ := newcomer(t, source)
	dir := t.TempDir()
	write(t, dir, ".pre-commit-config.yaml", strings.Replace(read(t, "../ci/pre-commit/.pre-commit-config.yaml"), "rev: TOKENAUDIT_COMMIT", "rev: "+commit, 1))
	write(t, dir, "tokenaudit.yaml", "version: 1\nsources: [{cms: contentstack, region: eu, organization: blt1, authtoken: {env: CONTENTSTACK_AUTHTOKEN}}]\n")
	for expiry, passes := range map[string]bool{"never": false, time.Now().AddDate(0, 2, 0).Format(time.DateOnly): true} {
		write(t, dir, "tokens.yaml", "version: 1\nsources:\n  - id: contentstack/stacks/blt1\n    tokens:\n      - {name: deploy, kind: management, access: {level: write}, expiry: "+expiry+"}\n")
		if _, err := os.Stat(filepath.Join(dir, ".git")); err != nil {
			commitAll(t, dir)
		}
		cmd := exec.CommandContext(t.Context(), "pre-commit", "run", "--all-files", "--color=never")
		cmd.Dir, cmd.Env = dir, environ
		out, err := cmd.CombinedOutput()
		t.Logf("%s", out)
		if want := map[bool]string{true: "Passed", false: "Failed"}[passes]; (err == nil) != passes || !strings.Contains(string(out), "declared tokens keep the rules") || !strings.Contains(string(out), "."+want+"\n") {
			t.Errorf("expiry %s: %v\n%s", expiry, err, out)
		}
		if !strings.Contains(string(out), "waivers of tokenaudit are in force") {
			t.Errorf("the other hook did not run:\n%s", out)
		}
	}
}
