package conformance

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
)

// probed are the faults under which `tokenaudit doctor` must not say that all is
// well: it may ask less than a scan, but of what it asks it says no less.
func probed(f fault) bool {
	return f.expect == marked && slices.Contains([]string{
		"401", "403", "404", "500", "HTML with 200", "an empty body", "truncated JSON", "206 with a part", "each member twice",
		"a redirect that quotes the request", "an error that quotes the request", "every field of a wrong type",
	}, f.name)
}

// judgeDoctor lets the collectors of a target probe under the fault of a case, and
// says what is wrong with what they tell.
func (s *suite) judgeDoctor(t *testing.T, c testCase) []string {
	t.Helper()
	var (
		checks   []collectors.Check
		hit      int
		problems []string
	)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(now))
		w := newFakeNetwork(s, &c)
		defer w.close()
		checks = w.probe(t.Context())
		w.checkDoctor(checks)
		w.mu.Lock()
		defer w.mu.Unlock()
		hit, problems = w.hit, w.problems
	})
	well := !slices.ContainsFunc(checks, func(c collectors.Check) bool { return c.Status != collectors.CheckOK })
	if hit > 0 && well && c.scope.endpoint.Unmarked == "" {
		problems = append(problems, "doctor says that all is well")
	}
	return problems
}

// probe asks every collector that can for its checks.
func (w *fakeNetwork) probe(ctx context.Context) []collectors.Check {
	session, err := cmsapi.NewSession(cmsapi.Options{Transport: w.client, MaxBody: maxBody, Timeout: 30 * time.Second})
	if err != nil {
		w.complain("no session: %v", err)
		return nil
	}
	run := collectors.Run{API: session, Now: func() time.Time { return now }}
	var all []collectors.Check
	for _, entry := range w.entries() {
		c, err := w.target.Definition.New(entry, run)
		if err != nil {
			w.complain("no collector: %v", err)
			continue
		}
		if p, can := c.(collectors.Prober); can {
			all = append(all, p.Probe(ctx)...)
		}
	}
	return all
}

// checkDoctor looks for checks that are not safe to print, or that help nobody.
func (w *fakeNetwork) checkDoctor(checks []collectors.Check) {
	secrets := w.secrets()
	for _, c := range checks {
		text := c.Detail + c.Hint
		if strings.ContainsFunc(text, unprintable) || slices.ContainsFunc(secrets, func(s string) bool { return strings.Contains(text, s) }) {
			w.complain("the check %q is not safe to print: %q", c.Name, text)
		}
		if c.Status == collectors.CheckFailed && (c.Detail == "" || needsHint(c.Class) && c.Hint == "") {
			w.complain("the check %q does not say what is wrong, or what to do: %+v", c.Name, c)
		}
	}
}
