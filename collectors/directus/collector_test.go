package directus

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/conformance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// auditTime is when everything is collected, a day after the captures.
var auditTime = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	m, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func open(t *testing.T, answers conformance.Answers) *collector {
	t.Helper()
	return conformance.Open[*collector](t, Definition(), entry("intranet", ""), cms(answers, 100), auditTime)
}

func collect(t *testing.T, answers conformance.Answers) inventory.Source {
	t.Helper()
	return conformance.Collect(t, open(t, answers))
}

func find(t *testing.T, s inventory.Source, user string) inventory.Token {
	t.Helper()
	return conformance.Token(t, s, "static_tokens/"+user)
}

// TestRecordedServer holds what is made of the captures of Directus 11.17.4.
func TestRecordedServer(t *testing.T) {
	s := collect(t, recorded(t))
	for _, u := range s.Units {
		if u.Status != inventory.UnitComplete {
			t.Errorf("%+v", u)
		}
	}
	type facts struct {
		Level   inventory.Level
		Manages inventory.Ternary
		API     string
		Role    string
		Grants  string
		State   inventory.OwnerState
		Created inventory.TimestampState
		Updated inventory.TimestampState
		Used    inventory.LastUsedState
	}
	got := map[string]facts{}
	for _, token := range s.Tokens {
		f := facts{Level: token.Access.Level, Manages: token.Access.ManagesTokens, Grants: strings.Join(token.Access.Grants, "; "), State: token.Owner.State,
			Created: token.CreatedAt.State, Updated: token.UpdatedAt.State, Used: token.LastUsed.State}
		if len(token.APIs) == 1 {
			f.API = string(token.APIs[0])
		}
		if token.Role != nil {
			f.Role = token.Role.Name + " " + string(token.Role.Level)
		}
		got[token.Name] = f
		if token.Expiry != inventory.NeverExpires(false) || token.Kind != inventory.Personal || token.Secret.Readable != inventory.No || token.Environments.Effective != 1 {
			t.Errorf("%+v", token)
		}
	}
	const (
		none, read, write, admin = inventory.LevelNone, inventory.LevelRead, inventory.LevelWrite, inventory.LevelAdmin
		yes, no                  = inventory.Yes, inventory.No
		deliver, manage          = string(inventory.ContentDelivery), string(inventory.ContentManagement)
		active, deactivated      = inventory.OwnerActive, inventory.OwnerDeactivated
		known, never, unknown    = inventory.TimestampAt, inventory.TimestampNone, inventory.TimestampUnknown
		between, silent          = inventory.LastUsedBetween, inventory.LastUsedUnknown
		reads, writes            = "Read articles: read", "Write articles: create delete read update"
	)
	want := map[string]facts{
		"Admin User": {admin, yes, manage, "Administrator admin", "Administrator: admin_access app_access", active, unknown, unknown, between},
		"reader":     {read, no, deliver, "Readers read", reads, active, known, never, silent},
		// The role reads, and its parent writes.
		"intern": {write, no, manage, "Interns write", reads + "; " + writes, active, known, never, between},
		// The role reads, and a policy of the user's own writes.
		"own":    {write, no, manage, "Readers read", reads + "; " + writes, active, known, never, between},
		"norole": {none, no, "", "", "", active, known, never, silent},
		"susp":   {none, no, "", "Interns write", reads + "; " + writes, deactivated, known, never, silent},
		"office": {write, no, manage, "", "Write from the office: update ip_access", active, known, never, silent},
		"app":    {write, no, manage, "Readers read", reads + "; Use the app: app_access", active, known, never, silent},
		// May change its own name and password alone, and was renamed.
		"profile renamed": {write, no, manage, "Readers read", "Own profile: directus_users.update; " + reads, active, unknown, known, silent},
		"people":          {admin, yes, manage, "Readers read", "Manage people: directus_users.create directus_users.update; " + reads, active, known, never, silent},
		"Ada L":           {read, no, deliver, "Readers read", reads, active, known, never, silent},
		"Token audit":     {read, no, deliver, "Token audit read", "Token audit: read", active, known, never, silent},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	a := s.Auditor
	if !strings.HasSuffix(a.Token, "/e1791f7c-2fbd-4b64-a91b-75c716090a41") || a.Necessary != yes || a.Writes != no || a.ReadsSecrets != no {
		t.Errorf("%+v", a)
	}
	own := find(t, s, "532afb4c-f576-4fb7-ac36-95b75b9fba72")
	if diff := cmp.Diff(inventory.UsedBetween(at(t, "2026-11-22T14:50:05.341Z"), auditTime), own.LastUsed); diff != "" {
		t.Errorf("a write is the earliest last use (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(inventory.At(at(t, "2026-11-22T14:50:03.797Z")), own.CreatedAt); diff != "" {
		t.Errorf("created (-want +got):\n%s", diff)
	}
	if own.Description != "" || find(t, s, "84ec0419-a963-4372-a15e-32221ef33028").Description != "Reads for the website" {
		t.Error("the description of a token is that of its user")
	}
	human := find(t, s, "83ad532c-0e69-482b-857f-d0678383208b")
	if human.LastUsed.Reason != reasonSessions || human.Owner.LastActive.Reason != reasonNoZone {
		t.Errorf("last_access is neither the use of a token nor UTC: %+v, %+v", human.LastUsed, human.Owner.LastActive)
	}
}

// replaced returns the answers with one text for another in one of them.
func replaced(t *testing.T, answers conformance.Answers, path, old, text string) conformance.Answers {
	t.Helper()
	answer := answers[path]
	if !strings.Contains(answer.Body, old) {
		t.Fatalf("%s has no %s", path, old)
	}
	answer.Body = strings.ReplaceAll(answer.Body, old, text)
	answers[path] = answer
	return answers
}

// TestTraps: each is one answer that means something else than it says.
func TestTraps(t *testing.T) {
	assumed := func(user, reason string) func(*testing.T, inventory.Source) {
		return func(t *testing.T, s inventory.Source) {
			if a := find(t, s, user).Access; !a.Assumed || !a.Write || !strings.Contains(a.Reason, reason) {
				t.Errorf("%+v", a)
			}
		}
	}
	tests := map[string]struct {
		path, old, text string
		check           func(t *testing.T, s inventory.Source)
	}{
		"parents in a circle": {listRoles.path, `"name":"Parent","parent":null`, `"name":"Parent","parent":"r-child"`, assumed("u-child", "loop")},
		"a parent of itself":  {listRoles.path, `"name":"Parent","parent":null`, `"name":"Parent","parent":"r-parent"`, assumed("u-child", "loop")},
		"a parent that is missing": {listRoles.path, `"name":"Parent","parent":null`, `"name":"Parent","parent":"r-gone"`,
			assumed("u-child", `"r-gone" is not in the list of roles`)},
		"a role that is missing":   {listUsers.path, `"role":"r-child"`, `"role":"r-gone"`, assumed("u-child", `"r-gone" is not in the list of roles`)},
		"a policy that is missing": {listAccess.path, `"role":"r-parent","user":null,"policy":"p-write"`, `"role":"r-parent","user":null,"policy":"p-gone"`, assumed("u-child", `"p-gone" is not in the list of policies`)},
		"a permission of nobody knows what": {listPermissions.path, `"policy":"p-write","collection":"articles","action":"update"`, `"policy":"p-write","collection":"articles","action":""`,
			assumed("u-none", "a permission cannot be read")},
		"an administrator whatever else is open": {listPermissions.path, `"filter_count":3`, `"filter_count":30`, func(t *testing.T, s inventory.Source) {
			if a := find(t, s, "u-admin").Access; a.Assumed || a.Level != inventory.LevelAdmin {
				t.Errorf("%+v", a)
			}
			if a := find(t, s, "u-human").Access; !a.Assumed || a.ManagesTokens != inventory.Unknown {
				t.Errorf("%+v", a)
			}
			if u := conformance.Unit(t, s, listPermissions.unit); u.Status != inventory.UnitPartial || u.Error != inventory.ErrTruncated {
				t.Errorf("%+v", u)
			}
		}},
		"the public policy as an administrator": {listPolicies.path, `"name":"$t:public_label","admin_access":false`, `"name":"$t:public_label","admin_access":true`, func(t *testing.T, s inventory.Source) {
			if a := find(t, s, "u-none").Access; a.Level != inventory.LevelWrite || a.ManagesTokens != inventory.No {
				t.Errorf("Directus does not read admin_access of the public policy: %+v", a)
			}
		}},
		"a public that writes": {listPermissions.path, `"policy":"p-public","collection":"articles","action":"read"`, `"policy":"p-public","collection":"articles","action":"delete"`, func(t *testing.T, s inventory.Source) {
			if g := find(t, s, "u-none").Access.Grants; !cmp.Equal(g, []string{"Public: delete", "Write: update ip_access"}) {
				t.Errorf("%q", g)
			}
			if a := find(t, s, "u-human").Access; a.Write {
				t.Errorf("the public policy is not for users with a role: %+v", a)
			}
		}},
		"archived": {listUsers.path, `"suspended"`, `"archived"`, func(t *testing.T, s inventory.Source) {
			if susp := find(t, s, "u-susp"); susp.Owner.State != inventory.OwnerDeactivated || len(susp.APIs) > 0 || susp.Access.Write || susp.Role.Level != inventory.LevelWrite {
				t.Errorf("%+v", susp)
			}
		}},
		"a token that is gone": {listUsers.path, `"token":"` + planted + `**********"`, `"token":null`, func(t *testing.T, s inventory.Source) {
			if u := conformance.Unit(t, s, listUsers.unit); u.Status != inventory.UnitPartial || u.Error != inventory.ErrUnreadable {
				t.Errorf("%+v", u)
			}
		}},
		"last_access with a zone": {listUsers.path, "2026-11-22T09:00:00Z", "2026-11-22T09:00:00+09:00", func(t *testing.T, s inventory.Source) {
			want := inventory.At(at(t, "2026-11-22T00:00:00Z"))
			if o := find(t, s, "u-human").Owner; o.LastActive != want {
				t.Errorf("%+v", o.LastActive)
			}
		}},
		"a deed of the future": {pathDeeds, "2026-11-22T10:00:00.123Z", "2027-11-22T10:00:00Z", func(t *testing.T, s inventory.Source) {
			if u := find(t, s, "u-child").LastUsed; u.State != inventory.LastUsedUnknown || u.Reason == "" {
				t.Errorf("%+v", u)
			}
		}},
		"a deed of just now": {pathDeeds, "2026-11-22T10:00:00.123Z", "2026-11-23T12:00:02Z", func(t *testing.T, s inventory.Source) {
			if u := find(t, s, "u-child").LastUsed; !cmp.Equal(u, inventory.UsedBetween(auditTime, auditTime)) {
				t.Errorf("%+v", u)
			}
		}},
		"a list that is filtered": {pathSights, `"directus_roles":{"read":{"access":"full"`, `"directus_roles":{"read":{"access":"partial"`, func(t *testing.T, s inventory.Source) {
			if u := conformance.Unit(t, s, listRoles.unit); u.Status != inventory.UnitPartial || u.Error != inventory.ErrTruncated || u.Hint != hintPolicy {
				t.Errorf("%+v", u)
			}
			assumed("u-child", "the list of roles is incomplete")(t, s)
		}},
		"a list of which all is seen through one of two permissions": {pathSights, `"directus_users":{"read":{"access":"full"`, `"directus_users":{"read":{"access":"partial"`, func(t *testing.T, s inventory.Source) {
			if u := conformance.Unit(t, s, listUsers.unit); u.Status != inventory.UnitComplete {
				t.Errorf("%+v", u)
			}
		}},
		"an activity log that is filtered": {pathSights, `"directus_activity":{"read":{"access":"full"`, `"directus_activity":{"read":{"access":"partial"`, func(t *testing.T, s inventory.Source) {
			if u := conformance.Unit(t, s, logDeeds.unit); u.Status != inventory.UnitPartial || u.Error != inventory.ErrTruncated {
				t.Errorf("%+v", u)
			}
			child := find(t, s, "u-child")
			if child.CreatedAt.State != inventory.TimestampUnknown || child.LastUsed.State != inventory.LastUsedBetween {
				t.Errorf("an update may be hidden, and a deed stays one: %+v, %+v", child.CreatedAt, child.LastUsed)
			}
		}},
		"a list of users without that of the scan": {pathMe, `"id":"u-audit"`, `"id":"u-hidden"`, func(t *testing.T, s inventory.Source) {
			if u := conformance.Unit(t, s, listUsers.unit); u.Status != inventory.UnitPartial || u.Error != inventory.ErrTruncated || u.Hint != hintPolicy {
				t.Errorf("%+v", u)
			}
		}},
		"a list that the server does not count": {listRoles.path, `"filter_count"`, `"total_count"`, func(t *testing.T, s inventory.Source) {
			if u := conformance.Unit(t, s, listRoles.unit); u.Status != inventory.UnitPartial || u.Error != inventory.ErrTruncated {
				t.Errorf("%+v", u)
			}
		}},
		"a log without times": {pathCreations, `"timestamp":"2026-11-21T10:00:00Z"`, `"timestamp":"yesterday"`, func(t *testing.T, s inventory.Source) {
			if u := conformance.Unit(t, s, logDeeds.unit); u.Status != inventory.UnitPartial || u.Error != inventory.ErrUnreadable {
				t.Errorf("%+v", u)
			}
		}},
		"a user that nobody has logged": {pathCreations, "u-child", "u-other", func(t *testing.T, s inventory.Source) {
			if c := find(t, s, "u-child").CreatedAt; c.Reason != reasonNoCreation {
				t.Errorf("%+v", c)
			}
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { tt.check(t, collect(t, replaced(t, small(), tt.path, tt.old, tt.text))) })
	}
}

// TestFilterOfShares: what leaves out shares shows all that is asked of the activity
// log, and of no other list.
func TestFilterOfShares(t *testing.T) {
	for _, r := range needed() {
		answers := replaced(t, small(), pathSights, `"`+r.collection+`":{"read":{"access":"full"`, `"`+r.collection+`":{"read":{"access":"partial"`)
		answers = replaced(t, answers, listPermissions.path, `"directus_users","action":"read","fields":["*"],"permissions":null`,
			`"`+r.collection+`","action":"read","fields":["*"],"permissions":{"collection":{"_neq":"directus_shares"}}`)
		want := inventory.UnitPartial
		if r.unit == logDeeds.unit {
			want = inventory.UnitComplete
		}
		if u := conformance.Unit(t, collect(t, answers), r.unit); u.Status != want {
			t.Errorf("%+v, want %s", u, want)
		}
	}
}

// TestDenials: Directus refuses a whole list for one field.
func TestDenials(t *testing.T) {
	for name, tt := range map[string]struct {
		fixture, detail, hint string
		status                int
		class                 inventory.ErrorClass
	}{
		"a field":      {"error-403-field.json", "may not read nosuchfield of directus_users", hintPolicy, 403, inventory.ErrPermissionDenied},
		"fields":       {"error-403-fields.json", "may not read nosuch, other of directus_users", hintPolicy, 403, inventory.ErrPermissionDenied},
		"a collection": {"error-403-collection.json", "may not read directus_revisions", hintPolicy, 403, inventory.ErrPermissionDenied},
		"a credential": {"error-401.json", "the credential is not accepted", hintCredential, 401, inventory.ErrUnauthorized},
		"a parameter":  {"error-400.json", "does not understand the request", hintServer, 400, inventory.ErrUnreadable},
		"a route":      {"error-404.json", "does not know this path", hintServer, 404, inventory.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			answers := recorded(t)
			answers[listUsers.path] = conformance.Answer{Status: tt.status, Body: conformance.Fixture(t, tt.fixture)}
			u := conformance.Unit(t, collect(t, answers), listUsers.unit)
			if u.Status != inventory.UnitFailed || u.Error != tt.class || !strings.Contains(u.Detail, tt.detail) || u.Hint != tt.hint {
				t.Errorf("%+v", u)
			}
		})
	}
}

// TestPagesOfAnyLength: the server decides how long a page is. Groups of the log
// come in pages too.
func TestPagesOfAnyLength(t *testing.T) {
	whole := conformance.Collect(t, open(t, recorded(t)))
	for _, page := range []int{1, 2, 5} {
		c := conformance.Open[*collector](t, Definition(), entry("intranet", ""), cms(recorded(t), page), auditTime)
		got := conformance.Collect(t, c)
		got.Host, got.URL = whole.Host, whole.URL
		for i := range got.Tokens {
			got.Tokens[i].URL = whole.Tokens[i].URL
		}
		if diff := cmp.Diff(whole, got); diff != "" {
			t.Errorf("pages of %d (-whole +paged):\n%s", page, diff)
		}
	}
}

// TestCallerOfTheApp: Directus adds rows without an id to the permissions of a
// caller who may use the app, and does not count them.
func TestCallerOfTheApp(t *testing.T) {
	answers := recorded(t)
	answers[listPermissions.path] = ok(conformance.Fixture(t, "permissions-app.json"))
	s := collect(t, answers)
	if u := conformance.Unit(t, s, listPermissions.unit); u.Status != inventory.UnitComplete {
		t.Errorf("%+v", u)
	}
	if diff := cmp.Diff(collect(t, recorded(t)).Tokens[0].Access, s.Tokens[0].Access); diff != "" {
		t.Error(diff)
	}
}

func TestProbe(t *testing.T) {
	var got []string
	for _, c := range open(t, recorded(t)).Probe(t.Context()) {
		got = append(got, string(c.Status)+" "+c.Name+": "+c.Detail)
	}
	want := []string{
		"ok identity: user e1791f7c-2fbd-4b64-a91b-75c716090a41", "ok list users with a static token: 12 read", "ok list roles: 5 read", "ok list policies: 9 read",
		"ok list who has which policy: 11 read", "ok list permissions: 15 read", "ok read the activity log: 3 users active, 12 made, 1 changed",
		"ok rights of the credential: the credential may read what listing needs, and nothing else",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	answers := recorded(t)
	answers[pathMe] = ok(`{"data":{"id":"u"}}`)
	answers[listAccess.path] = apiError(http.StatusForbidden, "FORBIDDEN", "x")
	checks := open(t, answers).Probe(t.Context())
	if c := checks[0]; c.Status != collectors.CheckFailed || c.Hint != hintPolicy || c.Class != inventory.ErrPermissionDenied {
		t.Errorf("%+v", c)
	}
	if c := checks[4]; c.Status != collectors.CheckFailed || c.Hint != hintPolicy || c.Class != inventory.ErrPermissionDenied {
		t.Errorf("%+v", c)
	}
}

// TestLeastPrivilege: what the guide grants is what is asked for.
func TestLeastPrivilege(t *testing.T) {
	for _, r := range needed() {
		if !strings.Contains(leastPrivilege, `"collection": "`+r.collection+`"`) || !strings.Contains(leastPrivilege, `["`+strings.Join(r.fields, `", "`)+`"]`) {
			t.Errorf("the guide does not grant %s the fields %q", r.collection, r.fields)
		}
	}
}
