package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
)

// TestNothingWritesBesideTheProgram: what net/http finds between two answers it
// writes to standard error, with the text, which may be the rest of a list. Nobody
// has asked for that, and -q forbids it.
func TestNothingWritesBesideTheProgram(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = c.Read(make([]byte, 4096))
				// The rest comes when the client takes the connection for idle.
				_, _ = io.WriteString(c, "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}"+contentfulSecret("rest")+"\r\n\r\n")
				_, _ = io.Copy(io.Discard, c)
			}()
		}
	}()
	t.Chdir(t.TempDir())
	write(t, "tokenaudit.yaml", "version: 1\nsources:\n  - cms: datocms\n    base_url: http://"+l.Addr().String()+
		"\n    projects: [{name: blog, token: {env: DATOCMS_API_TOKEN}}]\n")
	// TestMain has put the program on the path.
	cmd := exec.CommandContext(t.Context(), "tokenaudit-main", "scan", "-q", "--fail-on", "none")
	cmd.Env = []string{"DATOCMS_API_TOKEN=" + datocmsSecret("auditor"), "GODEBUG=http2debug=2"}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err == nil || cmd.ProcessState.ExitCode() != 3 || !strings.Contains(stdout.String(), http.StatusText(http.StatusNotFound)) {
		t.Errorf("it ended with %s\n%s", cmd.ProcessState, &stdout)
	}
	if stderr.Len() > 0 {
		t.Errorf("stderr:\n%s", &stderr)
	}
}
