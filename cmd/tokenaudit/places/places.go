// Package places knows the files that a command reads and writes, by whatever names:
// it refuses to write over what the command rests on.
package places

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/tokenaudit/tokenaudit/report/output"
)

// Check finds out before the work that a file, which may be empty, cannot be written after
// it.
func Check(flag, path string) error {
	if path == output.Stdout || path == "" {
		return nil
	}
	if err := output.CheckFile(path); err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	return nil
}

// Outputs are the places that the outputs go to.
func Outputs(outputs []output.Output) []string {
	var all []string
	for _, o := range outputs {
		all = append(all, o.Path)
	}
	return all
}

// Same reports whether two names stand for one place, be it through a link.
func Same(a, b string) bool {
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

// Apart returns the file of an inventory, empty where it goes on with the one that is
// resumed: that one was read whole before, and nothing of it is lost.
func Apart(file, resumed string) string {
	if resumed != output.Stdout && Same(file, resumed) {
		return ""
	}
	return file
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

// Name is how a place is called in a message.
func Name(path string) string {
	if path == output.Stdout {
		return "standard output"
	}
	return path
}

// Resolve returns a path of the configuration as seen from the working directory.
func Resolve(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}
