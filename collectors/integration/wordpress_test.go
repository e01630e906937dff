//go:build integration

package integration

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// startWordPress starts a database of its own, installs WordPress on it with a
// permalink structure, and starts PHP's own server.
func startWordPress(t *testing.T, permalinks string) api {
	t.Helper()
	from := filepath.Join(installed(t, "WORDPRESS_DIR", "/usr/share/wordpress/wp-load.php"), "usr/share/wordpress")
	// A socket's path has room for 107 characters, more than TempDir promises.
	dir, err := os.MkdirTemp("", "wp")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	site, socket, port := filepath.Join(dir, "site"), filepath.Join(dir, "db.sock"), freePort(t)
	// The package links some files to its configuration: the copy follows what exists.
	run(t, dir, nil, "cp", "-r", from, site)
	_ = os.Remove(filepath.Join(site, "wp-config.php"))
	run(t, ".", nil, "cp", "testdata/wordpress/wp-config.php", site)
	startDatabase(t, dir, socket)
	url := "http://127.0.0.1:" + port
	env := []string{"WORDPRESS_SOCKET=" + socket, "WORDPRESS_URL=" + url}
	// WordPress 6.1 uses what PHP 8.2 calls deprecated.
	quiet := []string{"-d", "error_reporting=22527", "-d", "display_errors=0"}
	script, err := filepath.Abs("testdata/wordpress/install.php")
	if err != nil {
		t.Fatal(err)
	}
	printed := run(t, dir, env, "php", append(quiet, script, site, permalinks)...)
	password := printed[strings.LastIndex(printed, "\n")+1:]
	// With workers the processes would outlive their parent.
	start(t, dir, append(env, "PHP_CLI_SERVER_WORKERS="), "php", append(quiet, "-S", "127.0.0.1:"+port, "-t", site)...)
	await(t, "WordPress", func() bool { return answers(url+"/index.php?rest_route=/", http.StatusOK) })
	return api{url, basic("admin", password)}
}

// startDatabase starts a MariaDB that listens on a socket only.
func startDatabase(t *testing.T, dir, socket string) {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "db")
	run(t, dir, nil, "mariadb-install-db", "--no-defaults", "--user="+me.Username, "--datadir="+data, "--auth-root-authentication-method=normal", "--skip-test-db")
	start(t, dir, nil, "mariadbd", "--no-defaults", "--user="+me.Username, "--datadir="+data, "--socket="+socket, "--pid-file="+filepath.Join(dir, "db.pid"),
		"--skip-networking", "--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=0")
	client := []string{"--no-defaults", "--socket=" + socket, "--user=root"}
	await(t, "MariaDB", func() bool {
		return exec.CommandContext(t.Context(), "mariadb-admin", append(client, "ping")...).Run() == nil
	})
	run(t, dir, nil, "mariadb", append(client, "--execute=create database wordpress; create user wordpress@localhost identified by 'wordpress'; grant all on wordpress.* to wordpress@localhost")...)
}

// appPassword is an application password that WordPress has just made.
type appPassword struct{ UUID, Password string }

// wordpressFacts is what a scan must say of a seeded application password.
type wordpressFacts struct {
	Name  string
	Level inventory.Level
	API   inventory.API
	Owner string
	Used  inventory.LastUsedState
}

func TestWordPress(t *testing.T) {
	for name, site := range map[string]struct{ permalinks, prefix string }{
		"pretty permalinks": {"/%postname%/", "/wp-json"},
		"plain permalinks":  {"", "/index.php?rest_route="},
	} {
		t.Run(name, func(t *testing.T) { testWordPress(t, startWordPress(t, site.permalinks), site.prefix) })
	}
}

func testWordPress(t *testing.T, admin api, prefix string) {
	tokenaudit := program(t)
	// The installation has made the first one just now.
	began := time.Now().Add(-patience)
	want := map[string]wordpressFacts{}
	var secrets []string
	person := func(name, role string) int {
		var made struct{ ID int }
		admin.post(t, prefix+"/wp/v2/users", fmt.Sprintf(`{"username":%q,"email":"%s@example.test","password":"Passw0rd-1234","roles":[%q]}`, name, name, role), &made)
		return made.ID
	}
	password := func(by api, user int, facts wordpressFacts) appPassword {
		var made appPassword
		by.post(t, fmt.Sprintf("%s/wp/v2/users/%d/application-passwords", prefix, user), fmt.Sprintf(`{"name":%q}`, facts.Name), &made)
		want[fmt.Sprintf("users/%d/application_passwords/%s", user, made.UUID)] = facts
		secrets = append(secrets, made.Password)
		return made
	}
	const (
		manage, deliver = inventory.ContentManagement, inventory.ContentDelivery
		never, between  = inventory.LastUsedNever, inventory.LastUsedBetween
	)
	editor, author, subscriber := person("ed", "editor"), person("au", "author"), person("su", "subscriber")
	auditor, lister := person("audit", "token_auditor"), person("lister", "lister")
	var first []struct{ UUID string }
	admin.status(t, http.MethodGet, prefix+"/wp/v2/users/1/application-passwords", "", &first)
	want["users/1/application_passwords/"+first[0].UUID] = wordpressFacts{"bootstrap", inventory.LevelAdmin, manage, "admin administrator active admin", between}
	password(admin, 1, wordpressFacts{"ci-deploy", inventory.LevelAdmin, manage, "admin administrator active admin", never})
	password(admin, author, wordpressFacts{"author-bot", inventory.LevelWrite, manage, "au author active write", never})
	used := password(admin, editor, wordpressFacts{"editor-bot", inventory.LevelWrite, manage, "ed editor active write", between})
	weak := password(admin, subscriber, wordpressFacts{"subscriber-bot", inventory.LevelRead, deliver, "su subscriber active read", between})
	audit := password(admin, auditor, wordpressFacts{"tokenaudit", inventory.LevelAdmin, manage, "audit token_auditor active admin", between})
	short := password(admin, lister, wordpressFacts{"lister-bot", inventory.LevelRead, deliver, "lister lister active read", never})
	admin.as(basic("ed", used.Password)).use(t, prefix+"/wp/v2/posts")
	// Whoever holds any application password may make more of them.
	password(admin.as(basic("su", weak.Password)), subscriber, wordpressFacts{"made-by-itself", inventory.LevelRead, deliver, "su subscriber active read", never})

	entry := func(user string) string {
		return "{cms: wordpress, name: it, base_url: " + admin.base + ", username: " + user + ", password: {env: AUDIT_CREDENTIAL}}"
	}
	o := scan(t, tokenaudit, entry("audit"), audit.Password, secrets)
	if !o.complete || o.exit != 0 {
		t.Errorf("complete %v, exit %d, units %+v", o.complete, o.exit, o.source.Units)
	}
	got := map[string]wordpressFacts{}
	for _, token := range o.source.Tokens {
		if token.CreatedAt.At.Before(began) || token.CreatedAt.At.After(time.Now().Add(time.Minute)) {
			t.Errorf("%s was created at %s: its time has no zone, and is UTC", token.ID, token.CreatedAt.At)
		}
		if token.LastUsed.State == between && (token.LastUsed.Earliest.Before(began) || token.LastUsed.Latest.Sub(token.LastUsed.Earliest) != 24*time.Hour) {
			t.Errorf("%+v", token.LastUsed)
		}
		if token.Expiry != inventory.NeverExpires(false) || token.Kind != inventory.Personal || token.Access.ManagesTokens != inventory.Yes {
			t.Errorf("%+v", token)
		}
		got[strings.TrimPrefix(token.ID, o.source.ID+"/")] = wordpressFacts{token.Name, token.Access.Level, token.APIs[0],
			fmt.Sprintf("%s %s %s %s", token.Owner.Name, token.Owner.Role, token.Owner.State, token.Owner.Level), token.LastUsed.State}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("application passwords (-seeded +scanned):\n%s", diff)
	}
	if a := o.source.Auditor; a.Necessary != inventory.Yes || a.Writes != inventory.Yes || !strings.HasSuffix(a.Token, audit.UUID) {
		t.Errorf("%+v", a)
	}
	if diff := cmp.Diff(wordpressFindings(want), o.findings); diff != "" {
		t.Errorf("findings (-seeded +scanned):\n%s", diff)
	}
	cut := scan(t, tokenaudit, entry("lister"), short.Password, secrets)
	if u := cut.unit(t, "users"); u.Status != inventory.UnitPartial || u.Error != inventory.ErrTruncated || cut.exit != 3 {
		t.Errorf("without edit_users: exit %d, %+v", cut.exit, u)
	}
	wrong := scan(t, tokenaudit, entry("audit"), "Passw0rd-1234", secrets)
	if u := wrong.unit(t, "users"); u.Error != inventory.ErrUnauthorized || u.Hint == "" {
		t.Errorf("with the login password: %+v", u)
	}
}

// wordpressFindings are the findings that seeded application passwords have to
// give, sorted.
func wordpressFindings(seeded map[string]wordpressFacts) []string {
	var all []string
	for id, f := range seeded {
		all = append(all, "token-manages-tokens "+id)
		if f.Level == inventory.LevelAdmin {
			all = append(all, "admin-token "+id)
		}
		if f.Level.AtLeast(inventory.LevelWrite) {
			all = append(all, "write-token-never-expires "+id)
		}
	}
	slices.Sort(all)
	return all
}
