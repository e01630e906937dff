package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// pageLink is the target of a link or a picture within the repository.
	pageLink = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	// codePath is a file of Go that a page names.
	codePath = regexp.MustCompile("`([a-z0-9_]+(?:/[a-z0-9_]+)+\\.go)`")
	heading  = regexp.MustCompile(`(?m)^#+ +(.+?) *$`)
	// inFence is code, in which neither links nor headings stand.
	inFence = regexp.MustCompile("(?ms)^```.*?^```")
	// notInAnchor is what an anchor leaves out of its heading.
	notInAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// What a page links or names in code is there, and so is the heading that a link leads to.
func TestLinksLeadSomewhere(t *testing.T) {
	found := 0
	for _, page := range markdownFiles(t) {
		text := inFence.ReplaceAllString(textOf(t, page), "")
		for _, link := range pageLink.FindAllStringSubmatch(text, -1) {
			target, anchor, _ := strings.Cut(link[1], "#")
			if strings.Contains(target, ":") {
				continue // a page of somebody else
			}
			found++
			file := page
			if target != "" {
				file = filepath.Join(filepath.Dir(page), target)
			}
			switch _, err := os.Stat(file); {
			case err != nil:
				t.Errorf("%s links %s, which is not there", page, link[1])
			case anchor != "" && filepath.Ext(file) == ".md" && !slices.Contains(anchorsOf(textOf(t, file)), anchor):
				t.Errorf("%s links %s, which has no such heading", page, link[1])
			}
		}
		for _, path := range codePath.FindAllStringSubmatch(text, -1) {
			found++
			if _, err := os.Stat(filepath.Join(repository, path[1])); err != nil {
				t.Errorf("%s names %s, which is not there", page, path[1])
			}
		}
	}
	if found < 100 {
		t.Errorf("only %d links were found", found)
	}
}

// anchorsOf returns the anchors of a page's headings, as GitHub makes them.
func anchorsOf(text string) (anchors []string) {
	for _, h := range heading.FindAllStringSubmatch(inFence.ReplaceAllString(text, ""), -1) {
		anchors = append(anchors, strings.ReplaceAll(strings.ToLower(notInAnchor.ReplaceAllString(h[1], "")), " ", "-"))
	}
	return anchors
}

func markdownFiles(t *testing.T) (files []string) {
	t.Helper()
	err := filepath.WalkDir(repository, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", "bin", "node_modules", "testdata"}, d.Name()):
			return fs.SkipDir
		case filepath.Ext(path) == ".md":
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
