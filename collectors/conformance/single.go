package conformance

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// Answer is one answer of a CMS as a test has it. A zero Status is 200.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Answers is a CMS that answers each path always the same, in JSON. A path that
// it does not hold gets the answer of the empty path, or 404.
type Answers map[string]Answer

func (a Answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, known := a[r.URL.Path]
	if !known {
		answer, known = a[""]
	}
	switch {
	case !known:
		answer.Status = http.StatusNotFound
	case answer.Status == 0:
		answer.Status = http.StatusOK
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	for name, values := range answer.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Status)
	_, _ = w.Write([]byte(answer.Body))
}

// Fixture gives a file of the test's folder testdata.
func Fixture(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Open serves a CMS on loopback until the test ends, and opens the collector of
// an entry on it. It collects at now, and paces nothing.
func Open[C collectors.Collector](t testing.TB, d collectors.Definition, entry collectors.Entry, cms http.Handler, now time.Time) C {
	t.Helper()
	server := httptest.NewServer(cms)
	t.Cleanup(server.Close)
	session, err := cmsapi.NewSession(cmsapi.Options{Unpaced: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(session.Close)
	entry.BaseURL = server.URL
	opened, err := d.New(entry, collectors.Run{API: session, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	c, ok := opened.(C)
	if !ok {
		t.Fatalf("%s makes a %T", d.CMS, opened)
	}
	return c
}

// Collect gives the one source of a collector, which is checked for
// contradictions.
func Collect(t testing.TB, c collectors.Collector) inventory.Source {
	t.Helper()
	sources, err := c.Discover(t.Context())
	if err != nil || len(sources) != 1 {
		t.Fatalf("%d sources, %v", len(sources), err)
	}
	s, err := c.Collect(t.Context(), sources[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	return s
}

// Unit gives the unit of a source by name.
func Unit(t testing.TB, s inventory.Source, name string) inventory.Unit {
	t.Helper()
	for _, u := range s.Units {
		if u.Name == name {
			return u
		}
	}
	t.Fatalf("%s has no unit %s", s.ID, name)
	return inventory.Unit{}
}
