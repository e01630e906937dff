package search

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
)

// gitFolder is where a repository keeps its history, compressed: it is searched by git.
const gitFolder = ".git"

// Path searches a file, or the files of a folder and the histories of the repositories in
// it. What cannot be read is a problem, not an error: that is only the end of ctx, or a
// path that does not exist.
func (s *Search) Path(ctx context.Context, path string, history bool) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return s.file(ctx, path)
	}
	repositories, err := s.folder(ctx, path)
	for _, top := range repositories {
		if err == nil && history {
			err = s.history(ctx, top)
		}
	}
	return err
}

// isBare reports whether a folder is a repository without files.
func isBare(path string) bool {
	for _, name := range []string{"HEAD", "objects", "refs"} {
		if _, err := os.Lstat(filepath.Join(path, name)); err != nil {
			return false
		}
	}
	return true
}

// folder searches the files of a folder, those below it too, and returns the tops of the
// repositories among them. Links are not followed: what they lead to is searched where it
// is, or is not part of the folder.
func (s *Search) folder(ctx context.Context, path string) (repositories []string, _ error) {
	err := filepath.WalkDir(path, func(path string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			s.unread(path, err)
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
		case d.Name() == gitFolder: // of a submodule and of a second working tree it is a file
			repositories = append(repositories, filepath.Dir(path))
			if d.IsDir() {
				return fs.SkipDir
			}
		case d.IsDir() && isBare(path):
			repositories = append(repositories, path)
		case d.Type().IsRegular():
			return s.file(ctx, path)
		}
		return nil
	})
	return repositories, err
}

func (s *Search) file(ctx context.Context, path string) error {
	f, err := interruptible.Open(ctx, path)
	if err == nil {
		err = errors.Join(s.Reader(ctx, f, filepath.ToSlash(path)), f.Close())
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		s.unread(path, err)
	default:
		s.Files++
	}
	return nil
}

// Stream searches what is not a file; name is what it is called.
func (s *Search) Stream(ctx context.Context, r io.Reader, name string) error {
	if err := s.Reader(ctx, interruptible.Reader(ctx, r), name); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.unread(name, err)
		return nil
	}
	s.Files++
	return nil
}

// unread says that something could not be read. The error of the file names it already.
func (s *Search) unread(path string, err error) {
	if of, ok := errors.AsType[*fs.PathError](err); ok {
		err = of.Err
	}
	s.problem("%s: %v", path, err)
}
