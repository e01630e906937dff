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
// the first is judged.
func (o Opener) Inventories(ctx context.Context, paths []string) (Inventories, error) {
	var files Inventories
	seen := map[string]bool{}
	for _, path := range paths {
		if seen[path] {
			return nil, errors.Join(cli.Misuse(fmt.Errorf("%s is given twice", path)), files.Close())
		}
		seen[path] = true
		f, err := o.openInventory(ctx, path)
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

// CollectedUntil returns the time until which the inventories were collected: the
// latest of them; zero if there is no source. An inventory that does not say so before
// its sources is read for it, and a pipe that does not is copied to a temporary file,
// from which it can be read once more.
func (files Inventories) CollectedUntil(ctx context.Context) (time.Time, error) {
	var latest Latest
	for i := range files {
		at, err := files[i].collectedUntil(ctx)
		if err != nil {
			return time.Time{}, files[i].mistaken(ctx, err)
		}
		latest.See(at)
	}
	return latest.Time, nil
}

func (s *Inventory) collectedUntil(ctx context.Context) (time.Time, error) {
	var begin bytes.Buffer
	at, err := codec.CollectedUntil(ctx, io.TeeReader(io.LimitReader(s.in, maxBeginning), &begin))
	if s.again == nil {
		s.in = io.MultiReader(&begin, s.in)
	}
	if err != nil || !at.IsZero() {
		return at, err
	}
	if s.again == nil {
		if err := s.copy(ctx, maxCopy); err != nil {
			return time.Time{}, err
		}
	}
	var latest Latest
	_, err = s.read(ctx, func(source inventory.Source) error {
		latest.See(source.CollectedAt)
		return nil
	})
	return latest.Time, err
}

// maxCopy bounds the copy of a pipe, in bytes: a token takes some 2.7 kB as collect
// prints it, so three million fit.
const maxCopy = 8 << 30

// maxBeginning is how far the beginning of a document is looked for, in bytes.
const maxBeginning = 64 << 10

// copy copies a pipe of at most limit bytes to a temporary file.
func (s *Inventory) copy(ctx context.Context, limit int64) error {
	f, err := newTemporary()
	if err != nil {
		return fmt.Errorf("keep a copy: %w", err)
	}
	source := s.close
	s.close = func() error {
		err := f.remove()
		if source != nil {
			err = errors.Join(err, source())
		}
		return err
	}
	n, err := io.Copy(f, io.LimitReader(s.in, limit+1))
	switch {
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("copy it to %s: %w", os.TempDir(), err)
	case n > limit:
		return fmt.Errorf("it is larger than %d MiB and does not say collected_until; save it in a file, or give --at, which needs no copy", limit>>20)
	}
	s.in, s.again = f, f
	return nil
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
		head, err := s.read(ctx, func(source inventory.Source) error {
			if other, ok := from[source.ID]; ok {
				return fmt.Errorf("the source %s is in %s already: two inventories of one source cannot be judged together", safetext.OneLine(source.ID), other)
			}
			from[source.ID] = s.name
			return take(s.opener.Registry.Listed(source))
		})
		if err != nil {
			return s.mistaken(ctx, err)
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

// read reads one inventory, from its beginning.
func (s *Inventory) read(ctx context.Context, take func(inventory.Source) error) (codec.Head, error) {
	if s.again != nil {
		if _, err := s.again.Seek(0, io.SeekStart); err != nil {
			return codec.Head{}, fmt.Errorf("read it again: %w", err)
		}
	}
	return codec.ReadWithHead(ctx, s.in, codec.Limits{}, take)
}

// mistaken says which inventory it is that an error is about.
func (s *Inventory) mistaken(ctx context.Context, err error) error {
	return s.opener.Mistaken(ctx, fmt.Errorf("%s: %w", s.name, err), s.name, "an inventory")
}
