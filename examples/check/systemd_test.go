package check

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const systemd = "../schedule/systemd/"

// TestUnits has systemd judge the units, in a root that has its own units and what
// the page installs. It says nothing of what it takes.
func TestUnits(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("there is no systemd-analyze")
	}
	root := t.TempDir()
	for _, dir := range []string{"usr/local/bin", "etc/systemd/system", "lib/systemd"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(filepath.Join(root, "lib/systemd/system"), os.DirFS("/lib/systemd/system")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "usr/local/bin/tokenaudit"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	units := []string{"tokenaudit.service", "tokenaudit.timer"}
	for _, unit := range units {
		if err := os.WriteFile(filepath.Join(root, "etc/systemd/system", unit), []byte(read(t, systemd+unit)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", append([]string{"verify", "--man=no", "--root=" + root}, units...)...).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

// The configuration reads each credential where the service finds it, and each
// credential of the service is read.
func TestCredentialPaths(t *testing.T) {
	t.Parallel()
	service, config := read(t, systemd+"tokenaudit.service"), read(t, systemd+"tokenaudit.yaml")
	loaded := map[string]bool{}
	for _, credential := range regexp.MustCompile(`(?m)^LoadCredential=([\w-]+):/`).FindAllStringSubmatch(service, -1) {
		loaded["/run/credentials/tokenaudit.service/"+credential[1]] = false
	}
	for _, file := range regexp.MustCompile(`\{file: ([^}]+)\}`).FindAllStringSubmatch(config, -1) {
		if _, ok := loaded[file[1]]; !ok {
			t.Errorf("the configuration reads %s, which the service does not load", file[1])
		}
		loaded[file[1]] = true
	}
	for file, read := range loaded {
		if !read {
			t.Errorf("nothing reads %s", file)
		}
	}
	if len(loaded) == 0 {
		t.Error("the service loads no credential")
	}
	for _, line := range strings.Split(service+config, "\n") {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") && strings.Contains(line, "CREDENTIALS_DIRECTORY") {
			t.Errorf("nothing expands %q", line)
		}
	}
}
