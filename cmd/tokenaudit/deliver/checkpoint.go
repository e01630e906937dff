package deliver

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/report/output"
)

// partial is the end of the name of a checkpoint.
const partial = ".partial"

const (
	// between is how long a run may be killed after a checkpoint without losing more, and
	// share how many times longer than writing one it takes at least.
	between = time.Minute
	share   = 20
)

// Checkpoint keeps what a run has read so far next to the file that it will write: a run
// that is killed goes on from there. The file itself is written at the end alone.
type Checkpoint struct {
	// file is empty where none is kept.
	file    string
	now     func() time.Time
	unended func([]inventory.Source) inventory.Inventory
	next    time.Time
	written bool
}

// CheckpointOf is the file of the checkpoint of a file; empty for none: what is not a
// regular file is gone once it is read.
func CheckpointOf(file string) string {
	stat, err := os.Stat(file)
	if file == "" || file == output.Stdout || err == nil && !stat.Mode().IsRegular() || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return file + partial
}

// NewCheckpoint returns the checkpoint of a file, which may be empty. unended makes the
// document of what was read until then.
func NewCheckpoint(file string, now func() time.Time, unended func([]inventory.Source) inventory.Inventory) *Checkpoint {
	return &Checkpoint{file: CheckpointOf(file), now: now, unended: unended, next: now().Add(between)}
}

// Keep writes the checkpoint if it is time. After an error it does so no more.
func (c *Checkpoint) Keep(ctx context.Context, sources []inventory.Source) error {
	began := c.now()
	if c.file == "" || began.Before(c.next) {
		return nil
	}
	file := c.file
	c.file = ""
	if err := Inventory(ctx, io.Discard, file, c.unended(sources)); err != nil {
		return err
	}
	c.file, c.written = file, true
	end := c.now()
	c.next = end.Add(max(between, share*end.Sub(began)))
	return nil
}

// Remove removes the checkpoint, once the file is written.
func (c *Checkpoint) Remove() error {
	if !c.written {
		return nil
	}
	return os.Remove(c.file)
}
