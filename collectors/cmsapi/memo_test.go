package cmsapi

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi/pacing"
)

func TestMemoAsksOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var memo Memo[string, int]
		var asked atomic.Int32
		failure := errors.New("no")
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				if v, err := memo.Do(t.Context(), "a", func(context.Context) (int, error) { asked.Add(1); time.Sleep(time.Second); return 7, nil }); v != 7 || err != nil {
					t.Errorf("got %d, %v", v, err)
				}
				if _, err := memo.Do(t.Context(), "b", func(context.Context) (int, error) { asked.Add(1); return 0, failure }); !errors.Is(err, failure) {
					t.Errorf("got %v", err)
				}
			})
		}
		group.Wait()
		if asked.Load() != 2 {
			t.Errorf("asked %d times", asked.Load())
		}
	})
}

// The end of one asker's context is not an answer for the others.
func TestMemoAsksAnewAfterAnInterruptionOrAPanic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var memo Memo[string, int]
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		wait := func(ctx context.Context) (int, error) { return 0, pacing.Sleep(ctx, time.Hour) }
		var group sync.WaitGroup
		group.Go(func() {
			if _, err := memo.Do(ctx, "a", wait); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the first got %v", err)
			}
		})
		synctest.Wait()
		group.Go(func() {
			if v, err := memo.Do(t.Context(), "a", func(context.Context) (int, error) { return 7, nil }); v != 7 || err != nil {
				t.Errorf("the second got %d, %v", v, err)
			}
		})
		short, stop := context.WithTimeout(t.Context(), time.Millisecond)
		defer stop()
		if _, err := memo.Do(short, "a", wait); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the impatient one got %v", err)
		}
		group.Wait()
		func() {
			defer func() { _ = recover() }()
			_, _ = memo.Do(t.Context(), "p", func(context.Context) (int, error) { panic("oh") })
		}()
		if v, _ := memo.Do(t.Context(), "p", func(context.Context) (int, error) { return 8, nil }); v != 8 {
			t.Errorf("after a panic: %d", v)
		}
	})
}
