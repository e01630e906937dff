package datocms

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/conformance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// TestConformance runs the suite of all collectors on two projects: that of
// the fixtures, and one like it.
func TestConformance(t *testing.T) {
	first, second := map[string]answer{}, map[string]answer{}
	healthy := blog(t)
	// The role that comes along is read like those of the list: one of the two
	// is enough to spoil.
	alone, _, _ := strings.Cut(healthy["/users/me"].Body, `"included"`)
	healthy["/users/me"] = ok(alone + `"included": []}`)
	for path, a := range healthy {
		first[path] = a
		second[path] = ok(strings.ReplaceAll(a.Body, `"id": "77"`, `"id": "78"`))
	}
	projects := map[string]map[string]answer{"planted0secret-1": first, "planted0secret-2": second}
	const unreadable, denied = inventory.ErrUnreadable, inventory.ErrPermissionDenied
	failure := func(name string, status int, code string, classes ...inventory.ErrorClass) conformance.Failure {
		return conformance.Failure{Name: name, Status: status, Body: apiError(status, code).Body, Classes: classes}
	}
	conformance.Run(t, conformance.Target{
		Definition: Definition(),
		Handler: func() http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				a, known := projects[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")][r.URL.Path]
				if !known {
					a = apiError(http.StatusNotFound, "INVALID_ENDPOINT")
				}
				a.ServeHTTP(w, r)
			})
		},
		Entries: func(baseURL string) []collectors.Entry {
			return []collectors.Entry{{CMS: CMS, BaseURL: baseURL, Values: map[string]any{optionProjects: []map[string]any{
				{optionName: "blog", optionToken: cmsapi.NewSecret("planted0secret-1")},
				{optionName: "shop", optionToken: cmsapi.NewSecret("planted0secret-2")},
			}}}}
		},
		Endpoints: []conformance.Endpoint{
			// Without the project's id nothing of it is read.
			{Path: "/site", Unit: "site", Also: []string{"access_tokens"}},
			{Path: "/access_tokens", Unit: "access_tokens", Nullable: []string{
				"data[].attributes.hardcoded_type", "data[].attributes.token", "data[].relationships.role.data",
			}},
			{Path: "/roles", Unit: "roles"},
			{Path: "/environments", Unit: "environments"},
			{Path: "/users/me", Unit: "auditor"},
		},
		LimitHeaders: http.Header{"X-Ratelimit-Limit": {"60"}, "X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"2"}},
		Failures: []conformance.Failure{
			failure("INVALID_AUTHORIZATION_HEADER", 401, codeInvalidCredential, inventory.ErrUnauthorized),
			failure("INSUFFICIENT_PERMISSIONS with 401", 401, codeNoPermission, denied),
			failure("INSUFFICIENT_PERMISSIONS with 403", 403, codeNoPermission, denied),
			failure("INVALID_SITE", 401, "INVALID_SITE", inventory.ErrNotFound),
			failure("NOT_FOUND", 404, "NOT_FOUND", inventory.ErrNotFound),
			failure("INVALID_ENDPOINT", 404, "INVALID_ENDPOINT", inventory.ErrNotFound),
			failure("INVALID_ACCEPT_HEADER", 406, "INVALID_ACCEPT_HEADER", unreadable),
			failure("INVALID_API_VERSION", 422, "INVALID_API_VERSION", unreadable),
			failure("DEACTIVATED_SITE", 403, "DEACTIVATED_SITE", inventory.ErrUnavailable),
			failure("SITE_NOT_READY", 422, "SITE_NOT_READY", inventory.ErrUnavailable),
			failure("MAINTENANCE_MODE", 503, "MAINTENANCE_MODE", inventory.ErrUnavailable),
			failure("PLATFORM_SCHEDULED_MAINTENANCE", 503, "PLATFORM_SCHEDULED_MAINTENANCE", inventory.ErrUnavailable),
			failure("PLAN_UPGRADE_REQUIRED", 402, "PLAN_UPGRADE_REQUIRED", denied),
			failure("RATE_LIMIT_EXCEEDED", 429, "RATE_LIMIT_EXCEEDED", inventory.ErrRateLimited),
			{
				Name: "transient", Status: 503, Classes: []inventory.ErrorClass{inventory.ErrUnavailable},
				Body: `{"data":[{"id":"1","type":"api_error","attributes":{"code":"SERVICE_UNAVAILABLE","transient":true}}]}`,
			},
		},
		Secrets: []string{planted},
	})
}
