package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/tokenaudit/tokenaudit/report/output"
)

// checkPlace finds out before the work that a file cannot be written after it.
func checkPlace(flag, path string) error {
	if path == output.Stdout {
		return nil
	}
	if err := output.CheckFile(path); err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	return nil
}

// paths are the places that the outputs go to.
func paths(outputs []output.Output) []string {
	var all []string
	for _, o := range outputs {
		all = append(all, o.Path)
	}
	return all
}

// samePlace tells whether two names stand for one place, be it through a link.
func samePlace(a, b string) bool {
	if a == output.Stdout || b == output.Stdout {
		return a == b
	}
	statA, errA := os.Stat(a)
	statB, errB := os.Stat(b)
	if errA == nil && errB == nil {
		return os.SameFile(statA, statB) && statA.Mode().IsRegular()
	}
	return realPath(a) == realPath(b)
}

// realPath is a path without the links in it. A file need not be there, and is
// then taken for what it will be in its folder.
func realPath(path string) string {
	resolved, err := filepath.EvalSymlinks(path)
	if err != nil {
		resolved = path
		if folder, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
			resolved = filepath.Join(folder, filepath.Base(path))
		}
	}
	if absolute, err := filepath.Abs(resolved); err == nil {
		return absolute
	}
	return resolved
}

func placeName(path string) string {
	if path == output.Stdout {
		return "standard output"
	}
	return path
}
