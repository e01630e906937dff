package datocms

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/cmstest"
)

func project(token string) []string {
	return []string{"Authorization: Bearer " + emulator.Secret(TokenForm(), token), "X-Api-Version: 3", "Accept: application/json"}
}

// fixture is a project "77" with a token of every sort: 310 may do
// everything, 311 edits, 312 is the old read-only factory token, 313 cannot
// reach this API, 314 is the old full-access factory token.
func fixture(o Options) *Emulator {
	if o.Clock == nil {
		o.Clock = emulator.NewManualClock(cmstest.Noon()).Now
	}
	p := &Project{
		ID: "77", Name: "Blog", Domain: "blog.admin.datocms.com", OwnerSecret: emulator.Secret(emulator.PlainSecretForm(), "owner"),
		MapsKey: emulator.Secret(emulator.PlainSecretForm(), "maps"), CreatedAt: cmstest.Noon().AddDate(-3, 0, 0),
		Environments: []*Environment{{ID: "main", Primary: true, CreatedAt: cmstest.Noon()}, {ID: "sandbox", ForkedFrom: "main", CreatedAt: cmstest.Noon()}},
		Roles: []*Role{
			Admin("30", "main"), Editor("31", "main"),
			{ID: "32", Name: "Heir", InheritsFrom: []string{"31", "33"}},
			{ID: "33", Name: "Circle", InheritsFrom: []string{"32"}, Permissions: Permissions{Environments: "sandbox_only", NotItems: []ItemPermission{Item("delete", "main")}}},
		},
		Tokens: []*Token{
			{ID: "310", Name: "admin", Role: "30", CMA: true},
			{ID: "311", Name: "editor", Role: "31", CMA: true, CDA: true, LastCDA: Use{At: cmstest.Noon().AddDate(0, 0, -9)}},
			{ID: "312", Name: "Read-only API token", Hardcoded: "readonly", CDA: true, Preview: true, CMA: true},
			{ID: "313", Name: "site", Role: "31", CDA: true, LastCMA: Use{Word: "fortnight"}},
			{ID: "314", Name: "Full-access API token", Hardcoded: "admin", CDA: true, Preview: true, CMA: true},
		},
		Users:         []*User{{ID: "1", Name: "Ada", Email: "ada@example.com", Role: "30", LastAccess: cmstest.Noon()}},
		Webhooks:      []*Webhook{{ID: "1", Name: "hook", BasicUser: "u", BasicPassword: emulator.Secret(emulator.PlainSecretForm(), "hook")}},
		BuildTriggers: []*BuildTrigger{{ID: "1", Name: "netlify", WebhookToken: emulator.Secret(emulator.PlainSecretForm(), "in"), AccessToken: emulator.Secret(emulator.PlainSecretForm(), "out")}},
		Counters:      []Counter{{"cda_access_token_id_requests", "today", "313", 42}},
	}
	for _, t := range p.Tokens {
		t.Secret = emulator.Secret(TokenForm(), t.ID)
	}
	return New(State{Projects: []*Project{p, {
		ID: "78", Name: "Other", Deactivated: true, Tokens: []*Token{{ID: "400", Secret: emulator.Secret(TokenForm(), "400"), CMA: true}},
	}}}, o)
}

func TestErrorIDsFollowTheRule(t *testing.T) {
	for _, tt := range []struct{ code, details, id string }{
		{"NOT_FOUND", "{}", "302048"},
		{"STALE_ITEM_VERSION", "{}", "242e5d"},
		{"NOT_FOUND", `{"message":"ActiveRecord::RecordNotFound"}`, "232b48"},
		{"INVALID_FIELD", `{"field":"api_key","code":"VALIDATION_UNIQUENESS","record_type":"ItemType"}`, "ce9dcb"},
		{"INVALID_AUTHORIZATION_HEADER", "{}", "5413bc"}, {"INSUFFICIENT_PERMISSIONS", "{}", "3591ab"},
		{"RATE_LIMIT_EXCEEDED", "{}", "42ae57"}, {"NON_EDITABLE_ACCESS_TOKEN", "{}", "591aba"},
		{"INVALID_ENVIRONMENT", "{}", "ed93be"}, {"INVALID_API_VERSION", "{}", "13e56d"}, {"INVALID_ACCEPT_HEADER", "{}", "29801c"},
	} {
		body := problem(tt.code, tt.details, true, false)
		cmstest.Equal(t, tt.code+" "+tt.details, body["data"].([]emulator.Object)[0]["id"], tt.id)
	}
}

func TestChecks(t *testing.T) {
	c := fixture(Options{Options: emulator.Options{NoLimits: true}})
	without := func(headers []string, name string) []string {
		return slices.DeleteFunc(slices.Clone(headers), func(line string) bool { return strings.HasPrefix(line, name) })
	}
	admin := project("310")
	for _, tt := range []struct {
		name, path string
		header     []string
		status     int
		code       string
	}{
		{"no token", "/access_tokens", without(admin, "Authorization"), 401, "INVALID_AUTHORIZATION_HEADER"},
		{"unknown token", "/access_tokens", project("none"), 401, "INVALID_AUTHORIZATION_HEADER"},
		{"no management access", "/access_tokens", project("313"), 401, "INVALID_AUTHORIZATION_HEADER"},
		{"deactivated project", "/access_tokens", project("400"), 403, "DEACTIVATED_SITE"},
		{"no version", "/access_tokens", without(admin, "X-Api-Version"), 422, "INVALID_API_VERSION"},
		{"other version", "/access_tokens", append(without(admin, "X-Api-Version"), "X-Api-Version: 2"), 422, "INVALID_API_VERSION"},
		{"no accept", "/access_tokens", without(admin, "Accept"), 406, "INVALID_ACCEPT_HEADER"},
		{"unknown environment", "/access_tokens", append(slices.Clone(admin), "X-Environment: none"), 404, "INVALID_ENVIRONMENT"},
		{"closed environment", "/site", append(project("311"), "X-Environment: sandbox"), 401, "INSUFFICIENT_PERMISSIONS"},
		{"no permission", "/webhooks", project("311"), 401, "INSUFFICIENT_PERMISSIONS"},
		{"tokens without the permission", "/access_tokens", project("311"), 200, ""},
		{"roles without the permission", "/roles", project("311"), 200, ""},
		{"full-access factory token", "/webhooks", project("314"), 200, ""},
		{"unknown id", "/access_tokens/999", admin, 404, "NOT_FOUND"},
		{"unknown path", "/access-tokens", admin, 404, "INVALID_ENDPOINT"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := cmstest.Get(t, c, tt.path, tt.header...)
			cmstest.Equal(t, "status", a.Status, tt.status)
			if tt.code != "" {
				cmstest.Equal(t, "code", a.At("data", 0, "attributes", "code"), tt.code)
				cmstest.Equal(t, "type", a.At("data", 0, "type"), "api_error")
			}
			cmstest.Equal(t, "content type", a.Header.Get("Content-Type"), "application/json; charset=utf-8")
		})
	}
	s := fixture(Options{PermissionStatus: 403, TokensNeedPermission: true, RolesNeedPermission: true, NoDocURL: true})
	for _, path := range []string{"/access_tokens", "/roles"} {
		a := cmstest.Get(t, s, path, project("311")...)
		cmstest.Equal(t, path+", switched", []any{a.Status, a.At("data", 0, "attributes", "code"), a.At("data", 0, "attributes", "doc_url")}, []any{403, "INSUFFICIENT_PERMISSIONS", nil})
	}
}

func TestTokens(t *testing.T) {
	c := fixture(Options{Options: emulator.Options{NoLimits: true}})
	a := cmstest.Get(t, c, "/access_tokens?page[limit]=1", project("310")...)
	cmstest.Equal(t, "no pages", cmstest.All(a.At("data"), "id"), []any{"310", "311", "312", "313", "314"})
	cmstest.Equal(t, "hardcoded", cmstest.All(a.At("data"), "attributes", "hardcoded_type"), []any{nil, nil, "readonly", nil, "admin"})
	cmstest.Equal(t, "roles", cmstest.All(a.At("data"), "relationships", "role", "data", "id"), []any{"30", "31", nil, "31", nil})
	cmstest.Equal(t, "management use", cmstest.All(a.At("data"), "attributes", "last_cma_access"), []any{"today", "never", "never", "fortnight", "never"})
	cmstest.Equal(t, "delivery use", cmstest.All(a.At("data"), "attributes", "last_cda_access"), []any{"never", "last_week", "never", "never", "never"})
	cmstest.Equal(t, "secret in clear", a.At("data", 4, "attributes", "token"), emulator.Secret(TokenForm(), "314"))
	weak := cmstest.Get(t, c, "/access_tokens", project("311")...)
	cmstest.Equal(t, "null secrets", cmstest.All(weak.At("data"), "attributes", "token"), []any{nil, nil, nil, nil, nil})
	if !strings.Contains(string(weak.Raw), `"token":null`) || emulator.ContainsSecret(weak.Raw) {
		t.Error("without the permission the key is there and the secret is not")
	}
	cmstest.Equal(t, "the owner sees all", cmstest.Get(t, c, "/access_tokens/312", "Authorization: Bearer "+emulator.Secret(emulator.PlainSecretForm(), "owner"),
		"X-Api-Version: 3", "Accept: application/json").At("data", "attributes", "token"), emulator.Secret(TokenForm(), "312"))

	s := fixture(Options{OmitSecrets: true, OmitAccessWords: true, EmptyHardcodedType: true})
	attributes := cmstest.Get(t, s, "/access_tokens/311", project("311")...).At("data", "attributes").(map[string]any)
	cmstest.Equal(t, "switched", fmt.Sprint(attributes), "map[can_access_cda:true can_access_cda_preview:false can_access_cma:true hardcoded_type: name:editor]")
}

func TestRoles(t *testing.T) {
	c := fixture(Options{Options: emulator.Options{NoLimits: true}})
	a := cmstest.Get(t, c, "/roles/32", project("310")...)
	cmstest.Equal(t, "own permissions", a.At("data", "attributes", "positive_item_type_permissions"), []any{})
	cmstest.Equal(t, "own environments", a.At("data", "attributes", "environments_access"), "none")
	final := func(path ...any) any { return a.At(append([]any{"data", "meta", "final_permissions"}, path...)...) }
	cmstest.Equal(t, "inherited flag", final("can_edit_favicon"), true)
	cmstest.Equal(t, "inherited environments, the wider", final("environments_access"), "all")
	cmstest.Equal(t, "inherited permission with nulls", final("positive_item_type_permissions", 0), map[string]any{
		"action": "all", "environment": "main", "item_type": nil, "workflow": nil, "on_stage": nil, "to_stage": nil,
		"on_creator": "anyone", "localization_scope": "all", "locale": nil,
	})
	cmstest.Equal(t, "inherited refusal", final("negative_item_type_permissions", 0, "action"), "delete")
	cmstest.Equal(t, "every trigger", final("positive_build_trigger_permissions", 0), map[string]any{"build_trigger": nil})
	cmstest.Equal(t, "parents", cmstest.All(a.At("data", "relationships", "inherits_permissions_from", "data"), "id"), []any{"31", "33"})
	if final("name") != nil || len(final().(map[string]any)) != 20+1+8 {
		t.Errorf("final permissions have %d members", len(final().(map[string]any)))
	}
	a = cmstest.Get(t, c, "/users/me?include=role", project("311")...)
	cmstest.Equal(t, "me", []any{a.At("data", "id"), a.At("included", 0, "attributes", "name")}, []any{"311", "Editor"})
}

func TestProject(t *testing.T) {
	c := fixture(Options{Options: emulator.Options{NoLimits: true}})
	get := func(path string) cmstest.Answer { return cmstest.Get(t, c, path, project("310")...) }
	a := get("/environments")
	cmstest.Equal(t, "environments", cmstest.All(a.At("data"), "meta", "primary"), []any{true, false})
	if _, has := a.At("data", 0).(map[string]any)["attributes"]; has {
		t.Error("an environment has attributes")
	}
	cmstest.Equal(t, "one", get("/environments/sandbox").At("data", "meta", "forked_from"), "main")
	cmstest.Equal(t, "site", []any{get("/site").At("data", "id"), get("/site").At("data", "attributes", "name")}, []any{"77", "Blog"})
	cmstest.Equal(t, "users", get("/users").At("data", 0, "meta", "last_access"), "2026-11-22T12:00:00.000Z")
	cmstest.Equal(t, "counter", get("/usage-log-counters/cda_access_token_id_requests?period=today").At("data", "attributes", "result", 0, "value"), "313")
	cmstest.Equal(t, "another period", get("/usage-log-counters/cda_access_token_id_requests").At("data", "attributes", "result"), []any{})
	for _, path := range []string{"/site", "/webhooks", "/build-triggers"} {
		if !emulator.ContainsSecret(get(path).Raw) {
			t.Errorf("%s carries no planted secret", path)
		}
	}
	cmstest.Equal(t, "resolved environment", get("/site").Header.Get("X-Environment"), "main")
	cmstest.Equal(t, "version", get("/site").Header.Get("X-Api-Version"), "3")
}

func TestRateLimit(t *testing.T) {
	clock := emulator.NewManualClock(cmstest.Noon())
	c := fixture(Options{Options: emulator.Options{Clock: clock.Now}})
	var a cmstest.Answer
	for range 60 {
		a = cmstest.Get(t, c, "/site", project("310")...)
	}
	cmstest.Equal(t, "sixtieth", []any{a.Status, a.Header.Get("X-RateLimit-Limit"), a.Header.Get("X-RateLimit-Remaining"), a.Header.Get("X-RateLimit-Reset")}, []any{200, "60", "0", ""})
	clock.Advance(1500 * time.Millisecond)
	a = cmstest.Get(t, c, "/site", project("311")...)
	cmstest.Equal(t, "one more in the window", []any{a.Status, a.At("data", 0, "attributes", "code"), a.Header.Get("X-RateLimit-Reset")}, []any{429, "RATE_LIMIT_EXCEEDED", "2"})
	cmstest.Equal(t, "without a project", cmstest.Get(t, c, "/site", "Accept: application/json").Header.Get("X-RateLimit-Remaining"), "59")
	clock.Advance(1500 * time.Millisecond)
	cmstest.Equal(t, "3 seconds later", cmstest.Get(t, c, "/site", project("310")...).Status, 200)
}

// The bounds are those of the facts for "first match"; every last use of 70 days
// must lie within the bounds of the word it is served as, on 800 days that include a leap day.
func TestAccessWords(t *testing.T) {
	d := fixture(Options{})
	months := fixture(Options{MonthBeforeWeek: true})
	for day := range 800 {
		now := cmstest.Noon().AddDate(0, 0, day)
		w, m := (int(now.Weekday())+6)%7+1, now.Day()
		l := now.AddDate(0, 0, -m).Day()
		sharp := map[string][2]int{
			"today": {0, 0}, "yesterday": {1, 1}, "this_week": {2, w - 1}, "last_week": {max(w, 2), w + 6},
			"this_month": {w + 7, m - 1}, "last_month": {max(m, w+7), m + l - 1}, "never": {m + l, 1 << 30},
		}
		free := map[string][2]int{
			"today": {0, 0}, "yesterday": {1, 1}, "this_week": {0, w - 1}, "last_week": {w, w + 6},
			"this_month": {0, m - 1}, "last_month": {m, m + l - 1}, "never": {m + l, 1 << 30},
		}
		for age := range 70 {
			use := Use{At: now.AddDate(0, 0, -age)}
			if word := d.accessWord(use, now); age < sharp[word][0] || age > sharp[word][1] {
				t.Fatalf("%s, used %d days ago: %q means %v", now.Format(time.DateOnly), age, word, sharp[word])
			}
			if word := months.accessWord(use, now); age < free[word][0] || age > free[word][1] {
				t.Fatalf("%s, months first, used %d days ago: %q means %v", now.Format(time.DateOnly), age, word, free[word])
			}
		}
	}
	cmstest.Equal(t, "no use", d.accessWord(Use{}, cmstest.Noon()), "never")
	east := fixture(Options{Zone: time.FixedZone("east", 13*3600)})
	cmstest.Equal(t, "another zone", east.accessWord(Use{At: cmstest.Noon().Add(-2 * time.Hour)}, cmstest.Noon()), "yesterday")
}

func TestFailureHasTheBodyOfTheCMS(t *testing.T) {
	c := fixture(Options{Options: emulator.Options{NoLimits: true}})
	if err := c.Inject(emulator.Fault{Route: "/site", Act: Transient(503, "SERVICE_UNAVAILABLE")}, emulator.Fault{Act: Failure(403, "INSUFFICIENT_PERMISSIONS")}); err != nil {
		t.Fatal(err)
	}
	a := cmstest.Get(t, c, "/site", project("310")...)
	cmstest.Equal(t, "transient", []any{a.Status, a.At("data", 0, "attributes", "transient")}, []any{503, true})
	a = cmstest.Get(t, c, "/roles", project("310")...)
	cmstest.Equal(t, "failure", []any{a.Status, a.At("data", 0, "id")}, []any{403, "3591ab"})
}
