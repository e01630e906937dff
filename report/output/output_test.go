package output

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
)

func TestParseOutputs(t *testing.T) {
	for _, tt := range []struct {
		specs []string
		want  []Output
		err   string
	}{
		{specs: nil, want: []Output{{format.Format{Name: "table"}, "-", ""}}},
		{specs: []string{"json"}, want: []Output{{format.Format{Name: "json"}, "-", ""}}},
		{specs: []string{"json=-"}, want: []Output{{format.Format{Name: "json"}, "-", ""}}},
		{specs: []string{"json=a=b.json", "table"}, want: []Output{{format.Format{Name: "json"}, "a=b.json", ""}, {format.Format{Name: "table"}, "-", ""}}},
		{specs: []string{"jsn"}, err: `did you mean "json"?`},
		{specs: []string{"pdf=x"}, err: "one of table, tsv, json"},
		{specs: []string{""}, err: "unknown format"},
		{specs: []string{"json="}, err: "no file after the equals sign"},
		{specs: []string{"json", "table"}, err: "both json and table would go to standard output"},
		{specs: []string{"json", "table=-"}, err: "would go to standard output"},
		{specs: []string{"json=out", "table=./out"}, err: "both json and table would be written to ./out"},
	} {
		got, err := ParseOutputs(tt.specs)
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%q: error %v, want %q", tt.specs, err, tt.err)
			}
			continue
		}
		if err != nil || len(got) != len(tt.want) {
			t.Errorf("%q: %v, %v", tt.specs, got, err)
			continue
		}
		for i := range got {
			if got[i].Format.Name != tt.want[i].Format.Name || got[i].Path != tt.want[i].Path {
				t.Errorf("%q: output %d is %s to %s", tt.specs, i, got[i].Format.Name, got[i].Path)
			}
		}
	}
}

// write is a format for tests.
func write(text string, err error) format.Format {
	return format.Format{Name: "test", Write: func(w io.Writer, _ *report.Report, _ format.Options) error {
		_, werr := io.WriteString(w, text)
		return errors.Join(werr, err)
	}}
}

func TestWriteOutputsReplacesAllOrNone(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	for _, path := range []string{one, two} {
		if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var stdout bytes.Buffer
	broken := errors.New("broken")
	err := WriteOutputs(t.Context(), []Output{{write("new", nil), one, ""}, {write("half", broken), two, ""}, {write("out", nil), Stdout, ""}}, &stdout, &report.Report{}, format.Options{})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), two) {
		t.Fatalf("error %v, want one that names %s", err, two)
	}
	expect(t, dir, map[string]string{"one": "old", "two": "old"})
	if stdout.Len() != 0 {
		t.Errorf("standard output got %q after a failed file", &stdout)
	}

	err = WriteOutputs(t.Context(), []Output{{write("new one", nil), one, ""}, {write("new two", nil), two, ""}, {write("out", nil), Stdout, ""}}, &stdout, &report.Report{}, format.Options{})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, dir, map[string]string{"one": "new one", "two": "new two"})
	if stdout.String() != "out" {
		t.Errorf("standard output got %q", &stdout)
	}
	if found, err := os.Stat(one); err != nil || found.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v: want that of the file it replaced", found.Mode(), err)
	}
}

// expect checks that a folder holds exactly these files.
func expect(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(want) {
		t.Errorf("the folder has %v", entries)
	}
	for name, text := range want {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != text {
			t.Errorf("%s holds %q, %v; want %q", name, got, err, text)
		}
	}
}

func TestWriteFileSurvivesAPanic(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "report")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() { _ = recover() }()
		_ = WriteFile(t.Context(), path, func(w io.Writer) error {
			_, _ = io.WriteString(w, "half of the new")
			panic("dies")
		})
	}()
	expect(t, dir, map[string]string{"report": "old"})
}

func TestWriteFileKeepsLinksAndRefusesFolders(t *testing.T) {
	dir := t.TempDir()
	hello := func(w io.Writer) error { _, err := io.WriteString(w, "hello"); return err }
	if err := os.WriteFile(filepath.Join(dir, "real"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(t.Context(), filepath.Join(dir, "link"), hello); err != nil {
		t.Fatal(err)
	}
	expect(t, dir, map[string]string{"real": "hello", "link": "hello"})
	if err := WriteFile(t.Context(), dir, hello); err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Errorf("writing to a folder: %v", err)
	}
	if err := WriteFile(t.Context(), filepath.Join(dir, "missing", "report"), hello); err == nil {
		t.Error("writing into a folder that is not there succeeded")
	}
	if err := WriteFile(t.Context(), "/dev/null", hello); err != nil {
		t.Errorf("writing to a device: %v", err)
	}
	if found, err := os.Stat("/dev/null"); err != nil || found.Mode().IsRegular() {
		t.Errorf("the device was replaced: %v, %v", found, err)
	}
}

// /dev/stdout is a link through /proc to a pipe: it has no name that could be
// resolved, and must not be replaced by a file.
func TestWriteFileWritesThroughALinkToAPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = errors.Join(r.Close(), w.Close()) }()
	open := fmt.Sprintf("/proc/self/fd/%d", w.Fd())
	if _, err := os.Stat(open); err != nil {
		t.Skip("this system does not name open files")
	}
	link := filepath.Join(t.TempDir(), "stdout")
	if err := os.Symlink(open, link); err != nil {
		t.Fatal(err)
	}
	hello := func(w io.Writer) error { _, err := io.WriteString(w, "hello"); return err }
	if err := WriteFile(t.Context(), link, hello); err != nil {
		t.Fatal(err)
	}
	if found, err := os.Lstat(link); err != nil || found.Mode().Type() != os.ModeSymlink {
		t.Fatalf("the link was replaced: %v, %v", found, err)
	}
	got := make([]byte, len("hello"))
	if _, err := io.ReadFull(r, got); err != nil || string(got) != "hello" {
		t.Errorf("the pipe got %q, %v", got, err)
	}
}

func TestWriteFileRefusesALinkToNothing(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink("gone", link); err != nil {
		t.Fatal(err)
	}
	err := WriteFile(t.Context(), link, func(io.Writer) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "is a broken link") {
		t.Errorf("got %v", err)
	}
}

// What a report says concerns its owner alone, unless somebody has chosen otherwise:
// then not even the umask narrows it.
func TestWriteFileMode(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"private": 0o600, "shared": 0o666, "group": 0o640} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		expectMode(t, path, mode)
	}
	expectMode(t, filepath.Join(dir, "new"), 0o600)
}

func expectMode(t *testing.T, path string, want os.FileMode) {
	t.Helper()
	if err := WriteFile(t.Context(), path, func(io.Writer) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if found, err := os.Stat(path); err != nil || found.Mode() != want {
		t.Errorf("%s has mode %v, %v; want %v", path, found.Mode(), err, want)
	}
}

func TestCheckFile(t *testing.T) {
	dir := t.TempDir()
	longest := strings.Repeat("n", 255) // as long as most systems allow
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"new":                "",
		longest:              "",
		longest + "n":        "file name too long",
		"absent/new":         "the folder " + filepath.Join(dir, "absent") + " does not exist",
		"file/new":           "not a directory",
		"toolong/" + longest: "does not exist",
	} {
		path := filepath.Join(dir, name)
		before, after := CheckFile(path), WriteFile(t.Context(), path, func(io.Writer) error { return nil })
		switch {
		case want == "" && (before != nil || after != nil):
			t.Errorf("%.20s: %v, %v", name, before, after)
		case want != "" && (before == nil || !strings.Contains(before.Error(), want)):
			t.Errorf("%.20s: got %v, want %s", name, before, want)
		case (before == nil) != (after == nil):
			t.Errorf("%.20s: %v before the work, %v after it", name, before, after)
		}
		if err := os.Remove(path); want == "" && err != nil {
			t.Error(err)
		}
	}
	expect(t, dir, map[string]string{"file": ""})
}
