package timelimit

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestRun(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	forever := make(chan struct{})
	defer close(forever)
	obeys := func(ctx context.Context) (int, error) {
		<-ctx.Done()
		return 0, errors.New("cancelled")
	}
	hangs := func(context.Context) (int, error) {
		<-forever
		return 0, nil
	}
	for name, tt := range map[string]struct {
		ctx          context.Context //nolint:containedctx // a case of the table
		limit, grace time.Duration
		f            func(context.Context) (int, error)
		want         string
	}{
		"returns":                        {t.Context(), time.Hour, time.Hour, func(context.Context) (int, error) { return 1, nil }, ""},
		"errs":                           {t.Context(), time.Hour, time.Hour, func(context.Context) (int, error) { return 0, errors.New("broken") }, "broken"},
		"panics":                         {t.Context(), time.Hour, time.Hour, func(context.Context) (int, error) { panic("oh") }, "the rule made the engine panic: oh"},
		"stops at the limit":             {t.Context(), time.Millisecond, time.Hour, obeys, "it took longer than 1ms"},
		"stops with its context":         {ended, time.Hour, time.Hour, obeys, "context canceled"},
		"does not stop":                  {t.Context(), time.Millisecond, time.Millisecond, hangs, "it took longer than 1ms, and does not stop"},
		"does not stop with its context": {ended, time.Hour, 0, hangs, "context canceled, and does not stop"},
	} {
		t.Run(name, func(t *testing.T) {
			value, err := Run(tt.ctx, tt.limit, tt.grace, tt.f)
			if got := reason(err); got != tt.want || (value == 1) != (tt.want == "") {
				t.Errorf("got %d, %q, want %q", value, got, tt.want)
			}
		})
	}
}

func reason(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
