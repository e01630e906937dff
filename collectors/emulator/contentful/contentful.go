// Package contentful emulates the management APIs of Contentful.
package contentful

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
)

// Options are the switches of a Contentful emulator. The zero value of
// each is the default that its comment names.
type Options struct {
	emulator.Options
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
	// EmptyKeysForbidden shows an empty list of API keys to a member without
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

// Emulator emulates the Content Management API and the User Management API of
// Contentful: what is asked of api.contentful.com. It is safe for concurrent use.
type Emulator struct {
	*emulator.Core
	*emulator.Shared[State]
	options Options
	seconds *emulator.Window
	hours   *emulator.Window
	uses    emulator.Uses[Token]
}

const hourLimit = 36000

// New returns an emulator that holds state. The caller changes it only
// through Update from then on.
func New(state State, o Options) *Emulator {
	emulator.Default(&o.SecondLimit, 7)
	c := &Emulator{
		Core:    emulator.NewCore(o.Options),
		options: o,
		seconds: emulator.NewWindow(time.Second, o.FixedWindows),
		hours:   emulator.NewWindow(15*time.Minute, true),
		Shared:  emulator.NewShared(state),
	}
	for _, route := range routes() {
		c.Handle(route.pattern, func(w http.ResponseWriter, r *http.Request) { c.answer(w, r, route) })
	}
	c.Handle("", func(w http.ResponseWriter, r *http.Request) {
		p := problem(http.StatusNotFound, "UnknownRoute", "The path you tried to reach is unknown or doesn't support this HTTP method.")
		c.describe(w.Header(), &request{Emulator: c, r: r}, p)
		c.Write(w, r, p.Freeze())
	})
	return c
}

// route is one path with the gate a caller must pass and its answer.
type route struct {
	pattern string
	gate    gate
	answer  func(*request) emulator.Reply
}

// request is one request on its way through the emulator.
type request struct {
	*Emulator
	state *State
	r     *http.Request
	now   time.Time
	token *Token
	user  *User
	// organization and space are those of the path, or nil. A space brings its
	// organization.
	organization *Organization
	space        *Space
}

// answer takes a request through authentication, rate limit, gate and handler.
func (c *Emulator) answer(w http.ResponseWriter, r *http.Request, route route) {
	c.Write(w, r, c.Decide(func(state *State) emulator.Reply {
		return (&request{Emulator: c, state: state, r: r, now: c.Now()}).follow(w.Header(), route)
	}))
}

// follow takes a call along its route. The answer is encoded, because its body may
// share memory with the state.
func (call *request) follow(h http.Header, route route) emulator.Reply {
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
	call.describe(h, call, *failure)
	return failure.Freeze()
}

var pathVariable = regexp.MustCompile(`\{(\w+)\}`)

// describe adds the headers that recordings of the real API show, and to an
// error the id of its request.
func (c *Emulator) describe(h http.Header, call *request, p emulator.Reply) {
	id := emulator.RequestID("contentful", c.NextRequest())
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
	if body, isObject := p.Body.(emulator.Object); isObject && p.Status >= http.StatusBadRequest {
		body["requestId"] = id
	}
}

// limit counts the request and sets the rate limit headers, which the real API
// sends on routes of spaces only.
func (call *request) limit(h http.Header) *emulator.Reply {
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
	left, wait, granted := call.seconds.Take(key, perSecond, call.now)
	leftHour := 0
	if granted {
		leftHour, wait, granted = call.hours.Take(key, hourLimit/4, call.now)
	}
	if call.space != nil || call.options.LimitHeadersEverywhere || !granted {
		h.Set("X-Contentful-RateLimit-Second-Limit", strconv.Itoa(perSecond))
		h.Set("X-Contentful-RateLimit-Second-Remaining", strconv.Itoa(left))
		h.Set("X-Contentful-RateLimit-Hour-Limit", strconv.Itoa(hourLimit))
		h.Set("X-Contentful-RateLimit-Hour-Remaining", strconv.Itoa(leftHour*4))
		h.Set("X-Contentful-RateLimit-Reset", "0")
	}
	if granted {
		return nil
	}
	h.Set("X-Contentful-RateLimit-Reset", strconv.Itoa(emulator.WholeSeconds(wait)))
	if call.options.NoResetHeader {
		h.Del("X-Contentful-RateLimit-Reset")
	}
	failure := problem(http.StatusTooManyRequests, "RateLimitExceeded", "You have exceeded the rate limit of the Organization this Space belongs to by making too many API requests within a short timespan. Please wait a moment before trying the request again.")
	return &failure
}
