package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
)

// program is what is run.
type program struct {
	argv        []string
	dir         string
	timeout     time.Duration
	environment []string
	// maxOutput bounds what it may print, in bytes.
	maxOutput int64
	// lookup finds a variable of the environment; nil for an empty environment.
	lookup func(name string) (string, bool)
}

// inventory runs the program and reads what it prints, while it prints. What it
// writes on stderr is dropped, because it may quote a credential. Every error is
// a *cmsapi.Error or ctx's.
func (p program) inventory(ctx context.Context) (inventory.Inventory, error) {
	limited, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	reader, writer := io.Pipe()
	cmd := exec.CommandContext(limited, p.argv[0], p.argv[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout = p.dir, p.environ(), writer
	// A grandchild that keeps the pipe open must not keep us waiting.
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		if limited.Err() != nil {
			return inventory.Inventory{}, p.outcome(ctx, limited, err, err)
		}
		return inventory.Inventory{}, p.failed(inventory.ErrNotFound, "could not be started", err)
	}
	ended := make(chan error, 1)
	go func() {
		err := cmd.Wait()
		// The reader gets to the end of what was printed, and no further.
		_ = writer.Close()
		ended <- err
	}()
	inv, readErr := codec.ReadAll(limited, reader, codec.Limits{Document: p.maxOutput})
	if readErr != nil {
		cancel()
	}
	// Unblocks a program that still prints.
	_ = reader.Close()
	waitErr := <-ended
	return inv, p.outcome(ctx, limited, readErr, waitErr)
}

// outcome says what went wrong first: the time, the program, or what it printed.
func (p program) outcome(ctx, limited context.Context, readErr, waitErr error) error {
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(limited.Err(), context.DeadlineExceeded):
		return p.failed(inventory.ErrTimeout, fmt.Sprintf("did not finish within %s", p.timeout), limited.Err())
	case readErr == nil && errors.As(waitErr, &exit):
		return p.failed(inventory.ErrUnavailable, fmt.Sprintf("failed (%s); run it by hand to see why", exit.ProcessState), waitErr)
	case readErr == nil && waitErr != nil:
		return p.failed(inventory.ErrInternal, "could not be run to completion", waitErr)
	case readErr != nil && errors.As(waitErr, &exit) && exit.Exited():
		return p.failed(inventory.ErrUnavailable, fmt.Sprintf("failed (%s) and printed no inventory; run it by hand to see why", exit.ProcessState), waitErr)
	case readErr != nil:
		return p.failed(inventory.ErrUnreadable, "printed something that is not an inventory: "+readErr.Error(), readErr)
	}
	return nil
}

func (p program) failed(class inventory.ErrorClass, what string, err error) error {
	return &cmsapi.Error{
		Class: class, Message: "the program " + what, Err: err,
		Hint: "Check the program of this entry; `tokenaudit schema inventory` prints the schema of its output.",
	}
}

// environ returns the variables that the program may see, by name.
func (p program) environ() []string {
	env := []string{}
	for _, name := range p.environment {
		if p.lookup == nil {
			break
		}
		if value, ok := p.lookup(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}
