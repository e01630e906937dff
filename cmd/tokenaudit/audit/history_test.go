package audit

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/store"
)

// An interruption does not end what a store does after the reading, and one that hangs ends
// some time after it.
func TestAStoreOutlastsAnInterruption(t *testing.T) {
	p := &past{place: store.Place{File: "history.db"}}
	for name, before := range map[string]time.Duration{"before": 0, "meanwhile": time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, interrupt := context.WithCancel(t.Context())
				began := time.Now()
				if before == 0 {
					interrupt()
				} else {
					time.AfterFunc(before, interrupt)
				}
				err := p.outlast(ctx, func(ctx context.Context) error {
					time.Sleep(before + patience - time.Second)
					return ctx.Err()
				})
				if err != nil {
					t.Errorf("it ended early: %v", err)
				}
				err = p.outlast(ctx, func(ctx context.Context) error {
					<-ctx.Done()
					return ctx.Err()
				})
				if took := time.Since(began); took != before+2*patience-time.Second {
					t.Errorf("a store that hangs ended after %s", took)
				}
				if err == nil || errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "store: history.db did not answer within 2m0s after the interruption") {
					t.Errorf("got %v", err)
				}
			})
		})
	}
	t.Run("its own errors", func(t *testing.T) {
		want := errors.New("the disk is full")
		if err := p.outlast(t.Context(), func(context.Context) error { return want }); !errors.Is(err, want) {
			t.Errorf("got %v", err)
		}
	})
}
