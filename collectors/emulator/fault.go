package emulator

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// Fault changes how an emulator answers some requests.
type Fault struct {
	// Route is a pattern out of Routes ("GET /spaces/{space}/api_keys"), or a
	// concrete path ("/spaces/abc/api_keys"). Empty means every request.
	Route string
	// Match narrows Route further; nil matches.
	Match func(*http.Request) bool
	// Skip lets that many matching requests through first.
	Skip int
	// Times is how many requests the fault acts on; 0 means all that follow.
	Times int
	// Act answers instead of the emulator.
	Act Action
}

// Action answers a request in the emulator's place. What next would answer is
// the emulator's own answer, rate limit included.
type Action func(w http.ResponseWriter, r *http.Request, next http.Handler)

type faultState struct {
	Fault
	seen, acted int
}

type faultList struct {
	mu     sync.Mutex
	faults []*faultState
}

func (l *faultList) add(faults []Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range faults {
		l.faults = append(l.faults, &faultState{Fault: f})
	}
}

func (l *faultList) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults = nil
}

// take returns the action of the first fault that is due for a request, or nil.
func (l *faultList) take(r *http.Request, pattern string) Action {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.faults {
		if f.due(r, pattern) {
			return f.Act
		}
	}
	return nil
}

func (f *faultState) due(r *http.Request, pattern string) bool {
	if f.Route != "" && f.Route != pattern && f.Route != r.URL.Path {
		return false
	}
	if f.Match != nil && !f.Match(r) {
		return false
	}
	if f.Times > 0 && f.acted >= f.Times {
		return false
	}
	if f.seen++; f.seen <= f.Skip {
		return false
	}
	f.acted++
	return true
}

func (c *Core) checkRoute(route string) error {
	if route == "" || c.patterns[route] {
		return nil
	}
	if strings.HasPrefix(route, "/") {
		r, err := http.NewRequest(http.MethodGet, route, nil) //nolint:noctx // never sent: it only asks the router
		if err == nil {
			if _, pattern := c.mux.Handler(r); c.patterns[pattern] {
				return nil
			}
		}
	}
	return fmt.Errorf("fault on %q: the emulator has no such route", route)
}
