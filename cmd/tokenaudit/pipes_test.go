package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tokenaudit/tokenaudit/report"
)

const interrupted = "tokenaudit: interrupted; there is no verdict\n"

// pipe makes a named pipe that no test opens at its other end.
func namedPipe(t *testing.T) string {
	t.Helper()
	mkfifo, err := exec.LookPath("mkfifo")
	if err != nil {
		t.Skip("there is no mkfifo")
	}
	path := filepath.Join(t.TempDir(), "pipe")
	if out, err := exec.CommandContext(t.Context(), mkfifo, path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	// What waits for its other end in the background is let go when the test ends.
	t.Cleanup(func() {
		if f, err := os.OpenFile(path, os.O_RDWR, 0); err == nil {
			_ = f.Close()
		}
	})
	return path
}

// neverReady interrupts the run that reads it, and never delivers.
type neverReady struct {
	interrupt context.CancelFunc
	end       <-chan struct{}
}

func (n neverReady) Read([]byte) (int, error) {
	n.interrupt()
	<-n.end
	return 0, io.EOF
}

// readers are command lines that read the file.
func readers(file string) [][]string {
	return [][]string{
		{"evaluate", file},
		{"evaluate", "--at", "2026-11-22", file},
		{"evaluate", "--previous", file, "inventory.json"},
		{"evaluate", "--baseline", file, "inventory.json"},
		{"evaluate", "--terraform-plan", "web=" + file},
		{"evaluate", "--manifest", file},
		{"scan", "--previous", file},
		{"scan", "--baseline", file},
		{"merge", file},
		{"diff", file, "inventory.json"},
		{"diff", "inventory.json", file},
		{"gate", file},
		{"gate", "--baseline", file, "report.json"},
		{"convert", file},
		{"explain", "--inventory", file, "unused-token", "x"},
		{"explain", "--inventory", "inventory.json", "--previous", file, "unused-token", "x"},
		{"drift", "--manifest", file, "inventory.json"},
		{"drift", "--manifest", "tokens.yaml", file},
		{"waivers", "check", file},
	}
}

func writeDocuments(t *testing.T, f *fixture) {
	t.Helper()
	if got := f.execute(t.Context(), "scan", "--no-fail", "--save-inventory", "inventory.json", "-o", "json=report.json"); got.code != 0 {
		t.Fatalf("exit code %d\n%s", got.code, got.err)
	}
	write(t, "tokens.yaml", "version: 1\nsources: []\n")
}

func expectInterrupted(t *testing.T, got outcome) {
	t.Helper()
	if got.code != report.ExitError || got.err != interrupted {
		t.Errorf("exit code %d, want %d; stderr:\n%s", got.code, report.ExitError, got.err)
	}
}

// The first signal ends whatever waits for standard input.
func TestInterruptedWhileStandardInputIsSilent(t *testing.T) {
	f := newFixture(t)
	writeDocuments(t, f)
	for _, args := range readers("-") {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			var out, errs bytes.Buffer
			code := run(ctx, ioStreams{environ: f.environ, in: neverReady{interrupt, t.Context().Done()}, out: &out, err: &errs, unpaced: true}, args)
			expectInterrupted(t, outcome{code, out.String(), errs.String()})
		})
	}
}

// A named pipe that nobody writes to blocks already when it is opened.
func TestInterruptedWhileAPipeIsOpened(t *testing.T) {
	f := newFixture(t)
	writeDocuments(t, f)
	pipe := namedPipe(t)
	write(t, "usage.yaml", f.config()+"usage: [{file: "+pipe+"}]\n")
	all := append(readers(pipe),
		[]string{"scan", "-c", pipe}, []string{"scan", "-c", "usage.yaml"}, []string{"scan", "--ca-bundle", pipe},
		[]string{"doctor", "-c", pipe}, []string{"rules", "list", "-c", pipe})
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	for _, args := range all {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			expectInterrupted(t, f.execute(ctx, args...))
		})
	}
}

// Nobody reads on: the report does not fit into the pipe.
func TestInterruptedWhileAReportIsWritten(t *testing.T) {
	f := newFixture(t)
	if got := f.execute(t.Context(), "demo", "--save-inventory", "demo.json"); got.code != 0 {
		t.Fatal(got.err)
	}
	pipe := namedPipe(t)
	for name, args := range map[string][]string{
		"report":    {"evaluate", "--no-fail", "demo.json", "-o", "json=" + pipe},
		"inventory": {"merge", "demo.json", "-o", pipe},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			begun := make(chan error, 1)
			release := make(chan struct{})
			defer close(release)
			go func() {
				f, err := os.Open(pipe)
				if err == nil {
					_, err = io.ReadFull(f, make([]byte, 1))
				}
				begun <- err
				interrupt()
				<-release
				_ = f.Close()
			}()
			expectInterrupted(t, f.execute(ctx, args...))
			if err := <-begun; err != nil {
				t.Error(err)
			}
		})
	}
}

// neverTaken interrupts the run that writes to it, and takes nothing.
type neverTaken neverReady

func (n neverTaken) Write([]byte) (int, error) { return neverReady(n).Read(nil) }

func TestInterruptedWhileStandardOutputIsFull(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var errs bytes.Buffer
	code := run(ctx, ioStreams{in: strings.NewReader(""), out: neverTaken{interrupt, t.Context().Done()}, err: &errs}, []string{"version"})
	expectInterrupted(t, outcome{code, "", errs.String()})
}

// endless is text without an end.
type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

// What cannot be an inventory is refused at its first bytes.
func TestEndlessInput(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	t.Chdir(t.TempDir())
	for text, want := range map[byte]string{'y': "expected '{', found 'y'", ' ': "the document is empty"} {
		var out, errs bytes.Buffer
		code := run(t.Context(), ioStreams{in: endless(text), out: &out, err: &errs}, []string{"evaluate", "-"})
		if code != report.ExitError || !strings.Contains(errs.String(), want) {
			t.Errorf("%q: exit code %d\n%s", text, code, &errs)
		}
	}
	expectEmpty(t, folder)
}

func expectEmpty(t *testing.T, folder string) {
	t.Helper()
	left, err := os.ReadDir(folder)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// SIGTERM ends a run that copies what comes through a pipe, which leaves nothing
// behind; so does a signal that no program can handle.
func TestSignalWhileAPipeIsCopied(t *testing.T) {
	for name, test := range map[string]struct {
		signal os.Signal
		ended  string
	}{"SIGTERM": {syscall.SIGTERM, "exit status 2"}, "SIGKILL": {os.Kill, "signal: killed"}} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			// TestMain has put the program on the path.
			cmd := exec.CommandContext(t.Context(), "tokenaudit-main", "evaluate", "-")
			var stderr bytes.Buffer
			cmd.Dir, cmd.Env, cmd.Stderr = t.TempDir(), append(os.Environ(), "TMPDIR="+folder), &stderr
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			// No pipe holds that much: once it is written, the copy has begun.
			if _, err := io.WriteString(in, "{"+strings.Repeat(" ", 4<<20)); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Process.Signal(test.signal); err != nil {
				t.Fatal(err)
			}
			var exit *exec.ExitError
			if err := cmd.Wait(); !errors.As(err, &exit) || exit.String() != test.ended {
				t.Errorf("it ended with %v, want %s\n%s", err, test.ended, &stderr)
			}
			expectEmpty(t, folder)
		})
	}
}
