// Package conformance drives a collector through everything that a network and
// a CMS can do, and checks that it says exactly what it could not see.
//
// A collector's own tests call Run with a healthy server. The suite learns from
// a healthy run which endpoints the collector asks, and then lets each of them
// fail in each way. It runs over a network in memory and in the fake time of
// testing/synctest: no fault costs real time, and a hang ends the test.
//
// After every fault: no panic, no token that was made up, no token that
// vanished without a failed unit, no fact that differs from the healthy one
// without being unknown, the right unit with the right class, no path named that
// was not asked, and all other sources as they were. Under the plainest faults
// doctor must not say that all is well. A CMS that may lie below a folder of its
// host does so here.
package conformance

import (
	"fmt"
	"net/http"
	"path"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// Target is a collector and a healthy server for it.
type Target struct {
	Definition collectors.Definition
	// Handler makes the healthy server. It answers the same request always alike, and
	// is asked each once. It should hold at least two sources, and lists of at least
	// three items where they are paged.
	// It runs in the bubble of synctest, in which time begins on 2026-11-22: it
	// must not use a network, and no channel or timer from outside.
	Handler func() http.Handler
	// Entries makes the source entries for the server's base URL.
	Entries func(baseURL string) []collectors.Entry
	// Endpoints are all that the collector asks. One that is not listed, or that
	// nobody asks, is an error.
	Endpoints []Endpoint
	// Otherwise are the paths, as in Endpoint.Path, that are asked only after an
	// endpoint has failed, or by doctor.
	Otherwise []string
	// LimitHeaders are what a 429 of this CMS says, such as
	// X-RateLimit-Reset: 1. They must ask for one wait of at most 60 s.
	LimitHeaders http.Header
	// Failures are the documented failures of the CMS: each is driven through
	// each endpoint.
	Failures []Failure
	// Secrets are planted in the server and in the entries: none of them may
	// show up in what is collected.
	Secrets []string
}

// Endpoint is a list, or an object, that the collector reads.
type Endpoint struct {
	// Path is a pattern of path.Match: a * is one segment.
	Path string
	// Unit is the unit that says so when the endpoint cannot be read.
	Unit string
	// Also are the units that may say so besides it.
	Also []string
	// Shared is set if a failure may touch several sources: lists of sources, and
	// what belongs to an organization. Else it may touch one.
	Shared bool
	// Directory is set if each element may be a source, with lists of its own.
	Directory bool
	// Unmarked says why nothing needs to be said when the endpoint cannot be
	// read: no verdict depends on it, or the facts themselves become unknown.
	// Empty if it must be said.
	Unmarked string
	// Absent are statuses that mean that there is nothing to read.
	Absent []int
	// Nullable are the fields that the CMS documents as null or absent, with a
	// meaning, such as "items[].sys.expiresAt": see Fields.
	Nullable []string
	// Textual are the containers that the CMS documents as plain text, too, such
	// as "items[].environments[]": text in their place is a value like any other.
	Textual []string
	// Paging is nil for a list that comes whole.
	Paging *Paging
}

// Paging says how an endpoint cuts its list into pages.
type Paging struct {
	// Items and Total are the fields of the list and its length, as in
	// Endpoint.Nullable; Items is empty if the body is the list.
	Items, Total string
	// TotalHeader is the header with the length, if it is not in the body.
	TotalHeader string
	// TotalOptional is set if the CMS may leave the length out: such a list ends with
	// its last page.
	TotalOptional bool
	// Skip and Limit are query parameters. Skip counts items from 0, or pages
	// from 1 if PageNumbers is set.
	Skip, Limit string
	PageNumbers bool
	// Next is the field with the number of the next page, if there is one.
	Next string
}

// Failure is a documented failure of a CMS.
type Failure struct {
	// Name is short: "AccessTokenInvalid with 403".
	Name   string
	Status int
	Header http.Header
	Body   string
	// Classes are the error classes of which one must be told.
	Classes []inventory.ErrorClass
}

// Run runs the suite. With -short it spoils only every fifth value, field and
// total, and measures no memory. Because it does else, a test that calls it must not
// be parallel; the rest of the suite is.
func Run(t *testing.T, target Target) {
	t.Helper()
	s, problems := newSuite(t, target)
	for _, p := range problems {
		t.Error(p)
	}
	if t.Failed() {
		return
	}
	if !testing.Short() { // the race detector, which runs the short tests, takes memory of its own
		s.judgeMemory(t)
	}
	collectRarely()
	for _, c := range s.cases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, p := range s.judge(t, c) {
				t.Error(p)
			}
		})
	}
}

// collectRarely has the garbage collected less often: of thousands of small runs
// much is left, and little of it lives.
var collectRarely = sync.OnceFunc(func() { debug.SetGCPercent(400) })

// suite is a target with what a healthy run has taught.
type suite struct {
	target  Target
	healthy outcome
	// scopes are one for each endpoint: its first request in the healthy run.
	scopes []scope
	// answers are what the healthy server has answered so far.
	answers answers
	// readable are sources, as JSON, that could be saved and read again: most faults
	// leave of a source what another has left already.
	readable sync.Map
}

// scope is what a fault hits: the requests to one path with one set of headers,
// which is how a credential or an API key names one source.
type scope struct {
	endpoint Endpoint
	request  identity
	// body is the healthy answer to the first request; nil if it was no success.
	body []byte
	// pages counts the healthy requests.
	pages int
}

// newSuite makes a healthy run and learns the endpoints.
func newSuite(t *testing.T, target Target) (*suite, []string) {
	t.Helper()
	s := &suite{target: target}
	s.healthy = s.run(t, nil)
	sound := &verdict{suite: s, got: s.healthy}
	sound.sound()
	problems := slices.Concat(s.healthy.problems, sound.problems)
	complain := func(format string, args ...any) {
		problems = append(problems, fmt.Sprintf("healthy run: "+format, args...))
	}
	for _, id := range s.healthy.ids() {
		source := s.healthy.sources[id]
		for _, u := range source.Units {
			if u.Status != inventory.UnitComplete {
				complain("unit %s of %s is %s: %s", u.Name, id, u.Status, u.Detail)
			}
		}
	}
	if s.healthy.tokens() == 0 {
		complain("no token was collected")
	}
	asked := map[string]*scope{}
	for _, r := range s.healthy.requests {
		endpoint, ok := target.endpoint(r.path)
		if !ok {
			complain("%s is asked, and is not an endpoint of the target", r.path)
			continue
		}
		sc := asked[endpoint.Path]
		if sc == nil {
			sc = &scope{endpoint: endpoint, request: r.identity, body: r.body}
			asked[endpoint.Path] = sc
		}
		if sc.request == r.identity {
			sc.pages++
		}
	}
	for _, e := range target.Endpoints {
		sc := asked[e.Path]
		if sc == nil {
			complain("nobody asks %s", e.Path)
			continue
		}
		s.scopes = append(s.scopes, *sc)
		for _, field := range slices.Concat(e.Nullable, e.Textual) {
			if !slices.Contains(Fields(sc.body), field) {
				complain("%s has no field %s", e.Path, field)
			}
		}
	}
	return s, problems
}

// endpoint finds the endpoint of a path.
func (t Target) endpoint(requested string) (Endpoint, bool) {
	i := slices.IndexFunc(t.Endpoints, func(e Endpoint) bool {
		ok, err := path.Match(e.Path, requested)
		return ok && err == nil
	})
	if i < 0 {
		return Endpoint{}, false
	}
	return t.Endpoints[i], true
}

// otherwise reports whether a path may be asked after a failure.
func (t Target) otherwise(requested string) bool {
	return slices.ContainsFunc(t.Otherwise, func(pattern string) bool {
		ok, err := path.Match(pattern, requested)
		return ok && err == nil
	})
}

// testCase is one fault at one endpoint.
type testCase struct {
	name  string
	scope scope
	fault fault
}

// cases returns every fault at every endpoint.
func (s *suite) cases() []testCase {
	var all []testCase
	for _, sc := range s.scopes {
		values := slices.Concat(valueFaults(sc), fieldFaults(sc))
		if testing.Short() {
			slices.SortFunc(values, func(a, b fault) int { return strings.Compare(a.name, b.name) })
			values = everyFifth(values)
		}
		for _, f := range slices.Concat(s.statusFaults(sc), connectionFaults(), answerFaults(sc), textFaults(sc), values, pagingFaults(sc)) {
			all = append(all, testCase{strings.Trim(sc.endpoint.Path, "/") + "/" + f.name, sc, f})
		}
	}
	return all
}

func everyFifth(faults []fault) []fault {
	var some []fault
	for i := 0; i < len(faults); i += 5 {
		some = append(some, faults[i])
	}
	return some
}

// judge runs a case and says all that is wrong with what came of it.
func (s *suite) judge(t *testing.T, c testCase) []string {
	t.Helper()
	got := s.run(t, &c)
	problems := slices.Clone(got.problems)
	if got.hit == 0 {
		return append(problems, "the collector did not ask the endpoint")
	}
	if probed(c.fault) {
		problems = append(problems, s.judgeDoctor(t, c)...)
	}
	if resumable(c.fault) && c.scope.endpoint.Unmarked == "" {
		problems = append(problems, s.judgeResume(t, c, got)...)
	}
	return append(problems, s.compare(c, got)...)
}
