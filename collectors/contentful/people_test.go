package contentful

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/conformance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

func owners(source inventory.Source) map[string]string {
	all := map[string]string{}
	for _, token := range source.Tokens {
		all[token.Ref] = fmt.Sprintf("%s %s %s %s", token.Owner.ID, token.Owner.State, token.Owner.Role, token.Owner.Level)
	}
	return all
}

// TestUsersListedWhereNotIncluded: a server that ignores include leaves the
// descriptions to a list of their own.
func TestUsersListedWhereNotIncluded(t *testing.T) {
	t.Parallel()
	const memberships, users = "/organizations/" + testOrganization + "/organization_memberships", "/organizations/" + testOrganization + "/users"
	s := newServer(t, map[string]http.HandlerFunc{
		memberships: items(
			`{"role":"owner","sys":{"id":"om1","status":"active","user":{"sys":{"id":"uOlivia"}}}}`,
			`{"role":"admin","sys":{"id":"om2","status":"active","user":{"sys":{"id":"uAudit"}}}}`),
		users: items(`{"firstName":"Olivia","activated":false,"sys":{"type":"User","id":"uOlivia"}}`),
	})
	sources, _ := s.collect(t, organizationEntry())
	source := find(t, sources, "contentful/organizations/"+testOrganization)
	if got := owners(source)["tokOwnerNever"]; got != "uOlivia deactivated owner admin" {
		t.Errorf("the owner is %q", got)
	}
	if u := conformance.Unit(t, source, unitUsers); u.Status != inventory.UnitComplete {
		t.Errorf("users are %s", u.Status)
	}
}

// TestTwoMembershipsOfOneUser: which of two roles is true, nobody can tell; the weaker
// must not hide the stronger, and the list is not whole.
func TestTwoMembershipsOfOneUser(t *testing.T) {
	t.Parallel()
	s := newServer(t, map[string]http.HandlerFunc{
		"/organizations/" + testOrganization + "/organization_memberships": func(w http.ResponseWriter, r *http.Request) {
			serveItems(w, r, []json.RawMessage{
				json.RawMessage(`{"role":"admin","sys":{"id":"om1","status":"active","user":{"sys":{"id":"uAudit"}}}}`),
				json.RawMessage(`{"role":"owner","sys":{"id":"om2","status":"active","user":{"sys":{"id":"uOlivia"}}}}`),
				json.RawMessage(`{"role":"member","sys":{"id":"om3","status":"active","user":{"sys":{"id":"uOlivia"}}}}`),
			}, json.RawMessage(`{"User":[{"firstName":"Olivia","activated":true,"sys":{"id":"uOlivia"}}]}`))
		},
	})
	sources, _ := s.collect(t, organizationEntry())
	source := find(t, sources, "contentful/organizations/"+testOrganization)
	if got := owners(source)["tokOwnerNever"]; got != "uOlivia active owner admin" {
		t.Errorf("the owner is %q", got)
	}
	if u := conformance.Unit(t, source, unitMemberships); u.Status != inventory.UnitPartial || !strings.Contains(u.Detail, "one user different roles") {
		t.Errorf("memberships are %+v", u)
	}
}

// TestScopedMemberships: to somebody who is not an admin the list shows only some
// members, so whoever is not in it may still be one.
func TestScopedMemberships(t *testing.T) {
	t.Parallel()
	s := newServer(t, map[string]http.HandlerFunc{
		"/organizations/" + testOrganization + "/organization_memberships": func(w http.ResponseWriter, r *http.Request) {
			serveItems(w, r, []json.RawMessage{
				json.RawMessage(`{"role":"member","sys":{"id":"om1","status":"active","user":{"sys":{"id":"uAudit"}}}}`),
			}, json.RawMessage(`{"User":[{"firstName":"Audit","activated":true,"sys":{"id":"uAudit"}}]}`))
		},
	})
	sources, _ := s.collect(t, organizationEntry())
	got := owners(find(t, sources, "contentful/organizations/"+testOrganization))
	if got["tokOwnerNever"] != "uOlivia unknown  unknown" {
		t.Errorf("an owner who is not shown is %q", got["tokOwnerNever"])
	}
	if got["tokAudit"] != "uAudit active member unknown" {
		t.Errorf("the caller is %q", got["tokAudit"])
	}
	for request := range s.counts() {
		if strings.Contains(request, "space_memberships") {
			t.Error("rights that only admins may read were asked for")
		}
	}
}

// TestOwnTokensOnly: without the organization's list, the tokens of the caller
// keep their ids and get the caller as owner.
func TestOwnTokensOnly(t *testing.T) {
	t.Parallel()
	s := newServer(t, map[string]http.HandlerFunc{
		"/organizations/" + testOrganization + "/access_tokens": failure(403, "AccessDenied"),
	})
	sources, _ := s.collect(t, organizationEntry())
	source := find(t, sources, "contentful/organizations/"+testOrganization)
	if diff := cmp.Diff(map[string]string{"tokAudit": "uAudit active admin admin"}, owners(source)); diff != "" {
		t.Errorf("owners (-want +got):\n%s", diff)
	}
	if got := source.Tokens[0].ID; got != "contentful/organizations/"+testOrganization+"/access_tokens/tokAudit" {
		t.Errorf("the id is %s", got)
	}
	if u := conformance.Unit(t, source, unitAccessTokens); !strings.Contains(u.Detail, "only the 1 token of the credential's own user") {
		t.Errorf("the detail is %q", u.Detail)
	}
}

// TestManyTokens reads lists of several pages from a server whose pages are
// smaller than what is asked for, and in which an item repeats.
func TestManyTokens(t *testing.T) {
	t.Parallel()
	var all []json.RawMessage
	for i := range 230 {
		all = append(all, json.RawMessage(fmt.Sprintf(`{"revokedAt":null,"scopes":["content_management_read"],"sys":{"type":"PersonalAccessToken",`+
			`"id":"tok%03d","createdAt":"2026-01-01T00:00:00Z","expiresAt":null,"lastUsedAt":null,"redactedValue":"x%03d","user":{"sys":{"linkType":"User","id":"uOlivia"}}}}`, i, i)))
	}
	all[57] = all[56]
	for _, size := range []string{"100", "25", "40"} {
		t.Run(size, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, map[string]http.HandlerFunc{
				"/organizations/" + testOrganization + "/access_tokens": func(w http.ResponseWriter, r *http.Request) {
					query := r.URL.Query()
					query.Set("limit", size)
					r.URL.RawQuery = query.Encode()
					serveItems(w, r, all, nil)
				},
			})
			sources, _ := s.collect(t, organizationEntry())
			source := find(t, sources, "contentful/organizations/"+testOrganization)
			// The caller's own token joins, because the list was not complete.
			if len(source.Tokens) != 229+1 {
				t.Errorf("got %d tokens, want 229 and the caller's own", len(source.Tokens))
			}
			// One was announced and not given: it may have slipped between pages.
			if u := conformance.Unit(t, source, unitAccessTokens); u.Status != inventory.UnitPartial || u.Error != inventory.ErrTruncated {
				t.Errorf("the unit is %s, %s", u.Status, u.Error)
			}
		})
	}
}

func TestSelfIsRecognisedOnlyIfCertain(t *testing.T) {
	t.Parallel()
	const live = `"revokedAt":null,"sys":{"type":"PersonalAccessToken","id":"%s","expiresAt":null,"redactedValue":"%s"}}`
	token := func(id, redacted, scopes string) string {
		return `{"scopes":` + scopes + `,` + fmt.Sprintf(live, id, redacted)
	}
	const read, manage = `["content_management_read"]`, `["content_management_manage"]`
	for _, test := range []struct {
		name   string
		own    http.HandlerFunc
		token  string
		writes inventory.Ternary
	}{
		{"one match that reads", items(token("a", "Ud1T", read), token("b", "zzzz", manage)), "a", inventory.No},
		{"one match that manages", items(token("a", "Ud1T", manage)), "a", inventory.Yes},
		{"no match", items(token("a", "xxxx", read)), "", inventory.Unknown},
		{"two matches", items(token("a", "Ud1T", read), token("b", "Ud1T", manage)), "", inventory.Unknown},
		{"a match that is revoked", items(`{"revokedAt":"2026-01-01T00:00:00Z","scopes":["content_management_read"],"sys":{"id":"a","redactedValue":"Ud1T"}}`), "", inventory.Unknown},
		{"a match that has expired", items(`{"revokedAt":null,"scopes":["content_management_read"],"sys":{"id":"a","redactedValue":"Ud1T","expiresAt":"2026-11-22T12:00:00Z"}}`), "", inventory.Unknown},
		{"too short a hint", items(token("a", "1T", read)), "", inventory.Unknown},
		{"scopes unreadable", items(token("a", "Ud1T", "null")), "a", inventory.Unknown},
		{"a list cut off", failure(403, "AccessDenied"), "", inventory.Unknown},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, map[string]http.HandlerFunc{"/users/me/access_tokens": test.own})
			got := s.open(t, organizationEntry()).self(t.Context())
			if got.tokenID != test.token || got.writes != test.writes || got.reason == "" {
				t.Errorf("got token %q, writes %s because %q; want %q, %s", got.tokenID, got.writes, got.reason, test.token, test.writes)
			}
		})
	}
}

func TestTeamsGiveRights(t *testing.T) {
	t.Parallel()
	roles := listed[role](t, `{"permissions":{"ContentModel":"all"},"policies":[],"sys":{"id":"r"}}`)
	link := func(member, id string) string { return `"` + member + `":{"sys":{"id":"` + id + `"}}` }
	for _, test := range []struct {
		name                  string
		direct, teams, inTeam string
		rolesErr              bool
		want                  inventory.Level
	}{
		{"nothing", "", "", "", false, inventory.LevelRead},
		{"direct", `{"admin":false,"roles":[{"sys":{"id":"r"}}],"sys":{"id":"1"},` + link("user", "u") + `}`, "", "", false, inventory.LevelSchema},
		{"admin", `{"admin":true,"roles":[],"sys":{"id":"1",` + link("user", "u") + `}}`, "", "", false, inventory.LevelAdmin},
		{"by team and user", "", `{"admin":true,"roles":[],"sys":{"id":"1",` + link("team", "t") + `}}`,
			`{"sys":{"id":"2",` + link("team", "t") + `,` + link("user", "u") + `}}`, false, inventory.LevelAdmin},
		{"by team and membership", "", `{"admin":true,"roles":[],"sys":{"id":"1",` + link("team", "t") + `}}`,
			`{"sys":{"id":"2",` + link("team", "t") + `,` + link("organizationMembership", "om") + `}}`, false, inventory.LevelAdmin},
		{"another team", "", `{"admin":true,"roles":[],"sys":{"id":"1",` + link("team", "t") + `}}`,
			`{"sys":{"id":"2",` + link("team", "other") + `,` + link("user", "u") + `}}`, false, inventory.LevelRead},
		{"a team's member nobody knows", "", `{"admin":true,"roles":[],"sys":{"id":"1",` + link("team", "t") + `}}`,
			`{"sys":{"id":"2",` + link("team", "t") + `}}`, false, inventory.LevelUnknown},
		{"a role nobody knows", `{"admin":false,"roles":[{"sys":{"id":"x"}}],"sys":{"id":"1",` + link("user", "u") + `}}`, "", "", false, inventory.LevelUnknown},
		{"admin of unknown form", `{"admin":null,"roles":[],"sys":{"id":"1",` + link("user", "u") + `}}`, "", "", false, inventory.LevelUnknown},
		{"roles of unknown form", `{"admin":false,"roles":"r","sys":{"id":"1",` + link("user", "u") + `}}`, "", "", false, inventory.LevelUnknown},
	} {
		r := &spaceRights{roles: roles}
		for text, into := range map[*string]*[]membership{
			&test.direct: &r.direct.Items, &test.teams: &r.teams.Items, &test.inTeam: &r.inTeam.Items,
		} {
			if *text != "" {
				*into = append(*into, decoded[membership](t, *text))
			}
		}
		r.sum(map[string]string{"om": "u"})
		got := r.of("u")
		if got.Level != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got.Level, test.want)
		}
		if got.Level == inventory.LevelUnknown && got.Reason == "" {
			t.Errorf("%s: unknown without a reason", test.name)
		}
	}
}
