// Package interruptible opens, reads and writes files that may block for ever, such
// as named pipes and terminals, so that the end of a context ends the wait.
//
// A system call that blocks cannot be called off. It is left behind on a goroutine
// of its own, one at most for each file, until the file or the program ends.
package interruptible

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"

	"github.com/tokenaudit/tokenaudit/collectors/userfile"
)

// File is an open file. What it reads or writes ends with the context that it was
// opened with.
type File struct {
	io.Reader
	io.Writer
	file *os.File
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

// Stat describes the file.
func (f *File) Stat() (fs.FileInfo, error) { return f.file.Stat() }

// Seek sets where the next read of a regular file begins.
func (f *File) Seek(offset int64, whence int) (int64, error) { return f.file.Seek(offset, whence) }

// Open opens a file that somebody has named for reading, as userfile.Open does.
// Opening a named pipe waits for its writer, and reading it for what is written; both
// end with ctx, whose error they return.
func Open(ctx context.Context, path string) (*File, error) {
	f, err := open(ctx, path, userfile.Open)
	if err != nil {
		return nil, err
	}
	return &File{Reader: Reader(ctx, f), file: f}, nil
}

// OpenForWriting opens a file that is there for writing. Opening a named pipe waits
// for its reader, and writing for it to read; both end with ctx, whose error they
// return.
func OpenForWriting(ctx context.Context, path string) (*File, error) {
	f, err := open(ctx, path, func(path string) (*os.File, error) { return os.OpenFile(path, os.O_WRONLY, 0) })
	if err != nil {
		return nil, err
	}
	return &File{Writer: newWriter(ctx, f), file: f}, nil
}

func open(ctx context.Context, path string, open func(string) (*os.File, error)) (*os.File, error) {
	if stat, err := os.Stat(path); err == nil && stat.Mode().IsRegular() {
		return open(path)
	}
	return wait(ctx, func() (*os.File, error) { return open(path) })
}

// chunk is how much one read takes at most, in bytes.
const chunk = 64 << 10

// Reader reads from r until ctx ends, and returns the error of ctx then. A regular
// file does not block, so it is read as it is.
func Reader(ctx context.Context, r io.Reader) io.Reader {
	if isRegular(r) {
		return r
	}
	buffer := make([]byte, chunk)
	return readerFunc(func(p []byte) (int, error) {
		// Once a read was left behind, the buffer is its own.
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		part := buffer[:min(len(p), chunk)]
		n, err := wait(ctx, func() (int, error) { return r.Read(part) })
		return copy(p, part[:n]), err
	})
}

// Writer writes to w until ctx ends, and returns the error of ctx then. If ctx has
// ended before the first write, it does not count: see UnlessEnded.
func Writer(ctx context.Context, w io.Writer) io.Writer {
	if isRegular(w) {
		return w
	}
	var out io.Writer
	return writerFunc(func(p []byte) (int, error) {
		if out == nil {
			out = newWriter(UnlessEnded(ctx), w)
		}
		return out.Write(p)
	})
}

func newWriter(ctx context.Context, w io.Writer) io.Writer {
	var left error
	return writerFunc(func(p []byte) (int, error) {
		if left != nil {
			return 0, left
		}
		text := bytes.Clone(p) // the caller may use p again while w still writes
		n, err := wait(ctx, func() (int, error) { return w.Write(text) })
		if err != nil {
			left = err
		}
		return n, err
	})
}

// UnlessEnded is ctx, or one that never ends if ctx has ended already. It is for
// what a run writes: what it has seen until it was interrupted is written in spite of
// that, and an interruption while it writes ends the writing.
func UnlessEnded(ctx context.Context) context.Context {
	if ctx.Err() != nil {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func isRegular(stream any) bool {
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	stat, err := f.Stat()
	return err == nil && stat.Mode().IsRegular()
}

// wait returns what f returns, or the error of ctx as soon as that ends.
func wait[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	if ctx.Done() == nil {
		return f()
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}
