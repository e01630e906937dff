// Package emulator answers HTTP like Contentful, Contentstack and DatoCMS: the
// parts of their management APIs that hold credentials, with the errors, paging
// caps, rate limits and headers of the real services.
//
// Each emulator, in a package of its own below this one, is an http.Handler over a
// state of plain structs, and reads only. This package has what they share, and
// what a test needs of any of them: faults to inject, planted secrets, a clock. An
// emulator has no listener of its own; Serve runs one on loopback. `tokenaudit demo`, the tests
// and the benchmarks run the ordinary collectors against them.
//
// What no source proves about a CMS is a switch in its options, whose zero value
// is the documented default. Lists carry live secrets, as the real ones do;
// every secret is planted (see Secret), so that a leak can be found by searching
// for its mark.
package emulator

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Options are common to all emulators. The zero value behaves like the real
// service: limits on, gzip for whoever offers it, the wall clock, no latency of
// its own.
type Options struct {
	// Clock tells the time of the CMS: what is expired, which rate window is
	// open. Nil means time.Now; tests pass the Now method of a ManualClock.
	Clock func() time.Time
	// Latency is added to every answer. It is slept, not counted on Clock.
	Latency time.Duration
	// NoLimits switches the rate limits and their headers off.
	NoLimits bool
	// FixedWindows counts requests in windows that begin on the clock's full
	// period. The default is a sliding window, which is the stricter one.
	FixedWindows bool
	// NoGzip sends every body as it is.
	NoGzip bool
}

// Core is what all emulators share and embed: routing, faults, latency and the log of requests.
type Core struct {
	options  Options
	mux      *http.ServeMux
	patterns map[string]bool
	faults   faultList
	log      requestLog
	requests atomic.Uint64
}

// NewCore returns an emulator without routes.
func NewCore(o Options) *Core {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	return &Core{options: o, mux: http.NewServeMux(), patterns: map[string]bool{}}
}

// Handle registers a route. The empty pattern is what answers an unknown path.
func (c *Core) Handle(pattern string, h http.HandlerFunc) {
	if pattern == "" {
		c.mux.HandleFunc("/", h)
		return
	}
	c.patterns[pattern] = true
	c.mux.HandleFunc(pattern, h)
}

// ServeHTTP implements http.Handler.
func (c *Core) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, pattern := c.mux.Handler(r)
	sw := &statusWriter{ResponseWriter: w}
	defer func() { c.log.add(r, pattern, sw.status) }()
	if sleep(r.Context(), c.options.Latency) != nil {
		return
	}
	if action := c.faults.take(r, pattern); action != nil {
		action(sw, r, c.mux)
		return
	}
	c.mux.ServeHTTP(sw, r)
}

// NextRequest counts the requests that were answered, from 1.
func (c *Core) NextRequest() uint64 { return c.requests.Add(1) }

// Now is the time of the CMS, in UTC.
func (c *Core) Now() time.Time { return c.options.Clock().UTC() }

// Inject adds faults. They are tried in the order in which they were added; the
// first that matches a request acts on it. It fails on a route that the
// emulator does not have, because such a fault would silently never act.
func (c *Core) Inject(faults ...Fault) error {
	for _, f := range faults {
		if err := c.checkRoute(f.Route); err != nil {
			return err
		}
	}
	c.faults.add(faults)
	return nil
}

// ClearFaults removes all faults.
func (c *Core) ClearFaults() { c.faults.clear() }

// Requests lists what was asked so far, in the order in which the answers ended.
func (c *Core) Requests() []Request { return c.log.all() }

// ForgetRequests empties the list of requests.
func (c *Core) ForgetRequests() { c.log.clear() }

// Routes lists the patterns that the emulator answers, such as
// "GET /spaces/{space}/api_keys"; a Fault may name one.
func (c *Core) Routes() []string { return SortedKeys(c.patterns) }

// Request is one request that an emulator answered.
type Request struct {
	Method string
	// Path and Query are as sent; Query is without its question mark.
	Path, Query string
	// Route is the pattern that answered; "/" for an unknown path.
	Route string
	// Status is 0 where the connection was cut without an answer.
	Status int
}

type requestLog struct {
	mu      sync.Mutex
	entries []Request
}

func (l *requestLog) add(r *http.Request, pattern string, status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, Request{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, pattern, status})
}

func (l *requestLog) all() []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Request(nil), l.entries...)
}

func (l *requestLog) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = nil
}

// statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// sleep waits for d or until ctx ends, whose error it returns.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
