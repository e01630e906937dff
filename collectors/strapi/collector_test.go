package strapi

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
var auditTime = time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

func open(t *testing.T, answers conformance.Answers, credential string) *collector {
	t.Helper()
	return conformance.Open[*collector](t, Definition(), entryWith("intranet", credential), answers, auditTime)
}

// meOther is a person who is not a super admin.
const meOther = `{"data":{"id":2,"createdAt":"2026-11-22T02:00:00Z","roles":[{"code":"strapi-editor"}]}}`

// TestRecordedServer holds what is made of the captures of Strapi 5.54.0.
func TestRecordedServer(t *testing.T) {
	s := conformance.Collect(t, open(t, recorded(t), planted))
	for _, u := range s.Units {
		if u.Status != inventory.UnitComplete {
			t.Errorf("%+v", u)
		}
	}
	type facts struct {
		Kind    inventory.Kind
		Level   inventory.Level
		Manages inventory.Ternary
		Expiry  string
		Used    inventory.LastUsedState
		Updated inventory.TimestampState
		Factory inventory.Ternary
		APIs    int
	}
	got := map[string]facts{}
	for _, token := range s.Tokens {
		f := facts{token.Kind, token.Access.Level, token.Access.ManagesTokens, string(token.Expiry.State), token.LastUsed.State, token.UpdatedAt.State, token.Traits.Factory, len(token.APIs)}
		if token.Expiry.State == inventory.ExpiryAt {
			f.Expiry = token.Expiry.At.Format(time.DateOnly)
		}
		got[strings.TrimPrefix(token.ID, s.ID+"/")] = f
	}
	const (
		delivery, management = inventory.Delivery, inventory.Management
		read, write          = inventory.LevelRead, inventory.LevelWrite
		yes, no, unknown     = inventory.Yes, inventory.No, inventory.Unknown
		never, between       = inventory.LastUsedNever, inventory.LastUsedBetween
		changed, moved       = inventory.TimestampAt, inventory.TimestampUnknown
	)
	want := map[string]facts{
		"api_tokens/1":      {delivery, read, no, "never", never, changed, yes, 1},
		"api_tokens/2":      {management, write, no, "never", never, changed, yes, 1},
		"api_tokens/3":      {delivery, read, no, "never", never, changed, no, 1},
		"api_tokens/4":      {delivery, read, no, "2026-11-29", never, changed, no, 1},
		"api_tokens/5":      {management, write, no, "2026-12-22", between, moved, no, 1},
		"api_tokens/6":      {management, write, no, "never", never, changed, no, 1},
		"api_tokens/7":      {delivery, read, no, "2027-02-20", never, changed, no, 1},
		"api_tokens/8":      {management, write, no, "never", never, changed, no, 1},
		"admin_tokens/9":    {management, read, unknown, "2026-11-29", between, moved, no, 1},
		"transfer_tokens/1": {management, write, no, "never", inventory.LastUsedUnknown, changed, no, 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	used := at("2026-11-22T01:05:23.381Z")
	if diff := cmp.Diff(inventory.UsedBetween(used, used.Add(time.Hour)), conformance.Token(t, s, "api_tokens/5").LastUsed); diff != "" {
		t.Errorf("the last use is exact to an hour (-want +got):\n%s", diff)
	}
	admin := conformance.Token(t, s, "admin_tokens/9")
	owner := inventory.Owner{Type: inventory.OwnerPerson, ID: "1", Name: "It Admin", State: inventory.OwnerActive, Level: inventory.LevelAdmin,
		Role: superAdminCode, LastActive: inventory.UnknownTime(reasonNoActivity)}
	if diff := cmp.Diff(owner, admin.Owner); diff != "" {
		t.Errorf("owner (-want +got):\n%s", diff)
	}
	if admin.Access.Reason != reasonSecretsShown || admin.Access.Assumed {
		t.Errorf("why it is not known whether it is shown secrets: %+v", admin.Access)
	}
	if s.Auditor.Token != admin.ID || s.Auditor.Writes != no || s.Auditor.Necessary != yes || s.Auditor.ReadsSecrets != unknown {
		t.Errorf("auditor is %+v", s.Auditor)
	}
	if scope := admin.Environments; scope.State != inventory.ScopeListed || scope.Effective != 1 {
		t.Errorf("scope is %+v", scope)
	}
}

// TestTraps: each is one answer that means something else than it says.
func TestTraps(t *testing.T) {
	one := func(members string) conformance.Answer {
		return ok(`{"data":[{"id":4,"name":"t","createdAt":"2026-01-01T00:00:00Z",` + members + `}]}`)
	}
	tests := map[string]struct {
		path   string
		answer conformance.Answer
		check  func(t *testing.T, s inventory.Source)
	}{
		"lifespan as a number": {listAPI.path, one(`"type":"read-only","lifespan":604800000,"expiresAt":"2026-11-29T00:00:00.000Z"`), func(t *testing.T, s inventory.Source) {
			if e := conformance.Token(t, s, "api_tokens/4").Expiry; e.State != inventory.ExpiryAt || !e.At.Equal(at("2026-11-29T00:00:00Z")) {
				t.Errorf("%+v", e)
			}
		}},
		"one page of the tokens": {listAPI.path, ok(`{"data":[{"id":4,"name":"t","type":"read-only"}],"meta":{"pagination":{"total":2}}}`), func(t *testing.T, s inventory.Source) {
			if u := conformance.Unit(t, s, listAPI.unit); u.Status != inventory.UnitPartial || u.Error != inventory.ErrTruncated {
				t.Errorf("%+v", u)
			}
		}},
		"an expired token stays": {listAPI.path, one(`"type":"read-only","lifespan":"604800000","expiresAt":"2026-01-08T00:00:00.000Z"`), func(t *testing.T, s inventory.Source) {
			if e := conformance.Token(t, s, "api_tokens/4").Expiry; !e.At.Before(auditTime) {
				t.Errorf("%+v", e)
			}
		}},
		"a lifespan without an end": {listAPI.path, one(`"type":"read-only","lifespan":"604800000","expiresAt":null`), func(t *testing.T, s inventory.Source) {
			if e := conformance.Token(t, s, "api_tokens/4").Expiry; e.State != inventory.ExpiryUnknown {
				t.Errorf("%+v", e)
			}
		}},
		"an admin token called read-only": {listAdmin.path, one(`"type":"read-only","adminPermissions":[{"action":"admin::users.update"}]`), func(t *testing.T, s inventory.Source) {
			if a := conformance.Token(t, s, "admin_tokens/4").Access; a.Level != inventory.LevelAdmin || !a.Write {
				t.Errorf("%+v", a)
			}
		}},
		"an admin token that makes tokens": {listAdmin.path, one(`"adminPermissions":[{"action":"admin::api-tokens.read"},{"action":"admin::api-tokens.create"}]`), func(t *testing.T, s inventory.Source) {
			if a := conformance.Token(t, s, "admin_tokens/4").Access; a.ManagesTokens != inventory.Yes {
				t.Errorf("%+v", a)
			}
		}},
		"an admin token of another": {listAdmin.path, one(`"adminPermissions":[{"action":"plugin::upload.read"}],"adminUserOwner":{"id":3,"username":"eve"}`), func(t *testing.T, s inventory.Source) {
			if o := conformance.Token(t, s, "admin_tokens/4").Owner; o.State != inventory.OwnerStateUnknown || o.Name != "eve" || o.Reason == "" {
				t.Errorf("the list hides whether the owner is active: %+v", o)
			}
		}},
		"an owner that is a bare id": {listAdmin.path, one(`"adminPermissions":[{"action":"plugin::upload.read"}],"adminUserOwner":3`), func(t *testing.T, s inventory.Source) {
			if o := conformance.Token(t, s, "admin_tokens/4").Owner; o.Type != inventory.OwnerPerson || o.ID != "3" || o.Name != "" {
				t.Errorf("got %+v", o)
			}
		}},
		"an owner that is a bare id in quotes": {listAdmin.path, one(`"adminPermissions":[{"action":"plugin::upload.read"}],"adminUserOwner":"3"`), func(t *testing.T, s inventory.Source) {
			if o := conformance.Token(t, s, "admin_tokens/4").Owner; o.Type != inventory.OwnerPerson || o.ID != "3" {
				t.Errorf("got %+v", o)
			}
		}},
		"an owner that is a list": {listAdmin.path, one(`"adminPermissions":[{"action":"plugin::upload.read"}],"adminUserOwner":[3]`), func(t *testing.T, s inventory.Source) {
			if o := conformance.Token(t, s, "admin_tokens/4").Owner; o.Type != inventory.OwnerUnknown || o.Reason == "" {
				t.Errorf("got %+v", o)
			}
		}},
		"no admin permissions": {listAdmin.path, one(`"adminPermissions":null`), func(t *testing.T, s inventory.Source) {
			if a := conformance.Token(t, s, "admin_tokens/4").Access; !a.Assumed || !a.Write || a.ManagesTokens != inventory.Unknown {
				t.Errorf("%+v", a)
			}
			if u := conformance.Unit(t, s, "admin_tokens"); u.Status != inventory.UnitPartial || u.Error != inventory.ErrUnreadable {
				t.Errorf("%+v", u)
			}
		}},
		"an undocumented type": {listAPI.path, one(`"type":"super"`), func(t *testing.T, s inventory.Source) {
			if token := conformance.Token(t, s, "api_tokens/4"); !token.Access.Assumed || token.Kind != inventory.Management {
				t.Errorf("%+v", token)
			}
		}},
		"a custom token without permissions": {listAPI.path, one(`"type":"custom","permissions":[]`), func(t *testing.T, s inventory.Source) {
			if token := conformance.Token(t, s, "api_tokens/4"); token.Access.Level != inventory.LevelNone || len(token.APIs) != 0 {
				t.Errorf("%+v", token)
			}
		}},
		"a changed token": {listAPI.path, one(`"type":"read-only","lastUsedAt":"2026-11-01T00:00:00Z","updatedAt":"2026-11-02T00:00:00Z"`), func(t *testing.T, s inventory.Source) {
			if u := conformance.Token(t, s, "api_tokens/4").UpdatedAt; u.State != inventory.TimestampAt || !u.At.Equal(at("2026-11-02T00:00:00Z")) {
				t.Errorf("%+v", u)
			}
		}},
		"a transfer token with a date of use": {listTransfer.path, one(`"permissions":["pull"],"lastUsedAt":"2026-11-01T00:00:00Z"`), func(t *testing.T, s inventory.Source) {
			if diff := cmp.Diff(inventory.UsedBetween(at("2026-11-01T00:00:00Z"), auditTime), conformance.Token(t, s, "transfer_tokens/4").LastUsed); diff != "" {
				t.Error(diff)
			}
		}},
		"a token named like Strapi's own": {listAPI.path, ok(`{"data":[{"id":12,"name":"Full Access","type":"full-access","createdAt":"2026-11-22T03:00:00Z",
			"description":"A default API token with full access permissions"}]}`), func(t *testing.T, s inventory.Source) {
			if f := conformance.Token(t, s, "api_tokens/12").Traits.Factory; f != inventory.No {
				t.Errorf("it is younger than an admin, so Strapi did not make it, but factory is %s", f)
			}
		}},
		"an auditor who is not a super admin": {listMe.path, ok(meOther), func(t *testing.T, s inventory.Source) {
			u := conformance.Unit(t, s, "admin_tokens")
			if u.Status != inventory.UnitPartial || u.Error != inventory.ErrPermissionDenied || !strings.Contains(u.Hint, "super admin") {
				t.Errorf("%+v", u)
			}
			// Nothing proves who made what is older than an admin who is not the first.
			if f := conformance.Token(t, s, "api_tokens/2").Traits.Factory; f != inventory.Unknown {
				t.Errorf("factory is %s", f)
			}
			if s.Auditor.Token != "" || s.Auditor.Writes != inventory.Unknown {
				t.Errorf("%+v", s.Auditor)
			}
		}},
		"nobody knows who the auditor is": {listMe.path, apiError(http.StatusForbidden, "ForbiddenError", "Forbidden"), func(t *testing.T, s inventory.Source) {
			if u := conformance.Unit(t, s, "admin_tokens"); u.Status != inventory.UnitPartial || u.Hint == "" {
				t.Errorf("%+v", u)
			}
		}},
		"a list of admin tokens without the scan's own": {listAdmin.path, ok(`{"data":[{"id":4,"name":"t","adminPermissions":[],"adminUserOwner":{"id":7}}]}`), func(t *testing.T, s inventory.Source) {
			if u := conformance.Unit(t, s, "admin_tokens"); u.Status != inventory.UnitPartial || u.Error != inventory.ErrTruncated || u.Hint == "" {
				t.Errorf("%+v", u)
			}
		}},
		"no admin token at all": {listAdmin.path, ok(`{"data":[]}`), func(t *testing.T, s inventory.Source) {
			if u := conformance.Unit(t, s, "admin_tokens"); u.Status != inventory.UnitFailed || u.Error != inventory.ErrTruncated || u.Hint == "" {
				t.Errorf("%+v", u)
			}
		}},
		"data transfer switched off": {listTransfer.path, apiError(http.StatusNotFound, "NotFoundError", "Not Found"), func(t *testing.T, s inventory.Source) {
			if u := conformance.Unit(t, s, "transfer_tokens"); u.Error != inventory.ErrNotFound || !strings.Contains(u.Hint, "server.transfer.remote.enabled") {
				t.Errorf("%+v", u)
			}
		}},
		"no transfer salt": {listTransfer.path, apiError(http.StatusNotImplemented, "NotImplementedError", "x"), func(t *testing.T, s inventory.Source) {
			if u := conformance.Unit(t, s, "transfer_tokens"); u.Error != inventory.ErrUnavailable || !strings.Contains(u.Hint, "transfer.token.salt") {
				t.Errorf("%+v", u)
			}
		}},
		"a missing action": {listAPI.path, conformance.Answer{Status: http.StatusForbidden, Body: conformance.Fixture(t, "forbidden-403.json")}, func(t *testing.T, s inventory.Source) {
			if u := conformance.Unit(t, s, "api_tokens"); u.Error != inventory.ErrPermissionDenied || !strings.Contains(u.Hint, "admin::api-tokens.read") {
				t.Errorf("%+v", u)
			}
		}},
		"no credential": {listAPI.path, conformance.Answer{Status: http.StatusUnauthorized, Body: conformance.Fixture(t, "unauthorized-401.json")}, func(t *testing.T, s inventory.Source) {
			if u := conformance.Unit(t, s, "api_tokens"); u.Error != inventory.ErrUnauthorized || u.Hint != hintCredential {
				t.Errorf("%+v", u)
			}
		}},
		"a stronger credential than needed": {listAdmin.path, ok(strings.ReplaceAll(conformance.Fixture(t, "admin-tokens.json"), "admin::api-tokens.read", "admin::users.delete")), func(t *testing.T, s inventory.Source) {
			if a := s.Auditor; a.Necessary != inventory.No || a.Writes != inventory.Yes || a.Token == "" {
				t.Errorf("%+v", a)
			}
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			answers := recorded(t)
			answers[tt.path] = tt.answer
			tt.check(t, conformance.Collect(t, open(t, answers, planted)))
		})
	}
}

// TestNoAdminTokens: a server that answers a person's login, and has no
// endpoint for admin tokens, has none; one that answers an admin token has.
func TestNoAdminTokens(t *testing.T) {
	answers := recorded(t)
	delete(answers, listAdmin.path)
	s := conformance.Collect(t, open(t, answers, "head.claims.signature"))
	if u := conformance.Unit(t, s, "admin_tokens"); u.Status != inventory.UnitComplete || !strings.Contains(u.Detail, "no endpoint") {
		t.Errorf("%+v", u)
	}
	if a := s.Auditor; a.Necessary != inventory.No || a.Writes != inventory.Yes {
		t.Errorf("a login is stronger than needed: %+v", a)
	}
	s = conformance.Collect(t, open(t, answers, strings.Repeat("5a", 128)))
	if u := conformance.Unit(t, s, "admin_tokens"); u.Status != inventory.UnitFailed || u.Error != inventory.ErrNotFound {
		t.Errorf("%+v", u)
	}
}

// The list of admin tokens is empty to a person who has none, and is not a super admin.
func TestEmptyAdminListOfALogin(t *testing.T) {
	answers := recorded(t)
	answers[listAdmin.path] = conformance.Answer{Body: `{"data":[]}`}
	answers[listMe.path] = conformance.Answer{Body: meOther}
	u := conformance.Unit(t, conformance.Collect(t, open(t, answers, "head.claims.signature")), "admin_tokens")
	if u.Status != inventory.UnitFailed || u.Error != inventory.ErrDoubtedEmpty || !strings.Contains(u.Hint, "accept_empty") {
		t.Errorf("%+v", u)
	}
}

func TestContentLevel(t *testing.T) {
	for permission, want := range map[string]inventory.Level{
		"api::article.article.find":                                    inventory.LevelRead,
		"api::article.article.findOne":                                 inventory.LevelRead,
		"plugin::upload.content-api.findPage":                          inventory.LevelRead,
		"plugin::i18n.locales.listLocales":                             inventory.LevelRead,
		"plugin::content-type-builder.content-types.getContentTypes":   inventory.LevelRead,
		"plugin::content-type-builder.content-types.updateContentType": inventory.LevelSchema,
		"plugin::email.email.send":                                     inventory.LevelTrigger,
		"api::article.article.create":                                  inventory.LevelWrite,
		"api::article.article.finder":                                  inventory.LevelWrite,
		"api::article.article.getaway":                                 inventory.LevelWrite,
		"api::article.article.approve":                                 inventory.LevelWrite,
		"find":                                                         inventory.LevelRead,
		"":                                                             inventory.LevelWrite,
	} {
		if got, known := contentLevel(permission); got != want || !known {
			t.Errorf("%s: %s, not %s", permission, got, want)
		}
	}
}

func TestAdminLevel(t *testing.T) {
	for action, want := range map[string]inventory.Level{
		"admin::api-tokens.read":                              inventory.LevelRead,
		"admin::api-tokens.access":                            inventory.LevelRead,
		"plugin::upload.assets.download":                      inventory.LevelRead,
		"plugin::upload.assets.copy-link":                     inventory.LevelRead,
		"plugin::content-manager.explorer.publish":            inventory.LevelWrite,
		"plugin::content-manager.components.configure-layout": inventory.LevelWrite,
		"admin::webhooks.create":                              inventory.LevelWrite,
		"admin::roles.update":                                 inventory.LevelAdmin,
		"admin::transfer.tokens.regenerate":                   inventory.LevelAdmin,
		"nonsense":                                            inventory.LevelWrite,
	} {
		if got := adminLevel(action); got != want {
			t.Errorf("%s: %s, not %s", action, got, want)
		}
	}
}

func TestProbe(t *testing.T) {
	checks := open(t, recorded(t), planted).Probe(t.Context())
	var got []string
	for _, c := range checks {
		got = append(got, string(c.Status)+" "+c.Name)
	}
	want := []string{"ok identity", "ok list content API tokens", "ok list admin tokens", "ok list transfer tokens", "ok rights of the credential"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	answers := recorded(t)
	answers[listAPI.path] = apiError(http.StatusForbidden, "PolicyError", "Policy Failed")
	if c := open(t, answers, planted).Probe(t.Context())[1]; c.Status != collectors.CheckFailed || c.Hint == "" || c.Class != inventory.ErrPermissionDenied {
		t.Errorf("%+v", c)
	}
}
