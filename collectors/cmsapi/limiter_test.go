package cmsapi

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sourcegraph/conc/pool"
)

// windowed is a server that grants limit requests in any window of the given
// length, counts them as they arrive, and answers after a delay that varies.
type windowed struct {
	mu       sync.Mutex
	limit    int
	window   time.Duration
	fixed    bool // windows begin at whole multiples of window, else they slide
	arrivals []time.Time
	limited  int
	random   *rand.Rand
	latency  func(*rand.Rand) time.Duration
	header   func() []string
}

func (s *windowed) serve(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	delay := s.latency(s.random)
	s.mu.Unlock()
	if err := sleepOrEnd(r, delay/2); err != nil {
		return nil, err
	}
	refused := s.arrive(time.Now())
	if err := sleepOrEnd(r, delay/2); err != nil {
		return nil, err
	}
	var headers []string
	if s.header != nil {
		headers = s.header()
	}
	if refused {
		return reply(429, "", headers...)
	}
	return reply(200, `{}`, headers...)
}

func (s *windowed) arrive(now time.Time) (refused bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := now.Add(-s.window)
	if s.fixed {
		from = now.Truncate(s.window).Add(-time.Nanosecond)
	}
	in := 0
	for _, a := range s.arrivals {
		if a.After(from) {
			in++
		}
	}
	if in >= s.limit {
		s.limited++
		return true
	}
	s.arrivals = append(s.arrivals, now)
	return false
}

// The published limits of the CMSes, counted in every way a server may count:
// no 429, and at most 10 % more time than the limit itself asks for, although
// answers take longer than the distance between two requests.
func TestThePaceIsJustBelowTheLimit(t *testing.T) {
	t.Parallel()
	for _, limit := range []struct {
		requests int
		window   time.Duration
	}{{7, time.Second}, {10, time.Second}, {60, 3 * time.Second}} {
		for _, fixed := range []bool{false, true} {
			for _, latency := range []time.Duration{40 * time.Millisecond, 2 * time.Second} {
				t.Run(fmt.Sprint(limit.requests, " in ", limit.window, " fixed ", fixed, " latency ", latency), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						server := &windowed{limit: limit.requests, window: limit.window, fixed: fixed, random: rand.New(rand.NewPCG(1, 2)),
							latency: func(r *rand.Rand) time.Duration { return latency + time.Duration(r.Int64N(int64(90*time.Millisecond))) }}
						granted := float64(limit.requests) / limit.window.Seconds()
						client := newClient(t, server.serve, Options{}, func(c *Config) { c.Limit.Rate = granted })
						const requests = 600
						began := time.Now()
						askConcurrently(t, client, requests)
						bound := requests / granted
						// The last answer takes its time, whatever the pace.
						ratio := (time.Since(began) - latency).Seconds() / bound
						if server.limited > 0 || ratio > 1.10 {
							t.Errorf("%d answers of 429, %.3f times the bound of %.0f s", server.limited, ratio, bound)
						}
					})
				})
			}
		}
	}
}

func askConcurrently(t *testing.T, client *Client, requests int) {
	t.Helper()
	workers := pool.New().WithMaxGoroutines(64)
	for range requests {
		workers.Go(func() {
			if _, err := client.Get(t.Context(), Request{Path: "/things"}, nil); err != nil {
				t.Error(err)
			}
		})
	}
	workers.Wait()
}

// The rate follows the header, up and down; requests_per_second only lowers it.
func TestThePaceFollowsTheServer(t *testing.T) {
	t.Parallel()
	adapt := func(h http.Header) (float64, bool) {
		n, err := strconv.ParseFloat(h.Get("X-Limit"), 64)
		return n, err == nil
	}
	tests := map[string]struct {
		header  string
		ceiling float64
		want    time.Duration // for 200 requests, at a rate of 7 at first
	}{
		"raised":                  {"20", 0, 200 * time.Second / 20},
		"lowered":                 {"2", 0, 200 * time.Second / 2},
		"lowered to a fraction":   {"2.5", 0, 200 * time.Second * 10 / 25},
		"below one a second":      {"0.5", 0, 200 * time.Second * 2},
		"no header":               {"", 0, 200 * time.Second / 7},
		"nonsense":                {"-3", 0, 200 * time.Second / 7},
		"not a number":            {"NaN", 0, 200 * time.Second / 7},
		"raised, but not allowed": {"20", 5, 200 * time.Second / 5},
		"a generous ceiling":      {"", 100, 200 * time.Second / 7},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client := newClient(t, func(*http.Request) (*http.Response, error) { return reply(200, `{}`, "X-Limit", test.header) }, Options{},
					func(c *Config) {
						c.Limit = Limit{Domain: "d", Rate: 7, Adapt: adapt}
						c.RequestsPerSecond = test.ceiling
					})
				began := time.Now()
				askConcurrently(t, client, 200)
				if took := time.Since(began); took < test.want-3*time.Second || took > test.want+test.want/30+time.Second {
					t.Errorf("took %v, want about %v", took, test.want)
				}
			})
		})
	}
}

func TestClientsOfADomainShareItsLimitAndOthersDoNot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		session := newSession(t, Options{Transport: wire(func(*http.Request) (*http.Response, error) { return reply(200, `{}`) })})
		client := func(domain string) *Client {
			c, err := session.Client(Config{CMS: "paper", BaseURL: "https://api.paper.example", Limit: Limit{Domain: domain, Rate: 10}})
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		began := time.Now()
		var group sync.WaitGroup
		at := make([]time.Duration, 4)
		for i, c := range []*Client{client("a"), client("a"), client("b"), client("b").WithLimit(Limit{Domain: "a"})} {
			group.Go(func() {
				askConcurrently(t, c, 20)
				at[i] = time.Since(began)
			})
		}
		group.Wait()
		if longest := max(at[0], at[1], at[3]); longest < 5*time.Second || longest > 6*time.Second {
			t.Errorf("60 requests in one domain of 10 per second took %v", longest)
		}
		if at[2] > 2200*time.Millisecond {
			t.Errorf("20 requests in a domain of their own took %v", at[2])
		}
	})
}

// A 429 stops the whole domain, not only the request that met it, for as long
// as the server asked.
func TestA429PausesItsDomain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var mu sync.Mutex
		var arrivals []time.Duration
		var events []Event
		client := newClient(t, func(*http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			arrivals = append(arrivals, time.Since(began))
			if len(arrivals) == 3 {
				return reply(429, "", "X-Reset", "30")
			}
			return reply(200, `{}`)
		}, Options{Observe: func(e Event) { mu.Lock(); defer mu.Unlock(); events = append(events, e) }}, func(c *Config) {
			c.Limit = Limit{Domain: "d", Rate: 10, RetryAfter: func(h http.Header) (time.Duration, bool) {
				n, err := strconv.ParseFloat(h.Get("X-Reset"), 64)
				return Seconds(n), err == nil
			}}
		})
		askConcurrently(t, client, 20)
		if len(arrivals) != 21 {
			t.Errorf("%d requests for 20 answers", len(arrivals))
		}
		gap := arrivals[3] - arrivals[2]
		if gap < 30*time.Second || gap > 34*time.Second {
			t.Errorf("the domain was quiet for %v", gap)
		}
		var paused time.Duration
		attempts := 0
		for _, e := range events {
			paused += e.Paused
			if e.Attempt() {
				attempts++
			}
			if e.CMS != "paper" || e.Domain != "d" {
				t.Errorf("event %+v", e)
			}
		}
		if paused != gap || attempts != 21 {
			t.Errorf("events tell of %v of pauses and %d attempts", paused, attempts)
		}
	})
}

// Several 429s of requests that were under way together are one pause.
func TestThe429sOfOneMomentAreOnePause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		n := 0
		var mu sync.Mutex
		client := newClient(t, func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			n++
			refused := n <= 16
			mu.Unlock()
			_ = sleepOrEnd(r, 5*time.Second)
			if refused {
				return reply(429, "", "Retry-After", "10")
			}
			return reply(200, `{}`)
		}, Options{}, func(c *Config) { c.Limit.Rate = 1000 })
		askConcurrently(t, client, 16)
		if took := time.Since(began); took < 20*time.Second || took > 22*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// A server that grants less than it says must not be met by one 429 after the
// other.
func TestThePaceGivesWayToWhoeverSharesTheBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &windowed{limit: 4, window: time.Second, random: rand.New(rand.NewPCG(1, 2)),
			latency: func(*rand.Rand) time.Duration { return 40 * time.Millisecond }}
		client := newClient(t, server.serve, Options{}, func(c *Config) { c.Limit.Rate = 10 })
		askConcurrently(t, client, 400)
		if server.limited > 40 {
			t.Errorf("%d answers of 429 to 400 requests", server.limited)
		}
	})
}
