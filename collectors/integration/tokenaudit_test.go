//go:build integration

package integration

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// program builds the command line once for a test.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tokenaudit")
	run(t, ".", nil, "go", "build", "-o", path, "../../cmd/tokenaudit")
	return path
}

// outcome is what a scan gives.
type outcome struct {
	source   inventory.Source
	findings []string // "rule token", sorted; the token without its source
	complete bool
	exit     int
}

func (o outcome) unit(t *testing.T, name string) inventory.Unit {
	t.Helper()
	for _, u := range o.source.Units {
		if u.Name == name {
			return u
		}
	}
	t.Fatalf("%s has no unit %s", o.source.ID, name)
	return inventory.Unit{}
}

// scan runs `tokenaudit scan` on one source entry, with the credential in the
// environment, and checks that no secret is in anything that it writes.
func scan(t *testing.T, program, entry, credential string, secrets []string) outcome {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "tokenaudit.yaml")
	if err := os.WriteFile(config, []byte("version: 1\nsources:\n  - "+entry+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	saved := filepath.Join(dir, "inventory.json")
	cmd := exec.CommandContext(t.Context(), program, "scan", "-c", config, "-o", "json", "--save-inventory", saved, "--fail-on", "none")
	cmd.Env = append(os.Environ(), "AUDIT_CREDENTIAL="+credential)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || cmd.ProcessState.ExitCode() == 2 {
		t.Fatalf("tokenaudit scan: %v\n%s", err, stderr.String())
	}
	var report struct {
		Complete bool
		Findings []struct{ Rule, Token string }
	}
	if err := json.Unmarshal(stdout.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	document, err := os.ReadFile(saved)
	if err != nil {
		t.Fatal(err)
	}
	var all inventory.Inventory
	if err := json.Unmarshal(document, &all); err != nil || len(all.Sources) != 1 {
		t.Fatalf("%d sources, %v", len(all.Sources), err)
	}
	for _, secret := range secrets {
		if strings.Contains(stdout.String()+stderr.String()+string(document), secret) {
			t.Errorf("a secret is in what the scan wrote")
		}
	}
	o := outcome{source: all.Sources[0], complete: report.Complete, exit: cmd.ProcessState.ExitCode()}
	for _, f := range report.Findings {
		o.findings = append(o.findings, strings.TrimSpace(f.Rule+" "+strings.TrimPrefix(f.Token, o.source.ID+"/")))
	}
	slices.Sort(o.findings)
	return o
}
