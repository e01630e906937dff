package interruptible_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
)

// fifo makes a named pipe.
func fifo(t *testing.T) string {
	t.Helper()
	mkfifo, err := exec.LookPath("mkfifo")
	if err != nil {
		t.Skip("there is no mkfifo")
	}
	path := filepath.Join(t.TempDir(), "pipe")
	if out, err := exec.CommandContext(t.Context(), mkfifo, path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// A pipe that nobody opens at its other end blocks until the context ends.
func TestOpeningEndsWithTheContext(t *testing.T) {
	for name, open := range map[string]func(context.Context, string) (*interruptible.File, error){
		"read": interruptible.Open, "write": interruptible.OpenForWriting,
	} {
		t.Run(name, func(t *testing.T) {
			// A pipe for each: the one left waiting has opened its end by the time of the other.
			path := fifo(t)
			ctx, cancel := context.WithCancel(t.Context())
			failed := make(chan error, 1)
			go func() {
				_, err := open(ctx, path)
				failed <- err
			}()
			cancel()
			if err := <-failed; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			// Whoever waits in the background is let go.
			other, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = other.Close() })
		})
	}
}

func TestPipe(t *testing.T) {
	path := fifo(t)
	written := make(chan error, 1)
	go func() {
		w, err := interruptible.OpenForWriting(t.Context(), path)
		if err != nil {
			written <- err
			return
		}
		_, err = w.Write([]byte("hello"))
		written <- errors.Join(err, w.Close())
	}()
	r, err := interruptible.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close(), <-written); err != nil || string(got) != "hello" {
		t.Errorf("read %q, %v", got, err)
	}
}

// signalling tells when it is read or written, and then blocks.
type signalling struct{ reached, release chan struct{} }

func (s signalling) Read([]byte) (int, error) {
	close(s.reached)
	<-s.release
	return 0, io.EOF
}

func (s signalling) Write([]byte) (int, error) {
	close(s.reached)
	<-s.release
	return 0, io.ErrClosedPipe
}

func newSignalling(t *testing.T) signalling {
	s := signalling{make(chan struct{}), make(chan struct{})}
	t.Cleanup(func() { close(s.release) })
	return s
}

func TestReadingEndsWithTheContext(t *testing.T) {
	s := newSignalling(t)
	ctx, cancel := context.WithCancel(t.Context())
	r := interruptible.Reader(ctx, s)
	go func() { <-s.reached; cancel() }()
	for range 2 { // for good
		if _, err := r.Read(make([]byte, 1)); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
}

func TestWritingEndsWithTheContext(t *testing.T) {
	s := newSignalling(t)
	ctx, cancel := context.WithCancel(t.Context())
	w := interruptible.Writer(ctx, s)
	go func() { <-s.reached; cancel() }()
	for range 2 {
		if _, err := w.Write([]byte("x")); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
}

// What was interrupted before is written all the same.
func TestWritingAfterTheInterruption(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	w := interruptible.Writer(ctx, &out)
	for range 2 {
		if _, err := io.WriteString(w, "x"); err != nil {
			t.Fatal(err)
		}
	}
	if out.String() != "xx" {
		t.Errorf("wrote %q", &out)
	}
}

func TestReaderReadsAll(t *testing.T) {
	text := strings.Repeat("0123456789", 50_000)
	got, err := io.ReadAll(interruptible.Reader(t.Context(), strings.NewReader(text)))
	if err != nil || string(got) != text {
		t.Errorf("%d bytes of %d, %v", len(got), len(text), err)
	}
}

func TestRegularFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := interruptible.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		got, err := io.ReadAll(f)
		if err != nil || string(got) != "hello" {
			t.Errorf("read %q, %v", got, err)
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := interruptible.Open(t.Context(), path+".absent"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
