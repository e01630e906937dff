package check

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mvdan.cc/sh/v3/syntax"
	"sigs.k8s.io/yaml"
)

// essential are programs of every Debian and Ubuntu image, from its packages that
// are marked essential: bash, coreutils, findutils, grep, sed, and of awk, date
// and the shell what POSIX has.
var essential = []string{
	"awk", "bash", "cat", "chmod", "cp", "cut", "date", "find", "grep", "install", "ln", "mkdir", "mktemp", "mv", "rm", "sed", "sh",
	"sha256sum", "sort", "stat", "tail", "tr", "wc", "xargs",
}

// machines are the images and runners that examples name, and the programs that
// they bring besides the essential ones, as far as an example calls them.
var machines = map[string]struct {
	programs []string
	source   string
}{
	"ubuntu-24.04": {
		[]string{"curl", "gh", "git", "jq", "make", "unzip"},
		"actions/runner-images, images/ubuntu/Ubuntu2404-Readme.md",
	},
	"golang:1.26.8-bookworm": {
		[]string{"apt-get", "curl", "git", "go", "make", "wget"},
		"docker-library/repo-info, repos/golang/remote/1.26.8-bookworm.md: the packages that its layers install",
	},
}

var (
	// actions are the programs that a step's action installs.
	actions = map[string][]string{
		"actions/setup-go": {"go"}, "hashicorp/setup-terraform": {"terraform"}, "actions/checkout": nil, "actions/upload-artifact": nil,
		"actions/download-artifact": nil, "github/codeql-action/upload-sarif": nil,
	}
	// packages are the programs of Debian's packages that examples install.
	packages = map[string][]string{"unzip": {"unzip"}}
	// needs is what a program calls in its turn: the Makefile's install.
	needs = map[string][]string{"make": {"go", "install"}}
)

// machine is where scripts run, one behind the other.
type machine struct {
	t     *testing.T
	where string
	// fail notes a problem, as testing.T.Errorf does.
	fail     func(format string, args ...any)
	programs map[string]bool
	// later are programs that a script puts on the PATH of the scripts behind it.
	later []string
}

func newMachine(t *testing.T, where, image string) *machine {
	t.Helper()
	name, _, _ := strings.Cut(image, "@")
	known, ok := machines[name]
	if !ok {
		t.Errorf("%s: nothing here says which programs %q has", where, image)
	}
	m := &machine{t: t, fail: t.Errorf, where: where, programs: map[string]bool{}}
	m.provide(essential...)
	m.provide(known.programs...)
	return m
}

func (m *machine) provide(programs ...string) {
	for _, p := range programs {
		m.programs[p] = true
	}
}

// run reads a script and complains of programs that nothing has installed, and of
// what shellcheck, where there is one, would not write.
func (m *machine) run(script string) {
	if _, err := exec.LookPath("shellcheck"); err == nil {
		// Names come from the machine's environment, and CI systems run with -e.
		cmd := exec.CommandContext(m.t.Context(), "shellcheck", "--shell=bash", "--exclude=SC2153,SC2154,SC2164", "-")
		cmd.Stdin = strings.NewReader(script)
		if out, err := cmd.CombinedOutput(); err != nil {
			m.fail("%s: %s", m.where, out)
		}
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(script), m.where)
	if err != nil {
		m.fail("%s: %v", m.where, err)
		return
	}
	functions := map[string]bool{}
	syntax.Walk(file, func(node syntax.Node) bool {
		switch n := node.(type) {
		case *syntax.FuncDecl:
			functions[n.Name.Value] = true
		case *syntax.CallExpr:
			if len(n.Args) > 0 {
				m.call(words(n.Args), functions, script)
			}
		}
		return true
	})
	m.provide(m.later...)
	m.later = nil
}

// words are the words of a call, with expansions as they are written.
func words(args []*syntax.Word) []string {
	list := make([]string, len(args))
	for i, arg := range args {
		var b strings.Builder
		_ = syntax.NewPrinter().Print(&b, arg)
		list[i] = strings.Trim(b.String(), `"'`)
	}
	return list
}

func (m *machine) call(words []string, functions map[string]bool, script string) {
	program := words[0]
	if functions[program] || slices.Contains(builtins, program) {
		return
	}
	if name, ok := strings.CutPrefix(program, "/usr/local/bin/"); ok {
		program = name
	}
	if !m.programs[program] {
		m.fail("%s calls %s, which neither its image nor a step before brings", m.where, program)
	}
	for _, p := range needs[program] {
		if !m.programs[p] {
			m.fail("%s calls %s, which calls %s, which neither its image nor a step before brings", m.where, program, p)
		}
	}
	switch {
	case program == "apt-get" && slices.Contains(words, "install"):
		for _, word := range words[slices.Index(words, "install")+1:] {
			if !strings.HasPrefix(word, "-") {
				programs, known := packages[word]
				if !known {
					m.fail("%s: nothing here says which programs the package %s has", m.where, word)
				}
				m.provide(programs...)
			}
		}
	case program == "unzip" && slices.Contains(words, "/usr/local/bin"):
		m.provide(words[len(words)-1])
	case program == "make" && slices.Contains(words, "install"):
		m.installed(words, script)
	}
}

// builtins are the shell's own.
var builtins = []string{":", "[", "break", "cd", "continue", "echo", "eval", "exec", "exit", "export", "false", "printf", "read", "return", "set", "shift", "test", "true"}

// installed notes what make install brings: at once where its folder is on PATH
// anyway, for the next steps where the script puts it there.
func (m *machine) installed(words []string, script string) {
	for _, word := range words {
		prefix, given := strings.CutPrefix(word, "PREFIX=")
		if !given {
			continue
		}
		prefix = strings.Trim(prefix, `"`)
		if !strings.Contains(script, `echo "`+prefix+`/bin" >> "$GITHUB_PATH"`) && !strings.Contains(prefix, ".local") && !slices.Contains(words, "DESTDIR=/out") {
			m.fail("%s installs tokenaudit to %s, which is not on PATH", m.where, prefix)
		}
		m.later = append(m.later, "tokenaudit")
		return
	}
	m.provide("tokenaudit")
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func parse(t *testing.T, file string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, file)), into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

type step struct{ Uses, Run, Name string }

func (m *machine) steps(steps []step) {
	for _, s := range steps {
		name, _, _ := strings.Cut(s.Uses, "@")
		switch programs, known := actions[name]; {
		case s.Uses == "":
			m.run(s.Run)
		case name == "./.github/actions/tokenaudit":
			var action struct{ Runs struct{ Steps []step } }
			parse(m.t, "../ci/github/action.yml", &action)
			m.steps(action.Runs.Steps)
		case known:
			m.provide(programs...)
		default:
			m.fail("%s: nothing here says which programs %s installs", m.where, s.Uses)
		}
	}
}

func TestGitHubPrograms(t *testing.T) {
	t.Parallel()
	for _, file := range glob(t, "../ci/github/*.yml", "../schedule/github/*.yml") {
		var w struct {
			Jobs map[string]struct {
				RunsOn string `json:"runs-on"`
				Steps  []step
			}
		}
		parse(t, file, &w)
		if len(w.Jobs) == 0 && filepath.Base(file) != "action.yml" {
			t.Errorf("%s has no job", file)
		}
		for name, job := range w.Jobs {
			newMachine(t, file+": "+name, job.RunsOn).steps(job.Steps)
		}
	}
}

func TestGitLabPrograms(t *testing.T) {
	t.Parallel()
	type job struct {
		Extends, Image string
		BeforeScript   []string `json:"before_script"`
		Script         []string
		AfterScript    []string `json:"after_script"`
	}
	for _, file := range glob(t, "../ci/gitlab/*.yml") {
		jobs := map[string]job{}
		parse(t, file, &jobs)
		for name, j := range jobs {
			if base, extends := jobs[j.Extends]; extends {
				j.Image, j.BeforeScript = base.Image, base.BeforeScript
			}
			m := newMachine(t, file+": "+name, j.Image)
			for _, line := range slices.Concat(j.BeforeScript, j.Script, j.AfterScript) {
				m.run(line)
			}
		}
	}
}

var (
	jenkinsScript = regexp.MustCompile(`(?s)sh '''(.*?)'''`)
	from          = regexp.MustCompile(`(?m)^FROM (\S+)`)
	dockerRun     = regexp.MustCompile(`(?m)^RUN ((?:.*\\\n)*.*)$`)
)

// dockerfile is what the last of its images that runs something has.
func dockerfile(t *testing.T, file string) *machine {
	t.Helper()
	text := read(t, file)
	m := newMachine(t, file, from.FindStringSubmatch(text)[1])
	for _, run := range dockerRun.FindAllStringSubmatch(text, -1) {
		m.run(run[1])
	}
	return m
}

func TestJenkinsPrograms(t *testing.T) {
	t.Parallel()
	for _, file := range glob(t, "../ci/jenkins/*.Jenkinsfile") {
		m := dockerfile(t, "../ci/jenkins/Dockerfile")
		m.where = file
		scripts := jenkinsScript.FindAllStringSubmatch(read(t, file), -1)
		if len(scripts) == 0 || !strings.Contains(read(t, file), "dockerfile {") {
			t.Errorf("%s: %d scripts, or another agent than the Dockerfile", file, len(scripts))
		}
		for _, script := range scripts {
			m.run(script[1])
		}
	}
}

// The image has the program and nothing else, so nothing else can be its command.
func TestImagePrograms(t *testing.T) {
	t.Parallel()
	m := dockerfile(t, "../docker/Dockerfile")
	if m.provide(m.later...); !m.programs["tokenaudit"] || !strings.HasSuffix(read(t, "../docker/Dockerfile"), "\nENTRYPOINT [\"/tokenaudit\"]\n") {
		t.Error("the image does not run tokenaudit")
	}
	command := regexp.MustCompile(`(?m)^\s*(?:- )?command:`)
	for _, file := range glob(t, "../kubernetes/*.yaml", "../schedule/kubernetes/*.yaml") {
		if text := read(t, file); command.MatchString(text) || !strings.Contains(text, "image: TOKENAUDIT_IMAGE\n") {
			t.Errorf("%s runs another command or image", file)
		}
	}
}

func TestPreCommitPrograms(t *testing.T) {
	t.Parallel()
	var hooks []struct{ ID, Entry, Language string }
	parse(t, "../../.pre-commit-hooks.yaml", &hooks)
	for _, h := range hooks {
		if program, _, _ := strings.Cut(h.Entry, " "); h.Language != "golang" || program != "tokenaudit" {
			t.Errorf("%s: nothing installs %s for %s", h.ID, program, h.Language)
		}
	}
}

// The scripts of the examples have a POSIX machine, and the program that they are about.
func TestOwnPrograms(t *testing.T) {
	t.Parallel()
	for _, file := range glob(t, "../*/*.sh") {
		m := &machine{t: t, fail: t.Errorf, where: file, programs: map[string]bool{"tokenaudit": true}}
		m.provide(essential...)
		m.run(read(t, file))
	}
}

var (
	section = regexp.MustCompile("(?m)^#+ ")
	block   = regexp.MustCompile("(?ms)^```sh\n(.*?)^```")
)

// What a page has its reader call, it names before; the machine is the reader's.
func TestPagePrograms(t *testing.T) {
	t.Parallel()
	// Pages call them from the top of the repository.
	scripts := glob(t, "../*/*.sh")
	for i, file := range scripts {
		scripts[i] = "examples" + strings.TrimPrefix(file, "..")
	}
	for _, file := range append(glob(t, "../*.md", "../*/*.md"), "../../README.md") {
		for _, part := range section.Split(read(t, file), -1) {
			for _, found := range block.FindAllStringSubmatchIndex(part, -1) {
				m := &machine{t: t, fail: t.Errorf, where: file, programs: map[string]bool{"tokenaudit": true}}
				m.provide(essential...)
				m.provide(scripts...)
				before := strings.ToLower(part[:found[0]])
				for _, program := range []string{"git", "make", "go", "docker", "kubectl"} {
					if regexp.MustCompile(`\b` + program + `\b`).MatchString(before) {
						m.provide(program)
					}
				}
				if strings.Contains(before, "systemd") {
					m.provide("systemctl")
				}
				if strings.Contains(before, "node exporter") {
					m.provide("node_exporter")
				}
				m.run(part[found[2]:found[3]])
			}
		}
	}
}

// The service runs what the page installs.
func TestServiceProgram(t *testing.T) {
	t.Parallel()
	start := regexp.MustCompile(`(?m)^ExecStart=(\S+)`).FindStringSubmatch(read(t, "../schedule/systemd/tokenaudit.service"))
	if start == nil || start[1] != "/usr/local/bin/tokenaudit" {
		t.Errorf("the service runs %v", start)
	}
	if !strings.Contains(read(t, "../schedule/README.md"), "\nmake install\n") {
		t.Error("the page does not install tokenaudit below /usr/local")
	}
}

func TestProgramsAreMissed(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]bool{
		"terraform init":                          true,
		"if ! terraform plan; then echo; fi":      true,
		"x=$(terraform version)":                  true,
		"cat < <(terraform show)":                 true,
		"tokenaudit scan":                         true,
		"make install\ntokenaudit scan":           false,
		"make install PREFIX=/opt":                true,
		"unzip x.zip":                             true,
		"apt-get install -y unzip && unzip x.zip": false,
		"apt-get install -y nothing-known":        true,
		"apt-get install -y unzip\nunzip -d /usr/local/bin /tmp/t.zip terraform\nterraform init": false,
		"f() { echo; }\nf": false,
		"jq . x":           true,
	} {
		refused := false
		m := &machine{t: t, where: "a script", fail: func(string, ...any) { refused = true }, programs: map[string]bool{}}
		m.provide(essential...)
		m.provide(machines["golang:1.26.8-bookworm"].programs...)
		m.run(script)
		if refused != want {
			t.Errorf("%q is refused: %v, want %v", script, refused, want)
		}
	}
}

func TestMachinesNameTheirSource(t *testing.T) {
	t.Parallel()
	for _, name := range slices.Sorted(maps.Keys(machines)) {
		if machines[name].source == "" {
			t.Errorf("nothing says where the programs of %s were read", name)
		}
	}
}

func glob(t *testing.T, patterns ...string) []string {
	t.Helper()
	var files []string
	for _, pattern := range patterns {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(found), err)
		}
		files = append(files, found...)
	}
	return files
}
