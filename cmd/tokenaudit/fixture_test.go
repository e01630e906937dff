package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/contentful"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/contentstack"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/datocms"
)

// noon is the moment at which the fixture's facts are true.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func days(n int) time.Time { return noon.AddDate(0, 0, n) }

// listener is what every emulator can do.
type listener interface {
	http.Handler
	Inject(...emulator.Fault) error
	ClearFaults()
	Requests() []emulator.Request
	ForgetRequests()
}

// fixture is one small company on three emulated CMSes. Every secret of it is
// planted, so emulator.ContainsSecret finds it wherever it ends up.
type fixture struct {
	cms map[string]listener
	url map[string]string
	// environ holds the credentials, by the names that config uses.
	environ []string
	// transport replaces the network; nil for loopback.
	transport http.RoundTripper
	// random is where the key of a run comes from; nil for the system's.
	random io.Reader
	// hangs gets a value for each request that hang holds.
	hangs chan struct{}
}

// hang never answers; it ends when the client goes.
func (f *fixture) hang(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
	f.hangs <- struct{}{}
	<-r.Context().Done()
}

// buildFixture makes the three CMSes; nothing serves them yet.
func buildFixture() *fixture {
	options := emulator.Options{Clock: emulator.NewManualClock(noon).Now, NoLimits: true}
	return &fixture{
		cms: map[string]listener{
			"contentful":   contentful.New(contentfulState(), contentful.Options{Options: options}),
			"contentstack": contentstack.New(contentstackState(), contentstack.Options{Options: options}),
			"datocms":      datocms.New(datocmsState(), datocms.Options{Options: options}),
		},
		url:   map[string]string{},
		hangs: make(chan struct{}, 100),
		environ: []string{
			"CONTENTFUL_MANAGEMENT_TOKEN=" + contentfulSecret("auditor"),
			"CONTENTSTACK_AUTHTOKEN=" + contentstackSecret("auditor"),
			"CONTENTSTACK_API_KEY=" + contentstackSecret("stack"),
			"DATOCMS_API_TOKEN=" + datocmsSecret("auditor"),
		},
	}
}

// serve answers on loopback until ctx ends or stop is called.
func (f *fixture) serve(ctx context.Context) (stop func(), err error) {
	var servers []*emulator.Server
	stop = func() {
		for _, s := range servers {
			_ = s.Close()
		}
	}
	for name, handler := range f.cms {
		s, err := emulator.Serve(ctx, handler)
		if err != nil {
			stop()
			return nil, err
		}
		servers = append(servers, s)
		f.url[name] = s.URL()
	}
	return stop, nil
}

// config is the configuration that reads the whole fixture.
func (f *fixture) config() string {
	return fmt.Sprintf(`version: 1
sources:
  - cms: contentful
    organization: acme
    base_url: %s
    token: {env: CONTENTFUL_MANAGEMENT_TOKEN}
  - cms: contentstack
    organization: bltacme
    base_url: %s
    authtoken: {env: CONTENTSTACK_AUTHTOKEN}
  - cms: datocms
    base_url: %s
    projects:
      - {name: blog, token: {env: DATOCMS_API_TOKEN}}
`, f.url["contentful"], f.url["contentstack"], f.url["datocms"])
}

// newFixture serves the fixture on loopback for a test, in a working directory
// of its own that holds the configuration.
func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := buildFixture()
	stop, err := f.serve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	t.Chdir(t.TempDir())
	write(t, "tokenaudit.yaml", f.config())
	return f
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func contentfulSecret(seed string) string {
	return emulator.Secret(contentful.PersonalForm(), seed)
}

func contentfulKeySecret(seed string) string {
	return emulator.Secret(contentful.KeyForm(), seed)
}

func contentstackSecret(seed string) string {
	return emulator.Secret(contentstack.UserForm(), seed)
}

func contentstackTokenSecret(seed string) string {
	return emulator.Secret(contentstack.TokenForm(), seed)
}

func datocmsSecret(seed string) string { return emulator.Secret(datocms.TokenForm(), seed) }

func plainSecret(seed string) string { return emulator.Secret(emulator.PlainSecretForm(), seed) }

// contentfulState: an organization with one space, whose keys open one
// environment and two, and three personal tokens.
func contentfulState() contentful.State {
	note := "The web shop"
	return contentful.State{
		Users: []*contentful.User{
			{ID: "auditor", FirstName: "Audit", LastName: "Bot", Email: "audit@example.com", CreatedAt: days(-400),
				OAuthApplications: []*contentful.OAuthApplication{{ID: "oa", Name: "App", ClientID: "client", ClientSecret: plainSecret("oauth"), CreatedAt: days(-9)}}},
			{ID: "editor", FirstName: "Ed", LastName: "Itor", Email: "ed@example.com", CreatedAt: days(-400)},
		},
		Organizations: []*contentful.Organization{{
			ID: "acme", Name: "Acme", CreatedAt: days(-900),
			Memberships: []*contentful.Membership{
				{ID: "m1", User: "auditor", Role: "admin", CreatedAt: days(-400), LastActiveAt: days(-1)},
				{ID: "m2", User: "editor", Role: "developer", CreatedAt: days(-400), LastActiveAt: days(-1)},
			},
			Apps: []*contentful.App{{ID: "app1", Name: "App", CreatedBy: "editor", CreatedAt: days(-50), SigningSecret: plainSecret("signing")}},
		}},
		Spaces: []*contentful.Space{{
			ID: "shop", Name: "Shop", Organization: "acme", CreatedAt: days(-800),
			Environments: []*contentful.Environment{{ID: "main", CreatedAt: days(-800)}, {ID: "staging", CreatedAt: days(-700)}},
			Aliases:      []*contentful.Alias{{ID: "master", Environment: "main"}},
			Keys: []*contentful.Key{
				{ID: "k1", Name: "Website", Description: &note, Secret: contentfulKeySecret("k1"), Environments: []string{"master"}, CreatedBy: "editor", CreatedAt: days(-300), UpdatedAt: days(-300),
					Preview: &contentful.PreviewKey{ID: "p1", Name: "Website", Secret: contentfulKeySecret("p1"), Environments: []string{"master"}}},
				{ID: "k2", Name: "Two environments", Secret: contentfulKeySecret("k2"), Environments: []string{"master", "staging"}, CreatedBy: "editor", CreatedAt: days(-300), UpdatedAt: days(-300)},
			},
			Webhooks: []*contentful.Webhook{{ID: "w", Name: "Hook", URL: "https://example.com", BasicUsername: "u",
				Headers: []contentful.WebhookHeader{{Key: "X-Key", Value: plainSecret("hook"), Secret: true}}, CreatedAt: days(-2)}},
		}},
		Tokens: []*contentful.Token{
			{ID: "t-audit", Type: contentful.Personal, Name: "audit", User: "auditor", Secret: contentfulSecret("auditor"),
				Scopes: []string{contentful.Read}, CreatedAt: days(-30), ExpiresAt: days(60), LastUsedAt: days(-1)},
			{ID: "t-never", Type: contentful.Personal, Name: "never expires", User: "editor", Secret: contentfulSecret("t-never"),
				Scopes: []string{contentful.Manage}, CreatedAt: days(-200), LastUsedAt: days(-2)},
			{ID: "t-idle", Type: contentful.Personal, Name: "idle", User: "editor", Secret: contentfulSecret("t-idle"),
				Scopes: []string{contentful.Read}, CreatedAt: days(-300), ExpiresAt: days(60), LastUsedAt: days(-200)},
		},
	}
}

// contentstackState: an organization with one stack, with a delivery token and
// its preview token, and two management tokens, one without an expiry.
func contentstackState() contentstack.State {
	environment := func(name string) contentstack.Scope {
		return contentstack.Scope{Module: "environment", Names: []string{name}, Read: true}
	}
	branch := contentstack.Scope{Module: "branch", Names: []string{"main"}, Read: true}
	all := contentstack.Scope{Module: "$all", Read: true, Write: true}
	return contentstack.State{
		Users: []*contentstack.User{{UID: "bltuser", Email: "audit@example.com", FirstName: "Audit", LastName: "Bot",
			Authtokens: []string{contentstackSecret("auditor")}, CreatedAt: days(-400)}},
		Organizations: []*contentstack.Organization{{UID: "bltacme", Name: "Acme", Owner: "bltuser", CreatedAt: days(-900)}},
		Stacks: []*contentstack.Stack{{
			UID: "bltstack", Name: "Site", Organization: "bltacme", APIKey: contentstackSecret("stack"), Owner: "bltuser", CreatedAt: days(-800),
			Environments: []*contentstack.Environment{{UID: "blte1", Name: "production", CreatedAt: days(-800)}, {UID: "blte2", Name: "staging", CreatedAt: days(-800)}},
			Branches:     []string{"main"},
			DeliveryTokens: []*contentstack.DeliveryToken{{UID: "bltd1", Name: "web", Description: "Website", Secret: contentstackTokenSecret("d1"),
				PreviewSecret: contentstackTokenSecret("d1p"), Scope: []contentstack.Scope{environment("production"), branch}, CreatedBy: "bltuser", CreatedAt: days(-100), UpdatedAt: days(-100)}},
			ManagementTokens: []*contentstack.ManagementToken{
				{UID: "bltm1", Name: "deploy", Secret: contentstackTokenSecret("m1"), Scope: []contentstack.Scope{all, branch}, CreatedBy: "bltuser", CreatedAt: days(-100), UpdatedAt: days(-100)},
				{UID: "bltm2", Name: "import", Secret: contentstackTokenSecret("m2"), Scope: []contentstack.Scope{all, branch}, ExpiresOn: "2027-02-01", CreatedBy: "bltuser", CreatedAt: days(-100), UpdatedAt: days(-100)},
			},
			Webhooks:          []*contentstack.Webhook{{UID: "bltw", Name: "Hook", URL: "https://example.com", BasicUser: "u", BasicPassword: plainSecret("basic"), HeaderName: "X-Key", HeaderContent: plainSecret("header")}},
			LegacyAccessToken: contentstackTokenSecret("legacy"),
		}},
	}
}

// datocmsState: one project with the auditor's token, one that can write, and
// one that reads published content.
func datocmsState() datocms.State {
	recently := datocms.Use{At: days(-1)}
	return datocms.State{Projects: []*datocms.Project{{
		ID: "77", Name: "Blog", Domain: "blog.admin.datocms.com", OwnerSecret: plainSecret("owner"), MapsKey: plainSecret("maps"), CreatedAt: days(-700),
		Environments: []*datocms.Environment{{ID: "main", Primary: true, CreatedAt: days(-700)}},
		Roles: []*datocms.Role{
			{ID: "1", Name: "Auditor", Permissions: datocms.Permissions{Flags: map[string]bool{"can_manage_access_tokens": true, "can_manage_users": true}, Environments: "primary_only"}},
			datocms.Editor("2", "main"), datocms.ReadOnly("3", "main"),
		},
		Tokens: []*datocms.Token{
			{ID: "311", Name: "audit", Role: "1", Secret: datocmsSecret("auditor"), CMA: true, LastCMA: recently},
			{ID: "312", Name: "importer", Role: "2", Secret: datocmsSecret("importer"), CMA: true, LastCMA: recently},
			{ID: "313", Name: "website", Role: "3", Secret: datocmsSecret("website"), CDA: true, LastCDA: recently},
		},
		Webhooks:      []*datocms.Webhook{{ID: "5", Name: "Hook", URL: "https://example.com", BasicUser: "u", BasicPassword: plainSecret("dato-basic"), HeaderName: "X-Key", HeaderContent: plainSecret("dato-header")}},
		BuildTriggers: []*datocms.BuildTrigger{{ID: "6", Name: "Deploy", WebhookToken: plainSecret("trigger"), AccessToken: plainSecret("deploy")}},
	}}}
}
