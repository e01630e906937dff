package ci

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// workflow is a workflow of GitHub Actions, as far as the tests need it.
type workflow struct {
	On          map[string]any `yaml:"on"`
	Permissions map[string]string
	Jobs        map[string]job
}

type job struct {
	Needs       string
	If          string
	RunsOn      string `yaml:"runs-on"`
	Permissions map[string]string
	Outputs     map[string]string
	Steps       []step
}

type step struct {
	ID, Name, Uses, Run, If, Shell string
	Env, With                      map[string]string
}

// action is a composite action.
type action struct {
	Inputs map[string]struct{ Default string }
	Runs   struct{ Steps []step }
}

// runner runs the jobs of a workflow: run steps as they are written, the actions
// of the platform as far as files tell. It knows the expressions that the
// examples use and fails on others.
type runner struct {
	bench
	// values are the contexts: "vars.X", "github.event_name", "needs.judge.outputs.x".
	values map[string]string
	// artifacts has the folder of each artifact by its name.
	artifacts map[string]string
	// uploaded are the SARIF files that were sent to code scanning.
	uploaded []string
	summary  strings.Builder
}

// jobRun is one job under way.
type jobRun struct {
	*runner
	dir, temp string
	path      string
	code      int
}

func (b bench) runner(values map[string]string) *runner {
	r := &runner{bench: b, values: map[string]string{
		"vars.TOKENAUDIT_COMMIT": b.commit, "github.repository": "acme/shop", "github.token": "t", "secrets.CONTENTFUL_MANAGEMENT_TOKEN": "s",
	}, artifacts: map[string]string{}}
	maps.Copy(r.values, values)
	return r
}

// workflow runs a workflow and returns the exit codes of the jobs that ran.
func (r *runner) workflow(file string) map[string]int {
	r.Helper()
	var w workflow
	parse(r.T, file, &w)
	codes := map[string]int{}
	done := map[string]bool{}
	for len(done) < len(w.Jobs) {
		before := len(done)
		for _, name := range slices.Sorted(maps.Keys(w.Jobs)) {
			j := w.Jobs[name]
			if done[name] || j.Needs != "" && !done[j.Needs] {
				continue
			}
			done[name] = true
			needed, ran := codes[j.Needs]
			if r.holds(j.If, j.Needs == "" || ran && needed == 0) {
				codes[name] = r.job(name, j)
			}
		}
		if len(done) == before {
			r.Fatalf("%s: jobs that wait for each other", file)
		}
	}
	return codes
}

// job runs a job on a machine of its own and returns its exit code.
func (r *runner) job(name string, j job) int {
	r.Helper()
	run := &jobRun{runner: r, dir: r.TempDir(), temp: r.TempDir()}
	r.values["runner.temp"] = run.temp
	for _, s := range j.Steps {
		run.step(s)
	}
	for output, value := range j.Outputs {
		r.values["needs."+name+".outputs."+output] = r.text(value)
	}
	r.noPlan(run.dir, run.temp)
	return run.code
}

func (run *jobRun) step(s step) {
	run.Helper()
	if !run.holds(s.If, run.code == 0) {
		return
	}
	code := 0
	switch name, _, _ := strings.Cut(s.Uses, "@"); {
	case s.Uses == "":
		code = run.script(s)
	case name == "actions/checkout":
		run.checkout(s)
	case name == "actions/setup-go", name == "hashicorp/setup-terraform": // both lie on PATH
	case name == "actions/upload-artifact":
		code = run.upload(s)
	case name == "actions/download-artifact":
		if err := os.CopyFS(filepath.Join(run.dir, s.With["path"]), os.DirFS(run.artifacts[s.With["name"]])); err != nil {
			run.Fatal(err)
		}
	case name == "github/codeql-action/upload-sarif":
		run.wrote(run.dir, s.With["sarif_file"])
		run.uploaded = append(run.uploaded, s.With["sarif_file"])
	case name == "./.github/actions/tokenaudit":
		code = run.action(s)
	default:
		run.Fatalf("nothing here does what %s does", s.Uses)
	}
	if run.code == 0 {
		run.code = code
	}
}

func (run *jobRun) checkout(s step) {
	run.Helper()
	depth := s.With["fetch-depth"]
	if depth == "" {
		depth = "1"
	}
	run.git(run.dir, "clone", "--quiet", "--depth", depth, "file://"+run.bench.dir, ".")
}

// action runs the steps of the composite action.
func (run *jobRun) action(s step) int {
	run.Helper()
	var a action
	parse(run.T, "github/action.yml", &a)
	for input, about := range a.Inputs {
		run.values["inputs."+input] = about.Default
		if value, given := s.With[input]; given {
			run.values["inputs."+input] = run.text(value)
		}
	}
	for _, inner := range a.Runs.Steps {
		env := maps.Clone(s.Env)
		if env == nil {
			env = map[string]string{}
		}
		maps.Copy(env, inner.Env)
		inner.Env = env
		before := run.code
		if run.step(inner); run.code != before {
			return run.code
		}
	}
	return 0
}

// script runs a run step.
func (run *jobRun) script(s step) int {
	run.Helper()
	files := map[string]string{}
	environ := []string{"RUNNER_TEMP=" + run.temp, "GITHUB_REPOSITORY=" + run.values["github.repository"]}
	for _, name := range []string{"GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY"} {
		files[name] = filepath.Join(run.TempDir(), name)
		run.write(name, "", filepath.Dir(files[name]), 0o600)
		environ = append(environ, name+"="+files[name])
	}
	for name, value := range s.Env {
		environ = append(environ, name+"="+run.text(value))
	}
	environ = append(environ, "PATH="+run.path+run.bench.path+":"+os.Getenv("PATH"))
	shell := []string{"bash", "-e", "-c"}
	if s.Shell == "bash" {
		shell = []string{"bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"}
	}
	code := run.shell(run.dir, shell, s.Run, environ)
	for line := range strings.Lines(run.read(files["GITHUB_OUTPUT"])) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		run.values["steps."+s.ID+".outputs."+name] = value
	}
	for line := range strings.Lines(run.read(files["GITHUB_PATH"])) {
		run.path = strings.TrimSpace(line) + ":" + run.path
	}
	run.summary.WriteString(run.read(files["GITHUB_STEP_SUMMARY"]))
	return code
}

func (run *jobRun) read(file string) string {
	run.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		run.Fatal(err)
	}
	return string(text)
}

func (run *jobRun) upload(s step) int {
	run.Helper()
	dir, found := run.TempDir(), false
	for path := range strings.FieldsSeq(s.With["path"]) {
		text, err := os.ReadFile(filepath.Join(run.dir, path))
		if err != nil {
			continue
		}
		found = true
		run.write(filepath.Base(path), string(text), dir, 0o600)
	}
	if !found {
		if s.With["if-no-files-found"] == "error" {
			return 1
		}
		return 0
	}
	run.artifacts[s.With["name"]] = dir
	run.values["steps."+s.ID+".outputs.artifact-id"] = "1"
	return 0
}

var (
	expression = regexp.MustCompile(`\$\{\{\s*(.*?)\s*\}\}`)
	context    = regexp.MustCompile(`^[a-z]\w*(\.[\w-]+)+$`)
)

// text fills in the expressions of a text.
func (r *runner) text(s string) string {
	r.Helper()
	return expression.ReplaceAllStringFunc(s, func(e string) string { return r.value(expression.FindStringSubmatch(e)[1]) })
}

// value is that of a context or a literal.
func (r *runner) value(e string) string {
	r.Helper()
	e = strings.TrimSpace(e)
	switch {
	case len(e) > 1 && e[0] == '\'' && e[len(e)-1] == '\'':
		return e[1 : len(e)-1]
	case context.MatchString(e):
		return r.values[e]
	}
	r.Fatalf("the test does not know the expression %q", e)
	return ""
}

// holds reports whether a condition holds; ok says whether what is before succeeded.
func (r *runner) holds(condition string, ok bool) bool {
	r.Helper()
	if condition == "" {
		return ok
	}
	if !strings.Contains(condition, "always()") && !ok {
		return false
	}
	for term := range strings.SplitSeq(condition, "&&") {
		term = strings.TrimSpace(term)
		if term == "always()" {
			continue
		}
		if left, right, isUnequal := strings.Cut(term, "!="); isUnequal {
			if r.value(left) == r.value(right) {
				return false
			}
			continue
		}
		left, right, isEqual := strings.Cut(term, "==")
		if !isEqual {
			r.Fatalf("the test does not know the condition %q", term)
		}
		if r.value(left) != r.value(right) {
			return false
		}
	}
	return true
}
