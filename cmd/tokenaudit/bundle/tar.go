package bundle

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// latestTime is the last second that a header of ustar can hold, in the year 2242.
const latestTime = 1<<33 - 1

// WriteTo writes the bundle. The same bundle makes the same bytes.
func (b *Bundle) WriteTo(w io.Writer) (int64, error) {
	text, err := b.Manifest()
	if err != nil {
		return 0, err
	}
	files := append(slices.Clone(b.Files), File{Name: Manifest, Data: text})
	if b.Envelope != nil {
		files = append(files, File{Name: Envelope, Data: b.Envelope})
	}
	slices.SortFunc(files, func(x, y File) int { return strings.Compare(x.Name, y.Name) })
	at := time.Unix(min(max(b.At.Unix(), 0), latestTime), 0)
	counted := &counter{w: w}
	out := tar.NewWriter(counted)
	for _, f := range files {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: f.Name, Size: int64(len(f.Data)), Mode: 0o644, ModTime: at, Format: tar.FormatUSTAR}
		if err := out.WriteHeader(header); err != nil {
			return counted.n, fmt.Errorf("%s: %w", f.Name, err)
		}
		if _, err := out.Write(f.Data); err != nil {
			return counted.n, err
		}
	}
	return counted.n, out.Close()
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// A Flaw is what is wrong with a bundle. Other errors are about the reading.
type Flaw struct{ err error }

func (f *Flaw) Error() string { return f.err.Error() }
func (f *Flaw) Unwrap() error { return f.err }

// Read reads a bundle to its end, and checks that it holds what its manifest says and
// nothing else. What is wrong with it is a [*Flaw]. It does not look at the envelope.
func Read(r io.Reader) (*Bundle, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxBundle+maxFiles*1024))
	if err != nil {
		return nil, err
	}
	b, err := parse(raw)
	if err != nil {
		return nil, &Flaw{err}
	}
	return b, nil
}

// parse reads a bundle, whose files are parts of raw.
func parse(raw []byte) (*Bundle, error) {
	contents, err := unpack(raw)
	if err != nil {
		return nil, err
	}
	text, ok := contents[Manifest]
	if !ok {
		return nil, fmt.Errorf("it is not a bundle: %s is missing", Manifest)
	}
	m, err := readManifest(text)
	if err != nil {
		return nil, err
	}
	b := &Bundle{At: m.At, Only: m.Rules, Labels: m.Labels, Envelope: contents[Envelope]}
	delete(contents, Manifest)
	delete(contents, Envelope)
	for _, e := range m.Files {
		data, ok := contents[e.Name]
		switch {
		case !ok:
			return nil, fmt.Errorf("%s is in the manifest, and not in the bundle", shown(e.Name))
		case len(data) != e.Size || digest(data) != e.SHA256:
			return nil, fmt.Errorf("%s is not what the manifest says: its digest or size differs", shown(e.Name))
		}
		delete(contents, e.Name)
		b.Files = append(b.Files, File{e.Name, e.Origin, data})
	}
	for name := range contents {
		return nil, fmt.Errorf("%s is in the bundle, and not in the manifest", shown(name))
	}
	return b, sameBytes(b, raw)
}

func shown(name string) string { return fmt.Sprintf("%.100q", name) }

// unpack returns the files of an archive by name, as parts of it.
func unpack(raw []byte) (map[string][]byte, error) {
	in := bytes.NewReader(raw)
	archive := tar.NewReader(in)
	contents := map[string][]byte{}
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return contents, nil
		}
		if err != nil {
			return nil, errors.New("it is not a tar archive, or was cut off")
		}
		// A link, a sparse file or an extended header is of another type or format.
		if header.Typeflag != tar.TypeReg || header.Format != tar.FormatUSTAR {
			return nil, fmt.Errorf("%s is not a plain file", shown(header.Name))
		}
		name := header.Name
		if name != Manifest && name != Envelope && !slices.Contains(single, name) && !numbered.MatchString(name) {
			return nil, fmt.Errorf("a file of a bundle cannot be called %s", shown(name))
		}
		if _, twice := contents[name]; twice {
			return nil, fmt.Errorf("%s is duplicated", name)
		}
		begin := len(raw) - in.Len()
		switch {
		case header.Size > MaxFile:
			return nil, fmt.Errorf("%s is larger than %d MiB", name, MaxFile>>20)
		case header.Size > int64(in.Len()):
			return nil, fmt.Errorf("%s was cut off", name)
		case len(contents) >= maxFiles:
			return nil, fmt.Errorf("a bundle has at most %d files", maxFiles)
		}
		end := begin + int(header.Size)
		contents[name] = raw[begin:end:end]
	}
}

// sameBytes refuses an archive that is not what [Bundle.WriteTo] writes: other modes,
// times, an order of its own, or something after its end.
func sameBytes(b *Bundle, raw []byte) error {
	rest := &expected{raw}
	_, err := b.WriteTo(rest)
	if errors.Is(err, errOtherBytes) || err == nil && len(rest.left) > 0 {
		return errOtherBytes
	}
	return err
}

var errOtherBytes = errors.New("it is not written as a tokenaudit writes it: names, order, modes, times or padding differ, or something follows its end")

// expected fails at the first byte that is not the one expected.
type expected struct{ left []byte }

func (e *expected) Write(p []byte) (int, error) {
	if !bytes.HasPrefix(e.left, p) {
		return 0, errOtherBytes
	}
	e.left = e.left[len(p):]
	return len(p), nil
}
