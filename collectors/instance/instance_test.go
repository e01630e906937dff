package instance_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/instance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

func open(t *testing.T, spoil func(*collectors.Entry)) (*instance.Server, error) {
	t.Helper()
	session, err := cmsapi.NewSession(cmsapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(session.Close)
	entry := collectors.Entry{BaseURL: "https://cms.example.com:8443", Values: map[string]any{
		instance.OptionName: "intra/net", "token": cmsapi.NewSecret("s"),
	}}
	if spoil != nil {
		spoil(&entry)
	}
	return instance.Open(entry, collectors.Run{API: session, Now: func() time.Time { return time.Unix(0, 0) }}, instance.Setup{
		CMS: "paper", Credential: "token", Authorize: func(http.Header) {}, Rate: 1, Burst: 1, Page: "/admin",
	})
}

// The server's ID comes from its configured name, and its rate-limit domain from
// host and credential: two entries for one server with one credential share it.
func TestServer(t *testing.T) {
	s, err := open(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	sources, err := s.Discover(t.Context())
	if err != nil || len(sources) != 1 {
		t.Fatal(sources, err)
	}
	got := sources[0]
	want := inventory.Source{
		ID: "paper/instances/intra%2Fnet", CMS: "paper", Kind: inventory.KindInstance, Name: "intra/net",
		Host: "cms.example.com:8443", URL: "https://cms.example.com:8443/admin",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	twin, err := open(t, func(e *collectors.Entry) { e.Name = "another name" })
	if err != nil || s.EntryDomain() != twin.Domain(got) {
		t.Errorf("%s and %s, %v", s.EntryDomain(), twin.Domain(got), err)
	}
	other, err := open(t, func(e *collectors.Entry) { e.Values["token"] = cmsapi.NewSecret("other") })
	if err != nil || s.EntryDomain() == other.EntryDomain() {
		t.Errorf("another credential has its own limit: %s, %v", other.EntryDomain(), err)
	}
}

func TestIncompleteEntries(t *testing.T) {
	for want, spoil := range map[string]func(*collectors.Entry){
		"name is missing":                    func(e *collectors.Entry) { delete(e.Values, instance.OptionName) },
		"base_url is missing":                func(e *collectors.Entry) { e.BaseURL = "" },
		"token is missing":                   func(e *collectors.Entry) { delete(e.Values, "token") },
		"folder is not a path such as /blog": func(e *collectors.Entry) { e.Values[instance.OptionFolder] = "/blog/../admin" },
	} {
		if _, err := open(t, spoil); err == nil || err.Error() != want {
			t.Errorf("%v, not %s", err, want)
		}
	}
}

// A server need not be at the root of its host: requests and pages lie below its
// folder, and so does the path that an error names.
func TestFolder(t *testing.T) {
	var asked []string
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		if r.URL.Path != "/sites/blog/api" {
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer host.Close()
	s, err := open(t, func(e *collectors.Entry) { e.BaseURL, e.Values[instance.OptionFolder] = host.URL, "/sites/blog/" })
	if err != nil {
		t.Fatal(err)
	}
	if page := s.Source().URL; page != host.URL+"/sites/blog/admin" {
		t.Error(page)
	}
	if _, err := s.Client.Get(t.Context(), cmsapi.Request{Path: "/api"}, nil); err != nil {
		t.Error(err)
	}
	_, err = s.Client.Get(t.Context(), cmsapi.Request{Path: "/other"}, nil)
	if e := cmsapi.AsError(err); e == nil || e.Path != "/sites/blog/other" {
		t.Errorf("%+v", e)
	}
	if diff := cmp.Diff([]string{"/sites/blog/api", "/sites/blog/other"}, asked); diff != "" {
		t.Error(diff)
	}
}

// The source of another entry is refused: its tokens would get wrong IDs.
func TestFillKnowsItsSource(t *testing.T) {
	s, err := open(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	read := func(_ context.Context, source inventory.Source) inventory.Source { asked++; return source }
	if _, err := s.Fill(t.Context(), inventory.Source{ID: "paper/instances/b"}, read); err == nil || asked != 0 {
		t.Errorf("%v, asked %d times", err, asked)
	}
	filled, err := s.Fill(t.Context(), s.Source(), read)
	if err != nil || asked != 1 || !filled.CollectedAt.Equal(time.Unix(0, 0)) {
		t.Errorf("%v, asked %d times, %v", err, asked, filled.CollectedAt)
	}
}

func TestChecks(t *testing.T) {
	noticed := inventory.CompleteUnit("b")
	noticed.Detail = "switched off"
	units := []inventory.Unit{noticed, inventory.FailedUnit("c", inventory.ErrNotFound, "404", "look"), inventory.CompleteUnit("a")}
	got := instance.Checks(units, []instance.Line{
		{Unit: "a", Name: "as", Detail: "2 read"}, {Unit: "b", Name: "bs", Detail: "0 read"},
		{Unit: "c", Name: "cs", Detail: "0 read"}, {Unit: "d", Name: "ds", Detail: "0 read"},
	})
	want := []collectors.Check{
		{Name: "as", Status: collectors.CheckOK, Detail: "2 read"},
		{Name: "bs", Status: collectors.CheckWarning, Detail: "switched off"},
		{Name: "cs", Status: collectors.CheckFailed, Detail: "404", Hint: "look", Class: inventory.ErrNotFound},
		{Name: "ds", Status: collectors.CheckFailed, Detail: "it was not requested", Class: inventory.ErrUnavailable},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Only a credential that is known to be the weakest passes without a word.
func TestRightsCheck(t *testing.T) {
	for necessary, want := range map[inventory.Ternary]collectors.CheckStatus{
		inventory.Yes: collectors.CheckOK, inventory.No: collectors.CheckWarning, inventory.Unknown: collectors.CheckWarning,
	} {
		c := instance.RightsCheck(inventory.Auditor{Necessary: necessary}, "use less")
		if c.Status != want || (c.Hint == "use less") != (want == collectors.CheckWarning) {
			t.Errorf("%s: %+v", necessary, c)
		}
	}
}
