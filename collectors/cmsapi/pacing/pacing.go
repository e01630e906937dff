// Package pacing says when the next request of a rate-limit domain may be sent, so that
// the limit that the server counts by is used up and not exceeded.
package pacing

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// headroom is the part of a window that is added to it: the default stays
	// below what is granted, and servers round.
	headroom = 0.03
	// caution is the part of a window that a request may be late by, at most, as
	// far as it is made up for. It bounds what servers cost whose answers take
	// now longer, now shorter. A 429 doubles it, up to maxCaution.
	caution, maxCaution = 0.06, 0.5
	// spread is the part of a window over which its requests are spaced out.
	spread = 0.9
	// A server that claims to grant less, or more, is not believed.
	minGranted, maxGranted = 0.2, 1000
	// Each 429 lowers the pace, because the budget may be shared; calmRequests
	// answers without one raise it again.
	slowBy, speedBy, minShare = 0.9, 1.1, 0.1
	calmRequests              = 30
)

// LongestWait is the longest wait that a server can ask for.
const LongestWait = 365 * 24 * time.Hour

// LimitedError says that a domain is not waited for any longer.
type LimitedError struct{ Reason string }

func (e *LimitedError) Error() string { return e.Reason }

// Settings are what a domain begins with.
type Settings struct {
	// Rate is what the server grants, in requests per second; 0 for no known limit.
	Rate float64
	// Burst is how many requests may leave at once after a quiet time; 0 means 1.
	Burst int
	// MaxWait bounds one wait that a 429 asks for, TotalWait the sum of them.
	MaxWait, TotalWait time.Duration
	// Waited is told by how much one request was held back, Paused by how much a 429 has
	// prolonged the pause of the domain. They must not block.
	Waited, Paused func(time.Duration)
}

// Domain paces the requests of one rate-limit domain.
//
// A limit of n requests in a window holds if request number i+n arrives at the
// server no sooner than a window after request number i. When a request arrives
// is not known; but by how much it was later than others is at most by how much
// its answer took longer than the quickest. So request i+n is sent a window, and
// the lateness of request i, after request i. However the server counts, and
// however late the scheduler wakes somebody up, no 429 is earned, and what is
// lost is the jitter, not the latency. Within a window the requests are spaced
// out, because others may share the budget.
type Domain struct {
	settings Settings

	// turn is held by the request that gets the next permit. A channel, because
	// a blocked send can be given up, and blocked senders are served in order.
	turn chan struct{}

	mu      sync.Mutex
	limiter *rate.Limiter
	// recent are the permits that still count, oldest first; at most limit of
	// them in a window. A limit of 0 is none.
	recent []*Permit
	limit  int
	window time.Duration
	// quickest is the shortest time that an answer took, 0 before the first.
	quickest time.Duration
	// caution is the greatest lateness that is made up for, in windows.
	caution float64
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

// New makes a domain.
func New(settings Settings) *Domain {
	d := &Domain{
		settings: settings,
		turn:     make(chan struct{}, 1),
		limiter:  rate.NewLimiter(rate.Inf, max(settings.Burst, 1)),
		share:    1,
		caution:  caution,
	}
	if settings.Rate > 0 {
		d.granted = settings.Rate
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.setPace()
	return d
}

// Lower applies a requests_per_second; 0 changes nothing.
func (d *Domain) Lower(perSecond float64) {
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

// Adapt follows the rate that the server says it grants. A domain without a
// known limit stays without: nothing is known of its windows.
func (d *Domain) Adapt(perSecond float64) {
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

// setPace sets limit and window from granted, share and ceiling: about a
// second, and a whole number of requests.
func (d *Domain) setPace() {
	pace := math.Inf(1)
	if d.granted > 0 {
		pace = d.granted * d.share
	}
	if d.ceiling > 0 {
		pace = min(pace, d.ceiling)
	}
	if math.IsInf(pace, 1) {
		d.limit = 0
		d.limiter.SetLimit(rate.Inf)
		return
	}
	d.limit = max(int(pace), 1)
	d.window = time.Duration(float64(d.limit) / pace * (1 + headroom) * float64(time.Second))
	d.limiter.SetLimit(rate.Limit(pace / spread))
}

// Permit is leave to send one request.
type Permit struct {
	// Sent is when it was given.
	Sent time.Time
	// took is how long the answer took; 0 while it is under way.
	took time.Duration
}

// ends is when a permit stops to count against the limit.
func (d *Domain) ends(p *Permit) time.Time {
	late := time.Duration(d.caution * float64(d.window))
	if p.took > 0 {
		late = min(late, p.took-d.quickest)
	}
	return p.Sent.Add(d.window + late)
}

// Acquire waits for a permit to send one request; hand it back by Answered. It
// fails with a *LimitedError, or with ctx's error.
func (d *Domain) Acquire(ctx context.Context) (*Permit, error) {
	began := time.Now()
	select {
	case d.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-d.turn }()
	for {
		p, delay, err := d.take(time.Now())
		if err != nil {
			return nil, err
		}
		if p != nil {
			if waited := p.Sent.Sub(began); waited > 0 {
				d.settings.Waited(waited)
			}
			return p, ctx.Err()
		}
		if err := Sleep(ctx, delay); err != nil {
			return nil, err
		}
	}
}

// take takes a permit, or says how long to wait before asking again.
func (d *Domain) take(now time.Time) (*Permit, time.Duration, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if now.Before(d.closedUntil) {
		return nil, 0, &LimitedError{d.closedReason}
	}
	if delay := max(d.pausedUntil.Sub(now), d.untilFree(now)); delay > 0 {
		return nil, delay, nil
	}
	if !d.limiter.AllowN(now, 1) {
		missing := 1 - d.limiter.TokensAt(now)
		delay := time.Duration(math.Ceil(missing / float64(d.limiter.Limit()) * float64(time.Second)))
		return nil, max(delay, 10*time.Microsecond), nil
	}
	p := &Permit{Sent: now}
	if d.limit > 0 {
		d.recent = append(d.recent, p)
	}
	return p, 0, nil
}

// untilFree is how long the window is full.
func (d *Domain) untilFree(now time.Time) time.Duration {
	var ends []time.Time
	for _, p := range d.recent {
		if end := d.ends(p); end.After(now) {
			ends = append(ends, end)
		}
	}
	for len(d.recent) > 0 && !d.ends(d.recent[0]).After(now) {
		d.recent = d.recent[1:]
	}
	if d.limit == 0 || len(ends) < d.limit {
		return 0
	}
	slices.SortFunc(ends, time.Time.Compare)
	return ends[len(ends)-d.limit].Sub(now)
}

// Answered takes note of how long the answer to the request of a permit took.
// ok is false if none came, or a 429.
func (d *Domain) Answered(p *Permit, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p.took = max(time.Since(p.Sent), 1)
	if !ok {
		return
	}
	if d.quickest == 0 || p.took < d.quickest {
		d.quickest = p.took
	}
	if d.share == 1 {
		return
	}
	if d.calm++; d.calm >= calmRequests {
		d.calm = 0
		d.share = min(d.share*speedBy, 1)
		d.setPace()
	}
}

// Pause holds the whole domain back after a 429 to a request that was sent at
// sent. It fails with a *LimitedError when that would be too long a wait.
func (d *Domain) Pause(sent time.Time, asked time.Duration) error {
	now := time.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calm = 0
	if asked > d.settings.MaxWait {
		return d.close(now.Add(asked), fmt.Sprintf("the server asks for a wait of %s: the limit is %s", min(asked, LongestWait).Round(time.Second), d.settings.MaxWait))
	}
	// Requests that were under way when the pause began are part of its cause.
	if !sent.Before(d.pauseBegan) {
		d.pauseBegan = now
		d.share = max(d.share*slowBy, minShare)
		d.caution = min(d.caution*2, maxCaution)
		d.setPace()
	}
	until := now.Add(asked + Jitter(asked))
	from := now
	if d.pausedUntil.After(now) {
		from = d.pausedUntil
	}
	longer := until.Sub(from)
	if longer <= 0 {
		return nil
	}
	if d.waited+longer > d.settings.TotalWait {
		return d.close(now.Add(asked), fmt.Sprintf("waiting for the rate limit would take more than %s in total", d.settings.TotalWait))
	}
	d.waited += longer
	d.pausedUntil = until
	d.settings.Paused(longer)
	return nil
}

// close returns the domain up until the time the server has named.
func (d *Domain) close(until time.Time, reason string) error {
	d.closedUntil, d.closedReason = until, reason
	return &LimitedError{reason}
}

// Jitter spreads what would else come back at the same instant: 50 ms, plus up
// to 200 ms, plus up to a tenth of the wait.
func Jitter(wait time.Duration) time.Duration {
	return 50*time.Millisecond + rand.N(200*time.Millisecond+wait/10)
}

// Backoff is the wait before try number n, counted from 1, without jitter.
func Backoff(first time.Duration, n int) time.Duration {
	return first << min(max(n-1, 0), 10)
}

// Sleep waits for d, or fails with ctx's error.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
