package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
)

// leakWorld is one CMS for the leak test: it is recorded once, and then replayed
// under many names with a secret in each place of an answer.
type leakWorld struct {
	cms     string
	handler http.Handler
	// entry is the entry of the configuration that reads the CMS at url; number
	// makes the ids of the sources different.
	entry func(number int, url string) string
	// ids are those of the sources, which get the number.
	ids []string
	// failure is the body of an answer that refuses something.
	failure string
	// shown are the members whose values a report shows: names, ids, owners.
	// shownNames are those the names of whose own members it shows.
	shown, shownNames []string
}

// numbered is an id with the number of a copy.
func numbered(id string, number int) string { return fmt.Sprintf("%sx%dx", id, number) }

func leakWorlds(t *testing.T) []leakWorld {
	t.Helper()
	f := buildFixture()
	return []leakWorld{{
		cms: "contentful", handler: f.cms["contentful"], ids: []string{"acme", "shop"},
		entry: func(n int, url string) string {
			return fmt.Sprintf("  - {cms: contentful, organization: %s, base_url: %q, token: {env: CONTENTFUL_MANAGEMENT_TOKEN}}\n", numbered("acme", n), url)
		},
		failure: `{"sys":{"type":"Error","id":"AccessDenied"},"message":"Forbidden","details":{"reasons":"no"},"requestId":"f81d4fae"}`,
		shown:   []string{"id", "name", "description", "firstName", "lastName", "email", "redactedValue", "scopes", "role"},
	}, {
		cms: "contentstack", handler: f.cms["contentstack"], ids: []string{"bltacme", "bltstack"},
		entry: func(n int, url string) string {
			return fmt.Sprintf("  - {cms: contentstack, organization: %s, base_url: %q, authtoken: {env: CONTENTSTACK_AUTHTOKEN}}\n", numbered("bltacme", n), url)
		},
		failure: `{"error_message":"You're not allowed in here unless you're logged in.","error_code":105,"errors":{"authtoken":["is not valid."]}}`,
		shown:   []string{"uid", "name", "description", "created_by", "email", "first_name", "last_name", "environments", "branches", "module", "api_key"},
	}, {
		cms: "datocms", handler: f.cms["datocms"], ids: []string{`"77"`},
		entry: func(_ int, url string) string {
			return fmt.Sprintf("  - {cms: datocms, base_url: %q, projects: [{name: blog, token: {env: DATOCMS_API_TOKEN}}]}\n", url)
		},
		failure: `{"data":[{"type":"api_error","id":"1","attributes":{"code":"INSUFFICIENT_PERMISSIONS","details":{}}}]}`,
		shown:   []string{"id", "name", "domain", "internal_domain", "environment"},
	}, {
		cms: "strapi", handler: replayed(map[string]string{
			"/admin/users/me":        `{"data":{"id":1,"firstname":"It","lastname":"Admin","username":null,"email":"admin@example.test","isActive":true,"roles":[{"id":1,"name":"Super Admin","code":"strapi-super-admin"}]}}`,
			"/admin/api-tokens":      captured(t, "strapi/testdata/api-tokens.json"),
			"/admin/admin-tokens":    captured(t, "strapi/testdata/admin-tokens.json"),
			"/admin/transfer/tokens": captured(t, "strapi/testdata/transfer-tokens.json"),
		}, captured(t, "strapi/testdata/unauthorized-401.json")),
		entry:   selfHosted("strapi", "token: {env: SELF_HOSTED_TOKEN}"),
		failure: captured(t, "strapi/testdata/forbidden-403.json"),
		shown:   []string{"id", "name", "description", "firstname", "lastname", "username", "email", "permissions", "action", "code"},
	}, {
		cms: "ghost", handler: replayed(map[string]string{
			"/ghost/api/admin/users/me/":     captured(t, "ghost/testdata/users-me.json"),
			"/ghost/api/admin/integrations/": captured(t, "ghost/testdata/integrations.json"),
			"/ghost/api/admin/users/":        `{"users":[{"id":"6b023c310a9d5d13998aa398","name":"It Owner","slug":"it","status":"active"}],"meta":{"pagination":{"page":1,"limit":100,"pages":1,"total":1,"next":null,"prev":null}}}`,
			"/ghost/api/admin/roles/":        captured(t, "ghost/testdata/roles.json"),
		}, captured(t, "ghost/testdata/error-404-suspended.json")),
		entry:   selfHosted("ghost", "token: {env: GHOST_TOKEN}"),
		failure: captured(t, "ghost/testdata/error-401-unknown-key.json"),
		shown:   []string{"id", "role_id", "name", "slug", "email", "description"},
	}, {
		cms: "directus", handler: replayed(map[string]string{
			"/users/me": captured(t, "directus/testdata/me.json"), "/permissions/me": captured(t, "directus/testdata/permissions-me.json"),
			"/users": captured(t, "directus/testdata/users.json"), "/roles": captured(t, "directus/testdata/roles.json"),
			"/policies": captured(t, "directus/testdata/policies.json"), "/access": captured(t, "directus/testdata/access.json"),
			"/permissions": captured(t, "directus/testdata/permissions.json"), "/activity": captured(t, "directus/testdata/deeds.json"),
		}, captured(t, "directus/testdata/error-404.json")),
		entry:   selfHosted("directus", "token: {env: SELF_HOSTED_TOKEN}"),
		failure: captured(t, "directus/testdata/error-403-fields.json"),
		shown:   []string{"id", "name", "first_name", "last_name", "email", "description", "role", "policy", "user", "item"},
	}, {
		cms: "wordpress", handler: replayed(map[string]string{
			"/wp-json/":            `{"name":"Intranet","authentication":{"application-passwords":{"endpoints":{"authorization":"https://x.example/wp-admin/authorize-application.php"}}}}`,
			"/wp-json/wp/v2/users": captured(t, "wordpress/testdata/users.json"),
			"/wp-json/wp/v2/users/1/application-passwords":             captured(t, "wordpress/testdata/application-passwords-user1.json"),
			"/wp-json/wp/v2/users/2/application-passwords":             captured(t, "wordpress/testdata/application-passwords-user2.json"),
			"/wp-json/wp/v2/users/3/application-passwords":             captured(t, "wordpress/testdata/application-passwords-user3.json"),
			"/wp-json/wp/v2/users/4/application-passwords":             captured(t, "wordpress/testdata/application-passwords-user4.json"),
			"/wp-json/wp/v2/users/me/application-passwords/introspect": `{"uuid":"8c87089c-e711-45da-929d-25fe45b585f7","name":"bootstrap"}`,
		}, `{"code":"rest_no_route","message":"No route was found.","data":{"status":404}}`),
		entry:   selfHosted("wordpress", "username: auditor, password: {env: SELF_HOSTED_TOKEN}"),
		failure: captured(t, "wordpress/testdata/error-401.json"),
		shown:   []string{"id", "name", "username", "uuid", "slug", "roles", "app_id"}, shownNames: []string{"capabilities"},
	}}
}

// leakEnvironment holds the credentials of the worlds.
func leakEnvironment() []string {
	return append(buildFixture().environ,
		"SELF_HOSTED_TOKEN="+plainSecret("self-hosted"),
		"GHOST_TOKEN=6b023c7e0a9d5d13998aa700:"+strings.Repeat(emulator.SecretMark, 8))
}

func selfHosted(cms, credential string) func(int, string) string {
	return func(n int, url string) string {
		return fmt.Sprintf("  - {cms: %s, name: %s, base_url: %q, %s}\n", cms, numbered("site", n), url, credential)
	}
}

// captured is a capture of a real server, with a secret where one was cut out.
func captured(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../collectors/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "XXXX", plainSecret(name))
}

// replayed is a server that answers each path with one text; a second page is empty.
func replayed(answers map[string]string, notFound string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("X-Wp-Total", "4")
		w.Header().Set("X-Wp-Totalpages", "1")
		text, known := answers[r.URL.Path]
		if offset, _ := strconv.Atoi(r.URL.Query().Get("offset")); offset > 0 {
			text = `{"data":[]}`
		}
		if !known {
			w.WriteHeader(http.StatusNotFound)
			text = notFound
		}
		_, _ = io.WriteString(w, text)
	})
}

// recording is what a CMS answers, by request.
type recording map[string]recorded

// recorded is one answer; nothing changes it, because connections share it.
type recorded struct {
	header http.Header
	body   []byte
}

// recordLeakWorld scans a CMS as it is.
func recordLeakWorld(t *testing.T, w leakWorld) recording {
	t.Helper()
	record := recording{}
	var mu sync.Mutex
	f := &fixture{environ: leakEnvironment()}
	f.transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		recorder := httptest.NewRecorder()
		w.handler.ServeHTTP(recorder, r)
		answer := recorder.Result()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			return nil, err
		}
		key := r.URL.RequestURI()
		mu.Lock()
		defer mu.Unlock()
		record[key] = recorded{answer.Header.Clone(), body}
		answer.Body = io.NopCloser(bytes.NewReader(body))
		return answer, nil
	})
	entry := w.entry(0, "http://127.0.0.1:1")
	for _, id := range w.ids {
		entry = strings.ReplaceAll(entry, numbered(id, 0), id)
	}
	write(t, "tokenaudit.yaml", "version: 1\nsources:\n"+entry)
	if got := f.execute(t.Context(), "collect", "-o", "recorded.json"); got.code != 0 && got.code != 3 {
		t.Fatalf("%s: %s", w.cms, got.err)
	}
	if len(record) < 3 {
		t.Fatalf("%s was asked for %d lists", w.cms, len(record))
	}
	return record
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
