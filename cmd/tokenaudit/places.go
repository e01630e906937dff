package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tokenaudit/tokenaudit/report/output"
)

// checkPlace finds out before the work that a file cannot be written after it.
func checkPlace(flag, path string) error {
	if path == output.Stdout {
		return nil
	}
	stat, err := os.Stat(path)
	if err == nil && stat.IsDir() {
		return fmt.Errorf("%s: %s is a folder", flag, path)
	}
	if err == nil && !stat.Mode().IsRegular() {
		// A pipe or a device is written to as it is.
		return nil
	}
	if _, isLink := os.Readlink(path); err != nil && isLink == nil {
		return fmt.Errorf("%s: %s is a link to nothing", flag, path)
	}
	folder := filepath.Dir(path)
	if stat, err := os.Stat(folder); err != nil || !stat.IsDir() {
		return fmt.Errorf("%s: the folder %s does not exist", flag, folder)
	}
	// A file is written beside the one that it replaces.
	probe, err := os.CreateTemp(folder, ".tokenaudit-*.tmp")
	if refused, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("%s: the folder %s cannot be written to: %w", flag, folder, refused.Err)
	}
	if err != nil {
		return err
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
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
