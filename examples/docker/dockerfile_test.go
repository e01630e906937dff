//go:build dockerfile

package docker

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestDockerfile(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	built := false
	for line := range strings.SplitSeq(string(text), "\n") {
		script, isRun := strings.CutPrefix(line, "RUN ")
		if !isRun {
			continue
		}
		cmd := exec.Command("sh", "-ec", strings.ReplaceAll(script, "/out", out))
		cmd.Dir = "../.."
		if log, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", script, err, log)
		}
		built = true
	}
	if !built {
		t.Fatal("it builds nothing")
	}
	binary := filepath.Join(out, "usr", "bin", "tokenaudit")
	f, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("the binary is not static: it would not start from scratch")
		}
	}
	version := exec.Command(binary, "version")
	version.Env = []string{}
	if log, err := version.CombinedOutput(); err != nil {
		t.Errorf("without an environment: %v\n%s", err, log)
	}
	_, image, _ := strings.Cut(string(text), "\nFROM scratch\n")
	if !strings.Contains(image, "\nUSER 65532:65532\n") || strings.Contains(image, "\nUSER root") {
		t.Error("the image runs as root")
	}
}
