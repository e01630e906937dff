//go:build integration

package integration

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
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

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

const ghostPassword = "Tok3n-audit-Owner!"

// ghost is a running Ghost.
type ghost struct {
	api
	// program is the folder of Ghost, node its Node, database a SQLite file.
	program, node, database string
}

// startGhost starts Ghost on an empty database, and sets the owner up. Nothing
// of it is told to anybody: no update check, no pings, no mails.
func startGhost(t *testing.T) ghost {
	t.Helper()
	dir := installed(t, "GHOST_DIR", "/package/index.js")
	g := ghost{program: filepath.Join(dir, "package"), node: filepath.Join(dir, "node", "bin", "node")}
	content, port := t.TempDir(), freePort(t)
	for _, empty := range []string{"adapters", "data", "files", "images", "logs", "media", "public", "settings"} {
		if err := os.Mkdir(filepath.Join(content, empty), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(filepath.Join(content, "themes", "source"), os.DirFS(filepath.Join(g.program, "content", "themes", "source"))); err != nil {
		t.Fatal(err)
	}
	g.database = filepath.Join(content, "data", "ghost.db")
	g.base = "http://127.0.0.1:" + port
	start(t, g.program, []string{
		// Production mode takes MySQL only.
		"NODE_ENV=development",
		"url=" + g.base, "server__host=127.0.0.1", "server__port=" + port,
		"database__client=sqlite3", "database__connection__filename=" + g.database, "database__useNullAsDefault=true",
		"paths__contentPath=" + content, "mail__transport=stub", "security__staffDeviceVerification=false",
		"privacy__useUpdateCheck=false", "privacy__useGravatar=false", "privacy__useRpcPing=false", "privacy__useStructuredData=false",
	}, g.node, "index.js")
	await(t, "Ghost", func() bool { return answers(g.base+"/ghost/api/admin/site/", http.StatusOK) })
	g.post(t, "/ghost/api/admin/authentication/setup/",
		fmt.Sprintf(`{"setup":[{"name":"It Owner","email":"owner@example.test","password":%q,"blogTitle":"It"}]}`, ghostPassword), &struct{}{})
	return g
}

// login returns the API as a staff user's browser uses it. It tries again, because
// the session that follows the setup at once is sometimes not accepted.
func (g ghost) login(t *testing.T, email string) api {
	t.Helper()
	var session api
	await(t, "the session of "+email, func() bool {
		session = g.session(t, email)
		return session.status(t, http.MethodGet, "/ghost/api/admin/users/me/", "", nil) == http.StatusOK
	})
	return session
}

func (g ghost) session(t *testing.T, email string) api {
	t.Helper()
	body := fmt.Sprintf(`{"username":%q,"password":%q}`, email, ghostPassword)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, g.base+"/ghost/api/admin/session/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", g.base)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	cookies := response.Cookies()
	if response.StatusCode != http.StatusCreated || len(cookies) != 1 {
		t.Fatalf("login of %s: %d", email, response.StatusCode)
	}
	return g.as(func(r *http.Request) {
		r.Header.Set("Origin", g.base)
		r.AddCookie(&http.Cookie{Name: cookies[0].Name, Value: cookies[0].Value})
	})
}

// key signs requests with an admin key or staff access token, id:secret.
func key(t *testing.T, token string) func(*http.Request) {
	t.Helper()
	id, secret, _ := strings.Cut(token, ":")
	plain, err := hex.DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	return func(r *http.Request) {
		now := time.Now().Unix()
		encode := base64.RawURLEncoding.EncodeToString
		text := encode(fmt.Appendf(nil, `{"alg":"HS256","typ":"JWT","kid":%q}`, id)) + "." +
			encode(fmt.Appendf(nil, `{"iat":%d,"exp":%d,"aud":"/admin/"}`, now, now+60))
		mac := hmac.New(sha256.New, plain)
		mac.Write([]byte(text))
		r.Header.Set("Authorization", "Ghost "+text+"."+encode(mac.Sum(nil)))
	}
}

// staffToken returns the staff access token of who is logged in, which makes it.
func staffToken(t *testing.T, as api) string {
	t.Helper()
	var made struct{ APIKey struct{ ID, Secret string } }
	as.status(t, http.MethodGet, "/ghost/api/admin/users/me/token/", "", &made)
	return made.APIKey.ID + ":" + made.APIKey.Secret
}

// query asks Ghost's database.
func (g ghost) query(t *testing.T, sql, argument string) string {
	t.Helper()
	const script = `const [file, sql, argument] = process.argv.slice(1);
console.log(require('better-sqlite3')(file, {readonly: true}).prepare(sql).pluck().get(argument));`
	return strings.TrimSpace(run(t, g.program, nil, g.node, "-e", script, g.database, sql, argument))
}

// invite makes a staff user. The invitation is read from the database, because
// no mail is sent.
func (g ghost) invite(t *testing.T, owner api, role, email string) api {
	t.Helper()
	if status := owner.status(t, http.MethodPost, "/ghost/api/admin/invites/",
		fmt.Sprintf(`{"invites":[{"email":%q,"role_id":%q}]}`, email, roleID(t, owner, role)), nil); status != http.StatusCreated {
		t.Fatalf("invite %s: %d", email, status)
	}
	token := g.query(t, "SELECT token FROM invites WHERE email = ?", email)
	g.post(t, "/ghost/api/admin/authentication/invitation/",
		fmt.Sprintf(`{"invitation":[{"token":%q,"email":%q,"name":%q,"password":%q}]}`, token, email, role, ghostPassword), &struct{}{})
	return g.login(t, email)
}

func roleID(t *testing.T, as api, name string) string {
	t.Helper()
	var all struct{ Roles []struct{ ID, Name string } }
	as.status(t, http.MethodGet, "/ghost/api/admin/roles/", "", &all)
	for _, r := range all.Roles {
		if r.Name == name {
			return r.ID
		}
	}
	t.Fatalf("no role %s", name)
	return ""
}

// ghostKey is a key that Ghost has just made.
type ghostKey struct {
	ID, Type, Secret     string
	CreatedAt, UpdatedAt time.Time
}

func (k *ghostKey) UnmarshalJSON(b []byte) error {
	var wire struct {
		ID        string    `json:"id"`
		Type      string    `json:"type"`
		Secret    string    `json:"secret"`
		CreatedAt time.Time `json:"created_at"`
		UpdatedAt time.Time `json:"updated_at"`
	}
	err := json.Unmarshal(b, &wire)
	*k = ghostKey(wire)
	return err
}

// ghostIntegration is an integration with its keys.
type ghostIntegration struct {
	ID, Name, Type, Description string
	APIKeys                     []ghostKey `json:"api_keys"`
}

// one returns the key of a type.
func (i ghostIntegration) one(t *testing.T, kind string) ghostKey {
	t.Helper()
	for _, k := range i.APIKeys {
		if k.Type == kind {
			return k
		}
	}
	t.Fatalf("%s has no %s key", i.Name, kind)
	return ghostKey{}
}

// ghostFacts is what a scan must say of a seeded key.
type ghostFacts struct {
	Name        string
	Kind        inventory.Kind
	Level       inventory.Level
	Manages     inventory.Ternary
	Factory     inventory.Ternary
	Description string
	Role        string
	Owner       string
	// Anew: the secret was made anew after the key.
	Anew bool
}

func TestGhost(t *testing.T) {
	tokenaudit := program(t)
	began := time.Now().Add(-2 * time.Second)
	g := startGhost(t)
	owner := g.login(t, "owner@example.test")
	const (
		delivery, management = inventory.Delivery, inventory.Management
		read, write, admin   = inventory.LevelRead, inventory.LevelWrite, inventory.LevelAdmin
		no, yes              = inventory.No, inventory.Yes
		list                 = "/ghost/api/admin/integrations/"
	)
	add := func(name, description string) ghostIntegration {
		var made struct{ Integrations []ghostIntegration }
		owner.post(t, list+"?include=api_keys", fmt.Sprintf(`{"integrations":[{"name":%q,"description":%q}]}`, name, description), &made)
		return made.Integrations[0]
	}
	deploy := add("ci-deploy", "Publishes the changelog")
	rotated := add("frontend", "")
	add("unused", "")

	// Both kinds of keys are really used, and can do what the scan will say.
	adminKey, contentKey := deploy.one(t, "admin").Secret, deploy.one(t, "content").Secret
	g.use(t, "/ghost/api/content/posts/?key="+contentKey)
	asKey := g.as(key(t, adminKey))
	want := func(what string, status, wanted int) {
		t.Helper()
		if status != wanted {
			t.Errorf("%s: %d, not %d", what, status, wanted)
		}
	}
	invitation := func(role string) string {
		return fmt.Sprintf(`{"invites":[{"email":"%s@example.test","role_id":%q}]}`, strings.ReplaceAll(role, " ", ""), roleID(t, owner, role))
	}
	want("an admin key writes", asKey.status(t, http.MethodPost, "/ghost/api/admin/posts/", `{"posts":[{"title":"by key"}]}`, nil), http.StatusCreated)
	want("an admin key invites staff", asKey.status(t, http.MethodPost, "/ghost/api/admin/invites/", invitation("Super Editor"), nil), http.StatusCreated)
	want("an admin key invites no administrator", asKey.status(t, http.MethodPost, "/ghost/api/admin/invites/", invitation("Administrator"), nil), http.StatusForbidden)
	want("an admin key lists no keys", asKey.status(t, http.MethodGet, list, "", nil), http.StatusForbidden)
	want("a content key opens no admin route", g.as(key(t, deploy.one(t, "content").ID+":"+contentKey)).status(t, http.MethodGet, list, "", nil), http.StatusUnauthorized)
	// Ghost counts in seconds.
	await(t, "a later second", func() bool {
		var made struct{ Integrations []ghostIntegration }
		k := rotated.one(t, "content")
		owner.post(t, list+rotated.ID+"/api_key/"+k.ID+"/refresh/", fmt.Sprintf(`{"integrations":[{"id":%q}]}`, rotated.ID), &made)
		k = made.Integrations[0].one(t, "content")
		return k.UpdatedAt.After(k.CreatedAt)
	})

	auditor := staffToken(t, owner)
	secrets := []string{auditor, strings.Split(auditor, ":")[1]}
	var all struct{ Integrations []ghostIntegration }
	owner.status(t, http.MethodGet, list+"?include=api_keys&limit=all", "", &all)
	seeded := map[string]ghostFacts{
		"staff_tokens/" + strings.Split(auditor, ":")[0]: {Name: "staff access token of It Owner", Kind: inventory.Personal, Level: admin, Manages: yes, Factory: no, Owner: "It Owner active admin"},
	}
	for _, i := range all.Integrations {
		for _, k := range i.APIKeys {
			secrets = append(secrets, k.Secret, k.Secret[strings.Index(k.Secret, ":")+1:])
			f := ghostFacts{i.Name + ": Content API key", delivery, read, no, inventory.TernaryOf(i.Type != "custom"), i.Description, "", "", i.Name == "frontend"}
			if k.Type == "admin" {
				f.Name, f.Kind, f.Level, f.Role, f.Anew = i.Name+": Admin API key", management, admin, "Admin Integration", false
			}
			if k.Type == "admin" && i.Name == "Self-Serve Migration Integration" {
				f.Level, f.Role = write, i.Name
			}
			seeded["api_keys/"+k.ID] = f
		}
	}
	if len(seeded) != 4+3*2+1 {
		t.Errorf("Ghost has %d keys", len(seeded))
	}

	entry := "{cms: ghost, name: it, base_url: " + g.base + ", token: {env: AUDIT_CREDENTIAL}}"
	o := scan(t, tokenaudit, entry, auditor, secrets)
	if !o.complete || o.exit != 0 {
		t.Errorf("complete %v, exit %d, units %+v", o.complete, o.exit, o.source.Units)
	}
	got := map[string]ghostFacts{}
	for _, token := range o.source.Tokens {
		id := strings.TrimPrefix(token.ID, o.source.ID+"/")
		f := ghostFacts{token.Name, token.Kind, token.Access.Level, token.Access.ManagesTokens, token.Traits.Factory, token.Description, "", "", token.UpdatedAt.At.After(token.CreatedAt.At)}
		if token.Role != nil {
			f.Role = token.Role.Name
		}
		if token.Owner.Type == inventory.OwnerPerson {
			f.Owner = fmt.Sprintf("%s %s %s", token.Owner.Name, token.Owner.State, token.Owner.Level)
		}
		if token.Expiry.State != inventory.ExpiryNever || token.LastUsed.State != inventory.LastUsedUnknown || token.LastUsed.Reason == "" {
			t.Errorf("%s: %+v, %+v", id, token.Expiry, token.LastUsed)
		}
		if token.CreatedAt.State == inventory.TimestampAt && token.CreatedAt.At.Before(began) {
			t.Errorf("%s was created at %s", id, token.CreatedAt.At)
		}
		got[id] = f
	}
	if diff := cmp.Diff(seeded, got); diff != "" {
		t.Errorf("tokens (-seeded +scanned):\n%s", diff)
	}
	if a := o.source.Auditor; a.Writes != yes || a.ReadsSecrets != yes || a.Necessary != yes || !strings.HasSuffix(a.Token, strings.Split(auditor, ":")[0]) {
		t.Errorf("%+v", a)
	}
	if diff := cmp.Diff(ghostFindings(seeded), o.findings); diff != "" {
		t.Errorf("findings (-seeded +scanned):\n%s", diff)
	}

	isGap := func(t *testing.T, o outcome, unit string, class inventory.ErrorClass, words string) {
		t.Helper()
		u := o.unit(t, unit)
		if u.Error != class || !strings.Contains(u.Detail+" "+u.Hint, words) || o.exit != 3 || o.complete {
			t.Errorf("exit %d, %+v", o.exit, u)
		}
	}
	t.Run("other staff", func(t *testing.T) {
		colleague := g.invite(t, owner, "Administrator", "administrator@example.test")
		const tokens = "SELECT count(*) FROM api_keys WHERE user_id <> ?"
		before := g.query(t, tokens, "nobody")
		isGap(t, scan(t, tokenaudit, entry, auditor, secrets), "staff_tokens", inventory.ErrPermissionDenied, "1 other staff user may have one")
		if after := g.query(t, tokens, "nobody"); before != "1" || after != before {
			t.Errorf("the scan left %s staff access tokens, and there were %s", after, before)
		}
		short := scan(t, tokenaudit, entry, staffToken(t, colleague), secrets)
		if u := short.unit(t, "integrations"); u.Status != inventory.UnitComplete || len(short.source.Tokens) != len(seeded) {
			t.Errorf("an administrator sees what the owner sees: %d tokens, %+v", len(short.source.Tokens), u)
		}
	})
	t.Run("an editor", func(t *testing.T) {
		editor := g.invite(t, owner, "Editor", "editor@example.test")
		token := staffToken(t, editor)
		o := scan(t, tokenaudit, entry, token, secrets)
		isGap(t, o, "integrations", inventory.ErrPermissionDenied, "administrator")
		if a := o.source.Auditor; a.Necessary != inventory.Unknown || a.ReadsSecrets != no {
			t.Errorf("%+v", a)
		}
		id := g.query(t, "SELECT id FROM users WHERE email = ?", "editor@example.test")
		want("suspend", owner.status(t, http.MethodPut, "/ghost/api/admin/users/"+id+"/", `{"users":[{"status":"inactive"}]}`, nil), http.StatusOK)
		isGap(t, scan(t, tokenaudit, entry, token, secrets), "integrations", inventory.ErrNotFound, "suspended")
		want("delete", owner.status(t, http.MethodDelete, "/ghost/api/admin/users/"+id+"/", "", nil), http.StatusNoContent)
		isGap(t, scan(t, tokenaudit, entry, token, secrets), "integrations", inventory.ErrUnauthorized, "does not know the key")
	})
	t.Run("the admin key of an integration", func(t *testing.T) {
		isGap(t, scan(t, tokenaudit, entry, adminKey, secrets), "integrations", inventory.ErrPermissionDenied, "admin API key of an integration")
	})
	t.Run("more integrations than Ghost lists", func(t *testing.T) {
		for i := range 100 {
			add(fmt.Sprintf("one of many %d", i), "")
		}
		isGap(t, scan(t, tokenaudit, entry, auditor, secrets), "integrations", inventory.ErrTruncated, "there are 107 integrations")
	})
	t.Run("a regenerated token", func(t *testing.T) {
		want("regenerate", owner.status(t, http.MethodPut, "/ghost/api/admin/users/me/token/", "", nil), http.StatusOK)
		isGap(t, scan(t, tokenaudit, entry, auditor, secrets), "integrations", inventory.ErrUnauthorized, "regenerated")
	})
}

// ghostFindings are the findings that seeded keys have to give, sorted. Neither
// the credential of the scan nor a key that only reads is one: Ghost has nothing
// weaker, and no expiry.
func ghostFindings(seeded map[string]ghostFacts) []string {
	var all []string
	for id, f := range seeded {
		for rule, broken := range map[string]bool{
			"factory-token":             f.Factory == inventory.Yes,
			"undocumented-token":        f.Description == "",
			"admin-token":               f.Level == inventory.LevelAdmin,
			"token-manages-tokens":      f.Manages == inventory.Yes,
			"write-token-never-expires": f.Kind != inventory.Delivery,
		} {
			if broken {
				all = append(all, rule+" "+id)
			}
		}
	}
	slices.Sort(all)
	return all
}
