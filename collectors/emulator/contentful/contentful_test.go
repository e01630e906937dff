package contentful

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sourcegraph/conc"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/cmstest"
)

// fixtureToken is the secret of a user's token in fixture.
func fixtureToken(user string) string { return emulator.Secret(PersonalForm(), user) }

func bearer(user string) string { return "Authorization: Bearer " + fixtureToken(user) }

// fixture is an organization "acme" with the spaces shop (an alias
// master, two keys), asleep (hibernated) and hidden (nobody but the owner).
func fixture(o Options) *Emulator {
	if o.Clock == nil {
		o.Clock = emulator.NewManualClock(cmstest.Noon()).Now
	}
	users := []string{"owner", "editor", "reader", "coder", "gone", "stranger"}
	state := State{}
	acme := &Organization{ID: "acme", Name: "Acme", CreatedAt: cmstest.Noon().AddDate(-3, 0, 0)}
	for _, id := range users {
		state.Users = append(state.Users, &User{
			ID: id, FirstName: strings.ToUpper(id[:1]) + id[1:], LastName: "Doe", Email: id + "@example.com",
			Deactivated: id == "gone", CreatedAt: cmstest.Noon().AddDate(-2, 0, 0),
		})
		state.Tokens = append(state.Tokens, &Token{
			ID: "t-" + id, Type: Personal, Name: id + "'s token", User: id,
			Secret: fixtureToken(id), Scopes: []string{Manage}, CreatedAt: cmstest.Noon().AddDate(0, -1, 0),
		})
		if id != "stranger" {
			role := map[string]string{"owner": "owner", "coder": "developer"}[id]
			if role == "" {
				role = "member"
			}
			acme.Memberships = append(acme.Memberships, &Membership{ID: "m-" + id, User: id, Role: role, CreatedAt: cmstest.Noon()})
		}
	}
	acme.Teams = []*Team{{ID: "coders", Name: "Coders", Users: []string{"coder"}}}
	state.Organizations = []*Organization{acme}
	state.Spaces = []*Space{
		{
			ID: "shop", Name: "Shop", Organization: "acme", CreatedAt: cmstest.Noon().AddDate(-2, 0, 0),
			Environments: []*Environment{{ID: "master-2026", CreatedAt: cmstest.Noon()}, {ID: "staging", CreatedAt: cmstest.Noon()}},
			Aliases:      []*Alias{{ID: "master", Environment: "master-2026"}},
			Roles: []*Role{
				{ID: "r-dev", Name: "Developer", Permissions: map[string]any{"ContentDelivery": "all"}},
				{ID: "r-look", Name: "Onlooker", Permissions: map[string]any{"ContentDelivery": []string{"read"}}},
				{ID: "r-edit", Name: "Editor"},
			},
			Members: []*SpaceMember{
				{ID: "sm-editor", User: "editor", Roles: []string{"r-edit"}},
				{ID: "sm-reader", User: "reader", Roles: []string{"r-look"}},
				{ID: "sm-coders", Team: "coders", Roles: []string{"r-dev"}},
			},
			Keys: []*Key{
				{
					ID: "k1", Name: "Website", Description: new("<b>live</b>"), Secret: emulator.Secret(KeyForm(), "k1"),
					Environments: []string{"master"}, CreatedBy: "owner", CreatedAt: cmstest.Noon().AddDate(-1, 0, 0), UpdatedAt: cmstest.Noon(),
					Preview: &PreviewKey{ID: "p1", Name: "Website", Secret: emulator.Secret(KeyForm(), "p1"), Environments: []string{"staging"}},
				},
				{ID: "k2", Name: "Old", Secret: emulator.Secret(KeyForm(), "k2"), CreatedAt: cmstest.Noon(), UpdatedAt: cmstest.Noon()},
			},
			OrphanPreviewKeys: []*PreviewKey{{ID: "p9", Secret: emulator.Secret(KeyForm(), "p9")}},
		},
		{ID: "asleep", Name: "Asleep", Organization: "acme", CreatedAt: cmstest.Noon(), Hibernated: true},
		{ID: "hidden", Name: "Hidden", Organization: "acme", CreatedAt: cmstest.Noon()},
	}
	return New(state, o)
}

func TestAuthentication(t *testing.T) {
	c := fixture(Options{Options: emulator.Options{NoLimits: true}})
	c.Update(func(s *State) {
		add := func(id string, change func(*Token)) {
			t := &Token{ID: id, Type: Personal, User: "owner", Secret: fixtureToken(id), Scopes: []string{Manage}}
			change(t)
			s.Tokens = append(s.Tokens, t)
		}
		add("revoked", func(t *Token) { t.RevokedAt = cmstest.Noon().Add(-time.Hour) })
		add("expired", func(t *Token) { t.ExpiresAt = cmstest.Noon() })
		add("lasting", func(t *Token) { t.ExpiresAt = cmstest.Noon().Add(time.Second) })
		add("narrow", func(t *Token) { t.Scopes = []string{Read} })
		add("foreign", func(t *Token) { t.UnauthorizedFor = []string{"acme"} })
	})
	for _, tt := range []struct {
		name, path, header string
		status             int
		id                 string
	}{
		{"no token", "/organizations", "X: y", 403, "AccessTokenInvalid"},
		{"unknown token", "/organizations", "Authorization: Bearer CFPAT-x", 403, "AccessTokenInvalid"},
		{"unknown token, environment route", "/spaces/shop/environments/staging", "Authorization: Bearer CFPAT-x", 401, "AccessTokenInvalid"},
		{"a delivery key", "/spaces/shop", "Authorization: Bearer " + emulator.Secret(KeyForm(), "k1"), 403, "AccessTokenInvalid"},
		{"revoked", "/organizations", bearer("revoked"), 403, "AccessTokenInvalid"},
		{"expired", "/organizations", bearer("expired"), 403, "AccessTokenInvalid"},
		{"expires in a second", "/organizations", bearer("lasting"), 200, ""},
		{"deactivated user", "/organizations", bearer("gone"), 403, "AccessTokenInvalid"},
		{"in the query", "/organizations?access_token=" + fixtureToken("owner"), "X: y", 200, ""},
		{"not authorized: tokens", "/organizations/acme/access_tokens", bearer("foreign"), 403, "AccessTokenInvalid"},
		{"not authorized: space", "/spaces/shop/api_keys", bearer("foreign"), 403, "AccessTokenInvalid"},
		{"not authorized: me", "/users/me", bearer("foreign"), 200, ""},
		{"not authorized: grant", "/organizations/acme/access_grant", bearer("foreign"), 200, ""},
		{"unknown path", "/no/such/path", bearer("owner"), 404, "UnknownRoute"},
		{"stranger: organization", "/organizations/acme/access_tokens", bearer("stranger"), 404, "NotFound"},
		{"stranger: space", "/spaces/shop", bearer("stranger"), 404, "NotFound"},
		{"member: tokens", "/organizations/acme/access_tokens", bearer("coder"), 403, "AccessDenied"},
		{"member: spaces", "/organizations/acme/spaces", bearer("coder"), 403, "AccessDenied"},
		{"member: memberships", "/organizations/acme/organization_memberships", bearer("coder"), 200, ""},
		{"team member: keys", "/spaces/shop/api_keys", bearer("coder"), 200, ""},
		{"reading role: keys", "/spaces/shop/api_keys", bearer("reader"), 200, ""},
		{"no permission: keys", "/spaces/shop/api_keys", bearer("editor"), 403, "AccessDenied"},
		{"no permission: environments", "/spaces/shop/environments", bearer("editor"), 200, ""},
		{"other space", "/spaces/hidden/api_keys", bearer("editor"), 404, "NotFound"},
		{"owner sees every space", "/spaces/hidden/api_keys", bearer("owner"), 200, ""},
		{"hibernated", "/spaces/asleep/api_keys", bearer("owner"), 502, "Hibernated"},
		{"read scope: keys", "/spaces/shop/api_keys", bearer("narrow"), 200, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := cmstest.Get(t, c, tt.path, tt.header)
			cmstest.Equal(t, "status", a.Status, tt.status)
			if tt.id != "" {
				cmstest.Equal(t, "sys.id", a.At("sys", "id"), tt.id)
				cmstest.Equal(t, "sys.type", a.At("sys", "type"), "Error")
				cmstest.Equal(t, "requestId", a.At("requestId"), a.Header.Get("X-Contentful-Request-Id"))
			}
		})
	}
	cmstest.Equal(t, "grant", cmstest.Get(t, c, "/organizations/acme/access_grant", bearer("foreign")).At("accessGrant"), false)
}

func TestPaging(t *testing.T) {
	c := fixture(Options{Options: emulator.Options{NoLimits: true}})
	c.Update(func(s *State) {
		for i := range 230 {
			s.Tokens = append(s.Tokens, &Token{
				ID: fmt.Sprintf("n%03d", i), Type: CLI, User: "editor", Secret: fmt.Sprintf("CFPAT-%04d", i), CreatedAt: cmstest.Noon(),
			})
		}
	})
	for _, tt := range []struct {
		query              string
		limit, skip, items int
	}{
		{"", 25, 0, 25},
		{"?limit=10&skip=5", 10, 5, 10},
		{"?limit=1000", 100, 0, 100},
		{"?limit=100&skip=200", 100, 200, 35},
		{"?limit=100&skip=9999", 100, 9999, 0},
	} {
		a := cmstest.Get(t, c, "/organizations/acme/access_tokens"+tt.query, bearer("owner"))
		got := []any{a.At("total"), a.At("limit"), a.At("skip"), len(a.At("items").([]any)), a.At("sys", "type")}
		cmstest.Equal(t, tt.query, got, []any{235.0, float64(tt.limit), float64(tt.skip), tt.items, "Array"})
	}
	for _, query := range []string{"?limit=ten", "?skip=-1"} {
		a := cmstest.Get(t, c, "/organizations/acme/access_tokens"+query, bearer("owner"))
		cmstest.Equal(t, query, []any{a.Status, a.At("sys", "id")}, []any{400, "InvalidQuery"})
	}
	strict := fixture(Options{RejectLargePages: true})
	cmstest.Equal(t, "a limit above the cap, switched", cmstest.Get(t, strict, "/spaces?limit=101", bearer("owner")).Status, 400)
}

func TestKeys(t *testing.T) {
	c := fixture(Options{Options: emulator.Options{NoLimits: true}})
	a := cmstest.Get(t, c, "/spaces/shop/api_keys", bearer("owner"))
	cmstest.Equal(t, "names", cmstest.All(a.At("items"), "name"), []any{"Website", "Old"})
	cmstest.Equal(t, "secret in clear", a.At("items", 0, "accessToken"), emulator.Secret(KeyForm(), "k1"))
	cmstest.Equal(t, "environments", cmstest.All(a.At("items", 0, "environments"), "sys", "id"), []any{"master"})
	cmstest.Equal(t, "no environments means master", cmstest.All(a.At("items", 1, "environments"), "sys", "id"), []any{"master"})
	cmstest.Equal(t, "actions", a.At("items", 0, "policies", 0, "actions"), "all")
	cmstest.Equal(t, "description", a.At("items", 1, "description"), nil)
	cmstest.Equal(t, "twin", a.At("items", 0, "preview_api_key", "sys", "id"), "p1")
	cmstest.Equal(t, "time", a.At("items", 0, "sys", "createdAt"), "2025-11-22T12:00:00Z")
	if !strings.Contains(string(a.Raw), "<b>live</b>") {
		t.Error("names and descriptions are escaped on the way")
	}
	p := cmstest.Get(t, c, "/spaces/shop/preview_api_keys", bearer("owner"))
	cmstest.Equal(t, "preview keys", cmstest.All(p.At("items"), "sys", "id"), []any{"p1", "p9"})
	cmstest.Equal(t, "twin has drifted", cmstest.All(p.At("items", 0, "environments"), "sys", "id"), []any{"staging"})
	cmstest.Equal(t, "one key", cmstest.Get(t, c, "/spaces/shop/api_keys/k2", bearer("owner")).At("name"), "Old")
	cmstest.Equal(t, "one preview key", cmstest.Get(t, c, "/spaces/shop/preview_api_keys/p9", bearer("owner")).Status, 200)
	cmstest.Equal(t, "unknown key", cmstest.Get(t, c, "/spaces/shop/api_keys/nope", bearer("owner")).At("sys", "id"), "NotFound")
}

func TestTokenLists(t *testing.T) {
	c := fixture(Options{Options: emulator.Options{NoLimits: true}})
	own := cmstest.Get(t, c, "/users/me/access_tokens", bearer("owner"))
	cmstest.Equal(t, "own names", cmstest.All(own.At("items"), "name"), []any{"owner's token"})
	cmstest.Equal(t, "own list has application", own.At("items", 0, "sys", "application"), nil)
	if _, has := own.At("items", 0, "sys").(map[string]any)["user"]; has {
		t.Error("the own list names the user")
	}
	org := cmstest.Get(t, c, "/organizations/acme/access_tokens", bearer("owner"))
	cmstest.Equal(t, "owners", cmstest.All(org.At("items"), "sys", "user", "sys", "id"), []any{"owner", "editor", "reader", "coder", "gone"})
	cmstest.Equal(t, "no names", cmstest.All(org.At("items"), "name"), []any{nil, nil, nil, nil, nil})
	cmstest.Equal(t, "hint", org.At("items", 1, "sys", "redactedValue"), fixtureToken("editor")[45:])
	cmstest.Equal(t, "the caller's token was just used", org.At("items", 0, "sys", "lastUsedAt"), "2026-11-22T12:00:00Z")
	cmstest.Equal(t, "never used", org.At("items", 1, "sys", "lastUsedAt"), nil)
	if emulator.ContainsSecret(org.Raw) || emulator.ContainsSecret(own.Raw) {
		t.Error("a list of tokens shows a secret")
	}
}

func TestTokenFilters(t *testing.T) {
	tokens := func(s *State) {
		s.Tokens = append(s.Tokens,
			&Token{ID: "past", Type: CLI, User: "owner", Secret: "x1aaaa", ExpiresAt: cmstest.Noon().Add(-time.Hour), CreatedAt: cmstest.Noon().Add(-3 * time.Hour)},
			&Token{ID: "soon", Type: OAuth, User: "owner", Secret: "x2bbbb", ExpiresAt: cmstest.Noon().Add(time.Hour), CreatedAt: cmstest.Noon().Add(-2 * time.Hour)},
			&Token{ID: "dead", Type: OAuth, User: "owner", Secret: "x3cccc", RevokedAt: cmstest.Noon().Add(-time.Hour), CreatedAt: cmstest.Noon().Add(-time.Hour)},
		)
	}
	now := "2026-11-22T12:00:00Z"
	for _, tt := range []struct {
		query string
		nulls bool
		want  []string
	}{
		{"sys.type[in]=CLIToken,OAuthApplication", false, []string{"past", "soon", "dead"}},
		{"sys.expiresAt[gt]=" + now, false, []string{"soon"}},
		{"expiresAt[gt]=" + now, false, []string{"soon"}},
		{"sys.expiresAt%5Bgt%5D=" + now, true, []string{"t-owner", "soon", "dead"}},
		{"sys.expiresAt[lt]=" + now, true, []string{"past"}},
		{"sys.expiresAt=NULL", false, []string{"t-owner", "dead"}},
		{"sys.expiresAt", false, []string{"t-owner", "dead"}},
		{"revokedAt=null", false, []string{"t-owner", "past", "soon"}},
		{"sys.revokedAt=", false, []string{"t-owner", "past", "soon"}},
		{"sys.revokedAt[lt]=" + now, false, []string{"dead"}},
		{"revokedAt=null&sys.expiresAt[gt]=" + now, true, []string{"t-owner", "soon"}},
		{"sys.createdAt[gt]=2026-11-22T09:30:00Z", false, []string{"soon", "dead"}},
		{"order=-sys.createdAt", false, []string{"dead", "soon", "past", "t-owner"}},
		{"order=sys.expiresAt", false, []string{"past", "soon", "t-owner", "dead"}},
		{"query=bbbb", false, []string{"soon"}},
	} {
		t.Run(tt.query, func(t *testing.T) {
			c := fixture(Options{Options: emulator.Options{NoLimits: true}, GreaterIncludesNull: tt.nulls})
			c.Update(tokens)
			a := cmstest.Get(t, c, "/users/me/access_tokens?"+tt.query, bearer("owner"))
			cmstest.Equal(t, "ids", fmt.Sprint(cmstest.All(a.At("items"), "sys", "id")), fmt.Sprint(tt.want))
		})
	}
	c := fixture(Options{ExpiryRevokes: true})
	c.Update(tokens)
	a := cmstest.Get(t, c, "/users/me/access_tokens/past", bearer("owner"))
	cmstest.Equal(t, "expiry fills revokedAt, switched", a.At("revokedAt"), "2026-11-22T11:00:00Z")
}

func TestRateLimit(t *testing.T) {
	clock := emulator.NewManualClock(cmstest.Noon())
	c := fixture(Options{Options: emulator.Options{Clock: clock.Now}, SecondLimit: 3})
	space := func() cmstest.Answer { return cmstest.Get(t, c, "/spaces/shop", bearer("owner")) }
	a := space()
	cmstest.Equal(t, "limit", a.Header.Get("X-Contentful-RateLimit-Second-Limit"), "3")
	cmstest.Equal(t, "remaining", a.Header.Get("X-Contentful-RateLimit-Second-Remaining"), "2")
	cmstest.Equal(t, "hour limit", a.Header.Get("X-Contentful-RateLimit-Hour-Limit"), "36000")
	cmstest.Equal(t, "reset", a.Header.Get("X-Contentful-RateLimit-Reset"), "0")
	a = cmstest.Get(t, c, "/organizations/acme/users", bearer("owner"))
	cmstest.Equal(t, "no header on organization routes", a.Header.Get("X-Contentful-RateLimit-Second-Limit"), "")
	space()
	a = space()
	cmstest.Equal(t, "the fourth", []any{a.Status, a.At("sys", "id"), a.Header.Get("X-Contentful-RateLimit-Reset"), a.Header.Get("Retry-After")},
		[]any{429, "RateLimitExceeded", "1", ""})
	clock.Advance(time.Second)
	cmstest.Equal(t, "a second later", space().Status, 200)

	bare := fixture(Options{SecondLimit: 1, NoResetHeader: true})
	cmstest.Get(t, bare, "/spaces/shop", bearer("owner"))
	a = cmstest.Get(t, bare, "/spaces/shop", bearer("owner"))
	cmstest.Equal(t, "429 without a reset", []any{a.Status, a.Header.Get("X-Contentful-RateLimit-Reset")}, []any{429, ""})
}

func TestEnvironments(t *testing.T) {
	c := fixture(Options{Options: emulator.Options{NoLimits: true}})
	a := cmstest.Get(t, c, "/spaces/shop/environments", bearer("owner"))
	cmstest.Equal(t, "rows", cmstest.All(a.At("items"), "sys", "id"), []any{"master-2026", "staging", "master"})
	cmstest.Equal(t, "alias row", a.At("items", 2, "sys", "aliasedEnvironment", "sys", "id"), "master-2026")
	cmstest.Equal(t, "aliases of the target", a.At("items", 0, "sys", "aliases", 0, "sys", "id"), "master")
	a = cmstest.Get(t, c, "/spaces/shop/environment_aliases", bearer("owner"))
	cmstest.Equal(t, "alias", []any{a.At("items", 0, "sys", "type"), a.At("items", 0, "environment", "sys", "id")}, []any{"EnvironmentAlias", "master-2026"})
	a = cmstest.Get(t, c, "/spaces/shop/environments/master", bearer("owner"))
	cmstest.Equal(t, "by alias", a.At("sys", "aliasedEnvironment", "sys", "id"), "master-2026")
	a = cmstest.Get(t, c, "/spaces/shop/environments/none", bearer("owner"))
	cmstest.Equal(t, "unknown", []any{a.Status, a.At("details", "type")}, []any{404, "Environment"})
	plain := fixture(Options{NoAliasRows: true, AliasesNeedOptIn: true})
	cmstest.Equal(t, "no alias rows, switched", cmstest.Get(t, plain, "/spaces/shop/environments", bearer("owner")).At("total"), 2.0)
	cmstest.Equal(t, "no opt-in, switched", cmstest.Get(t, plain, "/spaces/hidden/environment_aliases", bearer("owner")).Status, 403)
}

func TestPeople(t *testing.T) {
	c := fixture(Options{Options: emulator.Options{NoLimits: true}})
	get := func(path, user string) cmstest.Answer { return cmstest.Get(t, c, path, bearer(user)) }
	a := get("/organizations/acme/organization_memberships?include=sys.user&limit=100", "owner")
	cmstest.Equal(t, "roles", cmstest.All(a.At("items"), "role"), []any{"owner", "member", "member", "developer", "member"})
	cmstest.Equal(t, "includes", len(a.At("includes", "User").([]any)), 5)
	a = get("/organizations/acme/organization_memberships?query=coder&role=developer", "owner")
	cmstest.Equal(t, "search and filter", cmstest.All(a.At("items"), "sys", "user", "sys", "id"), []any{"coder"})
	cmstest.Equal(t, "deactivated", get("/organizations/acme/users/gone", "owner").At("activated"), false)
	if user, _ := get("/organizations/acme/users/owner", "coder").Body.(map[string]any); user["activated"] != nil {
		t.Error("a member sees all of another user")
	}
	cmstest.Equal(t, "me", get("/users/me", "coder").At("email"), "coder@example.com")
	cmstest.Equal(t, "direct memberships", get("/spaces/shop/space_memberships", "owner").At("total"), 2.0)
	a = get("/spaces/shop/space_members", "owner")
	cmstest.Equal(t, "members with teams", cmstest.All(a.At("items"), "sys", "user", "sys", "id"), []any{"editor", "reader", "coder"})
	cmstest.Equal(t, "by a team", a.At("items", 2, "sys", "relatedMemberships", 0, "sys", "linkType"), "TeamSpaceMembership")
	cmstest.Equal(t, "own spaces only", get("/spaces", "owner").At("total"), 0.0)
	cmstest.Equal(t, "spaces of a team", cmstest.All(get("/spaces", "coder").At("items"), "sys", "id"), []any{"shop"})
	cmstest.Equal(t, "all spaces", get("/organizations/acme/spaces", "owner").At("total"), 3.0)
	a = get("/organizations/acme/space_memberships?sys.user.sys.id[eq]=editor&include=sys.space,roles", "owner")
	cmstest.Equal(t, "filter by a link", cmstest.All(a.At("items"), "sys", "id"), []any{"sm-editor"})
	cmstest.Equal(t, "included role", a.At("includes", "Role", 0, "name"), "Editor")
}

func TestGzip(t *testing.T) {
	c := fixture(Options{})
	a := cmstest.Get(t, c, "/spaces/shop", bearer("owner"), "Accept-Encoding: br, gzip;q=0.8")
	z, err := gzip.NewReader(bytes.NewReader(a.Raw))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(z)
	if err != nil || !bytes.Contains(body, []byte(`"name":"Shop"`)) {
		t.Errorf("gzip body: %v, %s", err, body)
	}
	cmstest.Equal(t, "content type", a.Header.Get("Content-Type"), "application/vnd.contentful.management.v1+json")
	cmstest.Equal(t, "route", a.Header.Get("X-Contentful-Route"), "/spaces/:space")
	cmstest.Equal(t, "space header", a.Header.Get("CF-Space-Id"), "shop")
	plain := cmstest.Get(t, c, "/spaces/shop", bearer("owner"), "Accept-Encoding: gzip;q=0")
	cmstest.Equal(t, "refused", plain.Header.Get("Content-Encoding"), "")
	if !slices.Contains(c.Routes(), "GET /spaces/{space}/api_keys") {
		t.Error("Routes does not list the routes")
	}
}

func TestReadsAndUpdatesMayRunAtOnce(t *testing.T) {
	c := fixture(Options{Options: emulator.Options{NoLimits: true}})
	var group conc.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for range 20 {
				cmstest.Get(t, c, "/organizations/acme/access_tokens", bearer("owner"))
				c.Update(func(s *State) {
					s.Tokens[i%len(s.Tokens)].Scopes = []string{Read}
				})
			}
		})
	}
	group.Wait()
	if n := len(c.Requests()); n != 160 {
		t.Errorf("%d of 160 requests were logged", n)
	}
	if c.ForgetRequests(); len(c.Requests()) != 0 {
		t.Error("the log still holds requests")
	}
}

func TestFailureHasTheBodyOfTheCMS(t *testing.T) {
	c := fixture(Options{})
	if err := c.Inject(emulator.Fault{Act: Failure(403, "AccessDenied", "no")}); err != nil {
		t.Fatal(err)
	}
	cmstest.Equal(t, "Contentful", cmstest.Get(t, c, "/spaces").At("sys", "id"), "AccessDenied")
}
