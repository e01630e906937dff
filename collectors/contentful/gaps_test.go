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

// gaps returns the units of a source that are not complete, in words.
func gaps(source inventory.Source) []string {
	var found []string
	for _, u := range source.Units {
		if u.Status != inventory.UnitComplete {
			found = append(found, fmt.Sprintf("%s %s %s", u.Name, u.Status, u.Error))
		}
	}
	return found
}

const (
	tokenOfOlivia = `{"revokedAt":null,"scopes":["content_management_manage"],"sys":{"type":"PersonalAccessToken","id":"tokOwnerNever","createdAt":"2026-01-10T10:00:00Z",
		"updatedAt":"2026-01-10T10:00:00Z","expiresAt":null,"lastUsedAt":null,"redactedValue":"ever","user":{"sys":{"type":"Link","linkType":"User","id":"uOlivia"}}}}`
	tokenOfScan = `{"name":"tokenaudit","revokedAt":null,"scopes":["content_management_read"],"sys":{"type":"PersonalAccessToken","id":"tokAudit","createdAt":"2026-01-10T10:00:00Z",
		"updatedAt":"2026-01-10T10:00:00Z","expiresAt":null,"lastUsedAt":null,"redactedValue":"Ud1T","user":{"sys":{"type":"Link","linkType":"User","id":"uAudit"}}}}`
	// ownToken is one of the credential's user, and not the credential.
	ownToken = `{"name":"mine","revokedAt":null,"scopes":["content_management_manage"],"sys":{"type":"PersonalAccessToken","id":"tokMine","createdAt":"2026-01-10T10:00:00Z",
		"updatedAt":"2026-01-10T10:00:00Z","expiresAt":null,"lastUsedAt":null,"redactedValue":"Mine"}}`
)

func TestGaps(t *testing.T) {
	t.Parallel()
	const organizationID, spaceID = "contentful/organizations/" + testOrganization, "contentful/spaces/web"
	organizationPath := func(list string) string { return "/organizations/" + testOrganization + "/" + list }
	for _, test := range []struct {
		name    string
		answers map[string]http.HandlerFunc
		source  string
		gaps    []string
		// unit and hint: what its hint has to say.
		unit, hint string
		tokens     int
	}{
		{
			name:    "no owner or admin: own tokens only",
			answers: map[string]http.HandlerFunc{organizationPath("access_tokens"): failure(403, "AccessDenied")},
			source:  organizationID, gaps: []string{"access_tokens partial permission_denied"},
			unit: unitAccessTokens, hint: "organization role Owner or Admin", tokens: 1,
		},
		{
			name:    "the same as not found",
			answers: map[string]http.HandlerFunc{organizationPath("access_tokens"): failure(404, "NotFound")},
			source:  organizationID, gaps: []string{"access_tokens partial not_found"},
			unit: unitAccessTokens, hint: "organization role Owner or Admin", tokens: 1,
		},
		{
			name: "an organization that is not the user's",
			answers: map[string]http.HandlerFunc{
				organizationPath("access_tokens"): failure(404, "NotFound"),
				"/organizations":                  items(`{"name":"Beta","sys":{"id":"0orgBeta"}}`),
			},
			source: organizationID, gaps: []string{"access_tokens failed not_found"},
			unit: unitAccessTokens, hint: "Check the configured id", tokens: 0,
		},
		{
			name: "token not authorized, boolean as text",
			answers: map[string]http.HandlerFunc{
				organizationPath("access_tokens"): failure(403, "AccessTokenInvalid"),
				organizationPath("access_grant"):  body(`{"accessGrant":"false"}`),
			},
			source: organizationID, gaps: []string{"access_tokens partial unauthorized"},
			unit: unitAccessTokens, hint: "not authorized for this organization", tokens: 1,
		},
		{
			name: "token not authorized, boolean",
			answers: map[string]http.HandlerFunc{
				organizationPath("access_tokens"): failure(403, "AccessDenied"),
				organizationPath("access_grant"):  body(`{"accessGrant":false}`),
			},
			source: organizationID, gaps: []string{"access_tokens partial permission_denied"},
			unit: unitAccessTokens, hint: "not authorized for this organization", tokens: 1,
		},
		{
			name: "neither list of tokens",
			answers: map[string]http.HandlerFunc{
				organizationPath("access_tokens"): failure(403, "AccessDenied"),
				"/users/me/access_tokens":         failure(403, "Forbidden"),
			},
			source: organizationID,
			gaps:   []string{"access_tokens failed permission_denied", "own_access_tokens failed permission_denied"},
			unit:   unitAccessTokens, hint: "Owner or Admin",
		},
		{
			name: "user management not in the plan",
			answers: map[string]http.HandlerFunc{
				organizationPath("organization_memberships"): failure(403, "AccessDenied"),
				organizationPath("users"):                    failure(404, "NotFound"),
			},
			source: organizationID,
			gaps:   []string{"organization_memberships failed permission_denied", "users failed not_found"},
			unit:   unitMemberships, hint: "larger plans", tokens: 15,
		},
		{
			name:    "teams not readable",
			answers: map[string]http.HandlerFunc{organizationPath("team_memberships"): failure(403, "AccessDenied")},
			source:  organizationID, gaps: []string{"team_memberships failed permission_denied"},
			unit: unitTeamMemberships, hint: "Owner or Admin", tokens: 15,
		},
		{
			name:    "spaces found by membership only",
			answers: map[string]http.HandlerFunc{organizationPath("spaces"): failure(403, "AccessDenied")},
			source:  organizationID, gaps: []string{"spaces partial permission_denied"},
			unit: unitSpaces, hint: "Owner or Admin", tokens: 15,
		},
		{
			name: "no spaces found",
			answers: map[string]http.HandlerFunc{
				organizationPath("spaces"): failure(403, "AccessDenied"), "/spaces": failure(403, "AccessDenied"),
			},
			source: organizationID, gaps: []string{"spaces failed permission_denied"},
			unit: unitSpaces, hint: "Owner or Admin", tokens: 15,
		},
		{
			name: "a list of tokens that is not refused to somebody who may not see all",
			answers: map[string]http.HandlerFunc{
				organizationPath("organization_memberships"): items(`{"role":"member","sys":{"id":"om","user":{"sys":{"id":"uAudit"}}}}`),
			},
			source: organizationID, gaps: []string{"access_tokens partial permission_denied"},
			unit: unitAccessTokens, hint: "Owner or Admin", tokens: 15,
		},
		{
			name:    "a list of tokens without that of the scan",
			answers: map[string]http.HandlerFunc{organizationPath("access_tokens"): items()},
			source:  organizationID, gaps: []string{"access_tokens partial truncated"},
			unit: unitAccessTokens, hint: "Owner or Admin", tokens: 1,
		},
		{
			// A token that its owner has not authorized for the organization may be in no
			// list of it.
			name: "a list of tokens with that of the scan, and without another one of the user's own",
			answers: map[string]http.HandlerFunc{
				organizationPath("access_tokens"): items(tokenOfOlivia, tokenOfScan), "/users/me/access_tokens": items(ownToken, tokenOfScan),
			},
			source: organizationID, tokens: 2,
		},
		{
			// Nothing says which token is the scan's: it may be none, but a session.
			name: "a list of tokens without one of the user's own, and a credential that is not recognized",
			answers: map[string]http.HandlerFunc{
				organizationPath("access_tokens"): items(tokenOfOlivia), "/users/me/access_tokens": items(ownToken),
			},
			source: organizationID, gaps: []string{"access_tokens partial truncated"},
			unit: unitAccessTokens, hint: "Owner or Admin", tokens: 2,
		},
		{
			name: "no tokens, to somebody who has some and whose role is not known",
			answers: map[string]http.HandlerFunc{
				organizationPath("access_tokens"): items(), "/users/me/access_tokens": items(ownToken),
				organizationPath("organization_memberships"): failure(403, "AccessDenied"),
			},
			source: organizationID,
			gaps:   []string{"access_tokens partial truncated", "organization_memberships failed permission_denied"},
			unit:   unitAccessTokens, hint: "Owner or Admin", tokens: 1,
		},
		{
			name: "no tokens, to somebody who has none and whose role is not known",
			answers: map[string]http.HandlerFunc{
				organizationPath("access_tokens"): items(), "/users/me/access_tokens": items(),
				organizationPath("organization_memberships"): failure(403, "AccessDenied"),
			},
			source: organizationID,
			gaps:   []string{"access_tokens failed doubted_empty", "organization_memberships failed permission_denied"},
			unit:   unitAccessTokens, hint: "accept_empty", tokens: 0,
		},
		{
			name: "no tokens, to an admin who has none",
			answers: map[string]http.HandlerFunc{
				organizationPath("access_tokens"): items(), "/users/me/access_tokens": items(),
			},
			source: organizationID, tokens: 0,
		},
		{
			name:    "an empty list of spaces to a member of some",
			answers: map[string]http.HandlerFunc{organizationPath("spaces"): items()},
			source:  organizationID, gaps: []string{"spaces partial truncated"},
			unit: unitSpaces, hint: "Owner or Admin", tokens: 15,
		},
		{
			name: "an empty list of spaces, and no other to hold it against",
			answers: map[string]http.HandlerFunc{
				organizationPath("spaces"): items(), "/spaces": failure(403, "AccessDenied"),
			},
			source: organizationID, gaps: []string{"spaces failed permission_denied"},
			unit: unitSpaces, hint: "Owner or Admin", tokens: 15,
		},
		{
			name: "an empty list of spaces to a member of none",
			answers: map[string]http.HandlerFunc{
				organizationPath("spaces"): items(), "/spaces": items(),
				organizationPath("organization_memberships"): items(`{"role":"member","sys":{"id":"om","user":{"sys":{"id":"uAudit"}}}}`),
				organizationPath("access_tokens"):            failure(403, "AccessDenied"),
			},
			source: organizationID, gaps: []string{"spaces failed doubted_empty", "access_tokens partial permission_denied"},
			unit: unitSpaces, hint: "Owner or Admin", tokens: 1,
		},
		{
			name: "no tokens, to somebody who has none and is not an admin",
			answers: map[string]http.HandlerFunc{
				organizationPath("access_tokens"): items(), "/users/me/access_tokens": items(),
				organizationPath("organization_memberships"): items(`{"role":"member","sys":{"id":"om","user":{"sys":{"id":"uAudit"}}}}`),
			},
			source: organizationID, gaps: []string{"access_tokens failed doubted_empty"},
			unit: unitAccessTokens, hint: "accept_empty", tokens: 0,
		},
		{
			name: "no tokens, to somebody who has some",
			answers: map[string]http.HandlerFunc{
				organizationPath("access_tokens"):            items(),
				organizationPath("organization_memberships"): items(`{"role":"member","sys":{"id":"om","user":{"sys":{"id":"uAudit"}}}}`),
			},
			source: organizationID, gaps: []string{"access_tokens partial permission_denied"},
			unit: unitAccessTokens, hint: "Owner or Admin", tokens: 1,
		},
		{
			name:    "an organization without spaces",
			answers: map[string]http.HandlerFunc{organizationPath("spaces"): items(), "/spaces": items()},
			source:  organizationID, tokens: 15,
		},
		{
			name:    "no environment",
			answers: map[string]http.HandlerFunc{"/spaces/blog/environments": items()},
			source:  "contentful/spaces/blog", gaps: []string{"environments failed truncated"},
			unit: unitEnvironments, hint: "a member of the space", tokens: 2,
		},
		{
			name: "no aliases although master is one",
			answers: map[string]http.HandlerFunc{
				"/spaces/web/environments":        items(`{"sys":{"type":"Environment","id":"release-1"}}`),
				"/spaces/web/environment_aliases": items(),
			},
			source: spaceID, gaps: []string{"environment_aliases failed truncated"},
			unit: unitEnvironmentAliases, hint: "admin of the space", tokens: 9,
		},
		{
			name:    "credential rejected with 401",
			answers: map[string]http.HandlerFunc{"/spaces/web/environments": failure(401, "AccessTokenInvalid")},
			source:  spaceID, gaps: []string{"environments failed unauthorized"},
			unit: unitEnvironments, hint: "CFPAT", tokens: 9,
		},
		{
			name:    "credential rejected with 403",
			answers: map[string]http.HandlerFunc{"/spaces/web/api_keys": failure(403, "AccessTokenInvalid")},
			source:  spaceID, gaps: []string{"api_keys failed unauthorized"},
			unit: unitAPIKeys, hint: "one region is unknown in the other", tokens: 4,
		},
		{
			name:    "a kind of token that may not ask, with 401",
			answers: map[string]http.HandlerFunc{"/spaces/web/api_keys": failure(401, "AccessDenied")},
			source:  spaceID, gaps: []string{"api_keys failed permission_denied"},
			unit: unitAPIKeys, hint: "API keys", tokens: 4,
		},
		{
			name:    "no permission for API keys",
			answers: map[string]http.HandlerFunc{"/spaces/web/preview_api_keys": failure(403, "Forbidden")},
			source:  spaceID, gaps: []string{"preview_api_keys failed permission_denied"},
			unit: unitPreviewAPIKeys, hint: "Roles & Permissions", tokens: 5,
		},
		{
			name:    "aliases not readable",
			answers: map[string]http.HandlerFunc{"/spaces/web/environment_aliases": failure(403, "AccessDenied")},
			source:  spaceID, gaps: []string{"environment_aliases failed permission_denied"},
			unit: unitEnvironmentAliases, hint: "admin of the space", tokens: 9,
		},
		{
			name:    "aliases not found although master is one",
			answers: map[string]http.HandlerFunc{"/spaces/web/environment_aliases": failure(404, "NotFound")},
			source:  spaceID, gaps: []string{"environment_aliases failed not_found"},
			unit: unitEnvironmentAliases, hint: "admin of the space", tokens: 9,
		},
		{
			name:    "aliases not found because they were never switched on",
			answers: map[string]http.HandlerFunc{"/spaces/blog/environment_aliases": failure(404, "NotFound")},
			source:  "contentful/spaces/blog", tokens: 2,
		},
		{
			name:    "hibernated",
			answers: map[string]http.HandlerFunc{"/spaces/web/api_keys": failure(502, "Hibernated")},
			source:  spaceID, gaps: []string{"api_keys failed unavailable"},
			unit: unitAPIKeys, hint: "Open it once", tokens: 4,
		},
		{
			name:    "no list",
			answers: map[string]http.HandlerFunc{"/spaces/web/api_keys": body(`{"sys":{"type":"Array"},"items":null}`)},
			source:  spaceID, gaps: []string{"api_keys failed unreadable"}, tokens: 4,
		},
		{
			name:    "an array instead of a collection",
			answers: map[string]http.HandlerFunc{"/spaces/web/api_keys": body(`[]`)},
			source:  spaceID, gaps: []string{"api_keys failed unreadable"}, tokens: 4,
		},
		{
			name:    "an item without an id",
			answers: map[string]http.HandlerFunc{"/spaces/web/api_keys": items(`{"name":"nameless","sys":{}}`, `{"name":"good","sys":{"id":"k1"}}`)},
			source:  spaceID, gaps: []string{"api_keys partial unreadable"}, tokens: 5,
		},
		{
			name:    "identity not readable",
			answers: map[string]http.HandlerFunc{"/users/me": failure(403, "AccessDenied")},
			source:  organizationID, gaps: []string{"identity failed permission_denied"}, tokens: 15,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, test.answers)
			sources, log := s.collect(t, organizationEntry())
			source := find(t, sources, test.source)
			if diff := cmp.Diff(test.gaps, gaps(source)); diff != "" {
				t.Errorf("gaps (-want +got):\n%s", diff)
			}
			if len(source.Tokens) != test.tokens {
				t.Errorf("got %d tokens, want %d", len(source.Tokens), test.tokens)
			}
			if test.unit != "" {
				if u := conformance.Unit(t, source, test.unit); !strings.Contains(u.Hint, test.hint) {
					t.Errorf("the hint of %s is %q, want it to say %q", test.unit, u.Hint, test.hint)
				}
			}
			for _, other := range sources {
				if other.ID != test.source && len(gaps(other)) > 0 {
					t.Errorf("%s has gaps too: %v", other.ID, gaps(other))
				}
			}
			text, _ := json.Marshal(sources)
			if strings.Contains(string(text)+log, "SECRET") {
				t.Error("a secret got out")
			}
		})
	}
}
