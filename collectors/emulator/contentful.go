package emulator

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// ContentfulOptions are the switches of a Contentful emulator. The zero value of
// each is the default that its comment names.
type ContentfulOptions struct {
	Options
	// SecondLimit is the number of requests a second, 7 by default; paid plans
	// have 10.
	SecondLimit int
	// LimitPerCredential counts requests by token. The default is by
	// organization: the vendor's own statements say organization or space.
	LimitPerCredential bool
	// NoResetHeader leaves X-ContentfulRateLimit-Reset out of a 429, as in a
	// recording of 2014.
	NoResetHeader bool
	// LimitHeadersEverywhere sends rate limit headers on organization and user
	// routes too; no recording shows them there.
	LimitHeadersEverywhere bool
	// RejectLargePages answers 400 to a limit above the cap; the default is to
	// use the cap.
	RejectLargePages bool
	// HideOrganizationTokens answers 404 instead of 403 to a member who is
	// neither owner nor admin and lists the organization's tokens.
	HideOrganizationTokens bool
	// NamesInOrganizationTokens adds the names of tokens to the organization's
	// list; the documentation shows them only in the list of one's own.
	NamesInOrganizationTokens bool
	// GreaterIncludesNull makes the filter [gt] match a null time, as the
	// reference implies: a token without expiry outlives every date.
	GreaterIncludesNull bool
	// ExpiryRevokes fills revokedAt of an expired token with its expiry.
	ExpiryRevokes bool
	// ReadScopeHidesKeys refuses API keys to a token with the read scope only.
	ReadScopeHidesKeys bool
	// EmptyKeysForbidden gives an empty list of API keys to a member without
	// the right to them; the default is 403.
	EmptyKeysForbidden bool
	// NoAliasRows leaves aliases out of the list of environments.
	NoAliasRows bool
	// AliasesNeedOptIn answers 403 to the list of aliases of a space that has
	// none; the default is an empty list.
	AliasesNeedOptIn bool
	// TextAccessGrant prints accessGrant as "true" and "false", as the
	// documentation's sample does.
	TextAccessGrant bool
	// Milliseconds prints times with a fraction.
	Milliseconds bool
}

// Contentful emulates the Content Management API and the User Management API of
// Contentful: what is asked of api.contentful.com. It is safe for concurrent use.
type Contentful struct {
	*core
	shared[ContentfulState]
	options ContentfulOptions
	seconds *window
	hours   *window
	uses    uses[ContentfulToken]
}

const contentfulHourLimit = 36000

// NewContentful makes an emulator that holds state. The caller changes it only
// through Update from then on.
func NewContentful(state ContentfulState, o ContentfulOptions) *Contentful {
	standard(&o.SecondLimit, 7)
	c := &Contentful{
		core:    newCore(o.Options),
		options: o,
		seconds: newWindow(time.Second, o.FixedWindows),
		hours:   newWindow(15*time.Minute, true),
		shared:  shared[ContentfulState]{state: state},
	}
	for _, route := range contentfulRoutes() {
		c.handle(route.pattern, func(w http.ResponseWriter, r *http.Request) { c.answer(w, r, route) })
	}
	c.handle("", func(w http.ResponseWriter, r *http.Request) {
		p := contentfulError(http.StatusNotFound, "UnknownRoute", "The path you tried to reach is unknown or doesn't support this HTTP method.")
		c.describe(w.Header(), &contentfulCall{Contentful: c, r: r}, p)
		c.write(w, r, p.freeze())
	})
	return c
}

// contentfulRoute is one path with the gate a caller must pass and its answer.
type contentfulRoute struct {
	pattern string
	gate    contentfulGate
	answer  func(*contentfulCall) reply
}

// contentfulCall is one request on its way through the emulator.
type contentfulCall struct {
	*Contentful
	r     *http.Request
	now   time.Time
	token *ContentfulToken
	user  *ContentfulUser
	// organization and space are those of the path, or nil. A space brings its
	// organization.
	organization *ContentfulOrganization
	space        *ContentfulSpace
}

// answer takes a request through authentication, rate limit, gate and handler.
func (c *Contentful) answer(w http.ResponseWriter, r *http.Request, route contentfulRoute) {
	c.write(w, r, c.decide(w.Header(), r, route))
}

func (c *Contentful) decide(h http.Header, r *http.Request, route contentfulRoute) reply {
	c.mu.RLock()
	defer c.mu.RUnlock()
	call := &contentfulCall{Contentful: c, r: r, now: c.now()}
	failure := call.authenticate()
	if failure == nil {
		call.locate()
		failure = call.limit(h)
	}
	if failure == nil {
		failure = route.gate(call)
	}
	if failure == nil {
		p := route.answer(call)
		failure = &p
	}
	c.describe(h, call, *failure)
	return failure.freeze()
}

var pathVariable = regexp.MustCompile(`\{(\w+)\}`)

// describe adds the headers that recordings of the real API show, and to an
// error the id of its request.
func (c *Contentful) describe(h http.Header, call *contentfulCall, p reply) {
	id := requestID("contentful", c.requests.Add(1))
	h.Set("Content-Type", "application/vnd.contentful.management.v1+json")
	h.Set("Contentful-Api", "cma")
	h.Set("Contentful-Upstream", "gatekeeper")
	h.Set("X-Contentful-Request-Id", id)
	h.Set("Cache-Control", "no-store")
	h.Set("Strict-Transport-Security", "max-age=15768000")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Server", "Contentful")
	h.Set("Access-Control-Allow-Origin", "*")
	if _, route, found := strings.Cut(call.r.Pattern, " "); found {
		h.Set("X-Contentful-Route", pathVariable.ReplaceAllString(route, ":$1"))
	}
	if call.space != nil {
		h.Set("CF-Space-Id", call.space.ID)
	}
	if call.organization != nil {
		h.Set("CF-Organization-Id", call.organization.ID)
	}
	if body, isObject := p.body.(object); isObject && p.status >= http.StatusBadRequest {
		body["requestId"] = id
	}
}

// limit counts the request and sets the rate limit headers, which the real API
// sends on routes of spaces only.
func (call *contentfulCall) limit(h http.Header) *reply {
	if call.options.NoLimits {
		return nil
	}
	key, perSecond := "token/"+call.token.ID, call.options.SecondLimit
	if call.organization != nil && !call.options.LimitPerCredential {
		key = "organization/" + call.organization.ID
	}
	if call.organization != nil && call.organization.SecondLimit > 0 {
		perSecond = call.organization.SecondLimit
	}
	left, wait, granted := call.seconds.take(key, perSecond, call.now)
	leftHour := 0
	if granted {
		leftHour, wait, granted = call.hours.take(key, contentfulHourLimit/4, call.now)
	}
	if call.space != nil || call.options.LimitHeadersEverywhere || !granted {
		h.Set("X-Contentful-RateLimit-Second-Limit", strconv.Itoa(perSecond))
		h.Set("X-Contentful-RateLimit-Second-Remaining", strconv.Itoa(left))
		h.Set("X-Contentful-RateLimit-Hour-Limit", strconv.Itoa(contentfulHourLimit))
		h.Set("X-Contentful-RateLimit-Hour-Remaining", strconv.Itoa(leftHour*4))
		h.Set("X-Contentful-RateLimit-Reset", "0")
	}
	if granted {
		return nil
	}
	h.Set("X-Contentful-RateLimit-Reset", strconv.Itoa(wholeSeconds(wait)))
	if call.options.NoResetHeader {
		h.Del("X-Contentful-RateLimit-Reset")
	}
	failure := contentfulError(http.StatusTooManyRequests, "RateLimitExceeded", "You have exceeded the rate limit of the Organization this Space belongs to by making too many API requests within a short timespan. Please wait a moment before trying the request again.")
	return &failure
}
