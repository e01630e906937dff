package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// versionReferences find where a text names a version of tokenaudit itself, the
// version being the last group.
var versionReferences = []*regexp.Regexp{
	regexp.MustCompile(`tokenaudit/tokenaudit[\w./-]*@([^\s"'` + "`" + `]+)`),
	regexp.MustCompile(`\btokenaudit:(latest\b|v?\d[\w.+-]*)`),
	regexp.MustCompile(`tokenaudit/tokenaudit(?:\.git)?['"]?\s*\n\s*rev:\s*(\S+)`),
	regexp.MustCompile(`tokenaudit/tokenaudit/(?:releases/(?:download|tag)|releases|archive/refs/tags|archive)/([\w.+-]+)`),
	regexp.MustCompile(`\btokenaudit[-_](v?\d+\.\d+[\w.+-]*)`),
}

// placeholder is the one name under which the examples leave the commit to the
// reader.
var placeholder = regexp.MustCompile(`^\$?\{?TOKENAUDIT_COMMIT\}?$`)

// unknownVersions are the versions of tokenaudit that a text names and that no tag is.
func unknownVersions(text string, tags []string) []string {
	var unknown []string
	for _, reference := range versionReferences {
		for _, found := range reference.FindAllStringSubmatch(text, -1) {
			if version := found[1]; !slices.Contains(tags, version) && !placeholder.MatchString(version) {
				unknown = append(unknown, strings.TrimSpace(found[0]))
			}
		}
	}
	return unknown
}

// Nobody can install what was never released.
func TestNoReferenceToUnreleasedVersions(t *testing.T) {
	tags, err := exec.CommandContext(t.Context(), "git", "-C", repository, "tag").Output()
	if err != nil {
		t.Logf("without git, no version is known: %v", err)
	}
	err = fs.WalkDir(os.DirFS(repository), ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains([]string{".git", "bin", "dist", "node_modules"}, d.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() || path.Base(file) == "versions_test.go" {
			return nil
		}
		text := textOf(t, filepath.Join(repository, file))
		if !utf8.ValidString(text) {
			return nil
		}
		for _, found := range unknownVersions(text, strings.Fields(string(tags))) {
			t.Errorf("%s names %q, which git tag does not know: build from a clone, at a commit that the reader names in TOKENAUDIT_COMMIT", file, found)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The README names the Go that go.mod asks for.
func TestReadmeNamesGo(t *testing.T) {
	found := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(textOf(t, filepath.Join(repository, "go.mod")))
	if want := "Go " + found[1] + " or newer"; !strings.Contains(textOf(t, filepath.Join(repository, "README.md")), want) {
		t.Errorf("the README does not name %s", want)
	}
}

func TestUnknownVersions(t *testing.T) {
	for text, want := range map[string]bool{
		"go install github.com/tokenaudit/tokenaudit/cmd/tokenaudit@latest": true,
		"go install github.com/tokenaudit/tokenaudit/cmd/tokenaudit@v0.1.0": true,
		"go install github.com/tokenaudit/tokenaudit/cmd/tokenaudit@v1.0.0": false,
		"image: tokenaudit:latest":                                                                     true,
		"image: registry.example.com/tokenaudit:1.2":                                                   true,
		"  - repo: https://github.com/tokenaudit/tokenaudit\n    rev: v0.1.0\n":                        true,
		"  - repo: https://github.com/tokenaudit/tokenaudit\n    rev: TOKENAUDIT_COMMIT\n":             false,
		"uses: tokenaudit/tokenaudit@v1":                                                               true,
		"uses: tokenaudit/tokenaudit@main":                                                             true,
		"https://github.com/tokenaudit/tokenaudit/releases/download/v0.1.0/tokenaudit_linux_amd64":     true,
		"https://github.com/tokenaudit/tokenaudit/releases/latest":                                     true,
		"tokenaudit_0.1.0_linux_amd64.tar.gz":                                                          true,
		"https://github.com/tokenaudit/tokenaudit/archive/refs/tags/v1.0.0.tar.gz":                     true,
		"tokenaudit: --baseline part.json":                                                             false,
		"git clone https://github.com/tokenaudit/tokenaudit && make -C tokenaudit install PREFIX=/opt": false,
		"tokenaudit/diff/v1": false,
	} {
		if got := len(unknownVersions(text, []string{"v1.0.0"})) > 0; got != want {
			t.Errorf("%q is refused: %v, want %v", text, got, want)
		}
	}
}

// A build says which rules are in it, where no version or revision does.
func TestVersionOfABuild(t *testing.T) {
	build := func(version string, settings ...debug.BuildSetting) *debug.BuildInfo {
		return &debug.BuildInfo{Main: debug.Module{Version: version}, Settings: settings}
	}
	revision := debug.BuildSetting{Key: "vcs.revision", Value: strings.Repeat("ab", 20)}
	modified := debug.BuildSetting{Key: "vcs.modified", Value: "true"}
	for want, b := range map[string]*debug.BuildInfo{
		`^1\.2\.3$`:            build("v1.2.3"),
		`^devel-abababababab$`: build("(devel)", revision),
		`^devel-abababababab\+rules\.[0-9a-f]{12}$`:     build("(devel)", revision, modified),
		`^0\.0\.0-2026-ab\+dirty\.rules\.[0-9a-f]{12}$`: build("v0.0.0-2026-ab+dirty"),
		`^devel\+rules\.[0-9a-f]{12}$`:                  build("(devel)"),
	} {
		if got := versionOf(b, true); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("version %s, want %s", got, want)
		}
	}
}
