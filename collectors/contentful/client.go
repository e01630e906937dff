package contentful

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

// The hosts of the management API, by region. A token of one region is unknown
// in the other.
var apiHosts = map[string]string{
	"us": "https://api.contentful.com",
	"eu": "https://api.eu.contentful.com",
}

// The web app, by region.
var appHosts = map[string]string{
	"us": "https://app.contentful.com",
	"eu": "https://app.eu.contentful.com",
}

const (
	// defaultRate is the documented limit of the smallest plan, in requests per
	// second. Paid plans grant 10, and say so in a header.
	defaultRate = 7
	// greatestRate is what the vendor's own SDK caps the header at.
	greatestRate = 30
)

// newClient makes the client of an entry, whose base URL is base.
func newClient(entry collectors.Entry, run collectors.Run, base, domain string) (*cmsapi.Client, error) {
	return run.API.Client(cmsapi.Config{
		CMS:       CMS,
		BaseURL:   base,
		Authorize: entry.Secret(optionToken).Bearer,
		Header:    http.Header{"Accept": {"application/vnd.contentful.management.v1+json, application/json"}},
		Limit: cmsapi.Limit{
			Domain: domain,
			Rate:   defaultRate,
			Burst:  1,
			Adapt:  grantedRate,
			RetryAfter: func(h http.Header) (time.Duration, bool) {
				seconds, ok := headerNumber(h, "X-Contentful-RateLimit-Reset")
				return cmsapi.Seconds(seconds), ok
			},
		},
		RequestsPerSecond: entry.RequestsPerSecond,
		Timeout:           entry.Timeout,
		Classify:          classify,
		Retry:             worthRetrying,
	})
}

// grantedRate reads the limit per second. Routes of organizations and users
// were never recorded with the header.
func grantedRate(h http.Header) (float64, bool) {
	perSecond, ok := headerNumber(h, "X-Contentful-RateLimit-Second-Limit")
	return min(perSecond, greatestRate), ok && perSecond > 0
}

func headerNumber(h http.Header, name string) (float64, bool) {
	n, err := strconv.ParseFloat(h.Get(name), 64)
	return n, err == nil && n >= 0
}

const codeHibernated = "Hibernated"

// classify reads the error code of a failure. The code decides, not the
// status: a credential is rejected with 401 or 403 and AccessTokenInvalid,
// while 401 with another code means that this kind of token may not ask here.
func classify(f cmsapi.Failure) *cmsapi.Error {
	code := failureCode(f)
	e := &cmsapi.Error{Code: code}
	switch code {
	case "":
		return nil
	case "AccessTokenInvalid":
		e.Class, e.Message = inventory.ErrUnauthorized, "the access token is not valid here"
	case "AccessDenied", "Forbidden":
		e.Class, e.Message = inventory.ErrPermissionDenied, "the credential may not do this, or the plan does not include it"
	case "NotFound", "UnknownRoute":
		e.Class, e.Message = inventory.ErrNotFound, "not found, or not visible to the credential"
	case "RateLimitExceeded":
		e.Class, e.Message = inventory.ErrRateLimited, "the rate limit is exceeded"
	case codeHibernated:
		e.Class, e.Message, e.Hint = inventory.ErrUnavailable, "the space is hibernated", hintHibernated
	default:
		if f.Status == http.StatusUnauthorized {
			e.Class = inventory.ErrPermissionDenied
		}
	}
	return e
}

// worthRetrying leaves hibernated spaces alone: asking again does not wake one.
func worthRetrying(f cmsapi.Failure) bool {
	return cmsapi.ServerFails(f.Status) && failureCode(f) != codeHibernated
}

var codePattern = regexp.MustCompile(`^[A-Za-z]{1,64}$`)

// failureCode returns the code in the body of a failure, or "".
func failureCode(f cmsapi.Failure) string {
	var body cmsapi.Field[failureBody]
	if err := json.Unmarshal(f.Body, &body); err != nil {
		return ""
	}
	code := string(body.Value.Sys.Value.ID.Value)
	if !codePattern.MatchString(code) {
		return ""
	}
	return code
}
