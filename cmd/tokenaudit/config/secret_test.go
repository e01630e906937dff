package config_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
)

// load writes a configuration with one secret reference and resolves it.
func resolve(t *testing.T, reference string, vars map[string]string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{
		"ok":      "from-file\n",
		"windows": "from-file\r\n",
		"empty":   "\n",
		"lines":   "planted-a\nplanted-b\n",
		"large":   strings.Repeat("planted", 64<<10),
		"conf":    "version: 1\nsources:\n  - cms: paper\n    organization: o\n    token: " + reference + "\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := config.Load(t.Context(), filepath.Join(dir, "conf"), definitions())
	if err != nil {
		t.Fatal(err)
	}
	entries, err := c.Entries(t.Context(), environment(vars))
	if err != nil {
		return "", err
	}
	return entries[0].Secret("token").Reveal(), nil
}

func TestSecretsAreResolved(t *testing.T) {
	vars := map[string]string{"T": "from-env"}
	for reference, want := range map[string]string{
		"{env: T}":                              "from-env",
		"{file: ok}":                            "from-file",
		"{file: windows}":                       "from-file",
		"{command: [cat, ok]}":                  "from-file",
		`{command: [printf, "%s", "$T *"]}`:     "$T *",
		`{command: [sh, -c, "echo a; exit 0"]}`: "a",
	} {
		if got, err := resolve(t, reference, vars); err != nil || got != want {
			t.Errorf("%s: got %q, %v", reference, got, err)
		}
	}
}

func TestSecretsThatCannotBeHad(t *testing.T) {
	vars := map[string]string{"EMPTY": " ", "LINES": "planted-a\nplanted-b", "planted_secret": ""}
	for reference, want := range map[string]string{
		"{env: ABSENT}":            "the environment variable ABSENT is not set",
		"{env: EMPTY}":             "the environment variable EMPTY is empty",
		"{env: LINES}":             "the secret holds a line break or a control character",
		"{env: planted_secret}":    "the environment variable it names is empty",
		"{file: planted}":          "cannot read the secret's file: no such file or directory",
		"{file: secrets/absent}":   `cannot read the secret's file "secrets/absent": no such file or directory`,
		"{file: .}":                "cannot read the secret's file \".\": is a folder, not a file",
		"{file: /dev/null}":        "cannot read the secret's file \"/dev/null\": is a device or a socket, not a file",
		"{file: empty}":            "the secret is empty",
		"{file: lines}":            "the secret holds a line break or a control character",
		"{file: large}":            "cannot read the secret's file: is larger than 64 KiB",
		"{command: [cat, large]}":  "the secret is longer than 64 KiB",
		"{command: [\"true\"]}":    "the secret is empty",
		"{command: [planted-cmd]}": "the secret's command was not found",
		`{command: [sh, -c, "echo planted >&2; echo planted; exit 4"]}`: "the secret's command failed: exit status 4; run it by hand to see why",
	} {
		_, err := resolve(t, reference, vars)
		if err == nil {
			t.Errorf("%s: accepted", reference)
			continue
		}
		got := err.Error()
		if !strings.HasSuffix(got, "conf:5: sources[0].token: "+want) {
			t.Errorf("%s: got %s", reference, got)
		}
		if strings.Contains(got, "planted") {
			t.Errorf("%s: the error repeats the secret: %s", reference, got)
		}
	}
}

// The environment of the process is not a secret's file: what a configuration may name
// is a file, and not the machine.
func TestSecretOfTheKernel(t *testing.T) {
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip(err)
	}
	_, err := resolve(t, "{file: /proc/self/environ}", nil)
	if err == nil || !strings.HasSuffix(err.Error(), "cannot read the secret's file \"/proc/self/environ\": is a kernel file, which is never read") {
		t.Errorf("got %v", err)
	}
}

func TestTheRunEndsACommand(t *testing.T) {
	c := parse(t, "version: 1\nsources:\n  - cms: paper\n    organization: o\n    token: {command: [sleep, \"600\"]}\n")
	c.Dir = "."
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	for want, ctx := range map[string]context.Context{"was interrupted": interrupted, "did not end within the time limit of the run": late} {
		_, err := c.Entries(ctx, environment(nil))
		if err == nil || !strings.HasSuffix(err.Error(), ":5: sources[0].token: the secret's command "+want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
