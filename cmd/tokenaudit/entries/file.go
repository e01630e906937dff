package entries

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"

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
// it was read is left as it is.
func (f *File) Replace(ctx context.Context, text []byte) error {
	return output.WriteFile(ctx, f.Path, func(w io.Writer) error {
		if _, err := w.Write(text); err != nil {
			return err
		}
		now, err := Read(f.Path)
		if err != nil {
			return err
		}
		if !bytes.Equal(now.Text, f.Text) {
			return fmt.Errorf("something else has changed it in the meantime, and it is left as it is now; run the command again")
		}
		return nil
	})
}
