package main

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
)

// loadConfig reads the named configuration, else tokenaudit.yaml. Where that is
// optional and absent, it gives an empty configuration.
func (a *app) loadConfig(ctx context.Context, file string, optional bool) (*config.Config, error) {
	if file == "" {
		if _, err := os.Stat(config.DefaultFile); optional && errors.Is(err, fs.ErrNotExist) {
			return &config.Config{Dir: "."}, nil
		}
		file = config.DefaultFile
	}
	cfg, err := config.Load(ctx, file, a.registry.Definitions())
	return cfg, a.saved().Mistaken(ctx, err, file, "a configuration")
}

// environment is what the secrets of a configuration are resolved against.
func (a *app) environment() config.Environment {
	return config.Environment{Lookup: a.lookup, Environ: a.environ}
}
