package conformance

import (
	"bytes"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// Answer is one answer of a CMS as a test has it, in JSON. A zero Status is 200.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

func (a Answer) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	maps.Copy(w.Header(), a.Header)
	status := a.Status
	if status == 0 {
		status = http.StatusOK
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, a.Body)
}

// Answers is a CMS that answers each path always the same. A path that
// it does not hold gets the answer of the empty path, or 404.
type Answers map[string]Answer

func (a Answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, known := a[r.URL.Path]
	if !known {
		answer, known = a[""]
	}
	if !known {
		answer.Status = http.StatusNotFound
	}
	answer.ServeHTTP(w, r)
}

// Fixture returns a file of the test's folder testdata.
func Fixture(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Golden compares what was made with a file, which it writes first if update is
// set.
func Golden(t testing.TB, file string, update bool, got []byte) {
	t.Helper()
	if update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got; run with -update if it is right):\n%s", file, diff)
	}
}

// Log keeps all that a session logs, of every level. It is safe for concurrent
// use.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *Log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Logger writes to the log.
func (l *Log) Logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// NewRun returns what the collectors of one test share: a session, which ends with
// the test, and a clock that stands at now.
func NewRun(t testing.TB, o cmsapi.Options, now time.Time) collectors.Run {
	t.Helper()
	session, err := cmsapi.NewSession(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(session.Close)
	return collectors.Run{API: session, Now: func() time.Time { return now }}
}

// Open serves a CMS on loopback until the test ends, and opens the collector of
// an entry on it. It collects at now, and paces nothing.
func Open[C collectors.Collector](t testing.TB, d collectors.Definition, entry collectors.Entry, cms http.Handler, now time.Time) C {
	t.Helper()
	server := httptest.NewServer(cms)
	t.Cleanup(server.Close)
	entry.BaseURL = server.URL
	opened, err := d.New(entry, NewRun(t, cmsapi.Options{Unpaced: true}, now))
	if err != nil {
		t.Fatal(err)
	}
	c, ok := opened.(C)
	if !ok {
		t.Fatalf("%s makes a %T", d.CMS, opened)
	}
	return c
}

// Collect returns the one source of a collector, which is checked for
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

// Unit returns the unit of a source by name.
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

// Token returns the token of a source whose id ends with a path below that of the source.
func Token(t testing.TB, s inventory.Source, path string) inventory.Token {
	t.Helper()
	for _, token := range s.Tokens {
		if token.ID == s.ID+"/"+path {
			return token
		}
	}
	t.Fatalf("%s has no token %s", s.ID, path)
	return inventory.Token{}
}
