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
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"tokenaudit": func() {
			os.Exit(run(context.Background(), ioStreams{
				environ: os.Environ(), in: os.Stdin, out: os.Stdout, err: os.Stderr, unpaced: true,
			}, os.Args[1:]))
		},
		// The program as it is, with its signals and its pace.
		"tokenaudit-main": main,
	})
}

// TestScripts runs the scripts in testdata/script: each has the fixture's three
// CMSes to itself, their credentials in the environment, and the configuration
// that reads them in tokenaudit.yaml.
//
// With -short, as under the race detector, only the scripts of what works
// concurrently run: the detector makes each of some seven hundred processes several
// times slower, and finds nothing in those that only print.
func TestScripts(t *testing.T) {
	dir, files := "testdata/script", []string(nil)
	if testing.Short() {
		for _, name := range []string{"collect", "demo", "doctor", "evaluate", "gaps", "hostile", "leaks", "limits", "part", "resume", "scan", "signal", "usage"} {
			files = append(files, filepath.Join(dir, name+".txtar"))
		}
		dir = ""
	}
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		Files:               files,
		RequireExplicitExec: true,
		Setup:               setUpScript,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"await":    scriptAwait,
			"exit":     scriptExit,
			"fault":    scriptFault,
			"heal":     scriptHeal,
			"requests": scriptRequests,
			"nosecret": scriptNoSecret,
		},
	})
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
	// Hundreds of processes that live for a tenth of a second: a third of what they
	// cost was the garbage collector's.
	env.Setenv("GOGC", "400")
	sample, err := filepath.Abs("../../testdata/premerge")
	if err != nil {
		return err
	}
	env.Setenv("PREMERGE", sample)
	if sample, err = filepath.Abs("../../examples"); err != nil {
		return err
	}
	env.Setenv("EXAMPLES", sample)
	if sample, err = filepath.Abs("keyless/testdata"); err != nil {
		return err
	}
	env.Setenv("KEYLESS", sample)
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

// scriptExit runs `exit CODE program args...` and demands that exit code.
func scriptExit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exit CODE program args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		if _, scanErr := fmt.Sscanf(err.Error(), "exit status %d", &got); scanErr != nil {
			ts.Fatalf("%v", err)
		}
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
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
