package datocms

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// apiHost serves all projects; the credential says which one is meant.
const apiHost = "https://site-api.datocms.com"

// The documented limit is 60 requests in 3 seconds. Its scope is not
// documented; a project, which is a credential, is assumed.
const (
	windowSeconds = 3
	defaultRate   = 60.0 / windowSeconds
	// burst lets the few requests that a project needs leave almost at once.
	burst = 4
)

// newClient makes the client of one project.
func newClient(entry collectors.Entry, run collectors.Run, base, domain string, credential cmsapi.Secret) (*cmsapi.Client, error) {
	return run.API.Client(cmsapi.Config{
		CMS:       CMS,
		BaseURL:   base,
		Authorize: credential.Bearer,
		// No X-Environment: tokens, roles and environments belong to the project.
		Header: http.Header{"Accept": {"application/json"}, "X-Api-Version": {"3"}},
		Limit: cmsapi.Limit{
			Domain:     domain,
			Rate:       defaultRate,
			Burst:      burst,
			Adapt:      grantedRate,
			RetryAfter: resetAfter,
		},
		RequestsPerSecond: entry.RequestsPerSecond,
		Timeout:           entry.Timeout,
		Classify:          classify,
		Retry:             worthRetrying,
	})
}

// grantedRate reads the requests per window that the plan grants.
func grantedRate(h http.Header) (float64, bool) {
	perWindow, err := strconv.Atoi(h.Get("X-RateLimit-Limit"))
	return float64(perWindow) / windowSeconds, err == nil && perWindow > 0
}

// maxReset tells seconds from the Unix time that some clients take the header for.
const maxReset = 24 * 60 * 60

// resetAfter reads how many whole seconds to wait after a 429.
func resetAfter(h http.Header) (time.Duration, bool) {
	seconds, err := strconv.Atoi(h.Get("X-RateLimit-Reset"))
	if err != nil || seconds <= 0 || seconds > maxReset {
		return 0, false
	}
	return cmsapi.Seconds(float64(seconds)), true
}

// The error codes that need a treatment of their own.
const (
	codeInvalidCredential = "INVALID_AUTHORIZATION_HEADER"
	codeNoPermission      = "INSUFFICIENT_PERMISSIONS"
)

const hintCredential = "Check that the token still exists, was not rotated, and may access the Content Management API (Project Settings > API Tokens)."

// classify reads the error code of a failure. The code decides, not the
// status: a role that lacks a permission is refused with 401 or 403, so a 401
// is not proof of a bad credential.
func classify(f cmsapi.Failure) *cmsapi.Error {
	failure, ok := failureOf(f)
	if !ok {
		return nil
	}
	e := &cmsapi.Error{Code: failure.code}
	switch failure.code {
	case codeInvalidCredential:
		e.Class, e.Message = inventory.ErrUnauthorized, "the API token is not accepted"
		e.Hint = hintCredential
	case codeNoPermission:
		e.Class, e.Message = inventory.ErrPermissionDenied, "the role of the API token lacks a permission"
	case "RATE_LIMIT_EXCEEDED":
		e.Class, e.Message = inventory.ErrRateLimited, "the rate limit is exceeded"
		e.Hint = "Lower requests_per_second, or run the audit when the project is less busy."
	case "DEACTIVATED_SITE":
		e.Class, e.Message = inventory.ErrUnavailable, "the project is deactivated"
		e.Hint = "Reactivate the project, or take it out of the configuration. A free plan over its monthly quota is off until the next month."
	case "SITE_NOT_READY":
		e.Class, e.Message = inventory.ErrUnavailable, "the project is still being created"
		e.Hint = "Run the audit again in a few minutes."
	case "MAINTENANCE_MODE", "PLATFORM_SCHEDULED_MAINTENANCE":
		e.Class, e.Message = inventory.ErrUnavailable, "DatoCMS or the project is in maintenance"
		e.Hint = "Run the audit again when the maintenance is over."
	case "SERVICE_UNAVAILABLE", "EXCEPTION":
		e.Class, e.Message = inventory.ErrUnavailable, "DatoCMS failed to answer"
		e.Hint = "Run the audit again later; https://status.datocms.com reports incidents."
	case "PLAN_UPGRADE_REQUIRED":
		e.Class, e.Message = inventory.ErrPermissionDenied, "the plan of the project does not include this"
		e.Hint = "Accept the gap, or ask DatoCMS for a plan that includes it."
	case "INVALID_SITE":
		e.Class, e.Message = inventory.ErrNotFound, "the API token belongs to no project"
		e.Hint = "Check that the token is one of a project, not of an account, and that the project still exists."
	case "NOT_FOUND", "INVALID_ENDPOINT":
		e.Class, e.Message = inventory.ErrNotFound, "the API does not know this path"
		e.Hint = "Check base_url: it must point to DatoCMS's Content Management API."
	case "INVALID_API_VERSION", "INVALID_ACCEPT_HEADER":
		e.Class, e.Message = inventory.ErrUnreadable, "the API no longer speaks version 3"
		e.Hint = "Use a newer version of tokenaudit."
	default:
		e.Class, e.Message = classOfOther(f.Status, failure.transient), "the API refused the request"
	}
	return e
}

// classOfOther is the class of a code that is not known here.
func classOfOther(status int, transient bool) inventory.ErrorClass {
	switch {
	case transient:
		return inventory.ErrUnavailable
	case status == http.StatusUnauthorized:
		return inventory.ErrPermissionDenied
	}
	return cmsapi.ClassOf(status)
}

// worthRetrying: what the API itself calls transient, and failing servers,
// unless the code says that a second try gives the same.
func worthRetrying(f cmsapi.Failure) bool {
	failure, ok := failureOf(f)
	if ok && failure.transient {
		return true
	}
	switch failure.code {
	case "DEACTIVATED_SITE", "SITE_NOT_READY", "MAINTENANCE_MODE", "PLATFORM_SCHEDULED_MAINTENANCE":
		return false
	}
	return cmsapi.ServerFails(f.Status)
}

// apiFailure is what an error body says.
type apiFailure struct {
	code      string
	transient bool
}

var codePattern = regexp.MustCompile(`^[A-Z][A-Z_]{0,63}$`)

// failureOf reads the first error entity of a body that has a code.
func failureOf(f cmsapi.Failure) (apiFailure, bool) {
	var body struct {
		Data cmsapi.List[errorEntity] `json:"data"`
	}
	if err := json.Unmarshal(f.Body, &body); err != nil {
		return apiFailure{}, false
	}
	for _, entity := range body.Data.Items {
		a := entity.Attributes.Value
		if code := string(a.Code.Value); codePattern.MatchString(code) {
			return apiFailure{code, bool(a.Transient.Value)}, true
		}
	}
	return apiFailure{}, false
}
