// Package ci holds the tests of the pipelines: their scripts are run as they are
// written, on a sample repository, as far as a machine without those systems can.
// Whether a script installs what it calls is another question, to which programs
// that lie ready on PATH are no answer: examples/check parses the scripts for it.
package ci

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// What is made once for all tests, as making it costs more than most of them do.
var (
	// program is the absolute path of tokenaudit.
	program string
	// commit is the one commit of what the scripts take for tokenaudit's repository.
	commit string
	// gitconfig is the file of git's settings: they lead to that repository, and away from
	// housekeeping and samples of hooks.
	gitconfig string
)

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
	gitconfig = filepath.Join(dir, "gitconfig")
	if commit, err = buildSource(filepath.Join(dir, "source")); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

// buildSource makes what the scripts take for tokenaudit's repository, and returns its commit.
func buildSource(dir string) (commit string, err error) {
	settings := "[user]\n\tname = a\n\temail = a@example.com\n[init]\n\tdefaultBranch = main\n\ttemplateDir =\n[maintenance]\n\tauto = false\n" +
		"[safe]\n\tdirectory = *\n[url \"file://" + dir + "\"]\n\tinsteadOf = https://github.com/tokenaudit/tokenaudit\n"
	if err := errors.Join(os.WriteFile(gitconfig, []byte(settings), 0o600), os.Mkdir(dir, 0o700),
		os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module github.com/tokenaudit/tokenaudit\n"), 0o600)); err != nil {
		return "", err
	}
	for _, arguments := range [][]string{{"init", "--quiet"}, {"add", "--all"}, {"commit", "--quiet", "--message", "tokenaudit"}, {"rev-parse", "HEAD"}} {
		if commit, err = git(dir, append(os.Environ(), gitEnviron()...), arguments...); err != nil {
			return "", err
		}
	}
	return commit, nil
}

func gitEnviron() []string {
	return []string{"GIT_CONFIG_GLOBAL=" + gitconfig, "GIT_CONFIG_NOSYSTEM=1"}
}

func git(dir string, environ []string, arguments ...string) (string, error) {
	cmd := exec.Command("git", arguments...)
	cmd.Dir, cmd.Env = dir, environ
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("git %s: %w\n%s", strings.Join(arguments, " "), err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// bench is a machine of a CI system: a sample repository, and programs on PATH
// that take the place of what needs a network.
type bench struct {
	*testing.T
	// dir is the checkout, path the folder of programs, home that of the user.
	dir, path, home string
	// commit is that of tokenaudit which the scripts are told to take.
	commit string
	// plan is the folder of the sample whose plan terraform shows.
	plan string
}

// standIns are the programs that take the place of what needs a network.
var standIns = map[string]string{
	// It shows a saved plan, once it has been told to plan.
	"terraform": `case $1 in
init) ;;
plan) for a; do case $a in -out=*) cp "$PLAN" "${a#-out=}" ;; esac; done ;;
show) cat "$3" ;;
*) exit 9 ;;
esac`,
	// make install links the program that is built already, from a clone only.
	"make": `prefix=$STAND_INS/usr-local source=.
while [ $# -gt 0 ]; do case $1 in
-C) source=$2; shift ;;
PREFIX=*) prefix=${1#PREFIX=} ;;
install) ;;
*) exit 9 ;;
esac; shift; done
grep -q tokenaudit "$source/go.mod" || exit 9
mkdir -p "$prefix/bin" && ln -sf "$PROGRAM" "$prefix/bin/tokenaudit"
[ "$prefix" != "$STAND_INS/usr-local" ] || ln -sf "$PROGRAM" "$STAND_INS/tokenaudit"`,
	"apt-get":   `:`,
	"curl":      `while [ $# -gt 1 ]; do [ "$1" = -o ] && : > "$2"; shift; done`,
	"sha256sum": `grep -q '^[0-9a-f]\{64\}  /'`,
	"unzip":     `:`,
}

func newBench(t *testing.T, plan string) bench {
	t.Helper()
	b := bench{T: t, dir: t.TempDir(), path: t.TempDir(), home: t.TempDir(), commit: commit, plan: plan}
	for name, script := range standIns {
		b.write(name, "#!/bin/sh\nset -e\n"+script+"\n", b.path, 0o700)
	}
	if err := os.CopyFS(b.dir, os.DirFS("../../testdata/premerge")); err != nil {
		t.Fatal(err)
	}
	b.audit(plan)
	return b
}

// audit has the nightly scan read the tokens of a plan.
func (b bench) audit(plan string) {
	b.Helper()
	b.write("tokenaudit.yaml", "version: 1\nsources:\n  - {cms: terraform, name: shop, plan: "+plan+"/plan.json, dir: "+plan+"}\n", b.dir, 0o600)
}

func (b bench) write(name, text, dir string, mode os.FileMode) {
	b.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
		b.Fatal(err)
	}
}

// link puts tokenaudit on PATH, where an image or pre-commit has installed it.
func (b bench) link() {
	b.Helper()
	if err := os.Symlink(program, filepath.Join(b.path, "tokenaudit")); err != nil {
		b.Fatal(err)
	}
}

func (b bench) git(dir string, arguments ...string) string {
	b.Helper()
	out, err := git(dir, b.environ(), arguments...)
	if err != nil {
		b.Fatal(err)
	}
	return out
}

// save commits all there is in a folder and returns the commit.
func (b bench) save(dir, message string) string {
	b.Helper()
	b.git(dir, "add", "--all")
	b.git(dir, "commit", "--quiet", "--allow-empty", "--message", message)
	return b.git(dir, "rev-parse", "HEAD")
}

func (b bench) environ() []string {
	return append(gitEnviron(),
		"PATH="+b.path+":"+os.Getenv("PATH"), "HOME="+b.home, "STAND_INS="+b.path, "PROGRAM="+program,
		"PLAN="+filepath.Join(b.dir, b.plan, "plan.json"),
		// Each process lives for a tenth of a second: a quarter of it was the garbage collector's.
		"GOGC=400")
}

// run runs a script in the checkout as the CI systems do, and returns its exit
// code.
func (b bench) run(script string, environ ...string) int {
	b.Helper()
	return b.shell(b.dir, []string{"bash", "-e", "-c"}, script, environ)
}

func (b bench) shell(dir string, shell []string, script string, environ []string) int {
	b.Helper()
	cmd := exec.Command(shell[0], append(shell[1:], script)...)
	cmd.Dir, cmd.Env = dir, append(b.environ(), environ...)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		b.Fatalf("%s: %v", script, err)
	}
	b.Logf("$ %s\n%s", strings.TrimSpace(script), out)
	return cmd.ProcessState.ExitCode()
}

// wrote checks that a script left files that are not empty.
func (b bench) wrote(dir string, files ...string) {
	b.Helper()
	for _, f := range files {
		if stat, err := os.Stat(filepath.Join(dir, f)); err != nil || stat.Size() == 0 {
			b.Errorf("%s was not written: %v", f, err)
		}
	}
}

// noPlan checks that no plan is left where the scripts put it.
func (b bench) noPlan(dirs ...string) {
	b.Helper()
	for _, dir := range dirs {
		for _, f := range []string{"plan.bin", "plan.json"} {
			if _, err := os.Stat(filepath.Join(dir, f)); err == nil {
				b.Errorf("%s is left behind: it holds secrets", f)
			}
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
