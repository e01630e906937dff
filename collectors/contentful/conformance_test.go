package contentful

import (
	"maps"
	"net/http"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/conformance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

func conformanceTarget(t *testing.T, values map[string]any, endpoints []conformance.Endpoint, without ...string) conformance.Target {
	paging := &conformance.Paging{Items: "items", Total: "total", Skip: "skip", Limit: "limit"}
	for i, e := range endpoints {
		switch e.Path {
		case "/users/me", "/spaces/web", "/spaces/docs":
		default:
			endpoints[i].Paging = paging
		}
	}
	documented := func(status int, code string, classes ...inventory.ErrorClass) conformance.Failure {
		return conformance.Failure{
			Name: code + " with " + http.StatusText(status), Status: status, Classes: classes,
			Body: `{"sys":{"type":"Error","id":"` + code + `"},"message":"SECRET-in-a-message","details":{"reasons":["SECRET"]},"requestId":"SECRET"}`,
		}
	}
	// What nobody reads would only multiply the cases.
	lean := loadFixtures(t).without(t, "version", "updatedBy", "avatarUrl", "cookieConsentData", "signInCount", "confirmed", "2faEnabled",
		"sso", "isExemptFromRestrictedMode", "constraint", "space", "accessPolicy").without(t, without...)
	return conformance.Target{
		Definition: Definition(),
		Handler:    func() http.Handler { return lean },
		Entries: func(baseURL string) []collectors.Entry {
			all := map[string]any{optionToken: cmsapi.NewSecret(testCredential)}
			maps.Copy(all, values)
			return []collectors.Entry{{CMS: CMS, BaseURL: baseURL, Values: all}}
		},
		Endpoints: endpoints,
		Otherwise: []string{"/users/me", "/users/me/access_tokens", "/organizations/*/access_grant", "/organizations/*/users", "/spaces", "/spaces/*",
			"/spaces/*/space_members", "/spaces/*/roles", "/spaces/*/environment_aliases"},
		LimitHeaders: http.Header{"X-Contentful-Ratelimit-Reset": {"1"}, "X-Contentful-Ratelimit-Second-Remaining": {"0"}},
		Failures: []conformance.Failure{
			documented(401, "AccessTokenInvalid", inventory.ErrUnauthorized),
			documented(403, "AccessTokenInvalid", inventory.ErrUnauthorized),
			documented(401, "AccessDenied", inventory.ErrPermissionDenied),
			documented(403, "AccessDenied", inventory.ErrPermissionDenied),
			documented(403, "Forbidden", inventory.ErrPermissionDenied),
			documented(404, "NotFound", inventory.ErrNotFound),
			documented(404, "UnknownRoute", inventory.ErrNotFound),
			documented(400, "BadRequest", inventory.ErrUnreadable),
			documented(400, "InvalidQuery", inventory.ErrUnreadable),
			documented(429, "RateLimitExceeded", inventory.ErrRateLimited),
			documented(500, "ServerError", inventory.ErrUnavailable),
			documented(502, "Hibernated", inventory.ErrUnavailable),
		},
		Secrets: []string{"SECRET"},
	}
}

// spaceEndpoints are those of every space.
func spaceEndpoints() []conformance.Endpoint {
	return []conformance.Endpoint{
		{Path: "/spaces/*/api_keys", Unit: unitAPIKeys, Nullable: []string{"items[].preview_api_key"}},
		{Path: "/spaces/*/preview_api_keys", Unit: unitPreviewAPIKeys},
		{Path: "/spaces/*/environments", Unit: unitEnvironments},
		{Path: "/spaces/web/environment_aliases", Unit: unitEnvironmentAliases},
		// The others do not use aliases, and may say so by an error.
		{
			Path: "/spaces/*/environment_aliases", Unit: unitEnvironmentAliases, Unmarked: "an empty list has nothing that could be misread",
			Absent: []int{http.StatusForbidden, http.StatusNotFound},
		},
	}
}

func TestConformanceOfOrganization(t *testing.T) {
	const organization = "/organizations/" + testOrganization
	conformance.Run(t, conformanceTarget(t, organizationEntry(), append(spaceEndpoints(),
		conformance.Endpoint{Path: "/organizations", Unmarked: "it gives the name of the organization only"},
		conformance.Endpoint{Path: organization + "/spaces", Unit: unitSpaces, Shared: true, Directory: true},
		conformance.Endpoint{Path: organization + "/access_tokens", Unit: unitAccessTokens, Nullable: []string{
			"items[].revokedAt", "items[].sys.expiresAt", "items[].sys.lastUsedAt",
		}},
		conformance.Endpoint{Path: "/users/me", Unit: unitIdentity, Shared: true},
		conformance.Endpoint{Path: "/users/me/access_tokens", Unit: unitOwnAccessTokens, Shared: true},
		conformance.Endpoint{
			Path: organization + "/organization_memberships", Unit: unitMemberships, Also: []string{unitUsers}, Shared: true,
			Nullable: []string{"items[].sys.lastActiveAt"},
		},
		conformance.Endpoint{Path: organization + "/space_memberships", Unit: unitSpaceMemberships},
		conformance.Endpoint{Path: organization + "/team_space_memberships", Unit: unitTeamSpaceMemberships},
		conformance.Endpoint{Path: organization + "/team_memberships", Unit: unitTeamMemberships},
		conformance.Endpoint{Path: organization + "/roles", Unit: unitRoles, Nullable: []string{
			// No permission is null, an empty list or no member.
			"items[].permissions.ContentModel", "items[].permissions.ContentDelivery", "items[].permissions.Settings",
			"items[].permissions.Environments", "items[].permissions.EnvironmentAliases", "items[].permissions.Tags",
		}},
	)))
}

func TestConformanceOfListedSpaces(t *testing.T) {
	conformance.Run(t, conformanceTarget(t, map[string]any{optionSpaces: []string{"web", "docs"}}, append(spaceEndpoints(),
		conformance.Endpoint{Path: "/spaces/web", Unit: unitSpace},
		conformance.Endpoint{Path: "/spaces/docs", Unit: unitSpace},
		conformance.Endpoint{Path: "/users/me/access_tokens", Unmarked: "it tells what the scan's own credential may do, which becomes unknown", Shared: true},
	), "createdAt", "updatedAt", "createdBy", "description", "policies", "aliases", "application", "lastUsedAt"))
}
