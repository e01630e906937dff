package main

import (
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The two packages that make clients of HTTP: one reads from CMSes and sends nothing but GET
// and HEAD, the other one sends messages.
const (
	reads = "collectors/cmsapi"
	sends = "cmd/tokenaudit/notify"
)

var (
	makesClient = regexp.MustCompile(`http\.(Client|Transport)\{|http\.Default(Client|Transport)|http\.(Get|Head|Post|PostForm)\(`)
	changes     = regexp.MustCompile(`http\.Method(Post|Put|Patch|Delete)|"(POST|PUT|PATCH|DELETE)"`)
)

// "Only GET and HEAD go to a CMS" can be read off: no package but the notifier has a word
// for any other method, none but these two makes a client, and neither reaches the other.
func TestOnlyTheNotifierSends(t *testing.T) {
	imports := map[string][]string{}
	made := map[string]bool{}
	for _, file := range goFiles(t) {
		from := path.Dir(file)
		if strings.HasSuffix(file, "_test.go") || strings.HasPrefix(from, "collectors/emulator") || slices.Contains([]string{"collectors/conformance", "collectors/integration"}, from) {
			continue // they stand for CMSes, or are for tests
		}
		imports[from] = append(imports[from], projectImports(t, file)...)
		text := textOf(t, filepath.Join(repository, file))
		if makesClient.MatchString(text) {
			made[from] = true
			if from != reads && from != sends {
				t.Errorf("%s makes a client of HTTP of its own", file)
			}
		}
		if from != sends && changes.MatchString(text) {
			t.Errorf("%s has a method other than GET and HEAD: %s", file, changes.FindString(text))
		}
	}
	if !made[reads] || !made[sends] {
		t.Errorf("this test looks for the wrong thing: %v", made)
	}
	reached := map[string]bool{}
	var visit func(string)
	visit = func(name string) {
		if reached[name] {
			return
		}
		reached[name] = true
		for _, to := range imports[name] {
			visit(to)
		}
	}
	visit(sends)
	if reached[reads] || reached["collectors"] {
		t.Error("the notifier reaches the client of the collectors")
	}
	for from, all := range imports {
		if !strings.HasPrefix(from, "cmd/") && slices.Contains(all, sends) {
			t.Errorf("%s imports the notifier", from)
		}
	}
}
