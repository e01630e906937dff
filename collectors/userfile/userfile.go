// Package userfile opens the files that somebody has named: in a configuration,
// in a flag, as an argument, or by putting them into a folder that is read.
//
// A name proves nothing about what it leads to. What a repository brings along
// may hold a link to a credential of the machine that audits it, so only what can
// be a document is opened: regular files, and pipes, which are what a shell makes
// of <(command) and of /dev/stdin. Folders, devices, sockets and the files that a
// kernel makes up, such as /proc/self/environ, are refused.
//
// Whoever reads such a file bounds what is read, and quotes nothing of a file
// that is not plainly of the kind that is expected.
package userfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// The reasons for which a file is refused. They come in an [fs.PathError], which
// has the path.
var (
	errFolder  = errors.New("is a folder, not a file")
	errPipe    = errors.New("is a pipe: expected a regular file")
	errDevice  = errors.New("is a device or a socket, not a file")
	errKernel  = errors.New("is a kernel file, which is never read")
	errOutside = errors.New("is a link that points outside its folder: put the file itself there, or name it")
)

// Open opens a regular file or a pipe for reading. Links are followed. Opening a
// named pipe waits for its writer. Errors are of type *[fs.PathError].
func Open(path string) (*os.File, error) {
	return open(path, path, os.Stat, os.Open, fs.ModeNamedPipe)
}

// Read reads a regular file of at most limit bytes. Links are followed. Errors are
// of type *[fs.PathError].
func Read(path string, limit int64) ([]byte, error) {
	f, err := open(path, path, os.Stat, os.Open, 0)
	if err != nil {
		return nil, err
	}
	return readAll(f, path, limit)
}

// ReadIn reads a regular file of at most limit bytes in a folder, of which name is
// the path in it. A link is followed inside the folder. One that leads out of it
// is refused: naming the folder has not named that file. Errors are of type
// *[fs.PathError].
func ReadIn(folder *os.Root, name string, limit int64) ([]byte, error) {
	path := filepath.Join(folder.Name(), name)
	f, err := open(name, path, folder.Stat, folder.Open, 0)
	if err == nil {
		return readAll(f, path, limit)
	}
	if _, system := errors.AsType[syscall.Errno](err); !system && isLink(folder, name) && !refused(err) {
		return nil, refuse(path, errOutside) // os.Root has no error of its own for it
	}
	return nil, refuse(path, Reason(err))
}

func isLink(folder *os.Root, name string) bool {
	info, err := folder.Lstat(name)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

func refused(err error) bool {
	return errors.Is(err, errFolder) || errors.Is(err, errPipe) || errors.Is(err, errDevice) || errors.Is(err, errKernel)
}

// Reason leaves the path out of an error about a file, for a message that has it
// already or must not have it.
func Reason(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

func refuse(path string, reason error) error {
	return &fs.PathError{Op: "open", Path: path, Err: reason}
}

// open opens what stat finds to be a regular file, or has one of the other types.
// It looks before it opens, because opening a device may do something, and again
// at what it has opened, because that may be another file by then.
func open(name, path string, stat func(string) (fs.FileInfo, error), open func(string) (*os.File, error), others fs.FileMode) (*os.File, error) {
	info, err := stat(name)
	if err != nil {
		return nil, refuse(path, Reason(err))
	}
	if reason := unfit(info.Mode(), others); reason != nil {
		return nil, refuse(path, reason)
	}
	f, err := open(name)
	if err != nil {
		return nil, refuse(path, Reason(err))
	}
	info, err = f.Stat()
	if err == nil {
		err = unfit(info.Mode(), others)
	}
	if err == nil && info.Mode().IsRegular() && (ofKernel(f) || underKernel(path)) {
		err = errKernel
	}
	if err != nil {
		_ = f.Close() // it was opened for reading, and is refused
		return nil, refuse(path, Reason(err))
	}
	return f, nil
}

// unfit returns why a file of this type cannot be read; nil if it can.
func unfit(mode, others fs.FileMode) error {
	switch {
	case mode.IsRegular(), mode.Type()&others != 0:
		return nil
	case mode.IsDir():
		return errFolder
	case mode.Type() == fs.ModeNamedPipe:
		return errPipe
	}
	return errDevice
}

// underKernel reports whether a path leads below /proc or /sys, where no file
// belongs to a user. It is for systems that do not name the file system of a file.
func underKernel(path string) bool {
	resolved, err := filepath.EvalSymlinks(path)
	if err != nil {
		return false
	}
	if resolved, err = filepath.Abs(resolved); err != nil {
		return false
	}
	return strings.HasPrefix(resolved, "/proc/") || strings.HasPrefix(resolved, "/sys/")
}

// readAll reads a file to its end and closes it.
func readAll(f *os.File, path string, limit int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(text)) > limit {
		err = fmt.Errorf("is larger than %s", size(limit))
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, &fs.PathError{Op: "read", Path: path, Err: Reason(err)}
	}
	return text, nil
}

func size(n int64) string {
	if n >= 1<<20 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d KiB", n>>10)
}
