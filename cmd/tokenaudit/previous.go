package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/pflag"

	"github.com/tokenaudit/tokenaudit/collectors/history"
)

func bindPrevious(f *pflag.FlagSet, previous *[]string) {
	f.StringArrayVar(previous, "previous", nil, "an earlier `inventory` of the same sources: what it saw narrows last uses and ages (repeatable)")
}

// readPrevious reads earlier inventories. One that cannot be read is an error: a
// verdict that should rest on it would silently be another.
func readPrevious(ctx context.Context, paths []string) (*history.History, error) {
	past := &history.History{}
	for _, path := range paths {
		f, err := os.Open(path)
		if err == nil {
			err = errors.Join(past.Add(ctx, f), f.Close())
		}
		if err != nil {
			return nil, fmt.Errorf("--previous %s: %w", path, err)
		}
	}
	return past, nil
}
