package wordpress

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/conformance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

var auditTime = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func open(t *testing.T, site http.Handler) *collector {
	t.Helper()
	return conformance.Open[*collector](t, Definition(), entry("blog", ""), site, auditTime)
}

// summary is what rules see of a token.
type summary struct {
	ID      string
	Level   inventory.Level
	API     inventory.API
	Owner   string
	Created string
	Used    string
}

func summaries(s inventory.Source) []summary {
	var all []summary
	for _, t := range s.Tokens {
		used := string(t.LastUsed.State)
		if t.LastUsed.State == inventory.LastUsedBetween {
			used = t.LastUsed.Earliest.Format(time.RFC3339) + " to " + t.LastUsed.Latest.Format(time.RFC3339)
		}
		all = append(all, summary{strings.TrimPrefix(t.ID, s.ID+"/"), t.Access.Level, t.APIs[0],
			fmt.Sprintf("%s %s %s", t.Owner.Name, t.Owner.Role, t.Owner.State), t.CreatedAt.At.Format(time.RFC3339), used})
	}
	return all
}

// TestRecordedSite holds what is made of the captures of WordPress 6.1.9.
func TestRecordedSite(t *testing.T) {
	s := conformance.Collect(t, open(t, serve(recorded(t))))
	for _, u := range s.Units {
		if u.Status != inventory.UnitComplete || u.Detail != "" {
			t.Errorf("%+v", u)
		}
	}
	want := []summary{
		{"users/1/application_passwords/5e326a88-9791-4158-a0ab-f39849b35c10", inventory.LevelAdmin, inventory.ContentManagement, "admin administrator active", "2026-11-22T01:05:43Z", "never"},
		{"users/1/application_passwords/8c87089c-e711-45da-929d-25fe45b585f7", inventory.LevelAdmin, inventory.ContentManagement, "admin administrator active", "2026-11-22T01:05:42Z", "2026-11-22T01:05:43Z to 2026-11-23T01:05:43Z"},
		{"users/2/application_passwords/d7153431-7b4a-4983-893d-71e6d10a501b", inventory.LevelWrite, inventory.ContentManagement, "ed editor active", "2026-11-22T01:05:43Z", "2026-11-22T01:05:43Z to 2026-11-23T01:05:43Z"},
		{"users/4/application_passwords/c969b296-24c4-4469-8a3a-2d8bc3de9d46", inventory.LevelRead, inventory.ContentDelivery, "su subscriber active", "2026-11-22T01:05:43Z", "never"},
	}
	if diff := cmp.Diff(want, summaries(s)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, token := range s.Tokens {
		if token.Kind != inventory.Personal || token.Expiry != inventory.NeverExpires(false) || token.Access.ManagesTokens != inventory.Yes || token.Environments.Effective != 1 {
			t.Errorf("%+v", token)
		}
	}
	if a := s.Auditor; a.Token != s.Tokens[1].ID || a.Writes != inventory.Yes || a.Necessary != inventory.No || a.ReadsSecrets != inventory.No {
		t.Errorf("%+v", a)
	}
}

// TestPlainPermalinks: a site without pretty permalinks has the API behind a
// query parameter.
func TestPlainPermalinks(t *testing.T) {
	answers := conformance.Answers{"": apiError(404, "x")}
	for path, a := range recorded(t) {
		answers["plain "+strings.TrimPrefix(path, "/wp-json")] = a
	}
	for name, pretty := range map[string]conformance.Answer{"404": apiError(404, "x"), "a page": ok("<html>Hello</html>")} {
		answers["/wp-json/"] = pretty
		s := conformance.Collect(t, open(t, serve(answers)))
		if u := conformance.Unit(t, s, unitSite); len(s.Tokens) != 4 || u.Status != inventory.UnitComplete {
			t.Errorf("%s: %d tokens, %+v", name, len(s.Tokens), u)
		}
	}
}

// TestPages: an empty page in the middle is not the end, and a user who was left
// out is noticed by the count.
func TestPages(t *testing.T) {
	person := func(id int) string {
		return fmt.Sprintf(`{"id":%d,"username":"u%d","roles":[],"capabilities":[]}`, id, id)
	}
	site := func(pages map[string]string, total int) http.Handler {
		rest := serve(conformance.Answers{"/wp-json/": ok(indexBody), pathOwn: ok(`{"uuid":"x"}`)})
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path == pathUsers && r.URL.Query().Get("context") == "edit" && r.URL.Query().Get("per_page") == "100":
				serve(conformance.Answers{pathUsers: users(pages[r.URL.Query().Get("page")], total, len(pages))}).ServeHTTP(w, r)
			case strings.HasSuffix(r.URL.Path, "/application-passwords"):
				_, _ = fmt.Fprintf(w, `[{"uuid":"of-%s","name":"n","created":"2026-11-22T01:05:43","last_used":null}]`, strings.Split(r.URL.Path, "/")[5])
			default:
				rest.ServeHTTP(w, r)
			}
		})
	}
	page := func(n int) string {
		var people []string
		for id := range usersPerPage {
			people = append(people, person((n-1)*usersPerPage+id+1))
		}
		return "[" + strings.Join(people, ",") + "]"
	}
	pages := map[string]string{"1": page(1), "2": "[]", "3": page(3)}
	s := conformance.Collect(t, open(t, site(pages, 300)))
	u := conformance.Unit(t, s, unitUsers)
	if len(s.Tokens) != 200 || u.Status != inventory.UnitPartial || u.Error != inventory.ErrTruncated || !strings.Contains(u.Hint, "edit_users") {
		t.Errorf("%d tokens, %+v", len(s.Tokens), u)
	}
	if u := conformance.Unit(t, s, unitPasswords); u.Status != inventory.UnitPartial || u.Error != inventory.ErrTruncated {
		t.Errorf("%+v", u)
	}
	pages["2"] = page(2)
	if s := conformance.Collect(t, open(t, site(pages, 300))); len(s.Tokens) != 300 {
		t.Errorf("%d tokens, %+v", len(s.Tokens), conformance.Unit(t, s, unitUsers))
	}
}

// TestTraps: each is one answer that means something else than it says.
func TestTraps(t *testing.T) {
	tests := map[string]struct {
		path   string
		answer conformance.Answer
		unit   string
		status inventory.UnitStatus
		class  inventory.ErrorClass
		hint   string
		tokens int
	}{
		"a list without the scan's own": {pathOwn, ok(`{"uuid":"another","name":"audit"}`), unitPasswords, inventory.UnitPartial, inventory.ErrTruncated, "edit_users", 4},
		"a site without users":          {pathUsers, users("[]", 0, 1), unitPasswords, inventory.UnitFailed, inventory.ErrTruncated, "edit_users", 0},
		"a caller without edit_users":   {pathUsers, users(conformance.Fixture(t, "users.json"), 6, 1), unitUsers, inventory.UnitPartial, inventory.ErrTruncated, "edit_users", 4},
		"an empty first page":           {pathUsers, users("[]", 6, 1), unitUsers, inventory.UnitFailed, inventory.ErrTruncated, "edit_users", 0},
		"no count":                      {pathUsers, ok(conformance.Fixture(t, "users.json")), unitUsers, inventory.UnitPartial, inventory.ErrTruncated, "", 4},
		"no credential":                 {pathUsers, conformance.Answer{Status: 401, Body: conformance.Fixture(t, "error-401.json")}, unitUsers, inventory.UnitFailed, inventory.ErrUnauthorized, "application password", 0},
		"may not list users":            {pathUsers, apiError(403, "rest_forbidden_context"), unitUsers, inventory.UnitFailed, inventory.ErrPermissionDenied, "list_users", 0},
		"may not edit one":              {pathOf("2"), apiError(403, "rest_cannot_list_application_passwords"), unitPasswords, inventory.UnitPartial, inventory.ErrPermissionDenied, "edit_users", 3},
		"a user who has gone":           {pathOf("2"), apiError(404, "rest_user_invalid_id"), unitPasswords, inventory.UnitPartial, inventory.ErrNotFound, "again", 3},
		"off for one user":              {pathOf("2"), apiError(501, "application_passwords_disabled_for_user"), unitPasswords, inventory.UnitPartial, inventory.ErrUnavailable, "do not work", 3},
		"the feature is off":            {"/wp-json/", ok(`{"name":"x","authentication":[]}`), unitSite, inventory.UnitComplete, "", "", 4},
		"no uuid":                       {pathOf("4"), ok(`[{"name":"x"}]`), unitPasswords, inventory.UnitPartial, inventory.ErrUnreadable, "", 3},
		"no introspection":              {pathOwn, apiError(404, "rest_no_route"), unitAuditor, inventory.UnitFailed, inventory.ErrNotFound, "5.6", 4},
		"a site that is none":           {"/wp-json/", ok(`{}`), unitSite, inventory.UnitFailed, inventory.ErrUnreadable, "base_url", 4},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			answers := recorded(t)
			answers[tt.path] = tt.answer
			s := conformance.Collect(t, open(t, serve(answers)))
			u := conformance.Unit(t, s, tt.unit)
			if u.Status != tt.status || u.Error != tt.class || !strings.Contains(u.Hint, tt.hint) || len(s.Tokens) != tt.tokens {
				t.Errorf("%d tokens, unit is %+v", len(s.Tokens), u)
			}
			if name == "the feature is off" && !strings.Contains(u.Detail, "does not offer") {
				t.Errorf("%+v", u)
			}
		})
	}
}

// TestSilentSite: once a site has stopped answering, the rest of its users is
// not asked for.
func TestSilentSite(t *testing.T) {
	var silent atomic.Int64
	silent.Store(hopeless)
	c := &collector{} // without a client nothing can be sent
	if p := c.passwords(t.Context(), pretty, "7", &silent); p.err == nil || p.err.Class != inventory.ErrUnavailable {
		t.Errorf("%+v", p)
	}
}

func TestCapabilities(t *testing.T) {
	tests := map[string]struct {
		roles, capabilities string
		level               inventory.Level
		assumed             bool
	}{
		"administrator":                   {`["administrator"]`, `{"manage_options":true,"administrator":true}`, inventory.LevelAdmin, false},
		"the audit":                       {`["auditor"]`, `{"read":true,"list_users":true,"edit_users":true,"auditor":true}`, inventory.LevelAdmin, false},
		"designer":                        {`["designer"]`, `{"read":true,"edit_theme_options":true,"designer":true}`, inventory.LevelSchema, false},
		"contributor":                     {`["contributor"]`, `{"read":true,"edit_posts":true,"level_1":true,"contributor":true}`, inventory.LevelWrite, false},
		"subscriber":                      {`["subscriber"]`, `{"read":true,"level_0":true,"subscriber":true}`, inventory.LevelRead, false},
		"a role called like a capability": {`["edit_posts"]`, `{"read":true,"edit_posts":true}`, inventory.LevelWrite, false},
		"no role":                         {`[]`, `[]`, inventory.LevelNone, false},
		"taken away":                      {`["x"]`, `{"read":true,"edit_posts":false,"x":true}`, inventory.LevelRead, false},
		"a plugin's":                      {`["x"]`, `{"read":true,"fly":true,"x":true}`, inventory.LevelUnknown, true},
		"a plugin's, writes":              {`["x"]`, `{"edit_posts":true,"fly":true,"x":true}`, inventory.LevelWrite, false},
		"no capabilities":                 {`["x"]`, `null`, inventory.LevelUnknown, true},
		"not understood":                  {`["x"]`, `{"read":true,"edit_posts":{}}`, inventory.LevelUnknown, true},
		"role unknown":                    {`null`, `{"read":true,"subscriber":true}`, inventory.LevelUnknown, true},
	}
	for name, tt := range tests {
		var u user
		decode(t, `{"id":1,"roles":`+tt.roles+`,"capabilities":`+tt.capabilities+`}`, &u)
		if a := accessOf(u); a.Level != tt.level || a.Assumed != tt.assumed || a.Assumed && !a.Write {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

// TestWeakestAuditor: the smallest role that works still writes, and there is
// none below it.
func TestWeakestAuditor(t *testing.T) {
	answers := recorded(t)
	answers[pathUsers] = users(`[{"id":1,"username":"auditor","roles":["token_auditor"],"capabilities":{"read":true,"list_users":true,"edit_users":true,"token_auditor":true}}]`, 1, 1)
	s := conformance.Collect(t, open(t, serve(answers)))
	if a := s.Auditor; a.Writes != inventory.Yes || a.Necessary != inventory.Yes {
		t.Errorf("%+v", a)
	}
}

func TestProbe(t *testing.T) {
	checks := open(t, serve(recorded(t))).Probe(t.Context())
	var got []string
	for _, c := range checks {
		got = append(got, string(c.Status)+" "+c.Name+": "+c.Detail)
	}
	want := []string{
		`ok site: "Intranet"`, "ok list users: 4 read",
		"ok list application passwords: 4 of 4 users read, 4 application passwords", `ok identity: application password "bootstrap"`,
		`warning rights of the credential: the credential acts as the user "admin", who may do more than listing needs: read, list_users and edit_users are enough`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestIncompleteEntries(t *testing.T) {
	session, err := cmsapi.NewSession(cmsapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	for want, spoil := range map[string]func(*collectors.Entry){
		"username is missing":            func(e *collectors.Entry) { delete(e.Values, optionUsername) },
		"username must not hold a colon": func(e *collectors.Entry) { e.Values[optionUsername] = "a:b" },
		"password is missing":            func(e *collectors.Entry) { delete(e.Values, optionPassword) },
	} {
		e := entry("blog", "https://blog.example.com")
		spoil(&e)
		if _, err := newCollector(e, collectors.Run{API: session}); err == nil || err.Error() != want {
			t.Errorf("%v, not %s", err, want)
		}
	}
}
