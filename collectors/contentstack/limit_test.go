package contentstack

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// throttle counts requests in windows of one second, as Contentstack does, and
// takes 40 ms for an answer.
type throttle struct {
	next  http.RoundTripper
	limit int
	// silent servers do not tell the limit; the header is not in all recordings.
	silent bool

	mu                          sync.Mutex
	window                      time.Time
	inWindow, answered, refused int
}

func (l *throttle) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(20 * time.Millisecond)
	over := l.count()
	time.Sleep(20 * time.Millisecond)
	if over {
		return &http.Response{StatusCode: http.StatusTooManyRequests, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
	}
	response, err := l.next.RoundTrip(r)
	if err == nil && !l.silent {
		response.Header.Set("X-RateLimit-Limit", fmt.Sprint(l.limit))
	}
	return response, err
}

func (l *throttle) count() (over bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if window := time.Now().Truncate(time.Second); window.After(l.window) {
		l.window, l.inWindow = window, 0
	}
	if l.inWindow++; l.inWindow > l.limit {
		l.refused++
		return true
	}
	l.answered++
	return false
}

// manyStacks is an organization with n stacks, two tokens each.
func manyStacks(t *testing.T, n int) *server {
	s := newServer(t)
	var stacks []string
	for i := range n {
		key := fmt.Sprintf("PLANTED-api-key-%03d", i)
		stacks = append(stacks, fmt.Sprintf(`{"uid": "bltstack%03d", "name": "S%d", "org_uid": "bltorg", "api_key": %q, "settings": {"branches": true}}`, i, i, key))
		for _, list := range []string{"delivery_tokens", "management_tokens"} {
			s.bodies["/v3/stacks/"+list+" "+key] = `{"count": 1, "tokens": [{"uid": "blt1", "name": "t", "created_by": "bltuserowner00001", "scope": []}]}`
		}
		s.bodies["/v3/environments "+key] = `{"count": 0, "environments": []}`
		s.bodies["/v3/stacks/branches "+key] = `{"count": 1, "branches": [{"uid": "main", "deleted_at": false}]}`
		s.bodies["/v3/stacks/branch_aliases "+key] = `{"count": 0, "branch_aliases": []}`
	}
	body := fmt.Sprintf(`{"count": %d, "stacks": [%s]}`, n, strings.Join(stacks, ","))
	s.bodies["/v3/stacks bltorg"], s.bodies["/v3/organizations/bltorg/stacks bltorg"] = body, body
	return s
}

// The scan of an organization takes as long as its rate limit demands, and
// never earns a 429. The clock is that of the bubble.
func TestOrganizationIsReadAsFastAsItsLimitAllows(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]*throttle{
		"the published limit": {limit: 10}, "the limit of a larger plan": {limit: 50}, "a limit that is not told": {limit: 10, silent: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := manyStacks(t, 120)
				l.next = s
				h := newPacedHarness(t, s, l, false)
				registry, err := collectors.NewRegistry(Definition())
				if err != nil {
					t.Fatal(err)
				}
				began, tokens := time.Now(), 0
				result, err := collectors.Collect(t.Context(), collectors.Options{
					Registry: registry, Entries: []collectors.Entry{organizationEntry()}, Run: h.run,
				}, func(s inventory.Source) error { tokens += len(s.Tokens); return nil })
				took := time.Since(began)
				if err != nil || result.Sources != 120 || result.Incomplete != 0 || tokens != 240 {
					t.Fatalf("%+v, %d tokens, error %v", result, tokens, err)
				}
				if l.refused > 0 {
					t.Errorf("%d requests were refused", l.refused)
				}
				bound := time.Duration(l.answered) * time.Second / time.Duration(l.limit)
				if ratio := took.Seconds() / bound.Seconds(); ratio > 1.10 {
					t.Errorf("%d requests took %s, %.3f times the bound", l.answered, took, ratio)
				}
				if l.answered > 5*120+6 {
					t.Errorf("%d requests for 120 stacks", l.answered)
				}
			})
		})
	}
}

// A 429 comes without Retry-After; a second later the window is over.
func TestRefusalForTheRateIsWaitedOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		refuse := 2
		var mu sync.Mutex
		limited := roundTripper(func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			if refuse--; refuse >= 0 {
				return &http.Response{StatusCode: http.StatusTooManyRequests, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
			}
			return s.RoundTrip(r)
		})
		began := time.Now()
		sources, err := newPacedHarness(t, s, limited, true).collect(t, organizationEntry())
		if err != nil || len(sources) != 2 {
			t.Fatalf("%d sources, error %v", len(sources), err)
		}
		if took := time.Since(began); took < time.Second || took > 4*time.Second {
			t.Errorf("waited %s", took)
		}
	})
}

func TestGrantedRate(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]float64{"10": 10, "25": 25, "7.5": 7.5, "": 0, "0": 0, "-3": 0, "many": 0, "NaN": 0} {
		got, ok := grantedRate(http.Header{"X-Ratelimit-Limit": {header}})
		if ok != (want > 0) || ok && got != want {
			t.Errorf("%q: %v, %t", header, got, ok)
		}
	}
	retry := organizationLimit("x").RetryAfter
	if wait, ok := retry(http.Header{}); !ok || wait != time.Second {
		t.Errorf("without Retry-After: %s, %t", wait, ok)
	}
	if _, ok := retry(http.Header{"Retry-After": {"5"}}); ok {
		t.Error("a Retry-After is overlooked")
	}
}
