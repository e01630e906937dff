package entries_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sourcegraph/conc"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/entries"
)

func TestReplace(t *testing.T) {
	folder := t.TempDir()
	path, link := filepath.Join(folder, "a.yaml"), filepath.Join(folder, "link.yaml")
	if err := os.WriteFile(path, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("a.yaml", link); err != nil {
		t.Fatal(err)
	}
	f, err := entries.Read(link)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Replace(t.Context(), []byte("new")); err != nil {
		t.Fatal(err)
	}
	stat, err := os.Lstat(path)
	if err != nil || stat.Mode() != 0o640 {
		t.Errorf("the mode is %v, %v", stat.Mode(), err)
	}
	if stat, err := os.Lstat(link); err != nil || stat.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is replaced: %v", err)
	}
	// f is what the file was: it is another one now.
	if err := f.Replace(t.Context(), []byte("newer")); err == nil || !strings.Contains(err.Error(), "has changed it in the meantime") {
		t.Errorf("a file that changed: %v", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "new" {
		t.Errorf("the file is %q, %v", text, err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 2 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if _, err := entries.Read(folder); err == nil || err.Error() != "it is not a regular file" {
		t.Errorf("a folder: %v", err)
	}
}

// Of two commands that replace a file at once, one is refused, and no text is lost.
func TestReplaceAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.yaml")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var replaced atomic.Int64
	var writers conc.WaitGroup
	for range 8 {
		writers.Go(func() {
			for range 20 {
				f, err := entries.Read(path)
				if err != nil {
					t.Error(err)
					return
				}
				switch err := f.Replace(t.Context(), append(f.Text, '.')); {
				case err == nil:
					replaced.Add(1)
				case !strings.Contains(err.Error(), "run the command again"):
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := replaced.Load(); n == 0 || int(n) != len(text) {
		t.Errorf("%d texts were written, and %d are there", n, len(text))
	}
}
