package contentful

import (
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/conformance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	errorBody := func(code string) string { return `{"sys":{"type":"Error","id":"` + code + `"},"message":"x"}` }
	for _, test := range []struct {
		name   string
		status int
		body   string
		class  inventory.ErrorClass // empty: by the status alone
	}{
		{"rejected by the gateway", 403, errorBody("AccessTokenInvalid"), inventory.ErrUnauthorized},
		{"rejected by the content API", 401, errorBody("AccessTokenInvalid"), inventory.ErrUnauthorized},
		{"denied", 403, errorBody("AccessDenied"), inventory.ErrPermissionDenied},
		{"forbidden", 403, errorBody("Forbidden"), inventory.ErrPermissionDenied},
		{"a kind of token that may not ask", 401, errorBody("AccessDenied"), inventory.ErrPermissionDenied},
		{"the same by another name", 401, errorBody("SomethingElse"), inventory.ErrPermissionDenied},
		{"not found", 404, errorBody("NotFound"), inventory.ErrNotFound},
		{"no such route", 404, errorBody("UnknownRoute"), inventory.ErrNotFound},
		{"too many", 429, errorBody("RateLimitExceeded"), inventory.ErrRateLimited},
		{"asleep", 502, errorBody("Hibernated"), inventory.ErrUnavailable},
		{"another code", 422, errorBody("ValidationFailed"), ""},
		{"no body", 503, "", ""},
		{"HTML", 403, "<html>", ""},
		{"a code that is none", 403, errorBody("<script>"), ""},
		{"a code of a wrong type", 403, `{"sys":{"id":[]}}`, ""},
		{"an array", 403, `[]`, ""},
	} {
		class := inventory.ErrorClass("")
		if e := classify(cmsapi.Failure{Status: test.status, Body: []byte(test.body)}); e != nil {
			class = e.Class
		}
		if class != test.class {
			t.Errorf("%s: got %q, want %q", test.name, class, test.class)
		}
	}
}

func TestWorthRetrying(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status int
		body   string
		want   bool
	}{
		{500, "", true},
		{502, `{"sys":{"id":"ServerError"}}`, true},
		{502, `{"sys":{"id":"Hibernated"}}`, false},
		{503, "", true},
		{504, "", true},
		{403, "", false},
	} {
		if got := worthRetrying(cmsapi.Failure{Status: test.status, Body: []byte(test.body)}); got != test.want {
			t.Errorf("%d %s: got %v", test.status, test.body, got)
		}
	}
}

func TestGrantedRate(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]float64{"10": 10, "7": 7, "1000": greatestRate, "0": 0, "-1": 0, "x": 0, "": 0, "NaN": 0} {
		h := http.Header{}
		h.Set("X-Contentful-RateLimit-Second-Limit", value)
		got, ok := grantedRate(h)
		if ok != (want > 0) || ok && got != want {
			t.Errorf("%q: got %v, %v; want %v", value, got, ok, want)
		}
	}
}

// TestNotRetried counts the requests: a hibernated space and a refused list are
// asked for once.
func TestNotRetried(t *testing.T) {
	t.Parallel()
	s := newServer(t, map[string]http.HandlerFunc{
		"/spaces/web/api_keys":         failure(502, "Hibernated"),
		"/spaces/web/preview_api_keys": failure(403, "AccessDenied"),
	})
	s.collect(t, map[string]any{optionSpaces: []string{"web"}})
	for request, n := range s.counts() {
		if n != 1 {
			t.Errorf("%s was asked for %d times", request, n)
		}
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	run := testRun(t, &conformance.Log{})
	for _, test := range []struct {
		name   string
		values map[string]any
		base   string
		host   string // empty: refused
	}{
		{"default region", map[string]any{optionOrganization: "o"}, "", "api.contentful.com"},
		{"us", map[string]any{optionOrganization: "o", optionRegion: "us"}, "", "api.contentful.com"},
		{"eu", map[string]any{optionOrganization: "o", optionRegion: "eu"}, "", "api.eu.contentful.com"},
		{"own host", map[string]any{optionSpaces: []string{"a"}}, "https://cms.example.com:8443", "cms.example.com:8443"},
		{"plain http", map[string]any{optionSpaces: []string{"a"}}, "http://cms.example.com", ""},
		{"nothing to audit", map[string]any{}, "", ""},
		{"a space that is an address", map[string]any{optionSpaces: []string{"https://app.contentful.com/spaces/a"}}, "", ""},
		{"an organization that is a name", map[string]any{optionOrganization: "Acme Inc"}, "", ""},
		{"a region that is none", map[string]any{optionOrganization: "o", optionRegion: "mars"}, "", ""},
		{"no token", map[string]any{optionOrganization: "o", optionToken: cmsapi.Secret{}}, "", ""},
	} {
		values := map[string]any{optionToken: cmsapi.NewSecret(testCredential)}
		maps.Copy(values, test.values)
		made, err := newCollector(collectors.Entry{CMS: CMS, Values: values, BaseURL: test.base}, run)
		if (err == nil) != (test.host != "") {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if err == nil {
			if got := made.(*collector).client.Host(); got != test.host {
				t.Errorf("%s: host %s, want %s", test.name, got, test.host)
			}
		}
	}
}

func TestDomain(t *testing.T) {
	t.Parallel()
	run := testRun(t, &conformance.Log{})
	domain := func(region, credential string) string {
		made, err := newCollector(collectors.Entry{CMS: CMS, Values: map[string]any{
			optionOrganization: "o", optionRegion: region, optionToken: cmsapi.NewSecret(credential),
		}}, run)
		if err != nil {
			t.Fatal(err)
		}
		c := made.(*collector)
		if c.EntryDomain() != c.Domain(inventory.Source{}) {
			t.Error("the entry and its sources are in different domains")
		}
		return c.EntryDomain()
	}
	// The name decides which shard reads an entry, so it is the same everywhere.
	const want = "contentful/api.contentful.com/0d2d2b7d"
	if got := domain("us", testCredential); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if domain("us", "another") == want || domain("eu", testCredential) == want {
		t.Error("another credential or host shares the domain")
	}
}

func TestResetHeader(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{"1": time.Second, "900": 15 * time.Minute, "0": 0} {
		h := http.Header{}
		h.Set("X-Contentful-RateLimit-Reset", value)
		seconds, ok := headerNumber(h, "X-Contentful-RateLimit-Reset")
		if !ok || cmsapi.Seconds(seconds) != want {
			t.Errorf("%q: got %v, %v", value, cmsapi.Seconds(seconds), ok)
		}
	}
	if _, ok := headerNumber(http.Header{}, "X-Contentful-RateLimit-Reset"); ok {
		t.Error("a header that is absent was read")
	}
}
