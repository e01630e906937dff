package contentful

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/conformance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

var update = flag.Bool("update", false, "write the golden files")

// collect runs an entry as the program does.
func (s *server) collect(t testing.TB, values map[string]any) ([]inventory.Source, string) {
	t.Helper()
	registry, err := collectors.NewRegistry(Definition())
	if err != nil {
		t.Fatal(err)
	}
	var log conformance.Log
	var sources []inventory.Source
	_, err = collectors.Collect(context.Background(), collectors.Options{
		Registry: registry, Entries: []collectors.Entry{s.entry(values)}, Run: testRun(t, &log),
	}, func(source inventory.Source) error {
		sources = append(sources, source)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(sources, func(a, b inventory.Source) int { return strings.Compare(a.ID, b.ID) })
	for i := range sources {
		if err := sources[i].Check(); err != nil {
			t.Errorf("%s: %v", sources[i].ID, err)
		}
		// The port changes from run to run.
		sources[i].Host = "loopback"
	}
	return sources, log.String()
}

func organizationEntry() map[string]any { return map[string]any{optionOrganization: testOrganization} }

func TestCollectOrganization(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	sources, log := s.collect(t, organizationEntry())
	got, err := json.MarshalIndent(sources, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	conformance.Golden(t, "testdata/acme.golden.json", *update, append(got, '\n'))
	for name, text := range map[string]string{"the inventory": string(got), "the log": log} {
		if strings.Contains(text, "SECRET") {
			t.Errorf("a secret is in %s", name)
		}
	}
	if !strings.Contains(log, "/access_tokens") {
		t.Error("the log shows no requests, so it proves nothing about secrets")
	}
	for request, n := range s.counts() {
		if n != 1 {
			t.Errorf("%s was asked for %d times", request, n)
		}
	}
}

func TestCollectListedSpacesAlone(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	sources, _ := s.collect(t, map[string]any{optionSpaces: []string{"web", "web"}})
	if len(sources) != 1 || sources[0].ID != "contentful/spaces/web" {
		t.Fatalf("got %d sources, want the space alone", len(sources))
	}
	if sources[0].Name != "Website" || sources[0].Organization != testOrganization {
		t.Errorf("got name %q, organization %q", sources[0].Name, sources[0].Organization)
	}
	for _, u := range sources[0].Units {
		if u.Status != inventory.UnitComplete {
			t.Errorf("unit %s is %s: %s", u.Name, u.Status, u.Detail)
		}
	}
	for request := range s.counts() {
		if strings.HasPrefix(request, "/organizations") {
			t.Errorf("%s was asked for, although no organization is configured", request)
		}
	}
}

func TestCollectListedSpacesOfOrganization(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	sources, _ := s.collect(t, map[string]any{optionOrganization: testOrganization, optionSpaces: []string{"web", "betaspace", "gone"}})
	var got []string
	for _, source := range sources {
		for _, u := range source.Units {
			if u.Name == unitSpace {
				got = append(got, fmt.Sprintf("%s %s %s", source.ID, u.Status, u.Error))
			}
		}
		for _, token := range source.Tokens {
			if source.ID == "contentful/spaces/betaspace" && token.Owner.State == inventory.OwnerRemoved {
				t.Error("the people of one organization were looked up in another")
			}
		}
	}
	want := []string{
		"contentful/spaces/betaspace failed not_found",
		"contentful/spaces/gone failed not_found",
		"contentful/spaces/web complete ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("units (-want +got):\n%s", diff)
	}
	if len(sources) != 4 {
		t.Errorf("got %d sources, want the organization and three spaces", len(sources))
	}
}

func find(t testing.TB, sources []inventory.Source, id string) inventory.Source {
	t.Helper()
	for _, s := range sources {
		if s.ID == id {
			return s
		}
	}
	t.Fatalf("no source %s", id)
	return inventory.Source{}
}

// TestInterrupted ends the run while a list is under way: what was not read is
// a failed unit, and nothing hangs.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	s := newServer(t, map[string]http.HandlerFunc{
		"/spaces/web/api_keys": func(_ http.ResponseWriter, r *http.Request) {
			close(asked)
			<-r.Context().Done()
		},
	})
	c := s.open(t, organizationEntry())
	sources, err := c.Discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	source, err := c.Collect(ctx, find(t, sources, "contentful/spaces/web"))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	if u := conformance.Unit(t, source, unitAPIKeys); u.Status != inventory.UnitFailed || u.Error != inventory.ErrTimeout {
		t.Errorf("the list that was under way is %s, %s", u.Status, u.Error)
	}
	if _, err := c.Discover(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("discovery with an ended context gives %v", err)
	}
	// What was asked for once with the ended context is asked for again.
	source, err = c.Collect(t.Context(), find(t, sources, "contentful/organizations/"+testOrganization))
	if err != nil || len(gaps(source)) > 0 {
		t.Errorf("after an interruption: %v, gaps %v", err, gaps(source))
	}
}

// TestTooLongAWait: the header that says how long to wait is read, and a wait
// that is too long ends as rate_limited at once.
func TestTooLongAWait(t *testing.T) {
	t.Parallel()
	s := newServer(t, map[string]http.HandlerFunc{
		"/spaces/web/api_keys": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Contentful-RateLimit-Reset", "900")
			failure(http.StatusTooManyRequests, "RateLimitExceeded")(w, r)
		},
	})
	sources, _ := s.collect(t, map[string]any{optionSpaces: []string{"web"}})
	u := conformance.Unit(t, sources[0], unitAPIKeys)
	if u.Error != inventory.ErrRateLimited || !strings.Contains(u.Detail, "15m0s") || u.Hint == "" {
		t.Errorf("the unit is %+v", u)
	}
}

func TestCollectRefusesStrangers(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	for _, id := range []string{"contentful/organizations/other", "contentstack/stacks/a", "contentful/spaces/", "contentful/spaces/%zz", ""} {
		if _, err := s.open(t, organizationEntry()).Collect(t.Context(), inventory.Source{ID: id}); err == nil {
			t.Errorf("%q was collected", id)
		}
	}
}
