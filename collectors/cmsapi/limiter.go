package cmsapi

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// headroom is the part of a granted rate that is used. Requests spaced by
	// 1/(0.95*rate) stay below a limit that is counted in fixed or in sliding
	// windows, even if the network delays some by 5 % of the window.
	headroom = 0.95
	// A server that claims to grant less, or more, is not believed.
	minGranted, maxGranted = 0.2, 1000
	// Each 429 takes a fifth off the pace, because the budget may be shared;
	// calmRequests answers without one give a tenth back.
	slowBy, speedBy, minShare = 0.8, 1.1, 0.1
	calmRequests              = 50
)

// errLimited says that a domain is not waited for any longer.
type errLimited struct{ reason string }

func (e *errLimited) Error() string { return e.reason }

// domain paces the requests of one rate-limit domain.
//
// A permit is given for the moment at which it is taken, and lateness is not
// made up for: two requests are never closer together than the pace says,
// however late the scheduler wakes somebody up.
type domain struct {
	cms, name          string
	maxWait, totalWait time.Duration
	observe            func(Event)

	// turn is held by the request that gets the next permit. A channel, because
	// a blocked send can be given up, and blocked senders are served in order.
	turn chan struct{}

	mu      sync.Mutex
	limiter *rate.Limiter
	// granted is what the server allows per second, 0 for no known limit;
	// ceiling is the lowest requests_per_second, 0 for none; share is the part
	// of granted that 429 answers have left.
	granted, ceiling, share float64
	calm                    int
	// pauseBegan and pausedUntil are the last pause that a 429 asked for.
	pauseBegan, pausedUntil time.Time
	// waited is the sum of the pauses.
	waited time.Duration
	// closedUntil is set when the domain is given up: nobody asks before then.
	closedUntil  time.Time
	closedReason string
}

func newDomain(cms string, l Limit, o Options) *domain {
	d := &domain{
		cms: cms, name: l.Domain, maxWait: o.MaxWait, totalWait: o.TotalWait, observe: o.Observe,
		turn:    make(chan struct{}, 1),
		limiter: rate.NewLimiter(rate.Inf, max(l.Burst, 1)),
		share:   1,
	}
	if l.Rate > 0 && !o.Unpaced {
		d.granted = l.Rate
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.setPace()
	return d
}

// lower applies a requests_per_second; 0 changes nothing.
func (d *domain) lower(perSecond float64) {
	if !(perSecond > 0) {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ceiling == 0 || perSecond < d.ceiling {
		d.ceiling = perSecond
		d.setPace()
	}
}

// adapt follows the rate that the server says it grants. A domain without a
// known limit stays without: nothing is known of its windows.
func (d *domain) adapt(perSecond float64) {
	if !(perSecond > 0) || math.IsInf(perSecond, 0) {
		return
	}
	perSecond = min(max(perSecond, minGranted), maxGranted)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.granted > 0 && d.granted != perSecond {
		d.granted = perSecond
		d.setPace()
	}
}

// setPace sets the limiter's rate from granted, share and ceiling.
func (d *domain) setPace() {
	pace := math.Inf(1)
	if d.granted > 0 {
		pace = d.granted * headroom * d.share
	}
	if d.ceiling > 0 {
		pace = min(pace, d.ceiling)
	}
	if math.IsInf(pace, 1) {
		d.limiter.SetLimit(rate.Inf)
		return
	}
	d.limiter.SetLimit(rate.Limit(pace))
}

// acquire waits for a permit to send one request. It fails with an
// *errLimited, or with ctx's error.
func (d *domain) acquire(ctx context.Context) error {
	began := time.Now()
	select {
	case d.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-d.turn }()
	for {
		delay, err := d.take(time.Now())
		if err != nil {
			return err
		}
		if delay == 0 {
			break
		}
		if err := sleep(ctx, delay); err != nil {
			return err
		}
	}
	if waited := time.Since(began); waited > 0 {
		d.tell(Event{Waited: waited})
	}
	return ctx.Err()
}

// take takes a permit, or says how long to wait before asking again.
func (d *domain) take(now time.Time) (time.Duration, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if now.Before(d.closedUntil) {
		return 0, &errLimited{d.closedReason}
	}
	if delay := d.pausedUntil.Sub(now); delay > 0 {
		return delay, nil
	}
	if d.limiter.AllowN(now, 1) {
		return 0, nil
	}
	missing := 1 - d.limiter.TokensAt(now)
	delay := time.Duration(math.Ceil(missing / float64(d.limiter.Limit()) * float64(time.Second)))
	return max(delay, 10*time.Microsecond), nil
}

// pause holds the whole domain back after a 429 to a request that was sent at
// sent. It fails with an *errLimited when that would be too long a wait.
func (d *domain) pause(sent time.Time, asked time.Duration) error {
	now := time.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calm = 0
	if asked > d.maxWait {
		return d.close(now.Add(asked), fmt.Sprintf("the server asks to wait %s, more than the %s that one wait may take", asked, d.maxWait))
	}
	// Requests that were under way when the pause began are part of its cause.
	if !sent.Before(d.pauseBegan) {
		d.pauseBegan = now
		d.share = max(d.share*slowBy, minShare)
		d.setPace()
	}
	until := now.Add(asked + jitter(asked))
	from := now
	if d.pausedUntil.After(now) {
		from = d.pausedUntil
	}
	longer := until.Sub(from)
	if longer <= 0 {
		return nil
	}
	if d.waited+longer > d.totalWait {
		return d.close(now.Add(asked), fmt.Sprintf("the waits for the rate limit would add up to more than %s", d.totalWait))
	}
	d.waited += longer
	d.pausedUntil = until
	d.tell(Event{Paused: longer})
	return nil
}

// close gives the domain up until the time the server has named.
func (d *domain) close(until time.Time, reason string) error {
	d.closedUntil, d.closedReason = until, reason
	return &errLimited{reason}
}

// answered takes note of an answer that was no 429.
func (d *domain) answered() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.share == 1 {
		return
	}
	if d.calm++; d.calm >= calmRequests {
		d.calm = 0
		d.share = min(d.share*speedBy, 1)
		d.setPace()
	}
}

func (d *domain) tell(e Event) {
	if d.observe != nil {
		e.CMS, e.Domain = d.cms, d.name
		d.observe(e)
	}
}

// jitter spreads what would else come back at the same instant: 50 ms, plus up
// to 200 ms, plus up to a tenth of the wait.
func jitter(wait time.Duration) time.Duration {
	return 50*time.Millisecond + rand.N(200*time.Millisecond+wait/10)
}

// backoff is the wait before try number n, counted from 1, without jitter.
func backoff(first time.Duration, n int) time.Duration {
	return first << min(max(n-1, 0), 10)
}

// sleep waits for d, or fails with ctx's error.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// asLimited reports whether err says that a domain was given up.
func asLimited(err error) (*errLimited, bool) {
	var e *errLimited
	ok := errors.As(err, &e)
	return e, ok
}
