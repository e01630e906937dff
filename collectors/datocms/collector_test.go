package datocms

import (
	"bytes"
	"flag"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/conformance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
)

var update = flag.Bool("update", false, "write the golden files")

// TestProject collects a project with every kind of token there is, and
// compares the whole of it.
func TestProject(t *testing.T) {
	var log conformance.Log
	c := newTestCollector(t, fakeAPI(t, blog(t)), log.Logger())
	s := conformance.Collect(t, c)
	if !strings.HasPrefix(s.Host, "127.0.0.1:") {
		t.Errorf("host is %q", s.Host)
	}
	s.Host = "site-api.datocms.com"
	var got bytes.Buffer
	if err := codec.Write(&got, inventory.Inventory{Tool: inventory.Tool{Name: "test", Version: "0"}, Sources: []inventory.Source{s}}); err != nil {
		t.Fatal(err)
	}
	conformance.Golden(t, filepath.Join("testdata", "golden.json"), *update, got.Bytes())
	if err := codec.Read(t.Context(), &got, codec.Limits{}, func(inventory.Source) error { return nil }); err != nil {
		t.Errorf("the inventory does not fit its schema: %v", err)
	}
	if log.String() == "" || strings.Contains(log.String()+conformance.Fixture(t, "golden.json"), planted) {
		t.Errorf("there is a secret in the log or in the inventory, or no log:\n%s", log.String())
	}
}

// facets are what a rule looks at first.
type facets struct {
	kind    inventory.Kind
	level   inventory.Level
	write   bool
	assumed bool
	role    inventory.Level
	manages inventory.Ternary
	factory inventory.Ternary
	scope   inventory.ScopeState
	envs    string
}

func TestTokens(t *testing.T) {
	s := conformance.Collect(t, newTestCollector(t, fakeAPI(t, blog(t)), nil))
	want := map[string]facets{
		"312": {inventory.Management, inventory.LevelRead, false, false, "", inventory.No, inventory.Yes, inventory.ScopeUnknown, ""},
		"313": {inventory.Management, inventory.LevelAdmin, true, false, "", inventory.Yes, inventory.Yes, inventory.ScopeUnknown, ""},
		"320": {inventory.Management, inventory.LevelAdmin, true, false, inventory.LevelAdmin, inventory.Yes, inventory.No, inventory.ScopeAll, "main staging"},
		"321": {inventory.Delivery, inventory.LevelRead, false, false, inventory.LevelRead, inventory.No, inventory.No, inventory.ScopeListed, "main"},
		"322": {inventory.Preview, inventory.LevelRead, false, false, inventory.LevelRead, inventory.No, inventory.No, inventory.ScopeAll, "main staging"},
		"323": {inventory.Management, inventory.LevelWrite, true, false, inventory.LevelWrite, inventory.No, inventory.No, inventory.ScopeListed, "main"},
		"324": {inventory.Delivery, inventory.LevelRead, false, false, inventory.LevelWrite, inventory.No, inventory.No, inventory.ScopeListed, "main"},
		"325": {inventory.Delivery, inventory.LevelNone, false, false, inventory.LevelAdmin, inventory.No, inventory.No, inventory.ScopeListed, ""},
		"326": {inventory.Management, inventory.LevelUnknown, true, true, inventory.LevelUnknown, inventory.Unknown, inventory.No, inventory.ScopeUnknown, ""},
		"327": {inventory.Management, inventory.LevelWrite, true, false, inventory.LevelWrite, inventory.No, inventory.No, inventory.ScopeListed, "main"},
		"328": {inventory.Management, inventory.LevelTrigger, false, false, inventory.LevelTrigger, inventory.No, inventory.No, inventory.ScopeListed, ""},
		"330": {inventory.Management, inventory.LevelNone, false, false, inventory.LevelNone, inventory.No, inventory.No, inventory.ScopeListed, ""},
		"331": {inventory.Delivery, inventory.LevelRead, false, false, inventory.LevelRead, inventory.No, inventory.No, inventory.ScopeAll, "main staging"},
	}
	if len(s.Tokens) != len(want) {
		t.Errorf("%d tokens, want %d", len(s.Tokens), len(want))
	}
	for _, token := range s.Tokens {
		got := facets{
			token.Kind, token.Access.Level, token.Access.Write, token.Access.Assumed, "", token.Access.ManagesTokens,
			token.Traits.Factory, token.Environments.State, ids(token.Environments),
		}
		if token.Role != nil {
			got.role = token.Role.Level
		}
		if diff := cmp.Diff(want[token.Ref], got, cmp.AllowUnexported(facets{})); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", token.Ref, token.Name, diff)
		}
	}
}

func find(t testing.TB, s inventory.Source, ref string) inventory.Token {
	t.Helper()
	return conformance.Token(t, s, "access_tokens/"+ref)
}

// TestUnitsThatFail: each list fails in turn. The others are read, the unit
// says why, and what rested on the list is unknown.
func TestUnitsThatFail(t *testing.T) {
	denied := apiError(http.StatusUnauthorized, codeNoPermission)
	forbidden := apiError(http.StatusForbidden, codeNoPermission)
	tests := []struct {
		name, path string
		answer     answer
		unit       string
		status     inventory.UnitStatus
		class      inventory.ErrorClass
		hint       string
		check      func(*testing.T, inventory.Source)
	}{
		{"tokens denied as 401", "/access_tokens", denied, "access_tokens", inventory.UnitFailed, inventory.ErrPermissionDenied, "can_manage_access_tokens", noTokens},
		{"tokens denied as 403", "/access_tokens", forbidden, "access_tokens", inventory.UnitFailed, inventory.ErrPermissionDenied, "can_manage_access_tokens", noTokens},
		{"tokens are HTML", "/access_tokens", ok("<html>"), "access_tokens", inventory.UnitFailed, inventory.ErrUnreadable, "", noTokens},
		{"tokens are null", "/access_tokens", ok(`{"data":null}`), "access_tokens", inventory.UnitFailed, inventory.ErrUnreadable, "", noTokens},
		{"tokens are missing", "/access_tokens", ok(`{}`), "access_tokens", inventory.UnitFailed, inventory.ErrUnreadable, "", noTokens},
		{"tokens are cut off", "/access_tokens", ok(`{"data":[{"id":"1"`), "access_tokens", inventory.UnitFailed, inventory.ErrTruncated, "", noTokens},
		{"one token is text", "/access_tokens", ok(`{"data":["x"]}`), "access_tokens", inventory.UnitFailed, inventory.ErrUnreadable, "", noTokens},
		{"one token is empty", "/access_tokens", ok(`{"data":[{}]}`), "access_tokens", inventory.UnitFailed, inventory.ErrUnreadable, "", noTokens},
		{"one token has only an id", "/access_tokens", ok(`{"data":[{"id":"1"}]}`), "access_tokens", inventory.UnitPartial, inventory.ErrUnreadable, "", func(t *testing.T, s inventory.Source) {
			token := find(t, s, "1")
			if !token.Access.Assumed || len(token.APIs) != 3 || token.Environments.State != inventory.ScopeUnknown ||
				token.Traits.Factory != inventory.Unknown || token.LastUsed.State != inventory.LastUsedUnknown || token.Name != "API token 1" {
				t.Errorf("a token of which nothing is known became %+v", token)
			}
		}},
		{"one page of the tokens", "/access_tokens", ok(`{"data":[{"id":"1"}],"meta":{"total_count":2}}`), "access_tokens", inventory.UnitPartial, inventory.ErrTruncated, "", nil},
		{"two tokens share an id", "/access_tokens", ok(`{"data":[{"id":"1"},{"id":"1"}]}`), "access_tokens", inventory.UnitPartial, inventory.ErrUnreadable, "", nil},
		{"no token, not even that of the scan", "/access_tokens", ok(`{"data":[]}`), "access_tokens", inventory.UnitFailed, inventory.ErrTruncated, "can_manage_access_tokens", noTokens},
		{"no environment", "/environments", ok(`{"data":[]}`), "environments", inventory.UnitFailed, inventory.ErrTruncated, "access to environments", noneHarmless},
		{"no primary environment", "/environments", ok(`{"data":[{"id":"staging","meta":{"primary":false}}]}`), "environments", inventory.UnitPartial, inventory.ErrTruncated, "access to environments", noneHarmless},
		{"roles denied", "/roles", denied, "roles", inventory.UnitFailed, inventory.ErrPermissionDenied, "can_manage_users", func(t *testing.T, s inventory.Source) {
			token := find(t, s, "323")
			if !token.Access.Write || !token.Access.Assumed || !strings.Contains(token.Access.Reason, "the roles could not be read") {
				t.Errorf("access is %+v", token.Access)
			}
			if token.Role == nil || token.Role.Level != inventory.LevelUnknown || token.Environments.State != inventory.ScopeUnknown {
				t.Errorf("role is %+v, environments %+v", token.Role, token.Environments)
			}
			if website := find(t, s, "321"); website.Access.Write || website.Access.Assumed || website.Access.Level != inventory.LevelRead {
				t.Errorf("a delivery token cannot write whatever its role: %+v", website.Access)
			}
		}},
		{"one role cannot be read", "/roles", ok(`{"data":[{"id":"34","meta":{}}]}`), "roles", inventory.UnitPartial, inventory.ErrUnreadable, "", func(t *testing.T, s inventory.Source) {
			if token := find(t, s, "327"); !token.Access.Assumed {
				t.Errorf("access is %+v", token.Access)
			}
		}},
		{"environments unavailable", "/environments", apiError(http.StatusServiceUnavailable, "MAINTENANCE_MODE"), "environments", inventory.UnitFailed, inventory.ErrUnavailable, "maintenance", func(t *testing.T, s inventory.Source) {
			if token := find(t, s, "323"); token.Access.Assumed || !token.Access.Write || token.Environments.State != inventory.ScopeUnknown {
				t.Errorf("an editor may edit the favicon of whichever environment is the primary one: %+v %+v", token.Access, token.Environments)
			}
			if token := find(t, s, "320"); token.Access.Assumed || token.Access.Level != inventory.LevelAdmin {
				t.Errorf("an admin is one in any environment: %+v", token.Access)
			}
		}},
		{"environment without primary", "/environments", ok(`{"data":[{"id":"main"}]}`), "environments", inventory.UnitPartial, inventory.ErrUnreadable, "", nil},
		{"identity denied", "/users/me", forbidden, "auditor", inventory.UnitFailed, inventory.ErrPermissionDenied, "API token of the project", func(t *testing.T, s inventory.Source) {
			if s.Auditor.ReadsSecrets != inventory.Unknown || s.Auditor.Token != "" {
				t.Errorf("auditor is %+v", s.Auditor)
			}
			if token := find(t, s, "321"); token.Secret.Readable != inventory.Unknown {
				t.Errorf("secret is %+v", token.Secret)
			}
		}},
		{"identity is empty", "/users/me", ok(`{}`), "auditor", inventory.UnitFailed, inventory.ErrUnreadable, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			answers := blog(t)
			answers[tt.path] = tt.answer
			s := conformance.Collect(t, newTestCollector(t, fakeAPI(t, answers), nil))
			u := conformance.Unit(t, s, tt.unit)
			if u.Status != tt.status || u.Error != tt.class || u.Detail == "" || !strings.Contains(u.Hint, tt.hint) {
				t.Errorf("unit is %+v", u)
			}
			for _, other := range s.Units {
				if other.Name != tt.unit && other.Status != inventory.UnitComplete {
					t.Errorf("%s suffered too: %+v", other.Name, other)
				}
			}
			if tt.check != nil {
				tt.check(t, s)
			}
		})
	}
}

// noneHarmless: what an editor of an environment that is not in the list could do
// is not nothing.
func noneHarmless(t *testing.T, s inventory.Source) {
	for _, ref := range []string{"320", "323", "327"} {
		if token := find(t, s, ref); !token.Access.Write {
			t.Errorf("%s: %+v", ref, token.Access)
		}
	}
}

func noTokens(t *testing.T, s inventory.Source) {
	if len(s.Tokens) != 0 {
		t.Errorf("%d tokens", len(s.Tokens))
	}
}

// TestUnidentifiedProject: a project that does not tell its id is a source all
// the same, and nothing else is asked.
func TestUnidentifiedProject(t *testing.T) {
	for name, tt := range map[string]struct {
		answer answer
		class  inventory.ErrorClass
		hint   string
	}{
		"bad token":   {apiError(http.StatusUnauthorized, codeInvalidCredential), inventory.ErrUnauthorized, "may access the Content Management API"},
		"denied":      {apiError(http.StatusUnauthorized, codeNoPermission), inventory.ErrPermissionDenied, "may not read the project"},
		"deactivated": {apiError(http.StatusForbidden, "DEACTIVATED_SITE"), inventory.ErrUnavailable, "monthly quota"},
		"no id":       {ok(`{"data":{"id":""}}`), inventory.ErrUnreadable, ""},
		"no data":     {ok(`{"data":[]}`), inventory.ErrUnreadable, ""},
		"HTML":        {ok("<html></html>"), inventory.ErrUnreadable, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := conformance.Collect(t, newTestCollector(t, fakeAPI(t, map[string]answer{"/site": tt.answer}), nil))
			if s.ID != "datocms/projects/name:blog" || s.Name != "blog" || len(s.Tokens) != 0 {
				t.Errorf("source %s %q with %d tokens", s.ID, s.Name, len(s.Tokens))
			}
			if len(s.Units) != 2 {
				t.Errorf("%d units", len(s.Units))
			}
			for _, u := range s.Units {
				if u.Status != inventory.UnitFailed || u.Error != tt.class || !strings.Contains(u.Hint, tt.hint) {
					t.Errorf("unit %+v", u)
				}
			}
			if kinds := conformance.Unit(t, s, "access_tokens").Kinds; len(kinds) != 3 {
				t.Errorf("the rules cannot tell which tokens are missing: %v", kinds)
			}
		})
	}
}

func TestOptions(t *testing.T) {
	secret := cmsapi.NewSecret(credential)
	tests := map[string]struct {
		projects []map[string]any
		baseURL  string
		want     string
	}{
		"none":        {nil, "", "projects is empty"},
		"no name":     {[]map[string]any{{optionToken: secret}}, "", "projects[0]: name is missing"},
		"no token":    {[]map[string]any{{optionName: "a"}}, "", "projects[0] (a): token is missing"},
		"name twice":  {[]map[string]any{{optionName: "a", optionToken: secret}, {optionName: "a", optionToken: secret}}, "", `projects[1]: duplicate name "a"`},
		"plain http":  {[]map[string]any{{optionName: "a", optionToken: secret}}, "http://example.com", "base_url"},
		"right":       {[]map[string]any{{optionName: "a", optionToken: secret}}, "", ""},
		"another URL": {[]map[string]any{{optionName: "a", optionToken: secret}}, "https://example.com", ""},
	}
	session, err := cmsapi.NewSession(cmsapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	for name, tt := range tests {
		_, err := Definition().New(collectors.Entry{CMS: CMS, BaseURL: tt.baseURL, Values: map[string]any{optionProjects: tt.projects}}, collectors.Run{API: session})
		switch {
		case tt.want == "" && err != nil, tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		case err != nil && strings.Contains(err.Error(), planted):
			t.Errorf("%s: the error shows the credential", name)
		}
	}
}

// TestShards: a project of another shard is not asked, because two shards must
// not draw on one limit; the domain is known before anything is.
func TestShards(t *testing.T) {
	c := newTestCollector(t, fakeAPI(t, map[string]answer{"/site": ok(conformance.Fixture(t, "site.json"))}), nil).(*collector)
	var asked []string
	c.run.Owns = func(domain string) bool { asked = append(asked, domain); return false }
	if found, err := c.Discover(t.Context()); err != nil || len(found) != 0 || len(asked) != 1 {
		t.Fatalf("%v, %v, %v", found, err, asked)
	}
	c.run.Owns = nil
	found, err := c.Discover(t.Context())
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	if got := c.Domain(found[0]); got != asked[0] || strings.Contains(got, planted) {
		t.Errorf("domain is %q, was %q", got, asked[0])
	}
}

func TestProbe(t *testing.T) {
	t.Run("all is well", func(t *testing.T) {
		c := newTestCollector(t, fakeAPI(t, blog(t)), nil).(collectors.Prober)
		want := []collectors.Check{
			{Name: "blog: project", Status: collectors.CheckOK, Detail: `"Blog", id 77`},
			{Name: "blog: list API tokens", Status: collectors.CheckOK, Detail: "13 read"},
			{Name: "blog: list roles", Status: collectors.CheckOK, Detail: "can be read"},
			{Name: "blog: list environments", Status: collectors.CheckOK, Detail: "2 read"},
			{Name: "blog: rights of the credential", Status: collectors.CheckOK, Detail: `the credential has the role "Token audit"; its last use is this scan`},
		}
		if diff := cmp.Diff(want, c.Probe(t.Context())); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("too much and too little", func(t *testing.T) {
		answers := blog(t)
		answers["/users/me"] = ok(strings.Replace(answers["/users/me"].Body, `"id": "50"`, `"id": "30"`, 1))
		answers["/access_tokens"] = apiError(http.StatusForbidden, codeNoPermission)
		checks := newTestCollector(t, fakeAPI(t, answers), nil).(collectors.Prober).Probe(t.Context())
		if c := checks[1]; c.Status != collectors.CheckFailed || c.Class != inventory.ErrPermissionDenied || !strings.Contains(c.Hint, "can_manage_access_tokens") {
			t.Errorf("%+v", c)
		}
		if c := checks[4]; c.Status != collectors.CheckWarning || !strings.Contains(c.Hint, "can only list") {
			t.Errorf("%+v", c)
		}
	})
	t.Run("bad credential", func(t *testing.T) {
		url := fakeAPI(t, map[string]answer{"/site": apiError(http.StatusUnauthorized, codeInvalidCredential)})
		checks := newTestCollector(t, url, nil).(collectors.Prober).Probe(t.Context())
		if len(checks) != 1 || checks[0].Status != collectors.CheckFailed || checks[0].Class != inventory.ErrUnauthorized || checks[0].Hint == "" {
			t.Errorf("%+v", checks)
		}
	})
}
