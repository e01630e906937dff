package output

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
)

// newFileMode is the mode of a file that was not there: it tells which tokens are
// weak, which concerns nobody else on the machine.
const newFileMode = 0o600

// WriteFile replaces a file atomically: write goes to a new file in the same
// folder, which takes the place of the old one, and its mode, only when it is whole
// and on disk. A file that was not there can be read by its owner alone. A run that
// dies leaves the old file as it was. A path that is there and no regular file (a
// pipe, /dev/stderr) is written to directly, until ctx ends.
func WriteFile(ctx context.Context, path string, write func(io.Writer) error) (err error) {
	f, err := createAtomic(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.discard()) }()
	if err := write(f); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return f.commit()
}

// CheckFile reports, before the work, why WriteFile could not write a file after it:
// the name is too long, the folder is not there or cannot be written to. It leaves
// nothing behind, and does not open a pipe.
func CheckFile(path string) error {
	target, mode, direct, err := examine(path)
	if err != nil || direct {
		return err
	}
	f, err := createBeside(target, mode)
	if err != nil {
		return err
	}
	return f.discard()
}

// atomicFile is a file that is being written next to the one it will replace.
type atomicFile struct {
	*bufio.Writer
	file   io.Closer
	target string
	// beside is the new file that will replace the target; nil when it is the target
	// itself that is written to.
	beside *os.File
	closed bool
}

// createAtomic starts to write a file. Close it by commit, or discard it.
func createAtomic(ctx context.Context, path string) (*atomicFile, error) {
	target, mode, direct, err := examine(path)
	if err != nil {
		return nil, err
	}
	if !direct {
		return createBeside(target, mode)
	}
	file, err := interruptible.OpenForWriting(ctx, target)
	if err != nil {
		return nil, fmt.Errorf("open for writing: %w", err)
	}
	return &atomicFile{Writer: bufio.NewWriter(file), file: file, target: target}, nil
}

// createBeside starts to write a file in the folder of the one that it will replace.
// Its name is no longer than any in use: that of target may be as long as the system
// allows.
func createBeside(target string, mode fs.FileMode) (*atomicFile, error) {
	folder := filepath.Dir(target)
	if stat, err := os.Stat(folder); err != nil || !stat.IsDir() {
		return nil, fmt.Errorf("the folder %s does not exist", folder)
	}
	name := filepath.Join(folder, ".tokenaudit-"+rand.Text()[:10]+".tmp")
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, newFileMode)
	if err == nil && mode != newFileMode {
		// The umask must not narrow what somebody chose.
		if err = file.Chmod(mode); err != nil {
			err = errors.Join(err, file.Close(), os.Remove(name))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the folder %s cannot be written to: %w", folder, withoutPath(err))
	}
	return &atomicFile{Writer: bufio.NewWriterSize(file, 1<<16), file: file, beside: file, target: target}, nil
}

// withoutPath leaves out the path of an error that names it already.
func withoutPath(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
}

// examine finds what a path stands for: a link is followed, so that it stays a
// link, and a new file keeps the mode of the one it replaces. What is not a regular
// file is direct: a pipe, a device, and a link to one. The names below /dev are
// always: a link there leads through /proc to an open file, whose name says
// nothing that could be opened or replaced.
func examine(path string) (target string, mode fs.FileMode, direct bool, err error) {
	found, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Lstat(path); err == nil {
			return "", 0, false, fmt.Errorf("%s is a broken link", path)
		}
		return path, newFileMode, false, nil
	case err != nil:
		return "", 0, false, fmt.Errorf("%s: %w", path, withoutPath(err))
	case found.IsDir():
		return "", 0, false, fmt.Errorf("%s is a folder", path)
	case !found.Mode().IsRegular(), strings.HasPrefix(path, "/dev/"):
		return path, 0, true, nil
	}
	target, err = filepath.EvalSymlinks(path)
	if err != nil {
		return "", 0, false, fmt.Errorf("%s: %w", path, withoutPath(err))
	}
	return target, found.Mode().Perm(), false, nil
}

// commit puts the file in its place.
func (f *atomicFile) commit() error {
	if err := f.Flush(); err != nil {
		return fmt.Errorf("write %s: %w", f.target, err)
	}
	f.closed = true
	if f.beside == nil {
		return f.file.Close()
	}
	if err := errors.Join(f.beside.Sync(), f.beside.Close()); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", f.target, err), os.Remove(f.beside.Name()))
	}
	if err := os.Rename(f.beside.Name(), f.target); err != nil {
		return errors.Join(fmt.Errorf("replace %s: %w", f.target, err), os.Remove(f.beside.Name()))
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
	if f.beside != nil {
		err = errors.Join(err, os.Remove(f.beside.Name()))
	}
	return err
}
