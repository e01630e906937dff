package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
)

// scriptProgram is what scripts call the program, as a process and as a command of their own.
const scriptProgram = "tokenaudit"

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == scriptProgram {
		os.Exit(run(context.Background(), ioStreams{
			environ: os.Environ(), in: os.Stdin, out: os.Stdout, err: os.Stderr, unpaced: true,
		}, os.Args[1:]))
	}
	// Thousands of short runs leave little behind, and a sixth of what they cost was the
	// garbage collector's.
	debug.SetGCPercent(400)
	// The program as it is, with its signals and its pace.
	testscript.Main(onPath{m}, map[string]func(){"tokenaudit-main": main})
}

// onPath runs tests with the program on PATH: testscript would do so, and would then leave
// its name to no command of the scripts.
type onPath struct{ testscript.TestingM }

func (tests onPath) Run() int {
	programs, err := os.MkdirTemp("", scriptProgram)
	if err == nil {
		defer func() { _ = os.RemoveAll(programs) }()
		err = os.Setenv("PATH", programs+string(filepath.ListSeparator)+os.Getenv("PATH"))
	}
	self, errSelf := os.Executable()
	if err := errors.Join(err, errSelf, os.Symlink(self, filepath.Join(programs, scriptProgram))); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return tests.TestingM.Run()
}

// TestScripts runs the scripts in testdata/script: each has the fixture's three
// CMSes to itself, their credentials in the environment, and the configuration
// that reads them in tokenaudit.yaml.
//
// With -short, as under the race detector, only the scripts of what works
// concurrently run: the detector makes each command several times slower, and finds
// nothing in those that only print.
func TestScripts(t *testing.T) {
	// Scripts change the working directory, so no path here may rest on it.
	dir, err := filepath.Abs("testdata/script")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	if testing.Short() {
		files = nil
		for _, name := range []string{"collect", "demo", "doctor", "evaluate", "gaps", "hostile", "leaks", "limits", "part", "resume", "scan", "signal", "usage"} {
			files = append(files, filepath.Join(dir, name+".txtar"))
		}
	}
	dirs, err := dirsOfScripts()
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Files:               files,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Vars = append(env.Vars, dirs...)
			return setUpScript(env)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"await":       scriptAwait,
			"exit":        scriptExit,
			"fault":       scriptFault,
			"heal":        scriptHeal,
			"requests":    scriptRequests,
			"nosecret":    scriptNoSecret,
			scriptProgram: scriptTokenaudit,
		},
	})
}

// dirsOfScripts are the directories outside of testdata/script that scripts read, as variables
// of their environment.
func dirsOfScripts() (variables []string, err error) {
	for name, dir := range map[string]string{"PREMERGE": "../../testdata/premerge", "EXAMPLES": "../../examples", "KEYLESS": "keyless/testdata"} {
		if dir, err = filepath.Abs(dir); err != nil {
			return nil, err
		}
		variables = append(variables, name+"="+dir)
	}
	return variables, nil
}

type fixtureKey struct{}

func setUpScript(env *testscript.Env) error {
	f := buildFixture()
	stop, err := f.serve(context.Background())
	if err != nil {
		return err
	}
	env.Defer(stop)
	env.Values[fixtureKey{}] = f
	env.Vars = append(env.Vars, f.environ...)
	env.Setenv("GOGC", "400")
	hook := httptest.NewServer(hookIn(env.WorkDir))
	env.Defer(hook.Close)
	env.Setenv("HOOK", hook.URL)
	for cms, url := range f.url {
		env.Setenv(strings.ToUpper(cms)+"_URL", url)
	}
	return os.WriteFile(filepath.Join(env.WorkDir, "tokenaudit.yaml"), []byte(f.config()), 0o600)
}

// hookIn is a webhook: it answers with the status that its path begins with, and writes what
// it is told to a file of that name.
func hookIn(folder string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		code, err := strconv.Atoi(status)
		body, errBody := io.ReadAll(r.Body)
		if err := errors.Join(err, errBody, os.WriteFile(filepath.Join(folder, "told-"+status+".json"), body, 0o600)); err != nil {
			code = http.StatusTeapot
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, "{}") // enough for a Jira that has no issues
	})
}

// scriptTokenaudit runs `tokenaudit ARG...`: the program in the process of the test, which
// compiles the rules once and not a thousand times. `exec tokenaudit ARG...` starts a
// process, as what reads standard input or gets a signal must; with TOKENAUDIT_PROCESSES=1
// every command does.
func scriptTokenaudit(ts *testscript.TestScript, neg bool, args []string) {
	code := runInScript(ts, args)
	if code != 0 {
		ts.Logf("[exit status %d]", code)
	}
	if (code != 0) != neg {
		ts.Fatalf("tokenaudit ended with %d", code)
	}
}

// scriptExit runs `exit CODE tokenaudit ARG...`, or `exit CODE [exec] PROGRAM ARG...`, and
// demands that exit code.
func scriptExit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exit CODE [exec] program args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	program := args[1:]
	run := execInScript
	switch program[0] {
	case scriptProgram:
		program, run = program[1:], runInScript
	case "exec":
		program = program[1:]
	}
	if got := run(ts, program); got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// workingDir is held while the working directory of the process is that of a script.
var workingDir sync.Mutex

// runInScript runs a command line in the directory and the environment of the script, and
// returns its exit code.
func runInScript(ts *testscript.TestScript, args []string) int {
	if os.Getenv("TOKENAUDIT_PROCESSES") == "1" {
		return execInScript(ts, slices.Concat([]string{scriptProgram}, args))
	}
	// A script's environment is told to processes alone; by way of a file it stays out of the log.
	ts.Check(ts.Exec("sh", "-c", `env -0 >"$TMPDIR/environ"`))
	environ := strings.Split(strings.TrimSuffix(ts.ReadFile(filepath.Join(ts.Getenv("TMPDIR"), "environ")), "\x00"), "\x00")
	workingDir.Lock()
	defer workingDir.Unlock()
	here, err := os.Getwd()
	ts.Check(err)
	ts.Check(os.Chdir(ts.MkAbs(".")))
	defer func() { ts.Check(os.Chdir(here)) }()
	return run(context.Background(), ioStreams{
		environ: environ, in: strings.NewReader(""), out: ts.Stdout(), err: ts.Stderr(), unpaced: true,
	}, args)
}

// execInScript starts a program and returns its exit code.
func execInScript(ts *testscript.TestScript, args []string) (code int) {
	if err := ts.Exec(args[0], args[1:]...); err != nil {
		if _, scanErr := fmt.Sscanf(err.Error(), "exit status %d", &code); scanErr != nil {
			ts.Fatalf("%v", err)
		}
	}
	return code
}

// scriptFault is `fault CMS STATUS BODY [ROUTE]`: the CMS answers so from now
// on. A status of 0 never answers.
func scriptFault(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: fault CMS STATUS BODY [ROUTE]")
	}
	status, err := strconv.Atoi(args[1])
	ts.Check(err)
	f := ts.Value(fixtureKey{}).(*fixture)
	fault := emulator.Fault{Act: emulator.Respond(status, nil, args[2])}
	if status == 0 {
		fault.Act = f.hang
	}
	if len(args) > 3 {
		fault.Route = args[3]
	}
	ts.Check(f.cms[args[0]].Inject(fault))
}

// scriptHeal is `heal`: every CMS answers as it should from now on, and the requests so far
// are forgotten.
func scriptHeal(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: heal")
	}
	for _, l := range ts.Value(fixtureKey{}).(*fixture).cms {
		l.ClearFaults()
		l.ForgetRequests()
	}
}

// scriptAwait is `await`: it waits until a request hangs.
func scriptAwait(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: await")
	}
	<-ts.Value(fixtureKey{}).(*fixture).hangs
}

// scriptRequests is `requests [CMS...]`: it demands that requests were sent, all of them
// GET or HEAD, and to the named CMSes alone if there are any; `! requests` demands that
// none was.
func scriptRequests(ts *testscript.TestScript, neg bool, only []string) {
	sent := 0
	for cms, l := range ts.Value(fixtureKey{}).(*fixture).cms {
		if len(only) > 0 && slices.Contains(only, cms) != (len(l.Requests()) > 0) {
			ts.Fatalf("%s was sent %d requests", cms, len(l.Requests()))
		}
		for _, r := range l.Requests() {
			sent++
			if r.Method != http.MethodGet && r.Method != http.MethodHead {
				ts.Fatalf("%s was sent a %s %s", cms, r.Method, r.Path)
			}
		}
	}
	if neg && sent > 0 {
		ts.Fatalf("%d requests were sent", sent)
	}
	if !neg && sent == 0 {
		ts.Fatalf("no request was sent")
	}
}

// scriptNoSecret is `nosecret FILE...`: none of them, which may be stdout and
// stderr, holds a secret.
func scriptNoSecret(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("nosecret cannot be negated")
	}
	for _, file := range args {
		if emulator.ContainsSecret([]byte(ts.ReadFile(file))) {
			ts.Fatalf("%s holds a secret", file)
		}
	}
}
