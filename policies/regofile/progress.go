package regofile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/sourcegraph/conc/iter"

	"github.com/tokenaudit/tokenaudit/policies/timelimit"
)

// Place is the file that is being loaded, for those who wait for that; nil where nobody does.
type Place struct{ file atomic.Pointer[string] }

// Is notes the file that is being loaded.
func (p *Place) Is(file string) {
	if p != nil {
		p.file.Store(&file)
	}
}

// Each calls f for each item: for several at once, or, where somebody waits for the place,
// for one after the other.
func Each[T any](now *Place, items []T, f func(int, *T)) {
	if now == nil {
		iter.ForEachIdx(items, f)
		return
	}
	for i := range items {
		f(i, &items[i])
	}
}

// DefaultLoadTimeout is the time limit of loading custom rules where none is given.
const DefaultLoadTimeout = 10 * time.Second

// Within runs f within the time limit, 0 for the default. OPA's parser and compiler
// obey no context: what does not return is left behind, and the file named.
func Within[T any](ctx context.Context, limit time.Duration, f func(context.Context, *Place) (T, error)) (T, error) {
	limit = cmp.Or(limit, DefaultLoadTimeout)
	now := &Place{}
	value, err := timelimit.Run(ctx, limit, 0, func(ctx context.Context) (T, error) { return f(ctx, now) })
	failed := &LoadError{}
	if file := now.file.Load(); file != nil {
		failed.File = *file
	}
	switch {
	case ctx.Err() != nil:
		return value, fmt.Errorf("load the custom rules: %w", context.Cause(ctx))
	case errors.Is(err, timelimit.ErrDoesNotStop):
		failed.Detail = fmt.Sprintf("loading the custom rules took longer than %s: simplify what is nested or repeated here, or raise limits.load_timeout", limit)
	case errors.Is(err, timelimit.ErrPanicked):
		failed.Detail = err.Error()
	default:
		return value, err
	}
	return value, LoadErrors{failed}
}
