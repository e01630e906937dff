package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// The notices are those of the modules that are linked into the program, on any
// system that it is built for.
func TestNotices(t *testing.T) {
	if testing.Short() {
		t.Skip("one after the other: nothing for the race detector")
	}
	upToDate(t, "notices.txt", noticesOf(t), "UPDATE_NOTICES")
}

var legalFile = regexp.MustCompile(`(?i)^(licen[sc]e|copying|notice|patents)`)

// noticesOf lists the modules, then each legal text once, with whose it is.
func noticesOf(t *testing.T) string {
	t.Helper()
	folders := map[string]string{}
	for _, goos := range []string{"linux", "darwin", "windows"} {
		cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}\t{{.Dir}}{{end}}{{end}}", ".")
		cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH=amd64", "CGO_ENABLED=0")
		listed, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", goos, err)
		}
		for line := range strings.Lines(string(listed)) {
			if module, folder, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
				folders[module] = folder
			}
		}
	}
	var b strings.Builder
	b.WriteString("tokenaudit is built from these modules. The source code of each, in the version that is named, is at its path.\n\n")
	modules := slices.Sorted(maps.Keys(folders))
	owners, texts := map[string][]string{}, []string{}
	for _, module := range append([]string{"the Go standard library"}, modules...) {
		folder := folders[module]
		if folder == "" {
			folder = runtime.GOROOT() //nolint:staticcheck // the toolchain that runs the test is the one that builds the program
		}
		fmt.Fprintf(&b, "  %s\n", module)
		for _, text := range legalTexts(t, folder) {
			if owners[text] == nil {
				texts = append(texts, text)
			}
			owners[text] = append(owners[text], module)
		}
	}
	for _, text := range texts {
		fmt.Fprintf(&b, "\n%s\n%s\n\n%s\n", strings.Repeat("=", 80), strings.Join(owners[text], "\n"), text)
	}
	return b.String()
}

func legalTexts(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, entry := range entries {
		if !legalFile.MatchString(entry.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(bytes.TrimSpace(bytes.ReplaceAll(text, []byte("\r"), nil))))
	}
	if len(texts) == 0 {
		t.Errorf("%s has no license", folder)
	}
	return texts
}
