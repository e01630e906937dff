package emulator

import (
	"net/http"
	"strconv"
	"time"
)

// ContentstackOptions are the switches of a Contentstack emulator. The zero
// value of each is the default that its comment names.
type ContentstackOptions struct {
	Options
	// ReadLimit is the number of reads a second of one organization, 10 by default.
	ReadLimit int
	// NoLimitHeaders leaves X-RateLimit-* out, as in traffic recorded in 2021.
	NoLimitHeaders bool
	// PermissionStatus goes with error code 161: 401 by default, or 403.
	PermissionStatus int
	// TokensModuleStatus and TokensModuleCode answer a management token that
	// asks for tokens: 401 and 105 by default.
	TokensModuleStatus, TokensModuleCode int
	// UnknownTokenStatus answers an unknown token uid: 422 by default, or 404.
	UnknownTokenStatus int
	// PluralSingles wraps a single token as {"tokens":[x]}, as the API
	// reference shows for delivery tokens; the default is {"token":x}.
	PluralSingles bool
	// Never is how a management token without expiry is served: null by default.
	Never ContentstackNever
	// HideExpired leaves expired management tokens out of the list.
	HideExpired bool
	// EnvironmentNames serves the environments of a scope as plain names; the
	// default is whole objects.
	EnvironmentNames bool
	// TextACL serves the values of an access control list as "true" and "false".
	TextACL bool
	// EmptyErrors adds "errors":[] to errors that name no field.
	EmptyErrors bool
	// PageCap is the page size of every list, 100 by default.
	PageCap int
}

// Contentstack emulates the Content Management API of one region of
// Contentstack, below /v3. It is safe for concurrent use.
type Contentstack struct {
	*core
	shared[ContentstackState]
	options ContentstackOptions
	reads   *window
}

// NewContentstack makes an emulator that holds state. The caller changes it
// only through Update from then on.
func NewContentstack(state ContentstackState, o ContentstackOptions) *Contentstack {
	standard(&o.ReadLimit, 10)
	standard(&o.PermissionStatus, http.StatusUnauthorized)
	standard(&o.TokensModuleStatus, http.StatusUnauthorized)
	standard(&o.TokensModuleCode, contentstackNotLoggedIn)
	standard(&o.UnknownTokenStatus, http.StatusUnprocessableEntity)
	standard(&o.PageCap, 100)
	if o.Never == "" {
		o.Never = ContentstackNeverNull
	}
	c := &Contentstack{
		core: newCore(o.Options), shared: shared[ContentstackState]{state: state}, options: o,
		reads: newWindow(time.Second, o.FixedWindows),
	}
	for _, route := range contentstackRoutes() {
		c.handle(route.pattern, func(w http.ResponseWriter, r *http.Request) { c.answer(w, r, route) })
	}
	c.handle("", func(w http.ResponseWriter, r *http.Request) {
		p := contentstackError(http.StatusNotFound, http.StatusNotFound, "The requested URL was not found.")
		c.describe(w.Header(), &contentstackCall{Contentstack: c, r: r}, p)
		c.write(w, r, p.freeze())
	})
	return c
}

// contentstackWriteLimit is what a plan says of writes, a second; nobody writes here.
const contentstackWriteLimit = 10

// contentstackRoute is one path, with what a caller needs and its answer.
type contentstackRoute struct {
	pattern string
	need    contentstackNeed
	answer  func(*contentstackCall) reply
}

// contentstackCall is one request on its way through the emulator.
type contentstackCall struct {
	*Contentstack
	r   *http.Request
	now time.Time
	// stack and organization are those that the request names, or nil. A stack
	// brings its organization.
	stack        *ContentstackStack
	organization *ContentstackOrganization
	caller       contentstackCaller
}

// contentstackCaller is whose credential came with a request: one of the three.
type contentstackCaller struct {
	user       *ContentstackUser
	oauth      *ContentstackOAuthToken
	management *ContentstackManagementToken
}

// answer takes a request through the order that measurements of the real API
// imply: the stack, the credential, the rate limit, the permission, the input.
func (c *Contentstack) answer(w http.ResponseWriter, r *http.Request, route contentstackRoute) {
	c.write(w, r, c.decide(w.Header(), r, route))
}

func (c *Contentstack) decide(h http.Header, r *http.Request, route contentstackRoute) reply {
	c.mu.RLock()
	defer c.mu.RUnlock()
	call := &contentstackCall{Contentstack: c, r: r, now: c.now()}
	failure := call.locate(route.need)
	if failure == nil {
		failure = call.authenticate()
	}
	if failure == nil {
		failure = call.limit(h)
	}
	if failure == nil {
		failure = call.permit(route.need)
	}
	if failure == nil {
		p := route.answer(call)
		failure = &p
	}
	c.describe(h, call, *failure)
	return failure.freeze()
}

// describe adds the headers that recordings of the real API show.
func (c *Contentstack) describe(h http.Header, call *contentstackCall, p reply) {
	h.Set("Content-Type", "application/json")
	h.Set("X-Runtime", "9ms")
	h.Set("X-Request-Id", strconv.FormatUint(88970+c.requests.Add(1), 10))
	h.Set("Strict-Transport-Security", "max-age=16000000; includeSubDomains; preload;")
	if call.organization != nil {
		h.Set("X-Contentstack-Organization", call.organization.UID)
	}
	if call.stack != nil {
		h.Set("Surrogate-Key", call.stack.UID)
	}
	if body, isObject := p.body.(object); isObject && p.status >= http.StatusBadRequest && c.options.EmptyErrors && body["errors"] == nil {
		body["errors"] = []string{}
	}
}

// limit counts the request against its organization; requests that belong to
// none are not limited.
func (call *contentstackCall) limit(h http.Header) *reply {
	if call.options.NoLimits || call.organization == nil {
		return nil
	}
	perSecond := call.options.ReadLimit
	if call.organization.ReadLimit > 0 {
		perSecond = call.organization.ReadLimit
	}
	left, _, granted := call.reads.take(call.organization.UID, perSecond, call.now)
	if !call.options.NoLimitHeaders {
		h.Set("X-RateLimit-Limit", strconv.Itoa(perSecond))
		h.Set("X-RateLimit-Remaining", strconv.Itoa(left))
	}
	if granted {
		return nil
	}
	failure := contentstackError(http.StatusTooManyRequests, http.StatusTooManyRequests, "Too many requests")
	return &failure
}
