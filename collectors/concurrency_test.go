package collectors

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

func TestInterruptionKeepsWhatWasRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		p := paper{discover: found("paper/a", "paper/b", "paper/c"), collect: func(ctx context.Context, s inventory.Source) (inventory.Source, error) {
			switch s.ID {
			case "paper/a":
				return filled(s), nil
			case "paper/b":
				time.Sleep(time.Minute)
				cancel()
				return filled(s), ctx.Err()
			}
			<-ctx.Done()
			return s, ctx.Err()
		}}
		never := paper{discover: func(ctx context.Context) ([]inventory.Source, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		got, result := gather(ctx, t, Options{
			Registry: registryOf(t, definitionOf(t, "paper", map[int]Collector{1: p}), definitionOf(t, "slow", map[int]Collector{2: never})),
			Entries:  []Entry{entry("paper", 1), entry("slow", 2)}})
		if !result.Interrupted || result.Sources != 4 {
			t.Errorf("got %+v", result)
		}
		if len(got["paper/a"].Tokens) != 1 || len(got["paper/a"].Units) != 1 || len(got["paper/b"].Tokens) != 1 {
			t.Errorf("what was read is lost: %+v", got)
		}
		for _, id := range []string{"paper/b", "paper/c", "slow/entries/2"} {
			units := got[id].Units
			if len(units) == 0 {
				t.Fatalf("%s is missing", id)
			}
			u := units[len(units)-1]
			if u.Status != inventory.UnitFailed || u.Error != inventory.ErrTimeout || u.Detail != "the run was interrupted before this was read" {
				t.Errorf("%s: %+v", id, u)
			}
		}
	})
}

func TestTheTimeLimitOfTheRunIsNamed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		p := paper{discover: found("paper/a"), collect: func(ctx context.Context, s inventory.Source) (inventory.Source, error) {
			<-ctx.Done()
			return s, ctx.Err()
		}}
		got, _ := gather(ctx, t, Options{Registry: registryOf(t, definitionOf(t, "paper", map[int]Collector{1: p})), Entries: []Entry{entry("paper", 1)}})
		if u := got["paper/a"].Units[0]; u.Detail != "the time limit of the run was reached before this was read" {
			t.Errorf("got %+v", u)
		}
	})
}

// A domain that stands still must not hold up another, and no domain is asked
// for more sources at once than it may.
func TestDomainsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var inFlight, most atomic.Int32
		p := paperDomains{paper{
			discover: func(ctx context.Context) ([]inventory.Source, error) {
				var ids []string
				for i := range 40 {
					ids = append(ids, fmt.Sprintf("paper/slow/%02d", i))
				}
				return found(append(ids, "paper/z/1", "paper/z/2")...)(ctx)
			},
			domain: func(s inventory.Source) string { return strings.Split(s.ID, "/")[1] },
			collect: func(_ context.Context, s inventory.Source) (inventory.Source, error) {
				if strings.HasPrefix(s.ID, "paper/slow") {
					most.Store(max(most.Load(), inFlight.Add(1)))
					time.Sleep(time.Minute)
					inFlight.Add(-1)
				}
				return filled(s), nil
			},
		}}
		began := time.Now()
		at := map[string]time.Duration{}
		_, err := Collect(t.Context(), Options{
			Registry: registryOf(t, definitionOf(t, "paper", map[int]Collector{1: p})), Entries: []Entry{entry("paper", 1)}, Concurrency: 4,
		}, func(s inventory.Source) error { at[s.ID] = time.Since(began); return nil })
		if err != nil {
			t.Fatal(err)
		}
		if at["paper/z/1"] != 0 || at["paper/z/2"] != 0 {
			t.Errorf("the quick domain waited %v and %v", at["paper/z/1"], at["paper/z/2"])
		}
		if most.Load() != 4 || time.Since(began) != 10*time.Minute {
			t.Errorf("%d at once, done after %v", most.Load(), time.Since(began))
		}
	})
}
