package contentstack

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/cmstest"
)

func authtoken(user string) string {
	return "authtoken: " + emulator.Secret(UserForm(), "session/"+user)
}

func apiKey(stack string) string {
	return "api_key: " + emulator.Secret(UserForm(), "stack/"+stack)
}

func oauth(name string) string {
	return "authorization: Bearer " + emulator.Secret(emulator.PlainSecretForm(), "oauth/"+name)
}

// fixture is an organization "acme" with the stacks shop (branches,
// an alias, tokens of both kinds) and plain (no branches), and another
// organization "other" with one stack.
func fixture(o Options) *Emulator {
	if o.Clock == nil {
		o.Clock = emulator.NewManualClock(cmstest.Noon()).Now
	}
	state := State{}
	for _, id := range []string{"owner", "admin", "developer", "writer", "outsider"} {
		state.Users = append(state.Users, &User{
			UID: id, Email: id + "@example.com", FirstName: id,
			Authtokens: []string{emulator.Secret(UserForm(), "session/"+id)}, CreatedAt: cmstest.Noon(),
		})
	}
	state.Organizations = []*Organization{
		{UID: "acme", Name: "Acme", Owner: "owner", CreatedAt: cmstest.Noon(), Members: []*Member{
			{User: "owner", Admin: true}, {User: "admin", Admin: true}, {User: "developer"}, {User: "writer"},
		}},
		{UID: "other", Name: "Other", Owner: "outsider", CreatedAt: cmstest.Noon()},
	}
	for name, app := range map[string]*OAuthToken{
		"acme": {Organization: "acme"}, "narrow": {Organization: "acme", Scopes: []string{"cm.stack.delivery-tokens:read"}},
		"late": {Organization: "acme", ExpiresAt: cmstest.Noon()}, "person": {Organization: "acme", User: "developer"},
	} {
		app.Secret = emulator.Secret(emulator.PlainSecretForm(), "oauth/"+name)
		state.OAuthTokens = append(state.OAuthTokens, app)
	}
	state.Stacks = []*Stack{
		{
			UID: "shop", Name: "Shop", Organization: "acme", Owner: "owner", CreatedAt: cmstest.Noon(),
			Collaborators: []*Collaborator{
				{User: "admin", Roles: []string{Admin}}, {User: "developer", Roles: []string{Developer}},
				{User: "writer", Roles: []string{"Content Manager"}},
			},
			Environments: []*Environment{{UID: "e1", Name: "production", CreatedAt: cmstest.Noon()}, {UID: "e2", Name: "staging", CreatedAt: cmstest.Noon()}},
			Branches:     []string{"main", "redesign"}, Aliases: map[string]string{"live": "main"},
			DeliveryTokens: []*DeliveryToken{{
				UID: "d1", Name: " web <script> ", Secret: emulator.Secret(TokenForm(), "d1"), PreviewSecret: emulator.Secret(TokenForm(), "p1"),
				Scope: []Scope{
					{Module: "environment", Names: []string{"production", "gone"}, Read: true},
					{Module: "branch", Names: []string{"main"}, Read: true}, {Module: "branch_alias", Names: []string{"live"}, Read: true},
				},
				CreatedBy: "developer", CreatedAt: cmstest.Noon().Add(5 * time.Millisecond),
			}, {UID: "d2", Name: "empty", Secret: emulator.Secret(TokenForm(), "d2"), CreatedAt: cmstest.Noon()}},
			ManagementTokens: []*ManagementToken{
				{UID: "m1", Name: "ci", Secret: emulator.Secret(TokenForm(), "m1"), ExpiresOn: "2026-11-22", Notify: new(true),
					Scope: []Scope{{Module: "$all", Read: true, Write: true}}, CreatedAt: cmstest.Noon().AddDate(-1, 0, 0)},
				{UID: "m2", Name: "forever", Secret: emulator.Secret(TokenForm(), "m2"), CreatedAt: cmstest.Noon().AddDate(0, -1, 0)},
				{UID: "m3", Name: "over", Secret: emulator.Secret(TokenForm(), "m3"), ExpiresOn: "2026-11-21", CreatedAt: cmstest.Noon().AddDate(-2, 0, 0)},
			},
			Webhooks: []*Webhook{{UID: "w1", Name: "deploy", BasicUser: "ci", BasicPassword: emulator.Secret(emulator.PlainSecretForm(), "hook")}},
			Logs:     []*Log{{UID: "l1", At: cmstest.Noon()}, {UID: "l2", At: cmstest.Noon().Add(time.Minute)}},
		},
		{UID: "plain", Name: "Plain", Organization: "acme", Owner: "owner", NoBranches: true, CreatedAt: cmstest.Noon()},
		{UID: "far", Name: "Far", Organization: "other", Owner: "outsider", CreatedAt: cmstest.Noon()},
	}
	for _, s := range state.Stacks {
		s.APIKey = emulator.Secret(UserForm(), "stack/"+s.UID)
	}
	return New(state, o)
}

const (
	deliveryPath   = "/v3/stacks/delivery_tokens"
	managementPath = "/v3/stacks/management_tokens"
)

func unlimited() Options { return Options{Options: emulator.Options{NoLimits: true}} }

func TestChecksInOrder(t *testing.T) {
	c := fixture(unlimited())
	management := "authorization: " + emulator.Secret(TokenForm(), "m1")
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
		{"expired management token", "/v3/environments", []string{apiKey("shop"), "authorization: " + emulator.Secret(TokenForm(), "m3")}, 401, 105},
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
			a := cmstest.Get(t, c, tt.path, tt.header...)
			cmstest.Equal(t, "status", a.Status, tt.status)
			if tt.code != 0 {
				cmstest.Equal(t, "error_code", a.At("error_code"), float64(tt.code))
			}
		})
	}
	a := cmstest.Get(t, c, deliveryPath)
	cmstest.Equal(t, "412 message", a.At("error_message"), "We can't find that Stack. Please try again.")
	cmstest.Equal(t, "412 errors", a.At("errors", "api_key", 0), "is not valid.")

	switched := fixture(Options{PermissionStatus: 403, TokensModuleStatus: 403, TokensModuleCode: 161, EmptyErrors: true})
	cmstest.Equal(t, "denied, switched", cmstest.Get(t, switched, managementPath, apiKey("shop"), authtoken("developer")).Status, 403)
	a = cmstest.Get(t, switched, deliveryPath, apiKey("shop"), management)
	cmstest.Equal(t, "tokens module, switched", []any{a.Status, a.At("error_code"), a.At("errors")}, []any{403, 161.0, []any{}})
}

func TestDeliveryTokens(t *testing.T) {
	c := fixture(unlimited())
	a := cmstest.Get(t, c, deliveryPath, apiKey("shop"), authtoken("owner"))
	token := a.At("tokens", 0)
	cmstest.Equal(t, "uids", cmstest.All(a.At("tokens"), "uid"), []any{"d1", "d2"})
	d := cmstest.Answer{Body: token}
	cmstest.Equal(t, "secrets in clear", []any{d.At("token"), d.At("preview_token")}, []any{emulator.Secret(TokenForm(), "d1"), emulator.Secret(TokenForm(), "p1")})
	cmstest.Equal(t, "only where one was made", a.At("tokens", 1, "preview_token"), nil)
	cmstest.Equal(t, "type and times", []any{d.At("type"), d.At("created_at")}, []any{"delivery", "2026-11-22T12:00:00.005Z"})
	cmstest.Equal(t, "name as it is", d.At("name"), " web <script> ")
	cmstest.Equal(t, "environments", cmstest.All(d.At("scope", 0, "environments"), "name"), []any{"production", "gone"})
	cmstest.Equal(t, "a whole environment", []any{d.At("scope", 0, "environments", 0, "uid"), d.At("scope", 0, "environments", 0, "ACL")}, []any{"e1", []any{}})
	cmstest.Equal(t, "branch and alias", []any{d.At("scope", 1, "branches", 0), d.At("scope", 2, "branch_aliases", 0)}, []any{"main", "live"})
	cmstest.Equal(t, "acl", d.At("scope", 1, "acl", "read"), true)
	cmstest.Equal(t, "empty scope", a.At("tokens", 1, "scope"), []any{})

	one := cmstest.Get(t, c, deliveryPath+"/d1", apiKey("shop"), authtoken("owner"))
	cmstest.Equal(t, "single", one.At("token", "uid"), "d1")
	one = cmstest.Get(t, c, deliveryPath+"/none", apiKey("shop"), authtoken("owner"))
	cmstest.Equal(t, "unknown", []any{one.Status, one.At("errors", "uid", 0)}, []any{422, "is not valid."})

	s := fixture(Options{PluralSingles: true, EnvironmentNames: true, TextACL: true, UnknownTokenStatus: 404})
	one = cmstest.Get(t, s, deliveryPath+"/d1", apiKey("shop"), authtoken("owner"))
	cmstest.Equal(t, "plural, switched", one.At("tokens", 0, "scope", 0, "environments"), []any{"production", "gone"})
	cmstest.Equal(t, "text acl, switched", one.At("tokens", 0, "scope", 1, "acl", "read"), "true")
	cmstest.Equal(t, "unknown, switched", cmstest.Get(t, s, deliveryPath+"/none", apiKey("shop"), authtoken("owner")).Status, 404)
}

func TestManagementTokens(t *testing.T) {
	c := fixture(unlimited())
	a := cmstest.Get(t, c, managementPath, apiKey("shop"), authtoken("owner"))
	cmstest.Equal(t, "expiries", cmstest.All(a.At("tokens"), "expires_on"), []any{"2026-11-22", nil, "2026-11-21"})
	cmstest.Equal(t, "acl", a.At("tokens", 0, "scope", 0, "acl"), map[string]any{"read": true, "write": true})
	cmstest.Equal(t, "notification", cmstest.All(a.At("tokens"), "is_email_notification_enabled"), []any{true, nil, nil})
	if emulator.ContainsSecret(a.Raw) {
		t.Error("the list of management tokens shows a secret")
	}
	for never, want := range map[Never]string{
		NeverNull: `"expires_on":null`, NeverEmpty: `"expires_on":""`, NeverFlag: `"is_never_expires":true`,
	} {
		s := fixture(Options{Never: never})
		if a := cmstest.Get(t, s, managementPath+"/m2", apiKey("shop"), authtoken("owner")); !strings.Contains(string(a.Raw), want) {
			t.Errorf("never as %s: %s", never, a.Raw)
		}
	}
	s := fixture(Options{Never: NeverAbsent, HideExpired: true})
	a = cmstest.Get(t, s, managementPath, apiKey("shop"), authtoken("owner"))
	cmstest.Equal(t, "expired ones hidden, switched", cmstest.All(a.At("tokens"), "uid"), []any{"m1", "m2"})
	if _, has := a.At("tokens", 1).(map[string]any)["expires_on"]; has {
		t.Error("never as an absent member: it is there")
	}
}

func TestPaging(t *testing.T) {
	c := fixture(unlimited())
	c.Update(func(s *State) {
		for i := range 230 {
			n := fmt.Sprintf("n%03d", i)
			s.Stacks[0].DeliveryTokens = append(s.Stacks[0].DeliveryTokens, &DeliveryToken{UID: n, Name: n, CreatedAt: cmstest.Noon()})
			s.Stacks[0].ManagementTokens = append(s.Stacks[0].ManagementTokens, &ManagementToken{UID: n, Name: n, CreatedAt: cmstest.Noon()})
		}
	})
	get := func(query string) cmstest.Answer {
		return cmstest.Get(t, c, deliveryPath+query, apiKey("shop"), authtoken("owner"))
	}
	for query, want := range map[string]int{
		"": 100, "?limit=5": 5, "?limit=10000": 100, "?limit=-5": 100, "?skip=200": 32, "?skip=999999": 0, "?count=true": 100,
		"?&query=%7B%22name%22%3A%22n007%22%7D": 1,
	} {
		items, _ := get(query).At("tokens").([]any)
		cmstest.Equal(t, "items of "+query, len(items), want)
	}
	cmstest.Equal(t, "negative skip", get("?skip=-1").Status, 422)
	cmstest.Equal(t, "count", get("?include_count=true&limit=1").At("count"), 232.0)
	a := cmstest.Get(t, c, managementPath+"?count=true", apiKey("shop"), authtoken("owner"))
	cmstest.Equal(t, "the array becomes a number", a.At("tokens"), 233.0)
}

func TestEnumeration(t *testing.T) {
	c := fixture(unlimited())
	get := func(path string, header ...string) cmstest.Answer { return cmstest.Get(t, c, path, header...) }
	cmstest.Equal(t, "by header", cmstest.All(get("/v3/stacks", authtoken("owner"), "organization_uid: acme").At("stacks"), "uid"), []any{"shop", "plain"})
	cmstest.Equal(t, "by query", cmstest.All(get("/v3/stacks?&query=%7B%22org_uid%22%3A%22acme%22%7D", authtoken("developer")).At("stacks"), "uid"), []any{"shop"})
	cmstest.Equal(t, "by path", cmstest.All(get("/v3/organizations/acme/stacks?include_count=true", authtoken("owner")).At("stacks"), "uid"), []any{"shop", "plain"})
	cmstest.Equal(t, "by OAuth", cmstest.All(get("/v3/stacks", oauth("acme"), "organization_uid: acme").At("stacks"), "uid"), []any{"shop", "plain"})
	a := get("/v3/stacks?include_collaborators=true", authtoken("admin"), apiKey("shop"))
	cmstest.Equal(t, "one stack", []any{a.At("stack", "uid"), a.At("stack", "org_uid")}, []any{"shop", "acme"})
	cmstest.Equal(t, "collaborators", cmstest.All(a.At("stack", "collaborators"), "uid"), []any{"admin", "developer", "writer"})
	if !emulator.ContainsSecret([]byte(fmt.Sprint(a.At("stack", "settings")))) {
		t.Error("the stack's settings carry no planted secret")
	}
	cmstest.Equal(t, "branches", cmstest.All(get("/v3/stacks/branches", authtoken("admin"), apiKey("shop")).At("branches"), "uid"), []any{"main", "redesign"})
	cmstest.Equal(t, "no branches", get("/v3/stacks/branches", authtoken("owner"), apiKey("plain")).Status, 422)
	a = get("/v3/stacks/branch_aliases", authtoken("admin"), apiKey("shop"))
	cmstest.Equal(t, "alias", []any{a.At("branch_aliases", 0, "uid"), a.At("branch_aliases", 0, "alias")}, []any{"main", "live"})
	cmstest.Equal(t, "shares", cmstest.All(get("/v3/organizations/acme/share", authtoken("admin")).At("shares"), "user_uid"), []any{"owner", "admin", "developer", "writer"})
	cmstest.Equal(t, "foreign organization", get("/v3/organizations/other/share", authtoken("admin")).Status, 401)
	cmstest.Equal(t, "organizations", cmstest.All(get("/v3/organizations", authtoken("admin")).At("organizations"), "uid"), []any{"acme"})
	a = get("/v3/organizations/acme?include_plan=true", authtoken("owner"))
	cmstest.Equal(t, "limit of the plan", a.At("organization", "plan", "features", 0, "limit"), 10.0)
	a = get("/v3/user?include_orgs_roles=true", authtoken("admin"))
	cmstest.Equal(t, "user", []any{a.At("user", "uid"), a.At("user", "organizations", 0, "org_roles", 0, "admin")}, []any{"admin", true})
	cmstest.Equal(t, "the user carries the authtoken", a.At("user", "authtoken"), emulator.Secret(UserForm(), "session/admin"))
	cmstest.Equal(t, "webhook password in clear", get("/v3/webhooks", authtoken("admin"), apiKey("shop")).At("webhooks", 0, "destinations", 0, "http_basic_password"), emulator.Secret(emulator.PlainSecretForm(), "hook"))
	cmstest.Equal(t, "newest log first", cmstest.All(get("/v3/audit-logs", authtoken("admin"), apiKey("shop")).At("logs"), "uid"), []any{"l2", "l1"})
	cmstest.Equal(t, "environment by name", get("/v3/environments/staging", authtoken("admin"), apiKey("shop")).At("environment", "uid"), "e2")
	cmstest.Equal(t, "roles", len(get("/v3/roles", authtoken("admin"), apiKey("shop")).At("roles").([]any)), 3)
}

func TestRateLimit(t *testing.T) {
	clock := emulator.NewManualClock(cmstest.Noon())
	c := fixture(Options{Options: emulator.Options{Clock: clock.Now}, ReadLimit: 2})
	get := func(stack, user string) cmstest.Answer {
		return cmstest.Get(t, c, "/v3/environments", apiKey(stack), authtoken(user))
	}
	a := get("shop", "owner")
	cmstest.Equal(t, "headers", []any{a.Header.Get("X-RateLimit-Limit"), a.Header.Get("X-RateLimit-Remaining")}, []any{"2", "1"})
	get("plain", "owner")
	a = get("shop", "admin")
	cmstest.Equal(t, "one budget for the organization", []any{a.Status, a.At("error_code"), a.Header.Get("Retry-After"), a.Header.Get("X-RateLimit-Remaining")}, []any{429, 429.0, "", "0"})
	cmstest.Equal(t, "another organization", get("far", "outsider").Status, 200)
	cmstest.Equal(t, "no organization, no limit", cmstest.Get(t, c, "/v3/user", authtoken("owner")).Header.Get("X-RateLimit-Limit"), "")
	clock.Advance(time.Second)
	cmstest.Equal(t, "a second later", get("shop", "admin").Status, 200)
	cmstest.Equal(t, "organization header", get("far", "outsider").Header.Get("X-Contentstack-Organization"), "other")
	quiet := fixture(Options{NoLimitHeaders: true})
	cmstest.Equal(t, "no headers, switched", cmstest.Get(t, quiet, "/v3/environments", apiKey("shop"), authtoken("owner")).Header.Get("X-RateLimit-Limit"), "")
}

func TestFailureHasTheBodyOfTheCMS(t *testing.T) {
	c := fixture(Options{})
	if err := c.Inject(emulator.Fault{Act: Failure(403, 316, "no")}); err != nil {
		t.Fatal(err)
	}
	cmstest.Equal(t, "Contentstack", cmstest.Get(t, c, "/v3/stacks").At("error_code"), 316.0)
}
