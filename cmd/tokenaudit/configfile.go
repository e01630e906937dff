package main

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/collection"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
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

// host is the program as it reads sources.
func (a *app) host() collection.Host {
	return collection.Host{
		Console: a.Streams, Tool: a.tool, Transport: a.transport, Verbose: a.verbose,
		Registry: a.registry, Environment: a.environment(), Now: a.now, Unpaced: a.unpaced,
	}
}

// newReading checks the flags and loads the configuration.
func (a *app) newReading(ctx context.Context, o options.Read) (*collection.Collection, error) {
	return collection.New(a.host(), o, func() (*config.Config, error) { return a.loadConfig(ctx, o.Config, false) })
}
