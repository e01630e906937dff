package contentstack

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/conformance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

const (
	authtoken = "PLANTED-authtoken"
	webKey    = "PLANTED-api-key-web"
	shopKey   = "PLANTED-api-key-shop"
	webID     = "contentstack/stacks/bltstackweb000001"
	shopID    = "contentstack/stacks/bltstackshop00001"
)

// now is when every test collects.
var now = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

// reply is one answer of the fake server.
type reply = conformance.Answer

// server answers like the documented API, from the bodies in testdata. It is
// an http.RoundTripper, so nothing leaves the process.
type server struct {
	t *testing.T
	// bodies are the answers by path and scope: an api_key, an organization or
	// nothing. A body with a list is cut into pages.
	bodies map[string]string
	// replies come before bodies.
	replies map[string]reply
	// pageCap is the longest page; 0 means 100. noCount leaves the count out.
	pageCap  int
	noCount  bool
	noPaging bool

	mu       sync.Mutex
	requests []string
}

func newServer(t *testing.T) *server {
	s := &server{t: t, bodies: map[string]string{}, replies: map[string]reply{}}
	s.bodies["/v3/user"] = conformance.Fixture(t, "user.json")
	s.bodies["/v3/stacks bltorg"] = conformance.Fixture(t, "stacks.json")
	s.bodies["/v3/organizations/bltorg/stacks bltorg"] = conformance.Fixture(t, "stacks.json")
	s.bodies["/v3/organizations/bltorg/share bltorg"] = conformance.Fixture(t, "shares.json")
	s.bodies["/v3/stacks "+webKey] = conformance.Fixture(t, "collaborators.json")
	for path, file := range map[string]string{
		"/v3/stacks/delivery_tokens": "delivery_tokens.json", "/v3/stacks/management_tokens": "management_tokens.json",
		"/v3/environments": "environments.json", "/v3/stacks/branches": "branches.json", "/v3/stacks/branch_aliases": "branch_aliases.json",
	} {
		s.bodies[path+" "+webKey] = conformance.Fixture(t, file)
	}
	s.bodies["/v3/stacks/delivery_tokens "+shopKey] = `{"token": {"uid": "bltdelivery000009", "name": "Shop", "token": "PLANTED-delivery-token",
		"created_by": "bltuserauditor0001", "created_at": "2026-10-01T00:00:00.000Z", "updated_at": "2026-10-01T00:00:00.000Z",
		"scope": [{"module": "environment", "acl": {"read": true}, "environments": ["production"]}]}}`
	s.bodies["/v3/stacks/management_tokens "+shopKey] = `{"tokens": []}`
	s.bodies["/v3/environments "+shopKey] = `{"environments": [{"uid": "bltenvshop0000001", "name": "production"}]}`
	return s
}

// RoundTrip implements http.RoundTripper.
func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	s.serve(w, r)
	response := w.Result()
	response.Request = r
	return response, nil
}

func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	scope := r.Header.Get("api_key")
	if scope == "" {
		scope = r.Header.Get("organization_uid")
	}
	key := strings.TrimSpace(r.URL.Path + " " + scope)
	s.mu.Lock()
	s.requests = append(s.requests, key+"?"+r.URL.RawQuery)
	s.mu.Unlock()
	if r.Method != http.MethodGet {
		s.t.Errorf("%s %s: only GET may leave the program", r.Method, r.URL.Path)
	}
	if r.Header.Get("authtoken") != authtoken && r.Header.Get("Authorization") != "Bearer "+authtoken {
		write(w, refusal(http.StatusUnauthorized, 105, "You're not allowed in here unless you're logged in."))
		return
	}
	if reply, ok := s.replies[key]; ok {
		write(w, reply)
		return
	}
	body, ok := s.bodies[key]
	switch {
	case !ok && strings.HasPrefix(r.URL.Path, "/v3/stacks") && !strings.HasSuffix(key, shopKey) && !strings.HasSuffix(key, webKey):
		write(w, noStack())
	case !ok:
		write(w, refusal(http.StatusNotFound, 0, "The requested URL was not found."))
	default:
		write(w, reply{Status: http.StatusOK, Body: s.paged(body, r)})
	}
}

// paged cuts the list of a body.
func (s *server) paged(body string, r *http.Request) string {
	query := r.URL.Query()
	var members map[string]json.RawMessage
	if !query.Has("limit") || s.noPaging || json.Unmarshal([]byte(body), &members) != nil {
		return body
	}
	limit, _ := strconv.Atoi(query.Get("limit"))
	skip, _ := strconv.Atoi(query.Get("skip"))
	limit = min(limit, 100)
	if s.pageCap > 0 {
		limit = min(limit, s.pageCap)
	}
	for name, raw := range members {
		var items []json.RawMessage
		if json.Unmarshal(raw, &items) != nil || items == nil {
			continue
		}
		items = items[min(skip, len(items)):]
		members[name], _ = json.Marshal(items[:min(limit, len(items))])
	}
	if s.noCount {
		delete(members, "count")
	}
	cut, _ := json.Marshal(members)
	return string(cut)
}

func write(w http.ResponseWriter, r reply) {
	w.Header().Set("X-Contentstack-Organization", "bltorg")
	r.ServeHTTP(w, nil)
}

// refusal is the documented body of an error.
func refusal(status, code int, message string) reply {
	return reply{Status: status, Body: fmt.Sprintf(`{"error_message": %q, "error_code": %d, "errors": []}`, message, code)}
}

func noStack() reply {
	return reply{Status: http.StatusPreconditionFailed,
		Body: `{"error_message": "We can't find that Stack. Please try again.", "error_code": 109, "errors": {"api_key": ["is not valid."]}}`}
}

// asked returns the requests that were sent, sorted, without their queries.
func (s *server) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var paths []string
	for _, r := range s.requests {
		path, _, _ := strings.Cut(r, "?")
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}

// harness is a session on a fake server, with everything that it says.
type harness struct {
	*server
	log conformance.Log
	run collectors.Run
}

func newHarness(t *testing.T, s *server) *harness {
	t.Helper()
	return newPacedHarness(t, s, s, true)
}

func newPacedHarness(t *testing.T, s *server, transport http.RoundTripper, unpaced bool) *harness {
	t.Helper()
	h := &harness{server: s}
	h.run = conformance.NewRun(t, cmsapi.Options{Transport: transport, Unpaced: unpaced, Log: h.log.Logger()}, now)
	return h
}

// organizationEntry is an entry for all stacks of the organization.
func organizationEntry() collectors.Entry {
	return collectors.Entry{CMS: CMS, Values: map[string]any{
		optionRegion: "eu", optionOrganization: "bltorg", optionAuthtoken: cmsapi.NewSecret(authtoken),
	}, Origin: inventory.Origin{File: "tokenaudit.yaml", Line: 3}}
}

// listedEntry is an entry for listed stacks.
func listedEntry(keys ...string) collectors.Entry {
	var stacks []map[string]any
	for _, key := range keys {
		stacks = append(stacks, map[string]any{optionAPIKey: cmsapi.NewSecret(key)})
	}
	return collectors.Entry{CMS: CMS, Values: map[string]any{optionStacks: stacks, optionAuthtoken: cmsapi.NewSecret(authtoken)}}
}

// collect reads everything that an entry reaches. The second result is the
// error of Discover.
func (h *harness) collect(t *testing.T, entry collectors.Entry) (map[string]inventory.Source, error) {
	t.Helper()
	c, err := newCollector(entry, h.run)
	if err != nil {
		t.Fatal(err)
	}
	found, discovery := c.Discover(t.Context())
	sources := map[string]inventory.Source{}
	for _, source := range found {
		read, err := c.Collect(t.Context(), source)
		if err != nil {
			t.Errorf("collect %s: %v", source.ID, err)
		}
		if err := read.Check(); err != nil {
			t.Errorf("source %s contradicts itself: %v", source.ID, err)
		}
		sources[read.ID] = read
	}
	h.checkSecrets(t, sources, discovery)
	return sources, discovery
}

// checkSecrets looks for the planted secrets in all that came out.
func (h *harness) checkSecrets(t *testing.T, sources map[string]inventory.Source, err error) {
	t.Helper()
	out, _ := json.Marshal(sources)
	for name, s := range map[string]string{
		"inventory": string(out), "log": h.log.String(), "values": fmt.Sprintf("%+v", sources), "error": fmt.Sprintf("%+v", err),
	} {
		if at := strings.Index(s, "PLANTED"); at >= 0 {
			t.Errorf("a secret is in the %s: …%s…", name, s[max(at-60, 0):min(at+60, len(s))])
		}
	}
}

// units returns the units of a source by name.
func units(s inventory.Source) map[string]inventory.Unit {
	byName := map[string]inventory.Unit{}
	for _, u := range s.Units {
		byName[u.Name] = u
	}
	return byName
}

// tokensOf returns the tokens of a source by the last part of their ids.
func tokensOf(s inventory.Source) map[string]inventory.Token {
	byRef := map[string]inventory.Token{}
	for _, t := range s.Tokens {
		byRef[strings.TrimPrefix(t.ID[strings.LastIndex(t.ID, "_tokens/")+1:], "tokens/")] = t
	}
	return byRef
}
