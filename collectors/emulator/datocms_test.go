package emulator

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func project(token string) []string {
	return []string{"Authorization: Bearer " + Secret(DatoCMSTokenForm(), token), "X-Api-Version: 3", "Accept: application/json"}
}

// datoCMSFixture is a project "77" with a token of every sort: 310 may do
// everything, 311 edits, 312 is the old read-only factory token, 313 cannot
// reach this API, 314 is the old full-access factory token.
func datoCMSFixture(o DatoCMSOptions) *DatoCMS {
	if o.Clock == nil {
		o.Clock = NewManualClock(noon).Now
	}
	p := &DatoCMSProject{
		ID: "77", Name: "Blog", Domain: "blog.admin.datocms.com", OwnerSecret: Secret(PlainSecretForm(), "owner"),
		MapsKey: Secret(PlainSecretForm(), "maps"), CreatedAt: noon.AddDate(-3, 0, 0),
		Environments: []*DatoCMSEnvironment{{ID: "main", Primary: true, CreatedAt: noon}, {ID: "sandbox", ForkedFrom: "main", CreatedAt: noon}},
		Roles: []*DatoCMSRole{
			DatoCMSAdmin("30", "main"), DatoCMSEditor("31", "main"),
			{ID: "32", Name: "Heir", InheritsFrom: []string{"31", "33"}},
			{ID: "33", Name: "Circle", InheritsFrom: []string{"32"}, Permissions: DatoCMSPermissions{Environments: "sandbox_only", NotItems: []DatoCMSItemPermission{DatoCMSItem("delete", "main")}}},
		},
		Tokens: []*DatoCMSToken{
			{ID: "310", Name: "admin", Role: "30", CMA: true},
			{ID: "311", Name: "editor", Role: "31", CMA: true, CDA: true, LastCDA: DatoCMSUse{At: noon.AddDate(0, 0, -9)}},
			{ID: "312", Name: "Read-only API token", Hardcoded: "readonly", CDA: true, Preview: true, CMA: true},
			{ID: "313", Name: "site", Role: "31", CDA: true, LastCMA: DatoCMSUse{Word: "fortnight"}},
			{ID: "314", Name: "Full-access API token", Hardcoded: "admin", CDA: true, Preview: true, CMA: true},
		},
		Users:         []*DatoCMSUser{{ID: "1", Name: "Ada", Email: "ada@example.com", Role: "30", LastAccess: noon}},
		Webhooks:      []*DatoCMSWebhook{{ID: "1", Name: "hook", BasicUser: "u", BasicPassword: Secret(PlainSecretForm(), "hook")}},
		BuildTriggers: []*DatoCMSBuildTrigger{{ID: "1", Name: "netlify", WebhookToken: Secret(PlainSecretForm(), "in"), AccessToken: Secret(PlainSecretForm(), "out")}},
		Counters:      []DatoCMSCounter{{"cda_access_token_id_requests", "today", "313", 42}},
	}
	for _, t := range p.Tokens {
		t.Secret = Secret(DatoCMSTokenForm(), t.ID)
	}
	return NewDatoCMS(DatoCMSState{Projects: []*DatoCMSProject{p, {
		ID: "78", Name: "Other", Deactivated: true, Tokens: []*DatoCMSToken{{ID: "400", Secret: Secret(DatoCMSTokenForm(), "400"), CMA: true}},
	}}}, o)
}

func TestDatoCMSErrorIDsFollowTheRule(t *testing.T) {
	for _, tt := range []struct{ code, details, id string }{
		{"NOT_FOUND", "{}", "302048"},
		{"STALE_ITEM_VERSION", "{}", "242e5d"},
		{"NOT_FOUND", `{"message":"ActiveRecord::RecordNotFound"}`, "232b48"},
		{"INVALID_FIELD", `{"field":"api_key","code":"VALIDATION_UNIQUENESS","record_type":"ItemType"}`, "ce9dcb"},
		{"INVALID_AUTHORIZATION_HEADER", "{}", "5413bc"}, {"INSUFFICIENT_PERMISSIONS", "{}", "3591ab"},
		{"RATE_LIMIT_EXCEEDED", "{}", "42ae57"}, {"NON_EDITABLE_ACCESS_TOKEN", "{}", "591aba"},
		{"INVALID_ENVIRONMENT", "{}", "ed93be"}, {"INVALID_API_VERSION", "{}", "13e56d"}, {"INVALID_ACCEPT_HEADER", "{}", "29801c"},
	} {
		body := datoCMSError(tt.code, tt.details, true, false)
		equal(t, tt.code+" "+tt.details, body["data"].([]object)[0]["id"], tt.id)
	}
}

func TestDatoCMSChecks(t *testing.T) {
	c := datoCMSFixture(DatoCMSOptions{Options: Options{NoLimits: true}})
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
			a := ask(t, c, "GET", tt.path, "", tt.header...)
			equal(t, "status", a.status, tt.status)
			if tt.code != "" {
				equal(t, "code", a.at("data", 0, "attributes", "code"), tt.code)
				equal(t, "type", a.at("data", 0, "type"), "api_error")
			}
			equal(t, "content type", a.header.Get("Content-Type"), "application/json; charset=utf-8")
		})
	}
	s := datoCMSFixture(DatoCMSOptions{PermissionStatus: 403, TokensNeedPermission: true, RolesNeedPermission: true, NoDocURL: true})
	for _, path := range []string{"/access_tokens", "/roles"} {
		a := ask(t, s, "GET", path, "", project("311")...)
		equal(t, path+", switched", []any{a.status, a.at("data", 0, "attributes", "code"), a.at("data", 0, "attributes", "doc_url")}, []any{403, "INSUFFICIENT_PERMISSIONS", nil})
	}
}

func TestDatoCMSTokens(t *testing.T) {
	c := datoCMSFixture(DatoCMSOptions{Options: Options{NoLimits: true}})
	a := ask(t, c, "GET", "/access_tokens?page[limit]=1", "", project("310")...)
	equal(t, "no pages", all(a.at("data"), "id"), []any{"310", "311", "312", "313", "314"})
	equal(t, "hardcoded", all(a.at("data"), "attributes", "hardcoded_type"), []any{nil, nil, "readonly", nil, "admin"})
	equal(t, "roles", all(a.at("data"), "relationships", "role", "data", "id"), []any{"30", "31", nil, "31", nil})
	equal(t, "management use", all(a.at("data"), "attributes", "last_cma_access"), []any{"today", "never", "never", "fortnight", "never"})
	equal(t, "delivery use", all(a.at("data"), "attributes", "last_cda_access"), []any{"never", "last_week", "never", "never", "never"})
	equal(t, "secret in clear", a.at("data", 4, "attributes", "token"), Secret(DatoCMSTokenForm(), "314"))
	weak := ask(t, c, "GET", "/access_tokens", "", project("311")...)
	equal(t, "null secrets", all(weak.at("data"), "attributes", "token"), []any{nil, nil, nil, nil, nil})
	if !strings.Contains(string(weak.raw), `"token":null`) || ContainsSecret(weak.raw) {
		t.Error("without the permission the key is there and the secret is not")
	}
	equal(t, "the owner sees all", ask(t, c, "GET", "/access_tokens/312", "", "Authorization: Bearer "+Secret(PlainSecretForm(), "owner"),
		"X-Api-Version: 3", "Accept: application/json").at("data", "attributes", "token"), Secret(DatoCMSTokenForm(), "312"))

	s := datoCMSFixture(DatoCMSOptions{OmitSecrets: true, OmitAccessWords: true, EmptyHardcodedType: true})
	attributes := ask(t, s, "GET", "/access_tokens/311", "", project("311")...).at("data", "attributes").(map[string]any)
	equal(t, "switched", fmt.Sprint(attributes), "map[can_access_cda:true can_access_cda_preview:false can_access_cma:true hardcoded_type: name:editor]")
}

func TestDatoCMSRoles(t *testing.T) {
	c := datoCMSFixture(DatoCMSOptions{Options: Options{NoLimits: true}})
	a := ask(t, c, "GET", "/roles/32", "", project("310")...)
	equal(t, "own permissions", a.at("data", "attributes", "positive_item_type_permissions"), []any{})
	equal(t, "own environments", a.at("data", "attributes", "environments_access"), "none")
	final := func(path ...any) any { return a.at(append([]any{"data", "meta", "final_permissions"}, path...)...) }
	equal(t, "inherited flag", final("can_edit_favicon"), true)
	equal(t, "inherited environments, the wider", final("environments_access"), "all")
	equal(t, "inherited permission with nulls", final("positive_item_type_permissions", 0), map[string]any{
		"action": "all", "environment": "main", "item_type": nil, "workflow": nil, "on_stage": nil, "to_stage": nil,
		"on_creator": "anyone", "localization_scope": "all", "locale": nil,
	})
	equal(t, "inherited refusal", final("negative_item_type_permissions", 0, "action"), "delete")
	equal(t, "every trigger", final("positive_build_trigger_permissions", 0), map[string]any{"build_trigger": nil})
	equal(t, "parents", all(a.at("data", "relationships", "inherits_permissions_from", "data"), "id"), []any{"31", "33"})
	if final("name") != nil || len(final().(map[string]any)) != 20+1+8 {
		t.Errorf("final permissions have %d members", len(final().(map[string]any)))
	}
	a = ask(t, c, "GET", "/users/me?include=role", "", project("311")...)
	equal(t, "me", []any{a.at("data", "id"), a.at("included", 0, "attributes", "name")}, []any{"311", "Editor"})
}

func TestDatoCMSProject(t *testing.T) {
	c := datoCMSFixture(DatoCMSOptions{Options: Options{NoLimits: true}})
	get := func(path string) answer { return ask(t, c, "GET", path, "", project("310")...) }
	a := get("/environments")
	equal(t, "environments", all(a.at("data"), "meta", "primary"), []any{true, false})
	if _, has := a.at("data", 0).(map[string]any)["attributes"]; has {
		t.Error("an environment has attributes")
	}
	equal(t, "one", get("/environments/sandbox").at("data", "meta", "forked_from"), "main")
	equal(t, "site", []any{get("/site").at("data", "id"), get("/site").at("data", "attributes", "name")}, []any{"77", "Blog"})
	equal(t, "users", get("/users").at("data", 0, "meta", "last_access"), "2026-11-22T12:00:00.000Z")
	equal(t, "counter", get("/usage-log-counters/cda_access_token_id_requests?period=today").at("data", "attributes", "result", 0, "value"), "313")
	equal(t, "another period", get("/usage-log-counters/cda_access_token_id_requests").at("data", "attributes", "result"), []any{})
	for _, path := range []string{"/site", "/webhooks", "/build-triggers"} {
		if !ContainsSecret(get(path).raw) {
			t.Errorf("%s carries no planted secret", path)
		}
	}
	equal(t, "resolved environment", get("/site").header.Get("X-Environment"), "main")
	equal(t, "version", get("/site").header.Get("X-Api-Version"), "3")
}

func TestDatoCMSRateLimit(t *testing.T) {
	clock := NewManualClock(noon)
	c := datoCMSFixture(DatoCMSOptions{Options: Options{Clock: clock.Now}})
	var a answer
	for range 60 {
		a = ask(t, c, "GET", "/site", "", project("310")...)
	}
	equal(t, "sixtieth", []any{a.status, a.header.Get("X-RateLimit-Limit"), a.header.Get("X-RateLimit-Remaining"), a.header.Get("X-RateLimit-Reset")}, []any{200, "60", "0", ""})
	clock.Advance(1500 * time.Millisecond)
	a = ask(t, c, "GET", "/site", "", project("311")...)
	equal(t, "one more in the window", []any{a.status, a.at("data", 0, "attributes", "code"), a.header.Get("X-RateLimit-Reset")}, []any{429, "RATE_LIMIT_EXCEEDED", "2"})
	equal(t, "without a project", ask(t, c, "GET", "/site", "", "Accept: application/json").header.Get("X-RateLimit-Remaining"), "59")
	clock.Advance(1500 * time.Millisecond)
	equal(t, "3 seconds later", ask(t, c, "GET", "/site", "", project("310")...).status, 200)
}

// The bounds are those of the facts for "first match"; every last use of 70 days
// must lie within the bounds of the word it is served as, on 800 days that include a leap day.
func TestDatoCMSAccessWords(t *testing.T) {
	d := datoCMSFixture(DatoCMSOptions{})
	months := datoCMSFixture(DatoCMSOptions{MonthBeforeWeek: true})
	for day := range 800 {
		now := noon.AddDate(0, 0, day)
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
			use := DatoCMSUse{At: now.AddDate(0, 0, -age)}
			if word := d.accessWord(use, now); age < sharp[word][0] || age > sharp[word][1] {
				t.Fatalf("%s, used %d days ago: %q means %v", now.Format(time.DateOnly), age, word, sharp[word])
			}
			if word := months.accessWord(use, now); age < free[word][0] || age > free[word][1] {
				t.Fatalf("%s, months first, used %d days ago: %q means %v", now.Format(time.DateOnly), age, word, free[word])
			}
		}
	}
	equal(t, "no use", d.accessWord(DatoCMSUse{}, noon), "never")
	east := datoCMSFixture(DatoCMSOptions{Zone: time.FixedZone("east", 13*3600)})
	equal(t, "another zone", east.accessWord(DatoCMSUse{At: noon.Add(-2 * time.Hour)}, noon), "yesterday")
}

func TestFailuresHaveTheBodiesOfTheCMS(t *testing.T) {
	c := datoCMSFixture(DatoCMSOptions{Options: Options{NoLimits: true}})
	if err := c.Inject(Fault{Route: "/site", Act: DatoCMSTransient(503, "SERVICE_UNAVAILABLE")}, Fault{Act: DatoCMSFailure(403, "INSUFFICIENT_PERMISSIONS")}); err != nil {
		t.Fatal(err)
	}
	a := ask(t, c, "GET", "/site", "", project("310")...)
	equal(t, "transient", []any{a.status, a.at("data", 0, "attributes", "transient")}, []any{503, true})
	a = ask(t, c, "GET", "/roles", "", project("310")...)
	equal(t, "failure", []any{a.status, a.at("data", 0, "id")}, []any{403, "3591ab"})
	cf := contentfulFixture(ContentfulOptions{})
	if err := cf.Inject(Fault{Act: ContentfulFailure(403, "AccessDenied", "no")}); err != nil {
		t.Fatal(err)
	}
	equal(t, "Contentful", ask(t, cf, "GET", "/spaces", "").at("sys", "id"), "AccessDenied")
	cs := contentstackFixture(ContentstackOptions{})
	if err := cs.Inject(Fault{Act: ContentstackFailure(403, 316, "no")}); err != nil {
		t.Fatal(err)
	}
	equal(t, "Contentstack", ask(t, cs, "GET", "/v3/stacks", "").at("error_code"), 316.0)
}
