//go:build integration

package integration

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// startStrapi starts Strapi on an empty database and registers the first admin.
func startStrapi(t *testing.T) (server, admin api) {
	t.Helper()
	modules := filepath.Join(installed(t, "STRAPI_DIR", "/node_modules/@strapi/strapi"), "node_modules")
	dir, port := t.TempDir(), freePort(t)
	if err := os.CopyFS(dir, os.DirFS("testdata/strapi")); err != nil {
		t.Fatal(err)
	}
	for _, empty := range []string{"public/uploads", "database/migrations"} {
		if err := os.MkdirAll(filepath.Join(dir, empty), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	start(t, dir, []string{"PORT=" + port, "NODE_ENV=production", "STRAPI_TELEMETRY_DISABLED=true", "STRAPI_DISABLE_UPDATE_NOTIFICATION=true"}, "node", "serve.js")
	server = api{base: "http://127.0.0.1:" + port}
	await(t, "Strapi", func() bool { return answers(server.base+"/_health", http.StatusNoContent) })
	var session struct{ Data struct{ Token string } }
	server.post(t, "/admin/register-admin", `{"firstname":"It","lastname":"Admin","email":"admin@example.test","password":"Passw0rd-1234"}`, &session)
	return server, server.as(bearer(session.Data.Token))
}

// made is a token that Strapi has just made.
type made struct {
	Data struct {
		ID        int
		AccessKey string
	}
}

const auditorPermissions = `[{"action":"admin::api-tokens.read"},{"action":"admin::admin-tokens.read"},{"action":"admin::transfer.tokens.read"}]`

// strapiFacts is what a scan must say of a seeded token.
type strapiFacts struct {
	Name    string
	Kind    inventory.Kind
	Level   inventory.Level
	Manages inventory.Ternary
	// Lives is how long the token lives in days; 0 for ever.
	Lives   int
	Used    inventory.LastUsedState
	Factory inventory.Ternary
	Owner   string
}

func TestStrapi(t *testing.T) {
	tokenaudit := program(t)
	server, admin := startStrapi(t)
	var secrets []string
	want := map[string]strapiFacts{
		"api_tokens/1": {"Read Only", inventory.Delivery, inventory.LevelRead, inventory.No, 0, inventory.LastUsedNever, inventory.Yes, ""},
		"api_tokens/2": {"Full Access", inventory.Management, inventory.LevelWrite, inventory.No, 0, inventory.LastUsedNever, inventory.Yes, ""},
	}
	began := time.Now().Add(-time.Second)
	seed := func(segment, path, body string, facts strapiFacts) made {
		var m made
		lifespan := "null"
		if facts.Lives > 0 {
			lifespan = fmt.Sprint(facts.Lives * 24 * 60 * 60 * 1000)
		}
		admin.post(t, path, fmt.Sprintf(`{"name":%q,"lifespan":%s,%s}`, facts.Name, lifespan, body), &m)
		want[fmt.Sprintf("%s/%d", segment, m.Data.ID)] = facts
		secrets = append(secrets, m.Data.AccessKey)
		return m
	}
	const (
		delivery, management = inventory.Delivery, inventory.Management
		read, write          = inventory.LevelRead, inventory.LevelWrite
		no, unknown, yes     = inventory.No, inventory.Unknown, inventory.Yes
		never, between       = inventory.LastUsedNever, inventory.LastUsedBetween
		person               = "It Admin active admin"
	)
	content := func(body string, facts strapiFacts) made {
		return seed("api_tokens", "/admin/api-tokens", body, facts)
	}
	content(`"type":"read-only"`, strapiFacts{"ro", delivery, read, no, 0, never, no, ""})
	used := content(`"type":"read-only"`, strapiFacts{"ro-7d", delivery, read, no, 7, between, no, ""})
	full := content(`"type":"full-access"`, strapiFacts{"fa-30d", management, write, no, 30, between, no, ""})
	content(`"type":"full-access"`, strapiFacts{"fa", management, write, no, 0, never, no, ""})
	content(`"type":"custom","permissions":["api::article.article.find","api::article.article.findOne"]`, strapiFacts{"custom-read-90d", delivery, read, no, 90, never, no, ""})
	content(`"type":"custom","permissions":["api::article.article.find","api::article.article.create"]`, strapiFacts{"custom-write", management, write, no, 0, never, no, ""})
	content(`"type":"custom","permissions":[]`, strapiFacts{"custom-nothing", delivery, inventory.LevelNone, no, 0, never, no, ""})
	seed("transfer_tokens", "/admin/transfer/tokens", `"permissions":["push"]`, strapiFacts{"push", management, write, no, 0, inventory.LastUsedUnknown, no, ""})
	seed("transfer_tokens", "/admin/transfer/tokens", `"permissions":["pull"]`, strapiFacts{"pull", management, read, no, 30, inventory.LastUsedUnknown, no, ""})
	auditor := seed("admin_tokens", "/admin/admin-tokens", `"adminPermissions":`+auditorPermissions, strapiFacts{"auditor", management, read, unknown, 7, between, no, person})
	seed("admin_tokens", "/admin/admin-tokens", `"adminPermissions":[{"action":"admin::api-tokens.create"}]`, strapiFacts{"minter", management, inventory.LevelAdmin, yes, 0, never, no, person})
	server.as(bearer(used.Data.AccessKey)).use(t, "/api/articles")
	server.as(bearer(full.Data.AccessKey)).use(t, "/api/articles")
	// Whether the auditor's own first use is in the list that it reads depends on
	// which request comes first.
	server.as(bearer(auditor.Data.AccessKey)).use(t, "/admin/api-tokens")

	entry := "{cms: strapi, name: it, base_url: " + server.base + ", token: {env: AUDIT_CREDENTIAL}}"
	o := scan(t, tokenaudit, entry, auditor.Data.AccessKey, secrets)
	if !o.complete || o.exit != 0 {
		t.Errorf("complete %v, exit %d, units %+v", o.complete, o.exit, o.source.Units)
	}
	got := map[string]strapiFacts{}
	for _, token := range o.source.Tokens {
		facts := strapiFacts{token.Name, token.Kind, token.Access.Level, token.Access.ManagesTokens, 0, token.LastUsed.State, token.Traits.Factory, ""}
		if token.Expiry.State == inventory.ExpiryAt {
			facts.Lives = int(token.Expiry.At.Sub(token.CreatedAt.At).Round(time.Hour).Hours() / 24)
		}
		if token.Owner.Type == inventory.OwnerPerson {
			facts.Owner = fmt.Sprintf("%s %s %s", token.Owner.Name, token.Owner.State, token.Owner.Level)
		}
		if id := strings.TrimPrefix(token.ID, o.source.ID+"/"); want[id].Factory == no && token.CreatedAt.At.Before(began) {
			t.Errorf("%s was created at %s", id, token.CreatedAt.At)
		}
		if token.LastUsed.State == between && (token.LastUsed.Earliest.Before(began) || token.LastUsed.Latest.Sub(token.LastUsed.Earliest) != time.Hour) {
			t.Errorf("%+v", token.LastUsed)
		}
		got[strings.TrimPrefix(token.ID, o.source.ID+"/")] = facts
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tokens (-seeded +scanned):\n%s", diff)
	}
	if a := o.source.Auditor; a.Writes != no || a.ReadsSecrets != unknown {
		t.Errorf("%+v", a)
	}
	if diff := cmp.Diff(strapiFindings(want), o.findings); diff != "" {
		t.Errorf("findings (-seeded +scanned):\n%s", diff)
	}
	t.Run("an auditor who is not a super admin", func(t *testing.T) {
		short := scan(t, tokenaudit, entry, editorToken(t, server, admin, "owner-1@example.test").Data.AccessKey, secrets)
		if u := short.unit(t, "admin_tokens"); u.Status != inventory.UnitPartial || short.exit != 3 || short.complete {
			t.Errorf("exit %d, %+v", short.exit, u)
		}
	})
	t.Run("an auditor whose owner is deactivated", func(t *testing.T) {
		token := editorToken(t, server, admin, "owner-2@example.test")
		if status := admin.status(t, http.MethodPut, fmt.Sprintf("/admin/users/%d", token.owner), `{"isActive":false}`, nil); status != http.StatusOK {
			t.Fatal(status)
		}
		if u := scan(t, tokenaudit, entry, token.Data.AccessKey, secrets).unit(t, "api_tokens"); u.Error != inventory.ErrUnauthorized || !strings.Contains(u.Detail, "deactivated") {
			t.Errorf("%+v", u)
		}
	})
	t.Run("a credential that may not read", func(t *testing.T) {
		denied := scan(t, tokenaudit, entry, full.Data.AccessKey, secrets)
		if u := denied.unit(t, "api_tokens"); u.Error != inventory.ErrUnauthorized || denied.exit != 3 {
			t.Errorf("a content API token opens no admin route: exit %d, %+v", denied.exit, u)
		}
	})
}

// owned is a token with its owner.
type owned struct {
	made
	owner int
}

// editorToken makes an admin who may only manage tokens, and that admin's own
// auditor token.
func editorToken(t *testing.T, server, admin api, email string) owned {
	t.Helper()
	var role, user struct {
		Data struct {
			ID                int
			RegistrationToken string
		}
	}
	var session struct{ Data struct{ Token string } }
	admin.post(t, "/admin/roles", fmt.Sprintf(`{"name":%q,"description":"x"}`, email), &role)
	permissions := strings.ReplaceAll(auditorPermissions, `"}`, `","properties":{},"conditions":[],"subject":null}`)
	permissions = strings.TrimSuffix(permissions, "]") + `,{"action":"admin::admin-tokens.create","properties":{},"conditions":[],"subject":null},{"action":"admin::admin-tokens.access","properties":{},"conditions":[],"subject":null}]`
	if status := admin.status(t, http.MethodPut, fmt.Sprintf("/admin/roles/%d/permissions", role.Data.ID), `{"permissions":`+permissions+`}`, nil); status != http.StatusOK {
		t.Fatalf("permissions of the role: %d", status)
	}
	admin.post(t, "/admin/users", fmt.Sprintf(`{"firstname":"E","lastname":"D","email":%q,"roles":[%d]}`, email, role.Data.ID), &user)
	server.post(t, "/admin/register", fmt.Sprintf(`{"registrationToken":%q,"userInfo":{"firstname":"E","lastname":"D","password":"Passw0rd-1234"}}`, user.Data.RegistrationToken), &session)
	var token made
	server.as(bearer(session.Data.Token)).post(t, "/admin/admin-tokens", fmt.Sprintf(`{"name":%q,"lifespan":604800000,"adminPermissions":%s}`, email, auditorPermissions), &token)
	return owned{token, user.Data.ID}
}

// strapiFindings are the findings that seeded tokens have to give, sorted.
func strapiFindings(seeded map[string]strapiFacts) []string {
	var all []string
	for id, f := range seeded {
		for rule, broken := range map[string]bool{
			"factory-token":             f.Factory == inventory.Yes,
			"undocumented-token":        f.Factory != inventory.Yes,
			"inert-token":               f.Level == inventory.LevelNone,
			"admin-token":               f.Level == inventory.LevelAdmin,
			"token-manages-tokens":      f.Manages == inventory.Yes,
			"token-expires-soon":        f.Lives == 7,
			"read-token-never-expires":  f.Lives == 0 && f.Kind == inventory.Delivery,
			"write-token-never-expires": f.Lives == 0 && f.Level.AtLeast(inventory.LevelWrite),
		} {
			if broken {
				all = append(all, rule+" "+id)
			}
		}
	}
	slices.Sort(all)
	return all
}
