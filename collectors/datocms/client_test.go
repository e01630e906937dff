package datocms

import (
	"net/http"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// TestClassify: the code decides, in whichever status it comes.
func TestClassify(t *testing.T) {
	tests := []struct {
		name   string
		answer answer
		class  inventory.ErrorClass
		code   string
		hint   bool
		retry  bool
	}{
		{"bad credential", apiError(401, "INVALID_AUTHORIZATION_HEADER"), inventory.ErrUnauthorized, "INVALID_AUTHORIZATION_HEADER", true, false},
		{"permission as 401", apiError(401, "INSUFFICIENT_PERMISSIONS"), inventory.ErrPermissionDenied, "INSUFFICIENT_PERMISSIONS", false, false},
		{"permission as 403", apiError(403, "INSUFFICIENT_PERMISSIONS"), inventory.ErrPermissionDenied, "INSUFFICIENT_PERMISSIONS", false, false},
		{"rate limit", apiError(429, "RATE_LIMIT_EXCEEDED"), inventory.ErrRateLimited, "RATE_LIMIT_EXCEEDED", true, false},
		{"deactivated", apiError(403, "DEACTIVATED_SITE"), inventory.ErrUnavailable, "DEACTIVATED_SITE", true, false},
		{"deactivated as 503", apiError(503, "DEACTIVATED_SITE"), inventory.ErrUnavailable, "DEACTIVATED_SITE", true, false},
		{"booting", apiError(422, "SITE_NOT_READY"), inventory.ErrUnavailable, "SITE_NOT_READY", true, false},
		{"maintenance", apiError(503, "MAINTENANCE_MODE"), inventory.ErrUnavailable, "MAINTENANCE_MODE", true, false},
		{"platform maintenance", apiError(503, "PLATFORM_SCHEDULED_MAINTENANCE"), inventory.ErrUnavailable, "PLATFORM_SCHEDULED_MAINTENANCE", true, false},
		{"unavailable", apiError(503, "SERVICE_UNAVAILABLE"), inventory.ErrUnavailable, "SERVICE_UNAVAILABLE", true, true},
		{"exception", apiError(500, "EXCEPTION"), inventory.ErrUnavailable, "EXCEPTION", true, true},
		{"plan", apiError(402, "PLAN_UPGRADE_REQUIRED"), inventory.ErrPermissionDenied, "PLAN_UPGRADE_REQUIRED", true, false},
		{"no project", apiError(401, "INVALID_SITE"), inventory.ErrNotFound, "INVALID_SITE", true, false},
		{"unknown path", apiError(404, "INVALID_ENDPOINT"), inventory.ErrNotFound, "INVALID_ENDPOINT", true, false},
		{"API version", apiError(422, "INVALID_API_VERSION"), inventory.ErrUnreadable, "INVALID_API_VERSION", true, false},
		{"accept", apiError(406, "INVALID_ACCEPT_HEADER"), inventory.ErrUnreadable, "INVALID_ACCEPT_HEADER", true, false},
		{"another code as 401", apiError(401, "SOMETHING_NEW"), inventory.ErrPermissionDenied, "SOMETHING_NEW", false, false},
		{"another code as 404", apiError(404, "SOMETHING_NEW"), inventory.ErrNotFound, "SOMETHING_NEW", false, false},
		{"transient", answer{Status: 422, Body: `{"data":[{"attributes":{"code":"CONCURRENT_ROLE_UPDATE","transient":true}}]}`}, inventory.ErrUnavailable, "CONCURRENT_ROLE_UPDATE", false, true},
		{"second entity has the code", answer{Status: 401, Body: `{"data":[{},{"attributes":{"code":"INSUFFICIENT_PERMISSIONS"}}]}`}, inventory.ErrPermissionDenied, "INSUFFICIENT_PERMISSIONS", false, false},
		{"no body", answer{Status: 503}, "", "", false, true},
		{"HTML", answer{Status: 502, Body: "<html>"}, "", "", false, true},
		{"code is not code", answer{Status: 401, Body: `{"data":[{"attributes":{"code":"<script>"}}]}`}, "", "", false, false},
		{"other JSON", answer{Status: 403, Body: `[]`}, "", "", false, false},
	}
	for _, tt := range tests {
		f := cmsapi.Failure{Status: tt.answer.Status, Body: []byte(tt.answer.Body)}
		got := classify(f)
		if got == nil {
			got = &cmsapi.Error{}
		}
		if got.Class != tt.class || got.Code != tt.code || (got.Hint != "") != tt.hint || (got.Message == "") != (tt.code == "") {
			t.Errorf("%s: %+v", tt.name, got)
		}
		if worthRetrying(f) != tt.retry {
			t.Errorf("%s: worth retrying is %t", tt.name, !tt.retry)
		}
	}
}

func TestRateHeaders(t *testing.T) {
	for value, want := range map[string]float64{"60": 20, "90": 30, "": 0, "0": 0, "-3": 0, "many": 0} {
		got, ok := grantedRate(http.Header{"X-Ratelimit-Limit": {value}})
		if ok != (want > 0) || ok && got != want {
			t.Errorf("a limit of %q gives %v, %t", value, got, ok)
		}
	}
	// Whole seconds to wait. A Unix time is what some clients take it for.
	for value, want := range map[string]time.Duration{"3": 3 * time.Second, "": 0, "0": 0, "-1": 0, "1.5": 0, "1795000000": 0} {
		got, ok := resetAfter(http.Header{"X-Ratelimit-Reset": {value}})
		if ok != (want > 0) || got != want {
			t.Errorf("a reset of %q gives %v, %t", value, got, ok)
		}
	}
}
