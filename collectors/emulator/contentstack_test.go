package emulator

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func authtoken(user string) string {
	return "authtoken: " + Secret(ContentstackUserForm(), "session/"+user)
}

func apiKey(stack string) string {
	return "api_key: " + Secret(ContentstackUserForm(), "stack/"+stack)
}

func oauth(name string) string {
	return "authorization: Bearer " + Secret(PlainSecretForm(), "oauth/"+name)
}

// contentstackFixture is an organization "acme" with the stacks shop (branches,
// an alias, tokens of both kinds) and plain (no branches), and another
// organization "other" with one stack.
func contentstackFixture(o ContentstackOptions) *Contentstack {
	if o.Clock == nil {
		o.Clock = NewManualClock(noon).Now
	}
	state := ContentstackState{}
	for _, id := range []string{"owner", "admin", "developer", "writer", "outsider"} {
		state.Users = append(state.Users, &ContentstackUser{
			UID: id, Email: id + "@example.com", FirstName: id,
			Authtokens: []string{Secret(ContentstackUserForm(), "session/"+id)}, CreatedAt: noon,
		})
	}
	state.Organizations = []*ContentstackOrganization{
		{UID: "acme", Name: "Acme", Owner: "owner", CreatedAt: noon, Members: []*ContentstackMember{
			{User: "owner", Admin: true}, {User: "admin", Admin: true}, {User: "developer"}, {User: "writer"},
		}},
		{UID: "other", Name: "Other", Owner: "outsider", CreatedAt: noon},
	}
	for name, app := range map[string]*ContentstackOAuthToken{
		"acme": {Organization: "acme"}, "narrow": {Organization: "acme", Scopes: []string{"cm.stack.delivery-tokens:read"}},
		"late": {Organization: "acme", ExpiresAt: noon}, "person": {Organization: "acme", User: "developer"},
	} {
		app.Secret = Secret(PlainSecretForm(), "oauth/"+name)
		state.OAuthTokens = append(state.OAuthTokens, app)
	}
	state.Stacks = []*ContentstackStack{
		{
			UID: "shop", Name: "Shop", Organization: "acme", Owner: "owner", CreatedAt: noon,
			Collaborators: []*ContentstackCollaborator{
				{User: "admin", Roles: []string{ContentstackAdmin}}, {User: "developer", Roles: []string{ContentstackDeveloper}},
				{User: "writer", Roles: []string{"Content Manager"}},
			},
			Environments: []*ContentstackEnvironment{{UID: "e1", Name: "production", CreatedAt: noon}, {UID: "e2", Name: "staging", CreatedAt: noon}},
			Branches:     []string{"main", "redesign"}, Aliases: map[string]string{"live": "main"},
			DeliveryTokens: []*ContentstackDeliveryToken{{
				UID: "d1", Name: " web <script> ", Secret: Secret(ContentstackTokenForm(), "d1"), PreviewSecret: Secret(ContentstackTokenForm(), "p1"),
				Scope: []ContentstackScope{
					{Module: "environment", Names: []string{"production", "gone"}, Read: true},
					{Module: "branch", Names: []string{"main"}, Read: true}, {Module: "branch_alias", Names: []string{"live"}, Read: true},
				},
				CreatedBy: "developer", CreatedAt: noon.Add(5 * time.Millisecond),
			}, {UID: "d2", Name: "empty", Secret: Secret(ContentstackTokenForm(), "d2"), CreatedAt: noon}},
			ManagementTokens: []*ContentstackManagementToken{
				{UID: "m1", Name: "ci", Secret: Secret(ContentstackTokenForm(), "m1"), ExpiresOn: "2026-11-22", Notify: new(true),
					Scope: []ContentstackScope{{Module: "$all", Read: true, Write: true}}, CreatedAt: noon.AddDate(-1, 0, 0)},
				{UID: "m2", Name: "forever", Secret: Secret(ContentstackTokenForm(), "m2"), CreatedAt: noon.AddDate(0, -1, 0)},
				{UID: "m3", Name: "over", Secret: Secret(ContentstackTokenForm(), "m3"), ExpiresOn: "2026-11-21", CreatedAt: noon.AddDate(-2, 0, 0)},
			},
			Webhooks: []*ContentstackWebhook{{UID: "w1", Name: "deploy", BasicUser: "ci", BasicPassword: Secret(PlainSecretForm(), "hook")}},
			Logs:     []*ContentstackLog{{UID: "l1", At: noon}, {UID: "l2", At: noon.Add(time.Minute)}},
		},
		{UID: "plain", Name: "Plain", Organization: "acme", Owner: "owner", NoBranches: true, CreatedAt: noon},
		{UID: "far", Name: "Far", Organization: "other", Owner: "outsider", CreatedAt: noon},
	}
	for _, s := range state.Stacks {
		s.APIKey = Secret(ContentstackUserForm(), "stack/"+s.UID)
	}
	return NewContentstack(state, o)
}

const (
	deliveryPath   = "/v3/stacks/delivery_tokens"
	managementPath = "/v3/stacks/management_tokens"
)

func unlimited() ContentstackOptions { return ContentstackOptions{Options: Options{NoLimits: true}} }

func TestContentstackChecksInOrder(t *testing.T) {
	c := contentstackFixture(unlimited())
	management := "authorization: " + Secret(ContentstackTokenForm(), "m1")
	for _, tt := range []struct {
		name, path   string
		header       []string
		status, code int
	}{
		{"nothing at all", deliveryPath, nil, 412, 109},
		{"a stack and no credential", deliveryPath, []string{apiKey("shop")}, 412, 109},
		{"an unknown stack beats a bad credential", deliveryPath, []string{"api_key: blt0", "authtoken: x"}, 412, 109},
		{"a credential without a stack", deliveryPath, []string{authtoken("owner")}, 412, 109},
		{"bad authtoken", deliveryPath, []string{apiKey("shop"), "authtoken: x"}, 401, 105},
		{"an OAuth token as authtoken", deliveryPath, []string{apiKey("shop"), strings.Replace(oauth("acme"), "authorization: Bearer", "authtoken:", 1)}, 401, 105},
		{"bad management token", "/v3/environments", []string{apiKey("shop"), "authorization: csx"}, 401, 105},
		{"expired management token", "/v3/environments", []string{apiKey("shop"), "authorization: " + Secret(ContentstackTokenForm(), "m3")}, 401, 105},
		{"management token on its last day", "/v3/environments?limit=1", []string{apiKey("shop"), management}, 200, 0},
		{"management token with Bearer", "/v3/environments", []string{apiKey("shop"), strings.Replace(management, ": ", ": Bearer ", 1)}, 401, 105},
		{"management token on tokens", deliveryPath, []string{apiKey("shop"), management}, 401, 105},
		{"management token on organizations", "/v3/organizations", []string{apiKey("shop"), management}, 401, 105},
		{"owner of the organization", managementPath, []string{apiKey("shop"), authtoken("owner")}, 200, 0},
		{"admin", managementPath, []string{apiKey("shop"), authtoken("admin")}, 200, 0},
		{"developer, delivery", deliveryPath, []string{apiKey("shop"), authtoken("developer")}, 200, 0},
		{"developer, management", managementPath, []string{apiKey("shop"), authtoken("developer")}, 401, 161},
		{"writer, delivery", deliveryPath, []string{apiKey("shop"), authtoken("writer")}, 401, 161},
		{"writer, environments", "/v3/environments", []string{apiKey("shop"), authtoken("writer")}, 200, 0},
		{"no collaborator", "/v3/environments", []string{apiKey("shop"), authtoken("outsider")}, 401, 161},
		{"OAuth", managementPath, []string{apiKey("shop"), oauth("acme")}, 200, 0},
		{"OAuth of a developer", managementPath, []string{apiKey("shop"), oauth("person")}, 401, 161},
		{"OAuth of another organization", deliveryPath, []string{apiKey("far"), oauth("acme")}, 403, 316},
		{"OAuth without the scope", managementPath, []string{apiKey("shop"), oauth("narrow")}, 401, 161},
		{"OAuth with the scope", deliveryPath, []string{apiKey("shop"), oauth("narrow")}, 200, 0},
		{"OAuth, expired", deliveryPath, []string{apiKey("shop"), oauth("late")}, 401, 105},
		{"OAuth with the wrong scope header", deliveryPath, []string{"organization_uid: acme", oauth("acme")}, 422, 21},
		{"user without a credential", "/v3/user", nil, 401, 105},
		{"unknown path", "/v3/nowhere", []string{authtoken("owner")}, 404, 404},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := ask(t, c, "GET", tt.path, "", tt.header...)
			equal(t, "status", a.status, tt.status)
			if tt.code != 0 {
				equal(t, "error_code", a.at("error_code"), float64(tt.code))
			}
		})
	}
	a := ask(t, c, "GET", deliveryPath, "")
	equal(t, "412 message", a.at("error_message"), "We can't find that Stack. Please try again.")
	equal(t, "412 errors", a.at("errors", "api_key", 0), "is not valid.")

	switched := contentstackFixture(ContentstackOptions{PermissionStatus: 403, TokensModuleStatus: 403, TokensModuleCode: 161, EmptyErrors: true})
	equal(t, "denied, switched", ask(t, switched, "GET", managementPath, "", apiKey("shop"), authtoken("developer")).status, 403)
	a = ask(t, switched, "GET", deliveryPath, "", apiKey("shop"), management)
	equal(t, "tokens module, switched", []any{a.status, a.at("error_code"), a.at("errors")}, []any{403, 161.0, []any{}})
}

func TestContentstackDeliveryTokens(t *testing.T) {
	c := contentstackFixture(unlimited())
	a := ask(t, c, "GET", deliveryPath, "", apiKey("shop"), authtoken("owner"))
	token := a.at("tokens", 0)
	equal(t, "uids", all(a.at("tokens"), "uid"), []any{"d1", "d2"})
	d := answer{body: token}
	equal(t, "secrets in clear", []any{d.at("token"), d.at("preview_token")}, []any{Secret(ContentstackTokenForm(), "d1"), Secret(ContentstackTokenForm(), "p1")})
	equal(t, "only where one was made", a.at("tokens", 1, "preview_token"), nil)
	equal(t, "type and times", []any{d.at("type"), d.at("created_at")}, []any{"delivery", "2026-11-22T12:00:00.005Z"})
	equal(t, "name as it is", d.at("name"), " web <script> ")
	equal(t, "environments", all(d.at("scope", 0, "environments"), "name"), []any{"production", "gone"})
	equal(t, "a whole environment", []any{d.at("scope", 0, "environments", 0, "uid"), d.at("scope", 0, "environments", 0, "ACL")}, []any{"e1", []any{}})
	equal(t, "branch and alias", []any{d.at("scope", 1, "branches", 0), d.at("scope", 2, "branch_aliases", 0)}, []any{"main", "live"})
	equal(t, "acl", d.at("scope", 1, "acl", "read"), true)
	equal(t, "empty scope", a.at("tokens", 1, "scope"), []any{})

	one := ask(t, c, "GET", deliveryPath+"/d1", "", apiKey("shop"), authtoken("owner"))
	equal(t, "single", one.at("token", "uid"), "d1")
	one = ask(t, c, "GET", deliveryPath+"/none", "", apiKey("shop"), authtoken("owner"))
	equal(t, "unknown", []any{one.status, one.at("errors", "uid", 0)}, []any{422, "is not valid."})

	s := contentstackFixture(ContentstackOptions{PluralSingles: true, EnvironmentNames: true, TextACL: true, UnknownTokenStatus: 404})
	one = ask(t, s, "GET", deliveryPath+"/d1", "", apiKey("shop"), authtoken("owner"))
	equal(t, "plural, switched", one.at("tokens", 0, "scope", 0, "environments"), []any{"production", "gone"})
	equal(t, "text acl, switched", one.at("tokens", 0, "scope", 1, "acl", "read"), "true")
	equal(t, "unknown, switched", ask(t, s, "GET", deliveryPath+"/none", "", apiKey("shop"), authtoken("owner")).status, 404)
}

func TestContentstackManagementTokens(t *testing.T) {
	c := contentstackFixture(unlimited())
	a := ask(t, c, "GET", managementPath, "", apiKey("shop"), authtoken("owner"))
	equal(t, "expiries", all(a.at("tokens"), "expires_on"), []any{"2026-11-22", nil, "2026-11-21"})
	equal(t, "acl", a.at("tokens", 0, "scope", 0, "acl"), map[string]any{"read": true, "write": true})
	equal(t, "notification", all(a.at("tokens"), "is_email_notification_enabled"), []any{true, nil, nil})
	if ContainsSecret(a.raw) {
		t.Error("the list of management tokens shows a secret")
	}
	for never, want := range map[ContentstackNever]string{
		ContentstackNeverNull: `"expires_on":null`, ContentstackNeverEmpty: `"expires_on":""`, ContentstackNeverFlag: `"is_never_expires":true`,
	} {
		s := contentstackFixture(ContentstackOptions{Never: never})
		if a := ask(t, s, "GET", managementPath+"/m2", "", apiKey("shop"), authtoken("owner")); !strings.Contains(string(a.raw), want) {
			t.Errorf("never as %s: %s", never, a.raw)
		}
	}
	s := contentstackFixture(ContentstackOptions{Never: ContentstackNeverAbsent, HideExpired: true})
	a = ask(t, s, "GET", managementPath, "", apiKey("shop"), authtoken("owner"))
	equal(t, "expired ones hidden, switched", all(a.at("tokens"), "uid"), []any{"m1", "m2"})
	if _, has := a.at("tokens", 1).(map[string]any)["expires_on"]; has {
		t.Error("never as an absent member: it is there")
	}
}

func TestContentstackPaging(t *testing.T) {
	c := contentstackFixture(unlimited())
	c.Update(func(s *ContentstackState) {
		for i := range 230 {
			n := fmt.Sprintf("n%03d", i)
			s.Stacks[0].DeliveryTokens = append(s.Stacks[0].DeliveryTokens, &ContentstackDeliveryToken{UID: n, Name: n, CreatedAt: noon})
			s.Stacks[0].ManagementTokens = append(s.Stacks[0].ManagementTokens, &ContentstackManagementToken{UID: n, Name: n, CreatedAt: noon})
		}
	})
	get := func(query string) answer {
		return ask(t, c, "GET", deliveryPath+query, "", apiKey("shop"), authtoken("owner"))
	}
	for query, want := range map[string]int{
		"": 100, "?limit=5": 5, "?limit=10000": 100, "?limit=-5": 100, "?skip=200": 32, "?skip=999999": 0, "?count=true": 100,
		"?&query=%7B%22name%22%3A%22n007%22%7D": 1,
	} {
		items, _ := get(query).at("tokens").([]any)
		equal(t, "items of "+query, len(items), want)
	}
	equal(t, "negative skip", get("?skip=-1").status, 422)
	equal(t, "count", get("?include_count=true&limit=1").at("count"), 232.0)
	a := ask(t, c, "GET", managementPath+"?count=true", "", apiKey("shop"), authtoken("owner"))
	equal(t, "the array becomes a number", a.at("tokens"), 233.0)
}

func TestContentstackEnumeration(t *testing.T) {
	c := contentstackFixture(unlimited())
	get := func(path string, header ...string) answer { return ask(t, c, "GET", path, "", header...) }
	equal(t, "by header", all(get("/v3/stacks", authtoken("owner"), "organization_uid: acme").at("stacks"), "uid"), []any{"shop", "plain"})
	equal(t, "by query", all(get("/v3/stacks?&query=%7B%22org_uid%22%3A%22acme%22%7D", authtoken("developer")).at("stacks"), "uid"), []any{"shop"})
	equal(t, "by path", all(get("/v3/organizations/acme/stacks?include_count=true", authtoken("owner")).at("stacks"), "uid"), []any{"shop", "plain"})
	equal(t, "by OAuth", all(get("/v3/stacks", oauth("acme"), "organization_uid: acme").at("stacks"), "uid"), []any{"shop", "plain"})
	a := get("/v3/stacks?include_collaborators=true", authtoken("admin"), apiKey("shop"))
	equal(t, "one stack", []any{a.at("stack", "uid"), a.at("stack", "org_uid")}, []any{"shop", "acme"})
	equal(t, "collaborators", all(a.at("stack", "collaborators"), "uid"), []any{"admin", "developer", "writer"})
	if !ContainsSecret([]byte(fmt.Sprint(a.at("stack", "settings")))) {
		t.Error("the stack's settings carry no planted secret")
	}
	equal(t, "branches", all(get("/v3/stacks/branches", authtoken("admin"), apiKey("shop")).at("branches"), "uid"), []any{"main", "redesign"})
	equal(t, "no branches", get("/v3/stacks/branches", authtoken("owner"), apiKey("plain")).status, 422)
	a = get("/v3/stacks/branch_aliases", authtoken("admin"), apiKey("shop"))
	equal(t, "alias", []any{a.at("branch_aliases", 0, "uid"), a.at("branch_aliases", 0, "alias")}, []any{"main", "live"})
	equal(t, "shares", all(get("/v3/organizations/acme/share", authtoken("admin")).at("shares"), "user_uid"), []any{"owner", "admin", "developer", "writer"})
	equal(t, "foreign organization", get("/v3/organizations/other/share", authtoken("admin")).status, 401)
	equal(t, "organizations", all(get("/v3/organizations", authtoken("admin")).at("organizations"), "uid"), []any{"acme"})
	a = get("/v3/organizations/acme?include_plan=true", authtoken("owner"))
	equal(t, "limit of the plan", a.at("organization", "plan", "features", 0, "limit"), 10.0)
	a = get("/v3/user?include_orgs_roles=true", authtoken("admin"))
	equal(t, "user", []any{a.at("user", "uid"), a.at("user", "organizations", 0, "org_roles", 0, "admin")}, []any{"admin", true})
	equal(t, "the user carries the authtoken", a.at("user", "authtoken"), Secret(ContentstackUserForm(), "session/admin"))
	equal(t, "webhook password in clear", get("/v3/webhooks", authtoken("admin"), apiKey("shop")).at("webhooks", 0, "destinations", 0, "http_basic_password"), Secret(PlainSecretForm(), "hook"))
	equal(t, "newest log first", all(get("/v3/audit-logs", authtoken("admin"), apiKey("shop")).at("logs"), "uid"), []any{"l2", "l1"})
	equal(t, "environment by name", get("/v3/environments/staging", authtoken("admin"), apiKey("shop")).at("environment", "uid"), "e2")
	equal(t, "roles", len(get("/v3/roles", authtoken("admin"), apiKey("shop")).at("roles").([]any)), 3)
}

func TestContentstackRateLimit(t *testing.T) {
	clock := NewManualClock(noon)
	c := contentstackFixture(ContentstackOptions{Options: Options{Clock: clock.Now}, ReadLimit: 2})
	get := func(stack, user string) answer {
		return ask(t, c, "GET", "/v3/environments", "", apiKey(stack), authtoken(user))
	}
	a := get("shop", "owner")
	equal(t, "headers", []any{a.header.Get("X-RateLimit-Limit"), a.header.Get("X-RateLimit-Remaining")}, []any{"2", "1"})
	get("plain", "owner")
	a = get("shop", "admin")
	equal(t, "one budget for the organization", []any{a.status, a.at("error_code"), a.header.Get("Retry-After"), a.header.Get("X-RateLimit-Remaining")}, []any{429, 429.0, "", "0"})
	equal(t, "another organization", get("far", "outsider").status, 200)
	equal(t, "no organization, no limit", ask(t, c, "GET", "/v3/user", "", authtoken("owner")).header.Get("X-RateLimit-Limit"), "")
	clock.Advance(time.Second)
	equal(t, "a second later", get("shop", "admin").status, 200)
	equal(t, "organization header", get("far", "outsider").header.Get("X-Contentstack-Organization"), "other")
	quiet := contentstackFixture(ContentstackOptions{NoLimitHeaders: true})
	equal(t, "no headers, switched", ask(t, quiet, "GET", "/v3/environments", "", apiKey("shop"), authtoken("owner")).header.Get("X-RateLimit-Limit"), "")
}
