package entries

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/tokenaudit/tokenaudit/collectors/userfile"
	"github.com/tokenaudit/tokenaudit/report/output"
)

// maxFile bounds a file, in bytes; what it is used for has lower bounds.
const maxFile = 8 << 20

// File is a file as it was read.
type File struct {
	// Path is as the user wrote it; a link stays one.
	Path string
	Text []byte
}

// Read reads a regular file. What is not one is a [RefusedError].
func Read(path string) (*File, error) {
	if stat, err := os.Stat(path); err == nil && !stat.Mode().IsRegular() {
		return nil, refuse("it is not a regular file")
	}
	f, err := userfile.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // opened for reading only
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if len(text) > maxFile {
		return nil, refuse("it is larger than %d MiB", maxFile>>20)
	}
	return &File{path, text}, nil
}

// Replace replaces the text of the file, atomically; its mode stays. A file that changed since
// it was read, or that another command is replacing, is left as it is.
func (f *File) Replace(ctx context.Context, text []byte) (err error) {
	target, err := filepath.EvalSymlinks(f.Path)
	if err != nil {
		return err
	}
	release, err := lock(filepath.Dir(target))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	return output.WriteFile(ctx, f.Path, func(w io.Writer) error {
		now, err := Read(f.Path)
		if err != nil {
			return err
		}
		if !bytes.Equal(now.Text, f.Text) {
			return errChanged
		}
		_, err = w.Write(text)
		return err
	})
}

var errChanged = errors.New("something else has changed it in the meantime, and it is left as it is now; run the command again")
