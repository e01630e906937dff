package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
	"github.com/tokenaudit/tokenaudit/report"
)

// process is the program as it is, in a process of its own.
type process struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer
	// ended is closed once the process is no more and all of stderr is there.
	ended chan struct{}
}

// interruptScan starts a scan, waits until a CMS has a request that it never
// answers, and interrupts the scan once.
func interruptScan(t *testing.T, args ...string) *process {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no process can be interrupted from outside")
	}
	f := newFixture(t)
	if err := f.cms["contentful"].Inject(emulator.Fault{Route: "GET /spaces/{space}/api_keys", Act: f.hang}); err != nil {
		t.Fatal(err)
	}
	// TestMain has put the program on the path.
	p := &process{
		cmd:   exec.CommandContext(endOfTest(t), "tokenaudit-main", append([]string{"scan", "--fail-on", "none"}, args...)...),
		ended: make(chan struct{}),
	}
	p.cmd.Env, p.cmd.Stderr = f.environ, &p.stderr
	// What ignores an interrupt has children that ignore it, as everything does that a
	// script starts in the background; what waits for one does not.
	waiting := make(chan os.Signal, 1)
	signal.Notify(waiting, os.Interrupt)
	err := p.cmd.Start()
	signal.Stop(waiting)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		// How it ended is in its ProcessState.
		_ = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it fails where the process ended, as it should
		<-p.ended
	})
	select {
	case <-f.hangs:
	case <-p.ended:
		t.Fatalf("it ended before it was interrupted: %s\n%s", p.cmd.ProcessState, &p.stderr)
	}
	p.interrupt(t)
	return p
}

// endOfTest returns a context that ends shortly before the time of the test run
// is up: a process that no signal ends is killed, and not left behind.
func endOfTest(t *testing.T) context.Context {
	t.Helper()
	deadline, limited := t.Deadline()
	if !limited {
		return t.Context()
	}
	ctx, cancel := context.WithDeadline(t.Context(), deadline.Add(-5*time.Second))
	t.Cleanup(cancel)
	return ctx
}

func (p *process) interrupt(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
}

// The first signal ends the reading: what was seen is judged and written, marked
// as incomplete.
func TestFirstSignal(t *testing.T) {
	p := interruptScan(t, "-o", "json=report.json")
	<-p.ended
	if code := p.cmd.ProcessState.ExitCode(); code != report.ExitIncomplete {
		t.Errorf("it ended with %s, not with code %d\n%s", p.cmd.ProcessState, report.ExitIncomplete, &p.stderr)
	}
	text, err := os.ReadFile("report.json")
	if err != nil {
		t.Fatal(err)
	}
	var written report.Report
	if err := json.Unmarshal(text, &written); err != nil {
		t.Fatal(err)
	}
	if written.Complete || len(written.Sources) == 0 || len(written.Unread()) == 0 {
		t.Errorf("complete: %v, %d sources, %d lists not read", written.Complete, len(written.Sources), len(written.Unread()))
	}
}

// The second signal ends the process at once, whatever it is doing. Here it
// writes its reports into pipes, and nobody reads the second.
func TestSecondSignal(t *testing.T) {
	mkfifo, err := exec.LookPath("mkfifo")
	if err != nil {
		t.Skip("there is no mkfifo")
	}
	folder := t.TempDir()
	first, second := folder+"/first", folder+"/second"
	if out, err := exec.CommandContext(t.Context(), mkfifo, first, second).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	// For writing, too: it opens although nobody else has yet.
	pipe, err := os.OpenFile(first, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	p := interruptScan(t, "-o", "json="+first, "-o", "table="+second)
	written := make(chan error, 1)
	go func() {
		_, err := io.ReadFull(pipe, make([]byte, 1))
		written <- err
		_, _ = io.Copy(io.Discard, pipe) // until it is closed
	}()
	select {
	case err := <-written:
		if err != nil {
			t.Fatal(err)
		}
	case <-p.ended:
		t.Fatalf("it ended although nobody reads its report: %s\n%s", p.cmd.ProcessState, &p.stderr)
	}
	p.interrupt(t)
	// Nobody ever reads the second pipe: a process that could end by itself might
	// do so before the signal reaches it.
	<-p.ended
	if got := p.cmd.ProcessState.String(); got != "signal: interrupt" {
		t.Errorf("it ended with %s, not by the second signal\n%s", got, &p.stderr)
	}
}
