package emulator

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

func base64Text(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// fixtureToken is the secret of a user's token in contentfulFixture.
func fixtureToken(user string) string { return Secret(ContentfulPersonalForm(), user) }

func bearer(user string) string { return "Authorization: Bearer " + fixtureToken(user) }

// contentfulFixture is an organization "acme" with the spaces shop (an alias
// master, two keys), asleep (hibernated) and hidden (nobody but the owner).
func contentfulFixture(o ContentfulOptions) *Contentful {
	if o.Clock == nil {
		o.Clock = NewManualClock(noon).Now
	}
	users := []string{"owner", "editor", "reader", "coder", "gone", "stranger"}
	state := ContentfulState{}
	acme := &ContentfulOrganization{ID: "acme", Name: "Acme", CreatedAt: noon.AddDate(-3, 0, 0)}
	for _, id := range users {
		state.Users = append(state.Users, &ContentfulUser{
			ID: id, FirstName: strings.ToUpper(id[:1]) + id[1:], LastName: "Doe", Email: id + "@example.com",
			Deactivated: id == "gone", CreatedAt: noon.AddDate(-2, 0, 0),
		})
		state.Tokens = append(state.Tokens, &ContentfulToken{
			ID: "t-" + id, Type: ContentfulPersonal, Name: id + "'s token", User: id,
			Secret: fixtureToken(id), Scopes: []string{ContentfulManage}, CreatedAt: noon.AddDate(0, -1, 0),
		})
		if id != "stranger" {
			role := map[string]string{"owner": "owner", "coder": "developer"}[id]
			if role == "" {
				role = "member"
			}
			acme.Memberships = append(acme.Memberships, &ContentfulMembership{ID: "m-" + id, User: id, Role: role, CreatedAt: noon})
		}
	}
	acme.Teams = []*ContentfulTeam{{ID: "coders", Name: "Coders", Users: []string{"coder"}}}
	state.Organizations = []*ContentfulOrganization{acme}
	state.Spaces = []*ContentfulSpace{
		{
			ID: "shop", Name: "Shop", Organization: "acme", CreatedAt: noon.AddDate(-2, 0, 0),
			Environments: []*ContentfulEnvironment{{ID: "master-2026", CreatedAt: noon}, {ID: "staging", CreatedAt: noon}},
			Aliases:      []*ContentfulAlias{{ID: "master", Environment: "master-2026"}},
			Roles: []*ContentfulRole{
				{ID: "r-dev", Name: "Developer", Permissions: map[string]any{"ContentDelivery": "all"}},
				{ID: "r-look", Name: "Onlooker", Permissions: map[string]any{"ContentDelivery": []string{"read"}}},
				{ID: "r-edit", Name: "Editor"},
			},
			Members: []*ContentfulSpaceMember{
				{ID: "sm-editor", User: "editor", Roles: []string{"r-edit"}},
				{ID: "sm-reader", User: "reader", Roles: []string{"r-look"}},
				{ID: "sm-coders", Team: "coders", Roles: []string{"r-dev"}},
			},
			Keys: []*ContentfulKey{
				{
					ID: "k1", Name: "Website", Description: new("<b>live</b>"), Secret: Secret(ContentfulKeyForm(), "k1"),
					Environments: []string{"master"}, CreatedBy: "owner", CreatedAt: noon.AddDate(-1, 0, 0), UpdatedAt: noon,
					Preview: &ContentfulPreviewKey{ID: "p1", Name: "Website", Secret: Secret(ContentfulKeyForm(), "p1"), Environments: []string{"staging"}},
				},
				{ID: "k2", Name: "Old", Secret: Secret(ContentfulKeyForm(), "k2"), CreatedAt: noon, UpdatedAt: noon},
			},
			OrphanPreviewKeys: []*ContentfulPreviewKey{{ID: "p9", Secret: Secret(ContentfulKeyForm(), "p9")}},
		},
		{ID: "asleep", Name: "Asleep", Organization: "acme", CreatedAt: noon, Hibernated: true},
		{ID: "hidden", Name: "Hidden", Organization: "acme", CreatedAt: noon},
	}
	return NewContentful(state, o)
}

func TestContentfulAuthentication(t *testing.T) {
	c := contentfulFixture(ContentfulOptions{Options: Options{NoLimits: true}})
	c.Update(func(s *ContentfulState) {
		add := func(id string, change func(*ContentfulToken)) {
			t := &ContentfulToken{ID: id, Type: ContentfulPersonal, User: "owner", Secret: fixtureToken(id), Scopes: []string{ContentfulManage}}
			change(t)
			s.Tokens = append(s.Tokens, t)
		}
		add("revoked", func(t *ContentfulToken) { t.RevokedAt = noon.Add(-time.Hour) })
		add("expired", func(t *ContentfulToken) { t.ExpiresAt = noon })
		add("lasting", func(t *ContentfulToken) { t.ExpiresAt = noon.Add(time.Second) })
		add("narrow", func(t *ContentfulToken) { t.Scopes = []string{ContentfulRead} })
		add("foreign", func(t *ContentfulToken) { t.UnauthorizedFor = []string{"acme"} })
	})
	for _, tt := range []struct {
		name, path, header string
		status             int
		id                 string
	}{
		{"no token", "/organizations", "X: y", 403, "AccessTokenInvalid"},
		{"unknown token", "/organizations", "Authorization: Bearer CFPAT-x", 403, "AccessTokenInvalid"},
		{"unknown token, environment route", "/spaces/shop/environments/staging", "Authorization: Bearer CFPAT-x", 401, "AccessTokenInvalid"},
		{"a delivery key", "/spaces/shop", "Authorization: Bearer " + Secret(ContentfulKeyForm(), "k1"), 403, "AccessTokenInvalid"},
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
			a := ask(t, c, "GET", tt.path, "", tt.header)
			equal(t, "status", a.status, tt.status)
			if tt.id != "" {
				equal(t, "sys.id", a.at("sys", "id"), tt.id)
				equal(t, "sys.type", a.at("sys", "type"), "Error")
				equal(t, "requestId", a.at("requestId"), a.header.Get("X-Contentful-Request-Id"))
			}
		})
	}
	equal(t, "grant", ask(t, c, "GET", "/organizations/acme/access_grant", "", bearer("foreign")).at("accessGrant"), false)
}

func TestContentfulPaging(t *testing.T) {
	c := contentfulFixture(ContentfulOptions{Options: Options{NoLimits: true}})
	c.Update(func(s *ContentfulState) {
		for i := range 230 {
			s.Tokens = append(s.Tokens, &ContentfulToken{
				ID: fmt.Sprintf("n%03d", i), Type: ContentfulCLI, User: "editor", Secret: fmt.Sprintf("CFPAT-%04d", i), CreatedAt: noon,
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
		a := ask(t, c, "GET", "/organizations/acme/access_tokens"+tt.query, "", bearer("owner"))
		got := []any{a.at("total"), a.at("limit"), a.at("skip"), len(a.at("items").([]any)), a.at("sys", "type")}
		equal(t, tt.query, got, []any{235.0, float64(tt.limit), float64(tt.skip), tt.items, "Array"})
	}
	for _, query := range []string{"?limit=ten", "?skip=-1"} {
		a := ask(t, c, "GET", "/organizations/acme/access_tokens"+query, "", bearer("owner"))
		equal(t, query, []any{a.status, a.at("sys", "id")}, []any{400, "InvalidQuery"})
	}
	strict := contentfulFixture(ContentfulOptions{RejectLargePages: true})
	equal(t, "a limit above the cap, switched", ask(t, strict, "GET", "/spaces?limit=101", "", bearer("owner")).status, 400)
}

func TestContentfulKeys(t *testing.T) {
	c := contentfulFixture(ContentfulOptions{Options: Options{NoLimits: true}})
	a := ask(t, c, "GET", "/spaces/shop/api_keys", "", bearer("owner"))
	equal(t, "names", all(a.at("items"), "name"), []any{"Website", "Old"})
	equal(t, "secret in clear", a.at("items", 0, "accessToken"), Secret(ContentfulKeyForm(), "k1"))
	equal(t, "environments", all(a.at("items", 0, "environments"), "sys", "id"), []any{"master"})
	equal(t, "no environments means master", all(a.at("items", 1, "environments"), "sys", "id"), []any{"master"})
	equal(t, "actions", a.at("items", 0, "policies", 0, "actions"), "all")
	equal(t, "description", a.at("items", 1, "description"), nil)
	equal(t, "twin", a.at("items", 0, "preview_api_key", "sys", "id"), "p1")
	equal(t, "time", a.at("items", 0, "sys", "createdAt"), "2025-11-22T12:00:00Z")
	if !strings.Contains(string(a.raw), "<b>live</b>") {
		t.Error("names and descriptions are escaped on the way")
	}
	p := ask(t, c, "GET", "/spaces/shop/preview_api_keys", "", bearer("owner"))
	equal(t, "preview keys", all(p.at("items"), "sys", "id"), []any{"p1", "p9"})
	equal(t, "twin has drifted", all(p.at("items", 0, "environments"), "sys", "id"), []any{"staging"})
	equal(t, "one key", ask(t, c, "GET", "/spaces/shop/api_keys/k2", "", bearer("owner")).at("name"), "Old")
	equal(t, "one preview key", ask(t, c, "GET", "/spaces/shop/preview_api_keys/p9", "", bearer("owner")).status, 200)
	equal(t, "unknown key", ask(t, c, "GET", "/spaces/shop/api_keys/nope", "", bearer("owner")).at("sys", "id"), "NotFound")
}

func TestContentfulTokenLists(t *testing.T) {
	c := contentfulFixture(ContentfulOptions{Options: Options{NoLimits: true}})
	own := ask(t, c, "GET", "/users/me/access_tokens", "", bearer("owner"))
	equal(t, "own names", all(own.at("items"), "name"), []any{"owner's token"})
	equal(t, "own list has application", own.at("items", 0, "sys", "application"), nil)
	if _, has := own.at("items", 0, "sys").(map[string]any)["user"]; has {
		t.Error("the own list names the user")
	}
	org := ask(t, c, "GET", "/organizations/acme/access_tokens", "", bearer("owner"))
	equal(t, "owners", all(org.at("items"), "sys", "user", "sys", "id"), []any{"owner", "editor", "reader", "coder", "gone"})
	equal(t, "no names", all(org.at("items"), "name"), []any{nil, nil, nil, nil, nil})
	equal(t, "hint", org.at("items", 1, "sys", "redactedValue"), fixtureToken("editor")[45:])
	equal(t, "the caller's token was just used", org.at("items", 0, "sys", "lastUsedAt"), "2026-11-22T12:00:00Z")
	equal(t, "never used", org.at("items", 1, "sys", "lastUsedAt"), nil)
	if ContainsSecret(org.raw) || ContainsSecret(own.raw) {
		t.Error("a list of tokens shows a secret")
	}
}

func TestContentfulTokenFilters(t *testing.T) {
	tokens := func(s *ContentfulState) {
		s.Tokens = append(s.Tokens,
			&ContentfulToken{ID: "past", Type: ContentfulCLI, User: "owner", Secret: "x1aaaa", ExpiresAt: noon.Add(-time.Hour), CreatedAt: noon.Add(-3 * time.Hour)},
			&ContentfulToken{ID: "soon", Type: ContentfulOAuth, User: "owner", Secret: "x2bbbb", ExpiresAt: noon.Add(time.Hour), CreatedAt: noon.Add(-2 * time.Hour)},
			&ContentfulToken{ID: "dead", Type: ContentfulOAuth, User: "owner", Secret: "x3cccc", RevokedAt: noon.Add(-time.Hour), CreatedAt: noon.Add(-time.Hour)},
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
			c := contentfulFixture(ContentfulOptions{Options: Options{NoLimits: true}, GreaterIncludesNull: tt.nulls})
			c.Update(tokens)
			a := ask(t, c, "GET", "/users/me/access_tokens?"+tt.query, "", bearer("owner"))
			equal(t, "ids", fmt.Sprint(all(a.at("items"), "sys", "id")), fmt.Sprint(tt.want))
		})
	}
	c := contentfulFixture(ContentfulOptions{ExpiryRevokes: true})
	c.Update(tokens)
	a := ask(t, c, "GET", "/users/me/access_tokens/past", "", bearer("owner"))
	equal(t, "expiry fills revokedAt, switched", a.at("revokedAt"), "2026-11-22T11:00:00Z")
}

func TestContentfulRateLimit(t *testing.T) {
	clock := NewManualClock(noon)
	c := contentfulFixture(ContentfulOptions{Options: Options{Clock: clock.Now}, SecondLimit: 3})
	space := func() answer { return ask(t, c, "GET", "/spaces/shop", "", bearer("owner")) }
	a := space()
	equal(t, "limit", a.header.Get("X-Contentful-RateLimit-Second-Limit"), "3")
	equal(t, "remaining", a.header.Get("X-Contentful-RateLimit-Second-Remaining"), "2")
	equal(t, "hour limit", a.header.Get("X-Contentful-RateLimit-Hour-Limit"), "36000")
	equal(t, "reset", a.header.Get("X-Contentful-RateLimit-Reset"), "0")
	a = ask(t, c, "GET", "/organizations/acme/users", "", bearer("owner"))
	equal(t, "no header on organization routes", a.header.Get("X-Contentful-RateLimit-Second-Limit"), "")
	space()
	a = space()
	equal(t, "the fourth", []any{a.status, a.at("sys", "id"), a.header.Get("X-Contentful-RateLimit-Reset"), a.header.Get("Retry-After")},
		[]any{429, "RateLimitExceeded", "1", ""})
	clock.Advance(time.Second)
	equal(t, "a second later", space().status, 200)

	bare := contentfulFixture(ContentfulOptions{SecondLimit: 1, NoResetHeader: true})
	ask(t, bare, "GET", "/spaces/shop", "", bearer("owner"))
	a = ask(t, bare, "GET", "/spaces/shop", "", bearer("owner"))
	equal(t, "429 without a reset", []any{a.status, a.header.Get("X-Contentful-RateLimit-Reset")}, []any{429, ""})
}

func TestContentfulEnvironments(t *testing.T) {
	c := contentfulFixture(ContentfulOptions{Options: Options{NoLimits: true}})
	a := ask(t, c, "GET", "/spaces/shop/environments", "", bearer("owner"))
	equal(t, "rows", all(a.at("items"), "sys", "id"), []any{"master-2026", "staging", "master"})
	equal(t, "alias row", a.at("items", 2, "sys", "aliasedEnvironment", "sys", "id"), "master-2026")
	equal(t, "aliases of the target", a.at("items", 0, "sys", "aliases", 0, "sys", "id"), "master")
	a = ask(t, c, "GET", "/spaces/shop/environment_aliases", "", bearer("owner"))
	equal(t, "alias", []any{a.at("items", 0, "sys", "type"), a.at("items", 0, "environment", "sys", "id")}, []any{"EnvironmentAlias", "master-2026"})
	a = ask(t, c, "GET", "/spaces/shop/environments/master", "", bearer("owner"))
	equal(t, "by alias", a.at("sys", "aliasedEnvironment", "sys", "id"), "master-2026")
	a = ask(t, c, "GET", "/spaces/shop/environments/none", "", bearer("owner"))
	equal(t, "unknown", []any{a.status, a.at("details", "type")}, []any{404, "Environment"})
	plain := contentfulFixture(ContentfulOptions{NoAliasRows: true, AliasesNeedOptIn: true})
	equal(t, "no alias rows, switched", ask(t, plain, "GET", "/spaces/shop/environments", "", bearer("owner")).at("total"), 2.0)
	equal(t, "no opt-in, switched", ask(t, plain, "GET", "/spaces/hidden/environment_aliases", "", bearer("owner")).status, 403)
}

func TestContentfulPeople(t *testing.T) {
	c := contentfulFixture(ContentfulOptions{Options: Options{NoLimits: true}})
	get := func(path, user string) answer { return ask(t, c, "GET", path, "", bearer(user)) }
	a := get("/organizations/acme/organization_memberships?include=sys.user&limit=100", "owner")
	equal(t, "roles", all(a.at("items"), "role"), []any{"owner", "member", "member", "developer", "member"})
	equal(t, "includes", len(a.at("includes", "User").([]any)), 5)
	a = get("/organizations/acme/organization_memberships?query=coder&role=developer", "owner")
	equal(t, "search and filter", all(a.at("items"), "sys", "user", "sys", "id"), []any{"coder"})
	equal(t, "deactivated", get("/organizations/acme/users/gone", "owner").at("activated"), false)
	if user, _ := get("/organizations/acme/users/owner", "coder").body.(map[string]any); user["activated"] != nil {
		t.Error("a member sees all of another user")
	}
	equal(t, "me", get("/users/me", "coder").at("email"), "coder@example.com")
	equal(t, "direct memberships", get("/spaces/shop/space_memberships", "owner").at("total"), 2.0)
	a = get("/spaces/shop/space_members", "owner")
	equal(t, "members with teams", all(a.at("items"), "sys", "user", "sys", "id"), []any{"editor", "reader", "coder"})
	equal(t, "by a team", a.at("items", 2, "sys", "relatedMemberships", 0, "sys", "linkType"), "TeamSpaceMembership")
	equal(t, "own spaces only", get("/spaces", "owner").at("total"), 0.0)
	equal(t, "spaces of a team", all(get("/spaces", "coder").at("items"), "sys", "id"), []any{"shop"})
	equal(t, "all spaces", get("/organizations/acme/spaces", "owner").at("total"), 3.0)
	a = get("/organizations/acme/space_memberships?sys.user.sys.id[eq]=editor&include=sys.space,roles", "owner")
	equal(t, "filter by a link", all(a.at("items"), "sys", "id"), []any{"sm-editor"})
	equal(t, "included role", a.at("includes", "Role", 0, "name"), "Editor")
}

func TestContentfulGzip(t *testing.T) {
	c := contentfulFixture(ContentfulOptions{})
	a := ask(t, c, "GET", "/spaces/shop", "", bearer("owner"), "Accept-Encoding: br, gzip;q=0.8")
	z, err := gzip.NewReader(bytes.NewReader(a.raw))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(z)
	if err != nil || !bytes.Contains(body, []byte(`"name":"Shop"`)) {
		t.Errorf("gzip body: %v, %s", err, body)
	}
	equal(t, "content type", a.header.Get("Content-Type"), "application/vnd.contentful.management.v1+json")
	equal(t, "route", a.header.Get("X-Contentful-Route"), "/spaces/:space")
	equal(t, "space header", a.header.Get("CF-Space-Id"), "shop")
	plain := ask(t, c, "GET", "/spaces/shop", "", bearer("owner"), "Accept-Encoding: gzip;q=0")
	equal(t, "refused", plain.header.Get("Content-Encoding"), "")
	if !slices.Contains(c.Routes(), "GET /spaces/{space}/api_keys") {
		t.Error("Routes does not list the routes")
	}
}
