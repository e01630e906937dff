//go:build integration

package integration

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/directus"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

const directusAdmin = "it-admin-static-token-00000000000000"

// startDirectus starts Directus in a folder, in which it makes a database with an
// administrator if there is none.
func startDirectus(t *testing.T, dir string, env ...string) api {
	t.Helper()
	installed := installed(t, "DIRECTUS_DIR", "/node_modules/@directus/api")
	port := freePort(t)
	url := "http://127.0.0.1:" + port
	env = append([]string{
		"HOST=127.0.0.1", "PORT=" + port, "PUBLIC_URL=" + url, "SECRET=it-secret-0123456789abcdef0123456789", "DB_CLIENT=sqlite3", "DB_FILENAME=./data.db",
		"ADMIN_EMAIL=admin@example.com", "ADMIN_PASSWORD=Passw0rd-1234", "ADMIN_TOKEN=" + directusAdmin,
		"TELEMETRY=false", "SERVE_APP=false", "LOG_LEVEL=warn", "TZ=UTC",
	}, env...)
	// Another, empty, database in place of SQLite, for one.
	env = append(env, strings.Fields(os.Getenv("DIRECTUS_ENV"))...)
	// Directus looks for extensions in the dependencies of its project.
	project := filepath.Join(dir, "package.json")
	if err := os.WriteFile(project, []byte(`{"name":"it","private":true}`), 0o600); err != nil {
		t.Fatal(err)
	}
	node := filepath.Join(installed, "node/bin/node")
	// The program of the package directus looks for updates before it starts this.
	program := filepath.Join(installed, "node_modules/@directus/api/dist/cli/run.js")
	run(t, dir, env, node, program, "bootstrap")
	start(t, dir, env, node, program, "start")
	await(t, "Directus", func() bool { return answers(url+"/server/ping", http.StatusOK) })
	return api{url, bearer(directusAdmin)}
}

// directusID is the id of what Directus has just made.
type directusID struct{ Data struct{ ID string } }

// make sends a body of JSON and returns the id of what came of it.
func (a api) make(t *testing.T, path string, body any) string {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	var made directusID
	a.post(t, path, string(text), &made)
	return made.Data.ID
}

type object = map[string]any

// withPolicies attaches policies that exist to a new role or user.
func withPolicies(ids ...string) object {
	create := []object{}
	for _, id := range ids {
		create = append(create, object{"policy": object{"id": id}})
	}
	return object{"create": create}
}

// directusFacts is what a scan must say of a seeded token.
type directusFacts struct {
	Level   inventory.Level
	Manages inventory.Ternary
	API     inventory.API
	Grants  string
	Role    string
	Owner   string
	Created inventory.TimestampState
	Updated inventory.TimestampState
	Used    inventory.LastUsedState
	// Documented: the user has a description.
	Documented bool
}

// directusSeed is what was put into a server.
type directusSeed struct {
	admin   api
	want    map[string]directusFacts
	secrets []string
	// ids are those of the users, by name.
	ids map[string]string
}

// token makes a token for the seed.
func (s *directusSeed) token(name string) string {
	secret := fmt.Sprintf("it-%s-static-token-0000000000000000", name)
	s.secrets = append(s.secrets, secret)
	return secret
}

func (s *directusSeed) as(name string) api {
	return s.admin.as(bearer(fmt.Sprintf("it-%s-static-token-0000000000000000", name)))
}

// user makes a user with a token.
func (s *directusSeed) user(t *testing.T, name string, members object, facts directusFacts) {
	t.Helper()
	members["first_name"], members["token"] = name, s.token(name)
	s.ids[name] = s.admin.make(t, "/users", members)
	s.want[name] = facts
}

// seedDirectus makes tokens of every kind, and uses some of them.
func seedDirectus(t *testing.T, admin api) *directusSeed {
	t.Helper()
	s := &directusSeed{admin: admin, want: map[string]directusFacts{}, ids: map[string]string{}}
	admin.status(t, http.MethodPost, "/collections", `{"collection":"articles","schema":{},"meta":{},"fields":[
		{"field":"id","type":"integer","schema":{"is_primary_key":true,"has_auto_increment":true}},{"field":"title","type":"string","schema":{}}]}`, nil)
	policy := func(name string, members object, permissions ...object) string {
		for _, p := range permissions {
			if p["fields"] == nil {
				p["fields"] = []string{"*"}
			}
		}
		members["name"], members["permissions"] = name, object{"create": append([]object{}, permissions...)}
		return admin.make(t, "/policies", members)
	}
	on := func(collection, action string) object { return object{"collection": collection, "action": action} }
	read := policy("Read", object{}, on("articles", "read"))
	write := policy("Write", object{}, on("articles", "create"), on("articles", "read"), on("articles", "update"), on("articles", "delete"))
	office := policy("Office", object{"ip_access": []string{"10.0.0.0/8"}}, on("articles", "update"))
	app := policy("App", object{"app_access": true})
	self := func(action string) object {
		return object{"collection": "directus_users", "action": action, "fields": []string{"id", "first_name", "password"}, "permissions": object{"id": object{"_eq": "$CURRENT_USER"}}}
	}
	own := policy("Profile", object{}, self("read"), self("update"))
	people := policy("People", object{}, on("directus_users", "read"), on("directus_users", "update"))
	all := policy("All", object{"admin_access": true})
	role := func(name, parent string, policies ...string) string {
		members := object{"name": name, "policies": withPolicies(policies...)}
		if parent != "" {
			members["parent"] = parent
		}
		return admin.make(t, "/roles", members)
	}
	readers, editors := role("Readers", "", read), role("Editors", "", write)
	interns := role("Interns", role("Assistants", editors), read)
	const (
		none, reads, writes, rules = inventory.LevelNone, inventory.LevelRead, inventory.LevelWrite, inventory.LevelAdmin
		no, yes                    = inventory.No, inventory.Yes
		deliver, manage            = inventory.ContentDelivery, inventory.ContentManagement
		known, never, unknown      = inventory.TimestampAt, inventory.TimestampNone, inventory.TimestampUnknown
		between, silent            = inventory.LastUsedBetween, inventory.LastUsedUnknown
		reading, writing           = "Read: read", "Write: create delete read update"
	)
	s.secrets = append(s.secrets, directusAdmin)
	s.want["Admin User"] = directusFacts{rules, yes, manage, "Administrator: admin_access app_access", "Administrator admin", "active admin", unknown, unknown, between, false}
	s.user(t, "reader", object{"role": readers, "description": "Reads for the website"},
		directusFacts{reads, no, deliver, reading, "Readers read", "active read", known, never, silent, true})
	s.user(t, "intern", object{"role": interns}, directusFacts{writes, no, manage, reading + "; " + writing, "Interns write", "active write", known, never, between, false})
	s.user(t, "own", object{"role": readers, "policies": withPolicies(write)},
		directusFacts{writes, no, manage, reading + "; " + writing, "Readers read", "active write", known, never, between, false})
	s.user(t, "roleless", object{}, directusFacts{none, no, "", "", "", "active none", known, never, silent, false})
	s.user(t, "suspended", object{"role": interns, "status": "suspended"},
		directusFacts{none, no, "", reading + "; " + writing, "Interns write", "deactivated write", known, never, silent, false})
	s.user(t, "office", object{"policies": withPolicies(office)}, directusFacts{writes, no, manage, "Office: update ip_access", "", "active write", known, never, silent, false})
	s.user(t, "app", object{"role": readers, "policies": withPolicies(app)},
		directusFacts{writes, no, manage, "App: app_access; " + reading, "Readers read", "active write", known, never, between, false})
	s.user(t, "profile", object{"role": readers, "policies": withPolicies(own)},
		directusFacts{writes, no, manage, "Profile: directus_users.update read; " + reading, "Readers read", "active write", unknown, known, between, false})
	s.user(t, "people", object{"role": readers, "policies": withPolicies(people)},
		directusFacts{rules, yes, manage, "People: directus_users.update read; " + reading, "Readers read", "active admin", known, never, silent, false})
	s.user(t, "all", object{"policies": withPolicies(all)}, directusFacts{rules, yes, manage, "All: admin_access", "", "active admin", known, never, silent, false})
	s.user(t, "person", object{"role": editors, "email": "person@example.com", "password": "Passw0rd-1234"},
		directusFacts{writes, no, manage, writing, "Editors write", "active write", known, never, silent, false})
	admin.make(t, "/users", object{"first_name": "without", "role": editors, "email": "without@example.com", "password": "Passw0rd-1234"})
	s.audit(t)
	s.want["Token audit"] = directusFacts{reads, no, deliver, "Token audit: read", "Token audit read", "active read", known, never, silent, true}
	s.use(t)
	return s
}

// audit makes the scan's own credential by the one call of the guide.
func (s *directusSeed) audit(t *testing.T) {
	t.Helper()
	_, guide, found := strings.Cut(directus.Definition().LeastPrivilege, "POST /roles")
	from, to := strings.Index(guide, `{"name"`), strings.Index(guide, "\n\nThe user")
	if !found || from < 0 || to < from {
		t.Fatal("the guide has no call")
	}
	s.admin.post(t, "/roles", strings.ReplaceAll(guide[from:to], "<random>", s.token("audit")), &directusID{})
}

// use uses some tokens, and asks of each whether it can do what a scan will say.
func (s *directusSeed) use(t *testing.T) {
	t.Helper()
	s.secrets = append(s.secrets, s.admin.make(t, "/shares", object{"collection": "articles", "item": "1", "name": "share"}))
	s.admin.post(t, "/auth/login", `{"email":"person@example.com","password":"Passw0rd-1234"}`, nil)
	const article, update = `{"title":"x"}`, http.MethodPatch
	for _, deed := range []struct {
		who, method, path, body string
		status                  int
	}{
		{"intern", http.MethodPost, "/items/articles", article, http.StatusOK},
		{"own", update, "/items/articles/1", article, http.StatusOK},
		{"person", http.MethodPost, "/items/articles", article, http.StatusOK},
		{"app", http.MethodPost, "/comments", `{"collection":"articles","item":"1","comment":"x"}`, http.StatusOK},
		{"profile", update, "/users/me", `{"first_name":"profile"}`, http.StatusOK},
		{"profile", update, "/users/me", `{"token":"x"}`, http.StatusForbidden},
		{"reader", http.MethodGet, "/items/articles", "", http.StatusOK},
		{"reader", http.MethodPost, "/items/articles", article, http.StatusForbidden},
		{"roleless", http.MethodGet, "/items/articles", "", http.StatusForbidden},
		{"suspended", http.MethodGet, "/items/articles", "", http.StatusUnauthorized},
		{"office", update, "/items/articles/1", article, http.StatusForbidden},
		{"audit", http.MethodPost, "/items/articles", article, http.StatusForbidden},
		{"audit", http.MethodGet, "/shares", "", http.StatusForbidden},
	} {
		if got := s.as(deed.who).status(t, deed.method, deed.path, deed.body, nil); got != deed.status {
			t.Errorf("%s: %s %s: %d, not %d", deed.who, deed.method, deed.path, got, deed.status)
		}
	}
}

func TestDirectus(t *testing.T) {
	tokenaudit, dir := program(t), t.TempDir()
	began := time.Now().Add(-time.Second)
	admin := startDirectus(t, dir)
	s := seedDirectus(t, admin)
	entry := func(a api) string {
		return "{cms: directus, name: it, base_url: " + a.base + ", token: {env: AUDIT_CREDENTIAL}}"
	}
	check := func(t *testing.T, server api) {
		t.Helper()
		o := scan(t, tokenaudit, entry(server), "it-audit-static-token-0000000000000000", s.secrets)
		if !o.complete || o.exit != 0 {
			t.Errorf("complete %v, exit %d, units %+v", o.complete, o.exit, o.source.Units)
		}
		s.compare(t, o, began)
	}
	check(t, admin)
	t.Run("a server that cuts pages, limits requests and lives elsewhere", func(t *testing.T) {
		check(t, startDirectus(t, dir, "QUERY_LIMIT_MAX=3", "RATE_LIMITER_ENABLED=true", "RATE_LIMITER_POINTS=5", "RATE_LIMITER_DURATION=1", "TZ=Asia/Tokyo"))
	})
	t.Run("a public that writes", func(t *testing.T) {
		const public = "abf8a154-5b1c-4a46-ac9c-7300570f4f17"
		admin.post(t, "/permissions", `{"policy":"`+public+`","collection":"articles","action":"create","fields":["*"]}`, nil)
		roleless := directusFacts{inventory.LevelWrite, inventory.No, inventory.ContentManagement, "Public: create", "", "active write",
			inventory.TimestampAt, inventory.TimestampNone, inventory.LastUsedBetween, false}
		office := s.want["office"]
		office.Grants = "Office: update ip_access; Public: create"
		all := s.want["all"]
		all.Grants = "All: admin_access; Public: create"
		s.want["roleless"], s.want["office"], s.want["all"] = roleless, office, all
		if status := s.as("roleless").status(t, http.MethodPost, "/items/articles", `{"title":"x"}`, nil); status != http.StatusNoContent {
			t.Errorf("a user without a role has what the public has: %d", status)
		}
		check(t, admin)
	})
	s.weaker(t, tokenaudit, entry(admin))
	t.Run("whoever may set roles is an administrator", func(t *testing.T) {
		var roles struct{ Data []struct{ ID string } }
		admin.status(t, http.MethodGet, "/roles?filter[name][_eq]=Administrator&fields=id", "", &roles)
		if status := s.as("people").status(t, http.MethodPatch, "/users/"+s.ids["people"], `{"role":"`+roles.Data[0].ID+`"}`, nil); status != http.StatusOK {
			t.Fatal(status)
		}
		s.as("people").use(t, "/settings")
		if status := s.as("people").status(t, http.MethodPost, "/policies", `{"name":"x","admin_access":true}`, nil); status != http.StatusOK {
			t.Error(status)
		}
	})
}

// compare compares what a scan says with what was seeded.
func (s *directusSeed) compare(t *testing.T, o outcome, began time.Time) {
	t.Helper()
	got, ids := map[string]directusFacts{}, map[string]string{}
	for _, token := range o.source.Tokens {
		f := directusFacts{Level: token.Access.Level, Manages: token.Access.ManagesTokens, Grants: strings.Join(token.Access.Grants, "; "),
			Owner:   fmt.Sprintf("%s %s", token.Owner.State, token.Owner.Level),
			Created: token.CreatedAt.State, Updated: token.UpdatedAt.State, Used: token.LastUsed.State, Documented: token.Description != ""}
		if len(token.APIs) == 1 {
			f.API = token.APIs[0]
		}
		if token.Role != nil {
			f.Role = fmt.Sprintf("%s %s", token.Role.Name, token.Role.Level)
		}
		got[token.Name], ids[token.Name] = f, strings.TrimPrefix(token.ID, o.source.ID+"/")
		if token.Expiry != inventory.NeverExpires(false) || token.Kind != inventory.Personal || token.Secret.Readable != inventory.No {
			t.Errorf("%+v", token)
		}
		if created := token.CreatedAt; created.State == inventory.TimestampAt && (created.At.Before(began) || created.At.After(time.Now())) {
			t.Errorf("%s was created at %s", token.Name, created.At)
		}
		if used := token.LastUsed; used.State == inventory.LastUsedBetween && (used.Earliest.Before(began) || !used.Latest.Equal(o.source.CollectedAt)) {
			t.Errorf("%s: %+v", token.Name, used)
		}
		active := token.Owner.LastActive
		if (token.Name == "person") == (active.State == inventory.TimestampNone) {
			t.Errorf("%s: only a login is a sign of life: %+v", token.Name, active)
		}
		// SQLite keeps no zone.
		if active.State == inventory.TimestampAt && (active.At.Before(began) || active.At.After(time.Now())) {
			t.Errorf("%s: last active at %s", token.Name, active.At)
		}
		if id := s.ids[token.Name]; id != "" && token.Ref != id {
			t.Errorf("%s is %s, not %s", token.Name, token.Ref, id)
		}
	}
	if diff := cmp.Diff(s.want, got); diff != "" {
		t.Errorf("static tokens (-seeded +scanned):\n%s", diff)
	}
	if a := o.source.Auditor; a.Necessary != inventory.Yes || a.Writes != inventory.No || a.ReadsSecrets != inventory.No || !strings.HasSuffix(a.Token, ids["Token audit"]) {
		t.Errorf("%+v", a)
	}
	if diff := cmp.Diff(directusFindings(s.want, ids), o.findings); diff != "" {
		t.Errorf("findings (-seeded +scanned):\n%s", diff)
	}
}

// weaker scans with credentials that see less than all.
func (s *directusSeed) weaker(t *testing.T, tokenaudit, entry string) {
	t.Helper()
	var policies struct {
		Data []struct {
			Permissions []struct {
				ID         int
				Collection string
			}
		}
	}
	s.admin.status(t, http.MethodGet, "/policies?filter[name][_eq]=Token%20audit&fields=permissions.id,permissions.collection", "", &policies)
	path := ""
	for _, p := range policies.Data[0].Permissions {
		if p.Collection == "directus_users" {
			path = fmt.Sprintf("/permissions/%d", p.ID)
		}
	}
	change := func(path, body string) {
		if status := s.admin.status(t, http.MethodPatch, path, body, nil); status != http.StatusOK {
			t.Fatalf("PATCH %s: %d", path, status)
		}
	}
	audited := func() outcome {
		return scan(t, tokenaudit, entry, "it-audit-static-token-0000000000000000", s.secrets)
	}
	t.Run("an auditor who is shown a part of the users", func(t *testing.T) {
		change(path, `{"permissions":{"first_name":{"_neq":"all"}}}`)
		o := audited()
		if u := o.unit(t, "users"); u.Status != inventory.UnitPartial || u.Error != inventory.ErrTruncated || o.exit != 3 || o.complete {
			t.Errorf("exit %d, %+v", o.exit, u)
		}
		if len(o.source.Tokens) != len(s.want)-1 {
			t.Errorf("%d tokens", len(o.source.Tokens))
		}
	})
	t.Run("an auditor without a field", func(t *testing.T) {
		change(path, `{"permissions":{},"fields":["id","first_name","last_name","email","description","status","last_access","role"]}`)
		o := audited()
		if u := o.unit(t, "users"); u.Error != inventory.ErrPermissionDenied || !strings.Contains(u.Detail, "read token of directus_users") || u.Hint == "" || o.exit != 3 {
			t.Errorf("exit %d, %+v", o.exit, u)
		}
	})
	t.Run("an auditor who is suspended", func(t *testing.T) {
		var me struct{ Data struct{ ID string } }
		s.as("audit").status(t, http.MethodGet, "/users/me?fields=id", "", &me)
		change("/users/"+me.Data.ID, `{"status":"suspended"}`)
		if u := audited().unit(t, "users"); u.Error != inventory.ErrUnauthorized || !strings.Contains(u.Hint, "status of the user") {
			t.Errorf("%+v", u)
		}
	})
}

// directusFindings are the findings that seeded tokens have to give, sorted.
func directusFindings(seeded map[string]directusFacts, ids map[string]string) []string {
	var all []string
	for name, f := range seeded {
		for rule, broken := range map[string]bool{
			"admin-token":               f.Level == inventory.LevelAdmin,
			"token-manages-tokens":      f.Manages == inventory.Yes,
			"write-token-never-expires": f.Level.AtLeast(inventory.LevelWrite),
			"inert-token":               f.API == "",
			"undocumented-token":        !f.Documented,
		} {
			if broken {
				all = append(all, rule+" "+ids[name])
			}
		}
	}
	slices.Sort(all)
	return all
}
