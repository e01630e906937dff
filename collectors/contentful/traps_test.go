package contentful

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/contentful/spacerole"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// decoded decodes what a server sent.
func decoded[T any](t testing.TB, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func listed[T any](t testing.TB, texts ...string) cmsapi.Listing[T] {
	t.Helper()
	var l cmsapi.Listing[T]
	for _, text := range texts {
		l.Items = append(l.Items, decoded[T](t, text))
	}
	return l
}

func broken[T any](l cmsapi.Listing[T], status int) cmsapi.Listing[T] {
	l.Err = &cmsapi.Error{Class: cmsapi.ClassOf(status), Status: status, Message: "broken"}
	return l
}

const (
	environmentMaster  = `{"name":"master","sys":{"type":"Environment","id":"master"}}`
	environmentRelease = `{"name":"Release","sys":{"type":"Environment","id":"release","aliases":[{"sys":{"type":"Link","linkType":"EnvironmentAlias","id":"master"}}]}}`
	environmentStaging = `{"name":"staging","sys":{"type":"Environment","id":"staging"}}`
	rowOfAlias         = `{"name":"master","sys":{"type":"Environment","id":"master","aliasedEnvironment":{"sys":{"type":"Link","linkType":"Environment","id":"release"}}}}`
	environmentPlain   = `{"name":"Release","sys":{"type":"Environment","id":"release"}}`
	environmentAlone   = `{"name":"staging","sys":{"type":"Environment","id":"staging","aliases":[]}}`
	aliasMaster        = `{"sys":{"type":"EnvironmentAlias","id":"master"},"environment":{"sys":{"type":"Link","linkType":"Environment","id":"release"}}}`
	aliasWithBlank     = `{"sys":{"type":"Environment Alias","id":"master"},"environment":{"sys":{"type":"Link","linkType":"Environment","id":"release"}}}`
	aliasWithoutTarget = `{"sys":{"type":"EnvironmentAlias","id":"master"},"environment":null}`
)

func links(ids ...string) string {
	var all []string
	for _, id := range ids {
		all = append(all, `{"sys":{"type":"Link","linkType":"Environment","id":"`+id+`"}}`)
	}
	return "[" + strings.Join(all, ",") + "]"
}

func TestScopeOfKey(t *testing.T) {
	t.Parallel()
	environments := listed[environment](t, environmentRelease, environmentStaging)
	aliases := listed[alias](t, aliasMaster)
	for _, test := range []struct {
		name         string
		environments cmsapi.Listing[environment]
		aliases      cmsapi.Listing[alias]
		key          string // the value of environments; empty for no such member
		state        inventory.ScopeState
		effective    int
		items        []string // id, exists, primary, alias
		reason       string
	}{
		{"alias alone", environments, aliases, links("master"), inventory.ScopeListed, 1, []string{"master yes yes release"}, ""},
		{"alias and target are one", environments, aliases, links("master", "release"), inventory.ScopeListed, 1,
			[]string{"master yes yes release", "release yes yes "}, ""},
		{"alias and another", environments, aliases, links("staging", "master"), inventory.ScopeListed, 2,
			[]string{"master yes yes release", "staging yes no "}, ""},
		{"alias as its type is printed in samples", environments, listed[alias](t, aliasWithBlank), links("master", "release"), inventory.ScopeListed, 1,
			[]string{"master yes yes release", "release yes yes "}, ""},
		{"alias as a row of the environments", listed[environment](t, rowOfAlias, environmentRelease), listed[alias](t), links("master", "release"),
			inventory.ScopeListed, 1, []string{"master yes yes release", "release yes yes "}, ""},
		{"alias in both lists", listed[environment](t, rowOfAlias, environmentRelease), aliases, links("master", "release"),
			inventory.ScopeListed, 1, []string{"master yes yes release", "release yes yes "}, ""},
		{"the same link twice", environments, aliases, links("staging", "staging"), inventory.ScopeListed, 1, []string{"staging yes no "}, ""},
		{"missing environments count", environments, aliases, links("old", "older"), inventory.ScopeListed, 2, []string{"old no no ", "older no no "}, ""},
		{"empty means master", environments, aliases, "[]", inventory.ScopeListed, 1, []string{"master yes yes release"}, ""},
		{"null", environments, aliases, "null", inventory.ScopeUnknown, 0, nil, "environments is null"},
		{"absent", environments, aliases, "", inventory.ScopeUnknown, 0, nil, "no environments"},
		{"a word", environments, aliases, `"master"`, inventory.ScopeUnknown, 0, nil, "environments"},
		{"a link that is none", environments, aliases, `[{"sys":{"id":"staging"}},7]`, inventory.ScopeUnknown, 0, []string{"staging yes no "}, "1 environment of the key cannot be read"},
		{"a link without an id", environments, aliases, `[{"sys":{}},{"sys":{"id":"staging"}}]`, inventory.ScopeUnknown, 0, []string{"staging yes no "}, "1 environment of the key"},
		{"no aliases, one item", environments, broken(aliases, 403), links("staging"), inventory.ScopeListed, 1, []string{"staging yes unknown "}, ""},
		{"no aliases, one item nobody knows", environments, broken(listed[alias](t), 403), links("other"), inventory.ScopeListed, 1, []string{"other unknown unknown "}, ""},
		{"no aliases, two items", listed[environment](t, environmentPlain, environmentStaging), broken(listed[alias](t), 403), links("master", "release"), inventory.ScopeUnknown, 0,
			[]string{"master unknown yes ", "release yes unknown "}, "environment aliases of the space could not be read"},
		{"no aliases, but the target names it", environments, broken(listed[alias](t), 403), links("master", "release"), inventory.ScopeListed, 1,
			[]string{"master yes yes release", "release yes yes "}, ""},
		{"no aliases, but the target names it, and another environment", environments, broken(listed[alias](t), 500), links("master", "release", "staging"), inventory.ScopeListed, 2,
			[]string{"master yes yes release", "release yes yes ", "staging yes unknown "}, ""},
		{"no aliases, but a row does", listed[environment](t, rowOfAlias, environmentPlain), broken(listed[alias](t), 403), links("master", "release"), inventory.ScopeListed, 1,
			[]string{"master yes yes release", "release yes yes "}, ""},
		{"no aliases, two real environments", listed[environment](t, environmentPlain, environmentStaging), broken(listed[alias](t), 403), links("release", "staging"), inventory.ScopeListed, 2,
			[]string{"release yes unknown ", "staging yes unknown "}, ""},
		{"no aliases, two real environments and what nobody knows", listed[environment](t, environmentPlain, environmentStaging), broken(listed[alias](t), 403), links("release", "staging", "old"),
			inventory.ScopeListed, 3, []string{"old unknown unknown ", "release yes unknown ", "staging yes unknown "}, "1 environment of the key may be an alias of one"},
		{"no aliases, one real environment and what nobody knows", environments, broken(listed[alias](t), 403), links("staging", "old"), inventory.ScopeUnknown, 0,
			[]string{"old unknown unknown ", "staging yes unknown "}, "environment aliases of the space could not be read"},
		{"no aliases, every environment names its own", listed[environment](t, environmentRelease, environmentAlone), broken(listed[alias](t), 403), links("master", "old", "older"),
			inventory.ScopeListed, 3, []string{"master yes yes release", "old no no ", "older no no "}, ""},
		{"no aliases, every row names its own", listed[environment](t, rowOfAlias, environmentRelease, environmentAlone), broken(listed[alias](t), 403), links("old", "release", "staging"),
			inventory.ScopeListed, 3, []string{"old no no ", "release yes yes ", "staging yes no "}, ""},
		{"no aliases, and names that cannot be read", listed[environment](t, environmentRelease, `{"sys":{"type":"Environment","id":"staging","aliases":[{}]}}`), broken(listed[alias](t), 403), links("staging", "old"),
			inventory.ScopeUnknown, 0, []string{"old unknown unknown ", "staging yes unknown "}, "environment aliases of the space could not be read"},
		{"rows of no type", listed[environment](t, `{"sys":{"id":"a","aliases":[]}}`, `{"sys":{"id":"b","aliases":[]}}`), broken(listed[alias](t), 403), links("a", "b"),
			inventory.ScopeUnknown, 0, []string{"a yes unknown ", "b yes unknown "}, "environment aliases of the space could not be read"},
		{"an alias that is an environment", listed[environment](t, environmentMaster, environmentRelease), listed[alias](t), links("master", "release"),
			inventory.ScopeUnknown, 0, []string{"master yes yes release", "release yes yes "}, "disagree"},
		{"two targets", environments, listed[alias](t, strings.ReplaceAll(aliasMaster, "release", "staging")), links("master", "release"),
			inventory.ScopeUnknown, 0, []string{"master yes yes staging", "release yes unknown "}, "disagree"},
		{"two targets, and other environments", listed[environment](t, environmentRelease, environmentStaging, `{"sys":{"type":"Environment","id":"x"}}`),
			listed[alias](t, strings.ReplaceAll(aliasMaster, "release", "staging")), links("master", "release", "x"),
			inventory.ScopeListed, 3, []string{"master yes yes staging", "release yes unknown ", "x yes unknown "}, "1 environment of the key may be an alias of one"},
		{"environments cut off, two of them", broken(environments, 500), aliases, links("release", "staging"), inventory.ScopeListed, 2,
			[]string{"release yes yes ", "staging yes unknown "}, ""},
		{"no environments, one item", broken(listed[environment](t), 500), aliases, links("staging"), inventory.ScopeListed, 1, []string{"staging unknown unknown "}, ""},
		{"no environments, two items", broken(listed[environment](t), 500), aliases, links("staging", "old"), inventory.ScopeUnknown, 0,
			[]string{"old unknown unknown ", "staging unknown unknown "}, "environments of the space could not be read"},
		{"an alias without a target", listed[environment](t, environmentPlain, environmentStaging), listed[alias](t, aliasWithoutTarget), links("master", "release"), inventory.ScopeUnknown, 0,
			[]string{"master yes yes ", "release yes unknown "}, "target of 1"},
		{"an alias whose target names it", environments, listed[alias](t, aliasWithoutTarget), links("master", "release"), inventory.ScopeListed, 1,
			[]string{"master yes yes release", "release yes yes "}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			member := ""
			if test.key != "" {
				member = `,"environments":` + test.key
			}
			key := decoded[apiKey](t, `{"sys":{"id":"k"}`+member+`}`)
			scope := newEnvironments(test.environments, test.aliases).scope(key.Environments.List)
			if scope.State != test.state || scope.Effective != test.effective {
				t.Errorf("got %s with %d effective, want %s with %d", scope.State, scope.Effective, test.state, test.effective)
			}
			if (test.reason == "") != (scope.Reason == "") || !strings.Contains(scope.Reason, test.reason) {
				t.Errorf("the reason is %q, want %q in it", scope.Reason, test.reason)
			}
			var items []string
			for _, i := range scope.Items {
				items = append(items, strings.Join([]string{i.ID, string(i.Exists), string(i.Primary), i.AliasOf}, " "))
			}
			if diff := cmp.Diff(test.items, items); diff != "" {
				t.Errorf("items (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAliasesKnown(t *testing.T) {
	t.Parallel()
	const neverUsed, named = "does not use aliases", "name all of their aliases"
	for _, test := range []struct {
		name         string
		environments cmsapi.Listing[environment]
		aliases      cmsapi.Listing[alias]
		want         string
	}{
		{"a real master and not found", listed[environment](t, environmentMaster), broken(listed[alias](t), http.StatusNotFound), neverUsed},
		{"no master", listed[environment](t, environmentPlain), broken(listed[alias](t), http.StatusNotFound), ""},
		{"master is an alias", listed[environment](t, rowOfAlias, environmentPlain), broken(listed[alias](t), http.StatusNotFound), ""},
		{"a real master and forbidden", listed[environment](t, environmentMaster), broken(listed[alias](t), http.StatusForbidden), neverUsed},
		{"a real master and broken", listed[environment](t, environmentMaster), broken(listed[alias](t), http.StatusInternalServerError), ""},
		{"forbidden", listed[environment](t, environmentPlain), broken(listed[alias](t), http.StatusForbidden), ""},
		{"forbidden, all of 2022 named", listed[environment](t, environmentRelease, environmentAlone), broken(listed[alias](t), http.StatusForbidden), named},
		{"forbidden, all of 2023 named", listed[environment](t, rowOfAlias, environmentRelease, environmentAlone), broken(listed[alias](t), http.StatusForbidden), named},
		{"forbidden, some named", listed[environment](t, environmentRelease, environmentStaging), broken(listed[alias](t), http.StatusForbidden), ""},
		{"broken, all named", listed[environment](t, environmentRelease, environmentAlone), broken(listed[alias](t), http.StatusInternalServerError), ""},
		{"environments cut off", broken(listed[environment](t, environmentMaster), 500), broken(listed[alias](t), http.StatusNotFound), ""},
		{"environments cut off, all named", broken(listed[environment](t, environmentAlone), 500), broken(listed[alias](t), http.StatusNotFound), ""},
		{"nothing wrong", listed[environment](t, environmentMaster), listed[alias](t), ""},
		{"a row of an unknown type", listed[environment](t, `{"sys":{"id":"master","aliases":[]}}`), broken(listed[alias](t), http.StatusNotFound), ""},
	} {
		got := aliasesKnown(test.environments, test.aliases)
		if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestTokenTimes(t *testing.T) {
	t.Parallel()
	source := inventory.Source{CollectedAt: testNow}
	for _, test := range []struct {
		name    string
		token   string
		expiry  inventory.ExpiryState
		support bool
		used    inventory.LastUsedState
		revoked inventory.TimestampState
	}{
		{"null is never and not", `{"revokedAt":null,"sys":{"type":"PersonalAccessToken","expiresAt":null,"lastUsedAt":null}}`,
			inventory.ExpiryNever, true, inventory.LastUsedNever, inventory.TimestampNone},
		{"missing says nothing", `{"sys":{"type":"PersonalAccessToken"}}`,
			inventory.ExpiryUnknown, true, inventory.LastUsedUnknown, inventory.TimestampUnknown},
		{"wrong types", `{"revokedAt":false,"sys":{"type":"PersonalAccessToken","expiresAt":17,"lastUsedAt":"yesterday"}}`,
			inventory.ExpiryUnknown, true, inventory.LastUsedUnknown, inventory.TimestampUnknown},
		{"with and without fractions", `{"revokedAt":"2026-01-01T00:00:00Z","sys":{"type":"PersonalAccessToken","expiresAt":"2026-12-01T00:00:00.809Z","lastUsedAt":"2026-11-01T00:00:00Z"}}`,
			inventory.ExpiryAt, true, inventory.LastUsedAt, inventory.TimestampAt},
		{"revoked under sys", `{"sys":{"type":"PersonalAccessToken","revokedAt":"2026-01-01T00:00:00Z","expiresAt":null,"lastUsedAt":null}}`,
			inventory.ExpiryNever, true, inventory.LastUsedNever, inventory.TimestampAt},
		{"a century is never", `{"revokedAt":null,"sys":{"type":"PersonalAccessToken","expiresAt":"2126-01-01T00:00:00Z","lastUsedAt":null}}`,
			inventory.ExpiryNever, true, inventory.LastUsedNever, inventory.TimestampNone},
		{"a login cannot be told to expire", `{"revokedAt":null,"sys":{"type":"CLIToken","expiresAt":null,"lastUsedAt":null}}`,
			inventory.ExpiryNever, false, inventory.LastUsedNever, inventory.TimestampNone},
		{"a grant with a date can", `{"revokedAt":null,"sys":{"type":"OAuthApplication","expiresAt":"2026-12-24T00:00:00Z","lastUsedAt":null}}`,
			inventory.ExpiryAt, true, inventory.LastUsedNever, inventory.TimestampNone},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			item := decoded[accessToken](t, test.token)
			token := tokenContext{source: source}.token(item)
			if token.Expiry.State != test.expiry || token.Expiry.Supported != test.support {
				t.Errorf("expiry is %s (supported %v), want %s (%v)", token.Expiry.State, token.Expiry.Supported, test.expiry, test.support)
			}
			if token.LastUsed.State != test.used {
				t.Errorf("last used is %s, want %s", token.LastUsed.State, test.used)
			}
			if token.RevokedAt.State != test.revoked {
				t.Errorf("revoked is %s, want %s", token.RevokedAt.State, test.revoked)
			}
		})
	}
}

func TestTokenAccess(t *testing.T) {
	t.Parallel()
	const manage, read = `["content_management_manage"]`, `["content_management_read"]`
	people := func(role string, rights *spaceRights) directory {
		return directory{
			byUser: map[string]membership{"u": decoded[membership](t, `{"role":"`+role+`","sys":{"id":"m","status":"active"}}`)},
			whole:  true, rights: rights,
		}
	}
	inSpaces := func(r spacerole.Right) *spaceRights { return &spaceRights{byUser: map[string]spacerole.Right{"u": r}} }
	editor := inSpaces(spacerole.Right{Level: inventory.LevelWrite, Keys: inventory.No})
	for _, test := range []struct {
		name    string
		scopes  string
		people  directory
		level   inventory.Level
		assumed bool
		manages inventory.Ternary
	}{
		{"an owner's", manage, people("owner", nil), inventory.LevelAdmin, false, inventory.Yes},
		{"an admin's", manage, people("admin", nil), inventory.LevelAdmin, false, inventory.Yes},
		{"an admin's to read", read, people("admin", nil), inventory.LevelRead, false, inventory.Unknown},
		{"both scopes", `["content_management_read","content_management_manage"]`, people("admin", nil), inventory.LevelAdmin, false, inventory.Yes},
		{"an editor's", manage, people("member", editor), inventory.LevelWrite, false, inventory.Unknown},
		{"an editor's to read", read, people("member", editor), inventory.LevelRead, false, inventory.No},
		{"a viewer's", manage, people("member", inSpaces(spacerole.Right{Level: inventory.LevelRead, Keys: inventory.No})), inventory.LevelWrite, false, inventory.Unknown},
		{"of a member of no space", manage, people("member", &spaceRights{}), inventory.LevelWrite, false, inventory.Unknown},
		{"a modeller's", manage, people("member", inSpaces(spacerole.Right{Level: inventory.LevelSchema, Keys: inventory.Yes})), inventory.LevelSchema, false, inventory.Yes},
		{"a space admin's", manage, people("member", inSpaces(spacerole.Right{Level: inventory.LevelAdmin, Keys: inventory.Yes})), inventory.LevelAdmin, false, inventory.Yes},
		{"a developer's", manage, people("developer", editor), inventory.LevelUnknown, true, inventory.Unknown},
		{"a developer's who is a space admin", manage, people("developer", inSpaces(spacerole.Right{Level: inventory.LevelAdmin, Keys: inventory.Yes})), inventory.LevelAdmin, false, inventory.Yes},
		{"a member's whose rights were not read", manage, people("member", nil), inventory.LevelUnknown, true, inventory.Unknown},
		{"of nobody", manage, directory{whole: true}, inventory.LevelUnknown, true, inventory.Unknown},
		{"scopes null", "null", people("admin", nil), inventory.LevelUnknown, true, inventory.Unknown},
		{"scopes absent", "", people("admin", nil), inventory.LevelUnknown, true, inventory.Unknown},
		{"scopes empty", "[]", people("admin", nil), inventory.LevelUnknown, true, inventory.Unknown},
		{"scopes a word", `"content_management_read"`, people("admin", nil), inventory.LevelUnknown, true, inventory.Unknown},
		{"a scope that is not a word", `["content_management_read",1]`, people("admin", nil), inventory.LevelUnknown, true, inventory.Unknown},
		{"a new scope", `["content_management_read","content_management_delete"]`, people("admin", nil), inventory.LevelUnknown, true, inventory.Unknown},
		{"a new scope besides manage", `["content_management_manage","another"]`, people("admin", nil), inventory.LevelAdmin, false, inventory.Yes},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			member := ""
			if test.scopes != "" {
				member = `"scopes":` + test.scopes + `,`
			}
			item := decoded[accessToken](t, `{`+member+`"sys":{"type":"PersonalAccessToken","id":"t","user":{"sys":{"linkType":"User","id":"u"}}}}`)
			token := tokenContext{people: test.people, source: inventory.Source{ID: "s", CollectedAt: testNow}}.token(item)
			if token.Access.Level != test.level || token.Access.Assumed != test.assumed || token.Access.ManagesTokens != test.manages {
				t.Errorf("got level %s, assumed %v, manages tokens %s; want %s, %v, %s", token.Access.Level, token.Access.Assumed,
					token.Access.ManagesTokens, test.level, test.assumed, test.manages)
			}
			if (test.assumed || test.manages == inventory.Unknown) && token.Access.Reason == "" {
				t.Error("something is unknown without a reason")
			}
			if err := token.Check(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestOwnerState(t *testing.T) {
	t.Parallel()
	people := func(member, person string, whole bool) directory {
		d := directory{byUser: map[string]membership{}, persons: map[string]user{}, whole: whole}
		if member != "" {
			d.byUser["u"] = decoded[membership](t, member)
		}
		if person != "" {
			d.persons["u"] = decoded[user](t, person)
		}
		return d
	}
	const active, activated = `{"role":"member","sys":{"id":"m","status":"active","lastActiveAt":null}}`, `{"activated":true,"sys":{"id":"u"}}`
	for _, test := range []struct {
		name   string
		people directory
		want   inventory.OwnerState
		reason string
	}{
		{"active", people(active, activated, true), inventory.OwnerActive, ""},
		{"deactivated", people(active, `{"activated":false}`, true), inventory.OwnerDeactivated, ""},
		{"deactivated, in quotes", people(active, `{"activated":"false"}`, true), inventory.OwnerDeactivated, ""},
		{"deactivated and no member", people("", `{"activated":false}`, true), inventory.OwnerDeactivated, ""},
		{"no member", people("", activated, true), inventory.OwnerRemoved, ""},
		{"not in a list that shows only some", people("", activated, false), inventory.OwnerStateUnknown, "only some members"},
		{"pending", people(`{"role":"member","sys":{"id":"m","status":"pending"}}`, activated, true), inventory.OwnerStateUnknown, "pending"},
		{"a reduced description", people(active, `{"email":"a@b.example"}`, true), inventory.OwnerStateUnknown, "activated"},
		{"no description", people(active, "", true), inventory.OwnerStateUnknown, "does not describe"},
		{"members not readable", directory{memberships: broken(listed[membership](t), 403)}, inventory.OwnerStateUnknown, "could not be read"},
		{"no organization", directory{absent: "nobody asked"}, inventory.OwnerStateUnknown, "nobody asked"},
	} {
		got := test.people.owner("u")
		if got.State != test.want || !strings.Contains(got.Reason, test.reason) {
			t.Errorf("%s: got %s because %q; want %s because %q", test.name, got.State, got.Reason, test.want, test.reason)
		}
	}
}

func TestLastFour(t *testing.T) {
	t.Parallel()
	for redacted, want := range map[string]string{
		"TmTU": "TmTU", "": "", "ab": "ab", "CFPAT-SECRET-TmTU": "TmTU", "…TmTU": "TmTU", "ÄÖÜßé": "ÖÜßé",
	} {
		if got := lastFour(redacted); got != want {
			t.Errorf("lastFour(%q) = %q, want %q", redacted, got, want)
		}
	}
}

func TestNotifies(t *testing.T) {
	t.Parallel()
	created := inventory.At(testNow)
	in := func(d time.Duration) inventory.Expiry {
		return inventory.ExpiresAt(testNow.Add(d), inventory.PrecisionInstant)
	}
	for _, test := range []struct {
		name    string
		kind    string
		created inventory.Timestamp
		expiry  inventory.Expiry
		want    inventory.Ternary
	}{
		{"a day", typePersonal, created, in(24 * time.Hour), inventory.Yes},
		{"less than a day", typePersonal, created, in(24*time.Hour - time.Second), inventory.No},
		{"never", typePersonal, created, inventory.NeverExpires(true), inventory.No},
		{"unknown", typePersonal, created, inventory.UnknownExpiry(true, "lost"), inventory.Unknown},
		{"made at an unknown time", typePersonal, inventory.UnknownTime("lost"), in(time.Hour), inventory.Unknown},
		{"a login", typeCLI, created, in(48 * time.Hour), inventory.Unknown},
	} {
		if got := notifies(decoded[accessToken](t, `{"sys":{"type":"`+test.kind+`"}}`), test.created, test.expiry); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
}

// An OAuth token acts as its user, and is held by an application of a third party.
func TestGrantsNameTheirApplication(t *testing.T) {
	t.Parallel()
	people := directory{persons: map[string]user{"u": decoded[user](t, `{"firstName":"Mia","lastName":"Chen","sys":{"id":"u"}}`)}}
	const link = `"sys":{"type":"Link","linkType":"Application","id":"app1"}`
	for _, test := range []struct{ name, given, application, user, wantName, wantOwner string }{
		{"named by the own list", ``, `null`, `{"sys":{"id":"u"}}`, "Netlify", "Mia Chen, for Netlify"},
		{"named", ``, `{"name":"Zapier",` + link + `}`, `{"sys":{"id":"u"}}`, "Zapier", "Mia Chen, for Zapier"},
		{"a link", ``, `{` + link + `}`, `{"sys":{"id":"u"}}`, "application app1", "Mia Chen, for application app1"},
		{"an id", ``, `{"id":"app1"}`, `{"sys":{"id":"u"}}`, "application app1", "Mia Chen, for application app1"},
		{"a token with a name", `"name":"ours",`, `{"name":"Zapier",` + link + `}`, `{"sys":{"id":"u"}}`, "ours", "Mia Chen, for Zapier"},
		{"an unknown user", ``, `{"name":"Zapier",` + link + `}`, `null`, "Zapier", "Zapier"},
		{"none", ``, `null`, `{"sys":{"id":"u"}}`, "oauth token …wxyz of Mia Chen", "Mia Chen"},
		{"of a wrong type", ``, `7`, `{"sys":{"id":"u"}}`, "oauth token …wxyz of Mia Chen", "Mia Chen"},
		{"empty", ``, `{}`, `{"sys":{"id":"u"}}`, "oauth token …wxyz of Mia Chen", "Mia Chen"},
	} {
		item := decoded[accessToken](t, `{`+test.given+`"scopes":["content_management_manage"],"sys":{"type":"OAuthApplication","id":"t","redactedValue":"wxyz","application":`+
			test.application+`,"user":`+test.user+`}}`)
		x := tokenContext{people: people, source: inventory.Source{ID: "s", CollectedAt: testNow}}
		if test.wantName == "Netlify" {
			x.own = map[string]accessToken{"t": decoded[accessToken](t, `{"sys":{"id":"t","application":{"name":"Netlify"}}}`)}
		}
		token := x.token(item)
		if token.Name != test.wantName || token.Owner.Name != test.wantOwner || (token.Owner.Type == inventory.OwnerPerson) != (test.user != "null") {
			t.Errorf("%s: %q of %s %q; want %q of %q", test.name, token.Name, token.Owner.Type, token.Owner.Name, test.wantName, test.wantOwner)
		}
		if err := token.Check(); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// A token without a name is called by what Contentful shows of it, and by its owner.
func TestNamelessTokensAreCalledByTheirOwner(t *testing.T) {
	t.Parallel()
	people := directory{persons: map[string]user{"u": decoded[user](t, `{"firstName":"Omar","lastName":"Haddad","sys":{"id":"u"}}`)}}
	for _, test := range []struct{ name, given, sys, want string }{
		{"personal", ``, `"type":"PersonalAccessToken","redactedValue":"2CMa","user":{"sys":{"id":"u"}}`, "personal token …2CMa of Omar Haddad"},
		{"of a login", ``, `"type":"CLIToken","redactedValue":"2CMa","user":{"sys":{"id":"u"}}`, "cli token …2CMa of Omar Haddad"},
		{"of a user without a name", ``, `"type":"PersonalAccessToken","redactedValue":"2CMa","user":{"sys":{"id":"w"}}`, "personal token …2CMa of w"},
		{"of nobody known", ``, `"type":"PersonalAccessToken","redactedValue":"2CMa"`, "personal token …2CMa"},
		{"of which nothing is shown", ``, `"type":"PersonalAccessToken","user":{"sys":{"id":"u"}}`, "personal token t of Omar Haddad"},
		{"with a name", `"name":"deploy",`, `"type":"PersonalAccessToken","redactedValue":"2CMa","user":{"sys":{"id":"u"}}`, "deploy"},
	} {
		x := tokenContext{people: people, source: inventory.Source{ID: "s", Organization: "o", CollectedAt: testNow}}
		token := x.token(decoded[accessToken](t, `{`+test.given+`"sys":{"id":"t",`+test.sys+`}}`))
		if token.Name != test.want || token.ID != "contentful/organizations/o/access_tokens/t" {
			t.Errorf("%s: %q with the id %s, want %q", test.name, token.Name, token.ID, test.want)
		}
	}
}
