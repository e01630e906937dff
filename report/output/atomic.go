package output

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// WriteFile replaces a file atomically: write goes to a new file in the same
// folder, which takes the place of the old one only when it is whole and on
// disk. A run that dies leaves the old file as it was. A path that is there and
// no regular file (a pipe, /dev/stderr) is written to directly.
func WriteFile(path string, write func(io.Writer) error) (err error) {
	f, err := createAtomic(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.discard()) }()
	if err := write(f); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return f.commit()
}

// atomicFile is a file that is being written beside the one it will replace.
type atomicFile struct {
	*bufio.Writer
	file *os.File
	// target is the file to replace; empty when file is the target itself.
	target string
	closed bool
}

// createAtomic starts to write a file. Close it by commit, or discard it.
func createAtomic(path string) (*atomicFile, error) {
	target, mode, direct, err := examine(path)
	if err != nil {
		return nil, err
	}
	if direct {
		file, err := os.OpenFile(target, os.O_WRONLY, 0)
		if err != nil {
			return nil, fmt.Errorf("open for writing: %w", err)
		}
		return &atomicFile{Writer: bufio.NewWriter(file), file: file}, nil
	}
	name := filepath.Join(filepath.Dir(target), "."+filepath.Base(target)+"."+rand.Text()[:10]+".tmp")
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	return &atomicFile{Writer: bufio.NewWriterSize(file, 1<<16), file: file, target: target}, nil
}

// examine finds what a path stands for: a link is followed, so that it stays a
// link, and a new file keeps the mode of the one it replaces. What is no regular
// file is direct: a pipe, a device, and a link to one. The names below /dev are
// always: a link there leads through /proc to an open file, whose name says
// nothing that could be opened or replaced.
func examine(path string) (target string, mode fs.FileMode, direct bool, err error) {
	found, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Lstat(path); err == nil {
			return "", 0, false, fmt.Errorf("write %s: is a link to a file that does not exist", path)
		}
		return path, 0o644, false, nil
	case err != nil:
		return "", 0, false, fmt.Errorf("write %s: %w", path, err)
	case found.IsDir():
		return "", 0, false, fmt.Errorf("write %s: is a folder", path)
	case !found.Mode().IsRegular(), strings.HasPrefix(path, "/dev/"):
		return path, 0, true, nil
	}
	target, err = filepath.EvalSymlinks(path)
	if err != nil {
		return "", 0, false, fmt.Errorf("write %s: %w", path, err)
	}
	return target, found.Mode().Perm(), false, nil
}

// commit puts the file in its place.
func (f *atomicFile) commit() error {
	if err := f.Flush(); err != nil {
		return fmt.Errorf("write %s: %w", f.name(), err)
	}
	f.closed = true
	if f.target == "" {
		return f.file.Close()
	}
	if err := errors.Join(f.file.Sync(), f.file.Close()); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", f.target, err), os.Remove(f.file.Name()))
	}
	if err := os.Rename(f.file.Name(), f.target); err != nil {
		return errors.Join(fmt.Errorf("replace %s: %w", f.target, err), os.Remove(f.file.Name()))
	}
	return nil
}

// discard removes what was written so far; after commit it does nothing.
func (f *atomicFile) discard() error {
	if f.closed {
		return nil
	}
	f.closed = true
	err := f.file.Close()
	if f.target != "" {
		err = errors.Join(err, os.Remove(f.file.Name()))
	}
	return err
}

func (f *atomicFile) name() string {
	if f.target == "" {
		return f.file.Name()
	}
	return f.target
}
