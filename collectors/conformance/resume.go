package conformance

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// resumable reports whether what a fault leaves is gone on with: a refusal, and an outage.
func resumable(f fault) bool { return f.expect == marked && (f.name == "403" || f.name == "500") }

// judgeResume goes on with what a fault has left, once it is over, and says what is wrong with
// what comes of that: it has to be what a whole run reads, and no list of tokens may be asked
// for again that is separate from the one that failed.
func (s *suite) judgeResume(t *testing.T, c testCase, first outcome) []string {
	t.Helper()
	var (
		problems []string
		o        = outcome{sources: map[string]inventory.Source{}}
		lists    map[string]string
		err      error
	)
	complain := func(format string, args ...any) {
		problems = append(problems, "resumed: "+fmt.Sprintf(format, args...))
	}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(now))
		w := newFakeNetwork(s, nil)
		defer w.close()
		w.earlier = slices.Collect(maps.Values(first.sources))
		var logged bytes.Buffer
		if err = w.read(t.Context(), &logged, o.sources); err != nil {
			complain("the run ended with an error: %v", err)
		}
		w.checkSecrets(outcome{sources: o.sources, written: map[string]string{}}, logged.String())
		o.requests = w.requests
		problems = append(problems, w.problems...)
		if lists, err = w.separate(); err != nil {
			complain("the collector cannot be made: %v", err)
		}
	})
	for _, id := range s.healthy.ids() {
		whole, resumed := s.healthy.sources[id], o.sources[id]
		if c.scope.endpoint.Shared {
			// What a list of one source says of another is unknown in what is kept of that.
			whole, resumed = inventory.Source{Units: whole.Units}, inventory.Source{Units: resumed.Units}
		}
		if diff := cmp.Diff(whole, resumed); diff != "" {
			complain("the source %s differs (-whole +resumed):\n%s", id, diff)
		}
	}
	if _, separate := lists[c.scope.endpoint.Unit]; !separate {
		return problems
	}
	for _, r := range o.requests {
		endpoint, _ := s.target.endpoint(r.path)
		if _, separate := lists[endpoint.Unit]; separate && endpoint.Unit != c.scope.endpoint.Unit && r.headers == c.scope.request.headers {
			complain("%s is asked again, which had been read", r.path)
		}
	}
	return problems
}

// separate returns the separate lists of the collectors of the target; nil for none.
func (w *fakeNetwork) separate() (map[string]string, error) {
	session, err := cmsapi.NewSession(cmsapi.Options{Transport: w.client})
	if err != nil {
		return nil, err
	}
	c, err := w.target.Definition.New(w.entries()[0], collectors.Run{API: session, Now: time.Now})
	if err != nil {
		return nil, err
	}
	if lists, ok := c.(collectors.Separable); ok {
		return lists.Separate(), nil
	}
	return nil, nil
}
