//go:build integration

package integration

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// patience bounds everything that is waited for.
const patience = 2 * time.Minute

// installed returns a folder that install.sh has filled, or says how to fill it.
func installed(t *testing.T, variable, what string) string {
	t.Helper()
	dir := os.Getenv(variable)
	if _, err := os.Stat(dir + what); dir == "" || err != nil {
		t.Fatalf("%s names no folder with %s: run make integration", variable, what)
	}
	return dir
}

// freePort returns a port of loopback that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// start starts a program that runs until the test ends, however it ends: at the
// end of the test it is asked to stop, and waited for; if the test program
// itself dies, the kernel kills it.
func start(t *testing.T, dir string, env []string, name string, args ...string) {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, name, args...)
	var output bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, append(os.Environ(), env...), &output, &output
	cmd.SysProcAttr = mortal()
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	if err := cmd.Start(); err != nil {
		stop()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s said at last:\n%s", name, output.Bytes()[max(0, output.Len()-4000):])
		}
	})
}

// mortal makes the kernel kill a process when the test program dies.
func mortal() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// run runs a program to its end and returns what it prints.
func run(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = dir, append(os.Environ(), env...), mortal()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", cmd, err, out, stderr.String())
	}
	return string(out)
}

// await asks until ready says yes.
func await(t *testing.T, what string, ready func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !ready() {
		if time.Now().After(deadline) {
			t.Fatalf("%s is not ready after %s", what, patience)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// answers reports whether a GET gives a status.
func answers(url string, status int) bool {
	r, err := http.Get(url)
	if err != nil {
		return false
	}
	_ = r.Body.Close()
	return r.StatusCode == status
}
