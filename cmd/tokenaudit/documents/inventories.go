package documents

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/output"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// Inventory is an inventory on disk, or one that comes through a pipe.
type Inventory struct {
	opener Opener
	name   string
	in     io.Reader
	// again is in as it can be read more than once; nil for a pipe.
	again io.ReadSeeker
	// close closes what was opened, and removes a copy; nil for nothing.
	close func() error
	// head is set when the inventory was read to its end.
	head codec.Head
}

// Inventories are saved inventories, in the order they were given.
type Inventories []Inventory

// Inventories opens all of them, so that one that is missing is told before
// the first is judged. With again set, a pipe is copied to a temporary file so
// that it can be read more than once.
func (o Opener) Inventories(ctx context.Context, paths []string, again bool) (Inventories, error) {
	var files Inventories
	seen := map[string]bool{}
	for _, path := range paths {
		if seen[path] {
			return nil, errors.Join(cli.Misuse(fmt.Errorf("%s is given twice", path)), files.Close())
		}
		seen[path] = true
		f, err := o.openInventory(ctx, path)
		if err == nil && again && f.again == nil {
			f, err = f.copied(ctx, maxCopy)
		}
		files = append(files, f)
		if err != nil {
			return nil, errors.Join(err, files.Close())
		}
	}
	return files, nil
}

func (o Opener) openInventory(ctx context.Context, path string) (Inventory, error) {
	if path == output.Stdout {
		return Inventory{opener: o, name: "standard input", in: o.In}, nil
	}
	s := Inventory{opener: o, name: path}
	f, err := interruptible.Open(ctx, path)
	if err != nil {
		return s, fmt.Errorf("inventory: %w", err)
	}
	s.in, s.close = f, f.Close
	stat, err := f.Stat()
	if err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	if stat.Mode().IsRegular() {
		s.again = f
	}
	return s, nil
}

// maxCopy bounds the copy of a pipe, in bytes: a token takes some 2.7 kB as collect
// prints it, so three million fit.
const maxCopy = 8 << 30

// maxBeginning is how far the beginning of a document is looked for, in bytes.
const maxBeginning = 64 << 10

// copied copies a pipe of at most limit bytes to a temporary file, if it begins as an
// inventory does.
func (s Inventory) copied(ctx context.Context, limit int64) (Inventory, error) {
	var begin bytes.Buffer
	if err := codec.CheckBeginning(ctx, io.TeeReader(io.LimitReader(s.in, maxBeginning), &begin)); err != nil {
		return s, fmt.Errorf("%s: %w", s.name, err)
	}
	f, err := newTemporary()
	if err != nil {
		return s, fmt.Errorf("keep %s for a second look: %w", s.name, err)
	}
	source := s.close
	s.close = func() error {
		err := f.remove()
		if source != nil {
			err = errors.Join(err, source())
		}
		return err
	}
	n, err := io.Copy(f, io.LimitReader(io.MultiReader(&begin, s.in), limit+1))
	switch {
	case err != nil && ctx.Err() != nil:
		return s, ctx.Err()
	case err != nil:
		return s, fmt.Errorf("copy %s to %s: %w", s.name, os.TempDir(), err)
	case n > limit:
		return s, fmt.Errorf("%s is larger than %d MiB; save it in a file, or give --at, which needs no copy", s.name, limit>>20)
	}
	s.in, s.again = f, f
	return s, nil
}

// temporary is a file without a name, where the system has such: however the
// program ends, nothing is left behind.
type temporary struct {
	*os.File
	// path is empty where the file has no name any more.
	path string
}

func newTemporary() (temporary, error) {
	f, err := os.CreateTemp("", "tokenaudit-*.json")
	if err != nil {
		return temporary{}, err
	}
	t := temporary{File: f, path: f.Name()}
	if os.Remove(t.path) == nil {
		t.path = ""
	}
	return t, nil
}

func (t temporary) remove() error {
	err := t.Close()
	if t.path != "" {
		err = errors.Join(err, os.Remove(t.path))
	}
	return err
}

// Close closes the files and removes the temporary ones.
func (files Inventories) Close() error {
	var errs []error
	for _, s := range files {
		if s.close != nil {
			errs = append(errs, s.close())
		}
	}
	return errors.Join(errs...)
}

// Read returns the sources of all inventories to take, with what their CMS has and they do
// not tell of as a list that was not read. The first thing wrong with
// any of them ends it: no verdict can rest on half an inventory.
func (files Inventories) Read(ctx context.Context, take func(inventory.Source) error) error {
	from := map[string]string{}
	for i, s := range files {
		if err := s.rewind(); err != nil {
			return err
		}
		head, err := codec.ReadWithHead(ctx, s.in, codec.Limits{}, func(source inventory.Source) error {
			if other, ok := from[source.ID]; ok {
				return fmt.Errorf("the source %s is in %s already: two inventories of one source cannot be judged together", safetext.OneLine(source.ID), other)
			}
			from[source.ID] = s.name
			return take(s.opener.Registry.Listed(source))
		})
		if err != nil {
			return s.opener.Mistaken(ctx, fmt.Errorf("%s: %w", s.name, err), s.name, "an inventory")
		}
		files[i].head = head
	}
	return nil
}

// Restrict adds to a scope what the inventories, which have been read, were
// restricted to themselves: half an estate must not look like a small one. All
// shards of one run make a whole.
func (files Inventories) Restrict(scope *report.Scope) (*report.Scope, error) {
	var narrowed report.Scope
	if scope != nil {
		narrowed = *scope
	}
	var shards Shards
	var only []part
	for _, s := range files {
		if shard := s.head.Shard; shard != nil {
			shards.add(s.name, collectors.Shard{Index: shard.Index, Count: shard.Count})
		}
		only = append(only, part{s.head.Only, s.head.OnlyLabels})
	}
	joined := joinParts(only)
	if joined.sources != nil {
		narrowed.Sources = joined.sources
	}
	narrowed.Labels = joined.labels.And(narrowed.Labels)
	switch len(shards.shards) {
	case 0:
	case 1:
		if shard := shards.shards[0]; shard.Count > 1 {
			narrowed.Shard = shard.String()
		}
	default:
		if err := shards.Check(); err != nil {
			return nil, err
		}
	}
	return narrowed.Compact(), nil
}

func (s Inventory) rewind() error {
	if s.again == nil {
		return nil
	}
	if _, err := s.again.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read %s again: %w", s.name, err)
	}
	return nil
}

// GuessLatest looks for the latest collected_at without decoding. It may be
// wrong where a label has that name; it is right for whatever collect writes.
func (files Inventories) GuessLatest(ctx context.Context) (time.Time, error) {
	var latest Latest
	for _, s := range files {
		if err := s.rewind(); err != nil {
			return time.Time{}, err
		}
		if err := scanTimes(ctx, s.in, latest.See); err != nil {
			return time.Time{}, fmt.Errorf("read %s: %w", s.name, err)
		}
	}
	return latest.Time, nil
}

var collectedKey = []byte(`"collected_at"`)

// valueRoom is how much text after a key certainly holds its value.
const valueRoom = 128

// scanTimes returns the value of everything that looks like a collected_at to see.
func scanTimes(ctx context.Context, r io.Reader, see func(time.Time)) error {
	buffer := make([]byte, 0, 1<<20)
	for {
		n, err := r.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		if ctx.Err() != nil {
			return ctx.Err()
		}
		end := errors.Is(err, io.EOF)
		if err != nil && !end {
			return err
		}
		rest := scanBlock(buffer, end, see)
		if end {
			return nil
		}
		buffer = buffer[:copy(buffer, rest)]
	}
}

// scanBlock scans a block of text and gives its end, which the next block continues.
func scanBlock(block []byte, last bool, see func(time.Time)) []byte {
	for {
		i := bytes.Index(block, collectedKey)
		if i < 0 {
			return block[max(0, len(block)-len(collectedKey)):]
		}
		if after := block[i+len(collectedKey):]; last || len(after) >= valueRoom {
			seeTime(after[:min(len(after), valueRoom)], see)
			block = after
			continue
		}
		return block[i:]
	}
}

// seeTime reads `: "2026-11-22T08:00:00Z"`.
func seeTime(text []byte, see func(time.Time)) {
	text, ok := bytes.CutPrefix(bytes.TrimSpace(text), []byte(":"))
	if !ok {
		return
	}
	text, ok = bytes.CutPrefix(bytes.TrimSpace(text), []byte(`"`))
	if !ok {
		return
	}
	value, _, ok := bytes.Cut(text, []byte(`"`))
	if !ok {
		return
	}
	if t, err := time.Parse(time.RFC3339Nano, string(value)); err == nil {
		see(t)
	}
}
