package collection

import (
	"context"
	"errors"
	"fmt"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/collectors/exposure"
	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// comparing reads the reports of --leaks, and returns a take that states the exposure of
// each token before it passes a source on. Nothing is hashed without a report. end forgets
// the key.
func (r *Collection) comparing(ctx context.Context, take func(inventory.Source) error) (_ func(inventory.Source) error, end func(), _ error) {
	if len(r.Options.Leaks) == 0 {
		return take, func() {}, nil
	}
	secrets, err := exposure.New(r.Host.Random)
	if err != nil {
		return nil, nil, err
	}
	leaks := exposure.NewLeaks(secrets, r.suffixes())
	for _, path := range r.Options.Leaks {
		if err := readLeaks(ctx, leaks, path); err != nil {
			secrets.Close()
			return nil, nil, err
		}
	}
	r.Secrets = secrets
	tokens := 0
	end = func() {
		r.Host.Console.Note("compared the secrets of %d of %d tokens with %s", secrets.Len(), tokens, safetext.Plural(leaks.Strings(), "leaked string", "leaked strings"))
		secrets.Close()
	}
	return func(s inventory.Source) error {
		leaks.Apply(&s)
		tokens += len(s.Tokens)
		return take(s)
	}, end, nil
}

// suffixes are what the CMSes show of secrets that they do not show whole.
func (r *Collection) suffixes() []exposure.Suffix {
	var all []exposure.Suffix
	for _, d := range r.Host.Registry.Definitions() {
		all = append(all, d.Suffixes...)
	}
	return all
}

func readLeaks(ctx context.Context, leaks *exposure.Leaks, path string) error {
	f, err := interruptible.Open(ctx, path)
	if err == nil {
		err = errors.Join(leaks.Read(f), f.Close())
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return cli.Misuse(fmt.Errorf("--leaks %s: %w", path, err))
}
