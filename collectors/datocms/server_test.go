package datocms

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/conformance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// planted is in every place of the fixtures that holds a secret at DatoCMS.
const (
	planted    = "planted0secret"
	credential = "planted0secret-of-the-scan"
)

// auditTime is a Sunday.
var auditTime = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// answer is what the fake API gives for one path.
type answer = conformance.Answer

func ok(body string) answer { return answer{Body: body} }

// apiError is an answer in the form of DatoCMS's errors.
func apiError(status int, code string) answer {
	return answer{Status: status, Body: `{"data":[{"id":"5413bc","type":"api_error","attributes":{"code":"` + code + `","doc_url":"https://www.datocms.com/docs","details":{}}}]}`}
}

// blog is the project of the fixtures.
func blog(t testing.TB) map[string]answer {
	t.Helper()
	return map[string]answer{
		"/site":          ok(conformance.Fixture(t, "site.json")),
		"/access_tokens": ok(conformance.Fixture(t, "access_tokens.json")),
		"/roles":         ok(conformance.Fixture(t, "roles.json")),
		"/environments":  ok(conformance.Fixture(t, "environments.json")),
		"/users/me":      ok(conformance.Fixture(t, "me.json")),
	}
}

// fakeAPI answers as told, and fails the test on a request that nobody
// expects, one that lacks what DatoCMS demands, and one that never came.
func fakeAPI(t testing.TB, answers map[string]answer, unused ...string) string {
	t.Helper()
	var mu sync.Mutex
	asked := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked[r.URL.Path]++
		mu.Unlock()
		a, expected := answers[r.URL.Path]
		if !expected || r.Method != http.MethodGet {
			t.Errorf("unexpected request: %s %s", r.Method, r.URL)
		}
		for name, want := range map[string]string{
			"Authorization": "Bearer " + credential, "X-Api-Version": "3", "Accept": "application/json", "X-Environment": "",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: header %s is %q, want %q", r.URL.Path, name, got, want)
			}
		}
		wantQuery := ""
		if r.URL.Path == "/users/me" {
			wantQuery = "include=role"
		}
		if r.URL.RawQuery != wantQuery {
			t.Errorf("%s: query is %q", r.URL.Path, r.URL.RawQuery)
		}
		a.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		server.Close()
		for path, a := range answers {
			if n := asked[path]; n == 0 && !slices.Contains(unused, path) || n > 1 && a.Status < 500 {
				t.Errorf("%s was asked for %d times", path, n)
			}
		}
	})
	return server.URL
}

func newTestCollector(t testing.TB, url string, log *slog.Logger) collectors.Collector {
	t.Helper()
	c, err := Definition().New(collectors.Entry{
		CMS:     CMS,
		BaseURL: url,
		Values: map[string]any{optionProjects: []map[string]any{
			{optionName: "blog", optionToken: cmsapi.NewSecret(credential)},
		}},
		Labels: map[string]string{"team": "web"},
		Origin: inventory.Origin{File: "tokenaudit.yaml", Line: 4},
	}, conformance.NewRun(t, cmsapi.Options{Unpaced: true, Log: log}, auditTime))
	if err != nil {
		t.Fatal(err)
	}
	return c
}
