package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/output"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// savedInventory is an inventory on disk, or one that comes through a pipe.
type savedInventory struct {
	name string
	in   io.Reader
	// file is nil for a pipe, which can be read only once.
	file *os.File
	// temporary is the path of a copy that has to be removed, or empty.
	temporary string
	// head is set when the inventory was read to its end.
	head inventory.Head
}

// inventories are saved inventories, in the order they were given.
type inventories []savedInventory

// openInventories opens all of them, so that one that is missing is told before
// the first is judged. With again set, a pipe is copied to a temporary file so
// that it can be read more than once.
func (a *app) openInventories(paths []string, again bool) (inventories, error) {
	var files inventories
	seen := map[string]bool{}
	for _, path := range paths {
		if seen[path] {
			return nil, errors.Join(usageError{fmt.Errorf("%s is given twice", path)}, files.close())
		}
		seen[path] = true
		f, err := a.openInventory(path, again)
		files = append(files, f)
		if err != nil {
			return nil, errors.Join(err, files.close())
		}
	}
	return files, nil
}

func (a *app) openInventory(path string, again bool) (savedInventory, error) {
	s := savedInventory{name: path, in: a.in}
	if path == output.Stdout {
		s.name = "standard input"
	} else {
		f, err := os.Open(path)
		if err != nil {
			return s, fmt.Errorf("inventory: %w", err)
		}
		stat, err := f.Stat()
		if err == nil && stat.IsDir() {
			err = errors.New("is a folder, not an inventory")
		}
		if err != nil {
			return s, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
		}
		s.in = f
		if stat.Mode().IsRegular() {
			s.file = f
		}
	}
	if again && s.file == nil {
		return s.spool()
	}
	return s, nil
}

// spool copies a pipe to a temporary file.
func (s savedInventory) spool() (savedInventory, error) {
	f, err := os.CreateTemp("", "tokenaudit-*.json")
	if err != nil {
		return s, fmt.Errorf("keep %s for a second look: %w", s.name, err)
	}
	s.temporary = f.Name()
	// What goes beyond would be refused later, and the disk be full before.
	_, err = io.Copy(f, io.LimitReader(s.in, inventory.MaxDocument+1))
	s.in, s.file = f, f
	if err != nil {
		return s, fmt.Errorf("read %s: %w", s.name, err)
	}
	return s, nil
}

// close closes the files and removes the temporary ones.
func (files inventories) close() error {
	var errs []error
	for _, s := range files {
		if s.file != nil {
			errs = append(errs, s.file.Close())
		}
		if s.temporary != "" {
			errs = append(errs, os.Remove(s.temporary))
		}
	}
	return errors.Join(errs...)
}

// read gives the sources of all inventories to take. The first thing wrong with
// any of them ends it: no verdict can rest on half an inventory.
func (files inventories) read(ctx context.Context, take func(inventory.Source) error) error {
	from := map[string]string{}
	for i, s := range files {
		if err := s.rewind(); err != nil {
			return err
		}
		head, err := inventory.ReadWithHead(ctx, s.in, inventory.Limits{}, func(source inventory.Source) error {
			if other, ok := from[source.ID]; ok {
				return fmt.Errorf("the source %s is in %s already: two inventories of one source cannot be judged together", safetext.OneLine(source.ID), other)
			}
			from[source.ID] = s.name
			return take(source)
		})
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		files[i].head = head
	}
	return nil
}

// restrict adds to a scope what the inventories, which have been read, were
// restricted to themselves: half an estate must not look like a small one. All
// shards of one run make a whole.
func (files inventories) restrict(scope *report.Scope) (*report.Scope, error) {
	var narrowed report.Scope
	if scope != nil {
		narrowed = *scope
	}
	var shards mergeParts
	var only [][]string
	for _, s := range files {
		if shard := s.head.Shard; shard != nil {
			shards.add(s.name, collectors.Shard{Index: shard.Index, Count: shard.Count})
		}
		only = append(only, s.head.Only)
	}
	if joined := joinOnly(only); joined != nil {
		narrowed.Sources = joined
	}
	switch len(shards.shards) {
	case 0:
	case 1:
		if shard := shards.shards[0]; shard.Count > 1 {
			narrowed.Shard = shard.String()
		}
	default:
		if err := shards.checkShards(); err != nil {
			return nil, err
		}
	}
	if len(narrowed.Sources)+len(narrowed.Rules) == 0 && narrowed.Shard == "" && !narrowed.Change {
		return nil, nil
	}
	return &narrowed, nil
}

func (s savedInventory) rewind() error {
	if s.file == nil {
		return nil
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read %s again: %w", s.name, err)
	}
	return nil
}

// guessLatest looks for the latest collected_at without decoding. It may be
// wrong where a label has that name; it is right for whatever collect writes.
func (files inventories) guessLatest(ctx context.Context) (time.Time, error) {
	var latest latestTime
	for _, s := range files {
		if err := s.rewind(); err != nil {
			return time.Time{}, err
		}
		if err := scanTimes(ctx, s.in, latest.see); err != nil {
			return time.Time{}, fmt.Errorf("read %s: %w", s.name, err)
		}
	}
	return latest.time, nil
}

var collectedKey = []byte(`"collected_at"`)

// valueRoom is how much text after a key certainly holds its value.
const valueRoom = 128

// scanTimes gives the value of everything that looks like a collected_at to see.
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
