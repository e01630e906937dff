package pacing

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func newDomain(rate float64) *Domain {
	quiet := func(time.Duration) {}
	return New(Settings{Rate: rate, MaxWait: time.Minute, TotalWait: time.Hour, Waited: quiet, Paused: quiet})
}

// Several 429s of requests that were under way together are one pause.
func TestThe429sOfOneMomentSlowThePaceOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, sent := newDomain(1000), time.Now()
		time.Sleep(5 * time.Second)
		for range 16 {
			if err := d.Pause(sent, 10*time.Second); err != nil {
				t.Fatal(err)
			}
		}
		if d.share != slowBy {
			t.Errorf("the share of the rate fell to %v", d.share)
		}
	})
}

// The end of the context ends the wait for the turn, and the wait for a permit.
func TestTheEndOfTheContextEndsEveryWait(t *testing.T) {
	t.Parallel()
	for name, occupy := range map[string]func(*Domain){
		"the turn of others": func(d *Domain) { d.turn <- struct{}{} },
		"the pace":           func(d *Domain) { _, _ = d.Acquire(context.Background()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDomain(0.2)
				occupy(d)
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				began := time.Now()
				if _, err := d.Acquire(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 2*time.Second {
					t.Errorf("ended with %v after %v", err, time.Since(began))
				}
			})
		})
	}
}
