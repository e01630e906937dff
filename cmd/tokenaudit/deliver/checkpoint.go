package deliver

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/sourcegraph/conc"

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

// Checkpoint has what a run has read so far, and keeps it next to the file that the run will
// write: a run that is killed goes on from there. The file itself is written at the end alone.
type Checkpoint struct {
	// file is empty where none is kept.
	file    string
	unended func([]inventory.Source) inventory.Inventory
	written bool

	mu      sync.Mutex
	sources []inventory.Source
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
func NewCheckpoint(file string, unended func([]inventory.Source) inventory.Inventory) *Checkpoint {
	return &Checkpoint{file: CheckpointOf(file), unended: unended}
}

// Add takes note of a source that was read.
func (c *Checkpoint) Add(s inventory.Source) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sources = append(c.sources, s)
}

// Sources are those that were read, as they came.
func (c *Checkpoint) Sources() []inventory.Source {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sources
}

// During reads, and writes the checkpoint from time to time until the reading has ended. Of
// the first one that cannot be written it tells failed, and writes no more.
func (c *Checkpoint) During(ctx context.Context, failed func(error), read func() error) error {
	if c.file == "" {
		return read()
	}
	ended := make(chan struct{})
	var keeping conc.WaitGroup
	defer keeping.Wait()
	defer close(ended)
	keeping.Go(func() {
		// It is a file: an interruption need not end the writing.
		if err := c.keep(context.WithoutCancel(ctx), ended); err != nil {
			failed(err)
		}
	})
	return read()
}

func (c *Checkpoint) keep(ctx context.Context, ended <-chan struct{}) error {
	wait, kept := between, 0
	for {
		select {
		case <-ended:
			return nil
		case <-time.After(wait):
		}
		sources := c.Sources()
		if len(sources) == kept {
			continue
		}
		began := time.Now()
		if err := Inventory(ctx, io.Discard, c.file, c.unended(sources)); err != nil {
			return err
		}
		c.written, kept = true, len(sources)
		wait = max(between, share*time.Since(began))
	}
}

// Remove removes the checkpoint, once the file is written.
func (c *Checkpoint) Remove() error {
	if !c.written {
		return nil
	}
	return os.Remove(c.file)
}
