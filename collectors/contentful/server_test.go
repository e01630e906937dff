package contentful

import (
	"encoding/json"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/conformance"
)

const (
	testOrganization = "0orgAcme"
	// testCredential ends in the redacted value of the fixture's own token.
	testCredential = "CFPAT-SECRET-of-the-audit-0123456789-0123456789-Ud1T"
)

var testNow = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// fixtures are the bodies of testdata/acme by path. What a list brings along
// when asked to is under its path and ".includes".
type fixtures map[string]json.RawMessage

// acme are all fixtures, read once.
var acme = sync.OnceValues(func() (fixtures, error) {
	all := fixtures{}
	err := filepath.WalkDir("testdata/acme", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := os.ReadFile(path)
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(path), "testdata/acme"), ".json")
		all[name] = body
		return err
	})
	return all, err
})

func loadFixtures(t testing.TB) fixtures {
	t.Helper()
	all, err := acme()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// server answers from testdata/acme, whose bodies have the shapes that the
// documentation and recordings of the API show, with the envelope, the page
// sizes and the errors of the real service. A path with an entry in answers is
// answered by that instead.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	requests []string
}

func newServer(t testing.TB, answers map[string]http.HandlerFunc) *server {
	t.Helper()
	s := &server{}
	all := loadFixtures(t)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r.URL.RequestURI())
		s.mu.Unlock()
		if r.Method != http.MethodGet {
			t.Errorf("%s %s: only GET may leave the program", r.Method, r.URL.Path)
		}
		if r.URL.Query().Has("access_token") {
			t.Errorf("%s: the credential is in the query", r.URL.Path)
		}
		if answer, ok := answers[r.URL.Path]; ok && authorized(r) {
			answer(w, r)
			return
		}
		all.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func authorized(r *http.Request) bool {
	return r.Header.Get("Authorization") == "Bearer "+testCredential
}

func (f fixtures) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/vnd.contentful.management.v1+json")
	if !authorized(r) {
		failure(http.StatusForbidden, "AccessTokenInvalid")(w, r)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/spaces/") {
		// Routes of organizations and users were never recorded with these.
		w.Header().Set("X-Contentful-RateLimit-Second-Limit", "10")
		w.Header().Set("X-Contentful-RateLimit-Reset", "0")
	}
	body, ok := f[r.URL.Path]
	if !ok {
		failure(http.StatusNotFound, "UnknownRoute")(w, r)
		return
	}
	var items []json.RawMessage
	if err := json.Unmarshal(body, &items); err != nil {
		_, _ = w.Write(body)
		return
	}
	var includes json.RawMessage
	if r.URL.Query().Get("include") == "sys.user" {
		includes = f[r.URL.Path+".includes"]
	}
	serveItems(w, r, items, includes)
}

// without returns the fixtures without the named members, wherever they are.
func (f fixtures) without(t testing.TB, members ...string) fixtures {
	t.Helper()
	lean := fixtures{}
	for path, body := range f {
		var document any
		if err := json.Unmarshal(body, &document); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		strip(document, members)
		stripped, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		lean[path] = stripped
	}
	return lean
}

func strip(v any, members []string) {
	switch v := v.(type) {
	case map[string]any:
		for _, m := range members {
			delete(v, m)
		}
		for _, below := range v {
			strip(below, members)
		}
	case []any:
		for _, below := range v {
			strip(below, members)
		}
	}
}

// serveItems answers a page: 25 items by default, at most 100.
func serveItems(w http.ResponseWriter, r *http.Request, items []json.RawMessage, includes json.RawMessage) {
	limit, skip := 25, 0
	if n, err := strconv.Atoi(r.URL.Query().Get("limit")); err == nil {
		limit = min(n, 100)
	}
	if n, err := strconv.Atoi(r.URL.Query().Get("skip")); err == nil {
		skip = n
	}
	envelope := map[string]any{
		"sys": map[string]string{"type": "Array"}, "total": len(items), "limit": limit, "skip": skip,
		"items": items[min(skip, len(items)):min(skip+limit, len(items))],
	}
	if includes != nil {
		envelope["includes"] = includes
	}
	_ = json.NewEncoder(w).Encode(envelope)
}

// body answers with fixed text.
func body(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
}

// items answers a list of the given items.
func items(texts ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		all := []json.RawMessage{}
		for _, text := range texts {
			all = append(all, json.RawMessage(text))
		}
		serveItems(w, r, all, nil)
	}
}

// failure answers as Contentful fails. The message repeats what only the
// server should know, which no error may show.
func failure(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		if code != "" {
			_, _ = w.Write([]byte(`{"sys":{"type":"Error","id":"` + code + `"},"message":"SECRET-in-a-message","requestId":"SECRET-id","details":{"reasons":["SECRET-reason"]}}`))
		}
	}
}

// counts returns how often each path was asked for.
func (s *server) counts() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := map[string]int{}
	for _, r := range s.requests {
		counts[r]++
	}
	return counts
}

// entry is a configuration entry for the server.
func (s *server) entry(values map[string]any) collectors.Entry {
	all := map[string]any{optionToken: cmsapi.NewSecret(testCredential)}
	maps.Copy(all, values)
	return collectors.Entry{CMS: CMS, Values: all, BaseURL: s.URL}
}

// testRun returns what collectors share. Nothing is paced, and what is logged
// goes to the log.
func testRun(t testing.TB, log *conformance.Log) collectors.Run {
	t.Helper()
	return conformance.NewRun(t, cmsapi.Options{Unpaced: true, Log: log.Logger()}, testNow)
}

// open makes the collector of an entry.
func (s *server) open(t testing.TB, values map[string]any) *collector {
	t.Helper()
	c, err := newCollector(s.entry(values), testRun(t, &conformance.Log{}))
	if err != nil {
		t.Fatal(err)
	}
	return c.(*collector)
}
