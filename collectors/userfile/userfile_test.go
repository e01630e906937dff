package userfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func link(t *testing.T, to, path string) string {
	t.Helper()
	if err := os.Symlink(to, path); err != nil {
		t.Skip(err)
	}
	return path
}

func mkfifo(t *testing.T, path string) string {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "mkfifo", path).CombinedOutput(); err != nil {
		t.Skipf("%v: %s", err, out)
	}
	return path
}

// wantRefused demands an error that names the path, as far as there is a reason,
// and for that reason.
func wantRefused(t *testing.T, err error, path string, want error) {
	t.Helper()
	problem, ok := errors.AsType[*fs.PathError](err)
	if !ok || !errors.Is(err, want) || problem.Path != path {
		t.Errorf("got %v, want %v of %s", err, want, path)
	}
}

func TestRegularFilesAreRead(t *testing.T) {
	dir := t.TempDir()
	file := write(t, filepath.Join(dir, "a"), "text")
	for _, path := range []string{file, link(t, "a", filepath.Join(dir, "link"))} {
		if text, err := Read(path, 4); err != nil || string(text) != "text" {
			t.Errorf("%s: %q, %v", path, text, err)
		}
		if _, err := Read(path, 3); err == nil || err.Error() != "read "+path+": is larger than 0 KiB" {
			t.Errorf("%s: got %v for a file that is too large", path, err)
		}
		f, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	if _, err := Open(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsNoDocumentIsRefused(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "s")
	if l, err := net.Listen("unix", socket); err == nil {
		defer l.Close()
	}
	fifo := mkfifo(t, filepath.Join(dir, "fifo"))
	tests := []struct {
		path string
		want error
	}{
		{dir, errFolder}, {socket, errDevice}, {os.DevNull, errDevice}, {"/dev/zero", errDevice},
		{"/proc/self/environ", errKernel}, {"/proc/self/cmdline", errKernel}, {"/proc/self/root/proc/self/environ", errKernel},
		{"/sys/kernel/uevent_seqnum", errKernel},
		{link(t, "/proc/self/environ", filepath.Join(dir, "link")), errKernel},
		{link(t, "link", filepath.Join(dir, "link-to-link")), errKernel},
		{link(t, "/proc/self", filepath.Join(dir, "folder")) + "/environ", errKernel},
		{link(t, "/dev/zero", filepath.Join(dir, "zero")), errDevice},
	}
	for _, test := range tests {
		if _, err := os.Stat(test.path); err != nil {
			continue // not every system has it
		}
		_, err := Open(test.path)
		wantRefused(t, err, test.path, test.want)
		_, err = Read(test.path, 1<<10)
		wantRefused(t, err, test.path, test.want)
	}
	// Nobody writes to it: whoever opened it would wait.
	_, err := Read(fifo, 1<<10)
	wantRefused(t, err, fifo, errPipe)
}

// What a shell makes of <(command), and /dev/stdin in a pipeline, are pipes that
// have a name.
func TestPipesAreStreams(t *testing.T) {
	if _, err := os.Stat("/dev/fd/0"); err != nil {
		t.Skip("the system has no names for open files")
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := w.WriteString("through a pipe"); err != nil {
		t.Fatal(err)
	}
	w.Close()
	name := fdName(r)
	if _, err := Read(name, 100); !errors.Is(err, errPipe) {
		t.Errorf("got %v where a regular file is needed", err)
	}
	f, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if text, err := io.ReadAll(f); err != nil || string(text) != "through a pipe" {
		t.Errorf("got %q, %v", text, err)
	}
	// A file of the kernel stays one if a shell has opened it.
	if environ, err := os.Open("/proc/self/environ"); err == nil {
		defer environ.Close()
		if _, err := Open(fdName(environ)); !errors.Is(err, errKernel) {
			t.Errorf("got %v", err)
		}
	}
}

func TestLinksStayInTheFolder(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "folder")
	if err := os.MkdirAll(filepath.Join(folder, "..data"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "secret"), "secret")
	write(t, filepath.Join(folder, "..data", "real"), "text")
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	// Kubernetes mounts a ConfigMap in this way.
	link(t, "..data/real", filepath.Join(folder, "inside"))
	if text, err := ReadIn(root, "inside", 4); err != nil || string(text) != "text" {
		t.Errorf("got %q, %v", text, err)
	}
	mkfifo(t, filepath.Join(folder, "fifo"))
	tests := map[string]struct {
		to   string
		want error
	}{
		"out":      {"../secret", errOutside},
		"absolute": {filepath.Join(dir, "secret"), errOutside},
		"kernel":   {"/proc/self/environ", errOutside},
		"twice":    {"out", errOutside},
		"nothing":  {"none", fs.ErrNotExist},
		"folder":   {"..data", errFolder},
		"pipe":     {"fifo", errPipe},
	}
	for name, test := range tests {
		link(t, test.to, filepath.Join(folder, name))
	}
	for name, test := range tests {
		_, err := ReadIn(root, name, 100)
		wantRefused(t, err, filepath.Join(folder, name), test.want)
	}
	if _, err := ReadIn(root, "inside", 3); err == nil || !strings.Contains(err.Error(), "is larger than") {
		t.Errorf("got %v for a file that is too large", err)
	}
}

// fdName is the name that an open file of this process has.
func fdName(f *os.File) string { return fmt.Sprintf("/dev/fd/%d", f.Fd()) }
