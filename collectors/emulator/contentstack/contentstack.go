// Package contentstack emulates the management API of one region of Contentstack.
package contentstack

import (
	"net/http"
	"strconv"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
)

// Options are the switches of a Contentstack emulator. The zero
// value of each is the default that its comment names.
type Options struct {
	emulator.Options
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
	Never Never
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

// Emulator emulates the Content Management API of one region of
// Contentstack, below /v3. It is safe for concurrent use.
type Emulator struct {
	*emulator.Core
	*emulator.Shared[State]
	options Options
	reads   *emulator.Window
}

// New returns an emulator that holds state. The caller changes it
// only through Update from then on.
func New(state State, o Options) *Emulator {
	emulator.Default(&o.ReadLimit, 10)
	emulator.Default(&o.PermissionStatus, http.StatusUnauthorized)
	emulator.Default(&o.TokensModuleStatus, http.StatusUnauthorized)
	emulator.Default(&o.TokensModuleCode, codeNotLoggedIn)
	emulator.Default(&o.UnknownTokenStatus, http.StatusUnprocessableEntity)
	emulator.Default(&o.PageCap, 100)
	if o.Never == "" {
		o.Never = NeverNull
	}
	c := &Emulator{
		Core: emulator.NewCore(o.Options), Shared: emulator.NewShared(state), options: o,
		reads: emulator.NewWindow(time.Second, o.FixedWindows),
	}
	for _, route := range routes() {
		c.Handle(route.pattern, func(w http.ResponseWriter, r *http.Request) { c.answer(w, r, route) })
	}
	c.Handle("", func(w http.ResponseWriter, r *http.Request) {
		p := problem(http.StatusNotFound, http.StatusNotFound, "The requested URL was not found.")
		c.describe(w.Header(), &request{Emulator: c, r: r}, p)
		c.Write(w, r, p.Freeze())
	})
	return c
}

// writeLimit is what a plan says of writes, a second; nobody writes here.
const writeLimit = 10

// route is one path, with what a caller needs and its answer.
type route struct {
	pattern string
	need    need
	answer  func(*request) emulator.Reply
}

// request is one request on its way through the emulator.
type request struct {
	*Emulator
	state *State
	r     *http.Request
	now   time.Time
	// stack and organization are those that the request names, or nil. A stack
	// brings its organization.
	stack        *Stack
	organization *Organization
	caller       caller
}

// caller is whose credential came with a request: one of the three.
type caller struct {
	user       *User
	oauth      *OAuthToken
	management *ManagementToken
}

// answer takes a request through the order that measurements of the real API
// imply: the stack, the credential, the rate limit, the permission, the input.
func (c *Emulator) answer(w http.ResponseWriter, r *http.Request, route route) {
	c.Write(w, r, c.Decide(func(state *State) emulator.Reply {
		return (&request{Emulator: c, state: state, r: r, now: c.Now()}).follow(w.Header(), route)
	}))
}

// follow takes a call along its route. The answer is encoded, because its body may
// share memory with the state.
func (call *request) follow(h http.Header, route route) emulator.Reply {
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
	call.describe(h, call, *failure)
	return failure.Freeze()
}

// describe adds the headers that recordings of the real API show.
func (c *Emulator) describe(h http.Header, call *request, p emulator.Reply) {
	h.Set("Content-Type", "application/json")
	h.Set("X-Runtime", "9ms")
	h.Set("X-Request-Id", strconv.FormatUint(88970+c.NextRequest(), 10))
	h.Set("Strict-Transport-Security", "max-age=16000000; includeSubDomains; preload;")
	if call.organization != nil {
		h.Set("X-Contentstack-Organization", call.organization.UID)
	}
	if call.stack != nil {
		h.Set("Surrogate-Key", call.stack.UID)
	}
	if body, isObject := p.Body.(emulator.Object); isObject && p.Status >= http.StatusBadRequest && c.options.EmptyErrors && body["errors"] == nil {
		body["errors"] = []string{}
	}
}

// limit counts the request against its organization; requests that belong to
// none are not limited.
func (call *request) limit(h http.Header) *emulator.Reply {
	if call.options.NoLimits || call.organization == nil {
		return nil
	}
	perSecond := call.options.ReadLimit
	if call.organization.ReadLimit > 0 {
		perSecond = call.organization.ReadLimit
	}
	left, _, granted := call.reads.Take(call.organization.UID, perSecond, call.now)
	if !call.options.NoLimitHeaders {
		h.Set("X-RateLimit-Limit", strconv.Itoa(perSecond))
		h.Set("X-RateLimit-Remaining", strconv.Itoa(left))
	}
	if granted {
		return nil
	}
	failure := problem(http.StatusTooManyRequests, http.StatusTooManyRequests, "Too many requests")
	return &failure
}
