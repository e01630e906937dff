package emulator

import (
	"crypto/md5" //nolint:gosec // the CMS derives the ids of its errors with it
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// DatoCMSOptions are the switches of a DatoCMS emulator. The zero value of each
// is the default that its comment names.
type DatoCMSOptions struct {
	Options
	// WindowLimit is the number of requests of one project in 3 seconds, 60 by
	// default.
	WindowLimit int
	// PermissionStatus goes with INSUFFICIENT_PERMISSIONS: 401 by default, or 403.
	PermissionStatus int
	// TokensNeedPermission refuses the list of tokens to roles without
	// can_manage_access_tokens; the default is to serve it without secrets.
	TokensNeedPermission bool
	// RolesNeedPermission refuses roles to roles without can_manage_users.
	RolesNeedPermission bool
	// OmitSecrets leaves the key "token" out where the default is null.
	OmitSecrets bool
	// OmitAccessWords leaves last_cma_access and last_cda_access out, as
	// before December 2025.
	OmitAccessWords bool
	// EmptyHardcodedType serves "" where the default is null, as samples do.
	EmptyHardcodedType bool
	// MonthBeforeWeek prefers this_month to this_week and last_week, and
	// last_month to last_week. The default is the first that fits in the order
	// of the documentation.
	MonthBeforeWeek bool
	// Zone is where days begin; nil means UTC.
	Zone *time.Location
	// NoDocURL leaves doc_url out of errors, as in 2022.
	NoDocURL bool
}

// DatoCMS emulates the Content Management API of DatoCMS, what is asked of
// site-api.datocms.com. It is safe for concurrent use.
type DatoCMS struct {
	*core
	shared[DatoCMSState]
	options DatoCMSOptions
	budget  *window
	uses    uses[DatoCMSToken]
}

// NewDatoCMS makes an emulator that holds state. The caller changes it only
// through Update from then on.
func NewDatoCMS(state DatoCMSState, o DatoCMSOptions) *DatoCMS {
	standard(&o.WindowLimit, 60)
	standard(&o.PermissionStatus, http.StatusUnauthorized)
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	d := &DatoCMS{
		core: newCore(o.Options), shared: shared[DatoCMSState]{state: state}, options: o,
		budget: newWindow(3*time.Second, o.FixedWindows),
	}
	for _, route := range datoCMSRoutes() {
		d.handle(route.pattern, func(w http.ResponseWriter, r *http.Request) { d.answer(w, r, route) })
	}
	unknown := datoCMSRoute{answer: func(call *datoCMSCall) reply { return call.fail(http.StatusNotFound, "INVALID_ENDPOINT") }}
	d.handle("", func(w http.ResponseWriter, r *http.Request) { d.answer(w, r, unknown) })
	return d
}

// datoCMSRoute is one path, with the flag a role needs and its answer.
type datoCMSRoute struct {
	pattern string
	// flag is a name of DatoCMSFlags; empty for none.
	flag   string
	answer func(*datoCMSCall) reply
}

// datoCMSCall is one request on its way through the emulator.
type datoCMSCall struct {
	*DatoCMS
	r       *http.Request
	now     time.Time
	project *DatoCMSProject
	// token is nil for the owner of the project.
	token *DatoCMSToken
	// permissions are those in force for the caller.
	permissions DatoCMSPermissions
	environment *DatoCMSEnvironment
}

// answer takes a request through the checks of the real API: the token, the
// rate limit, the headers, the environment, the permission.
func (d *DatoCMS) answer(w http.ResponseWriter, r *http.Request, route datoCMSRoute) {
	d.write(w, r, d.decide(w.Header(), r, route))
}

func (d *DatoCMS) decide(h http.Header, r *http.Request, route datoCMSRoute) reply {
	d.mu.RLock()
	defer d.mu.RUnlock()
	call := &datoCMSCall{DatoCMS: d, r: r, now: d.now()}
	call.identify()
	failure := call.limit(h)
	for _, check := range []func() *reply{
		call.checkToken, call.checkHeaders, call.checkEnvironment, func() *reply { return call.checkFlag(route.flag) },
	} {
		if failure == nil {
			failure = check()
		}
	}
	if failure == nil {
		p := route.answer(call)
		failure = &p
	}
	d.describe(h, call, failure.status)
	return failure.freeze()
}

// describe adds the headers that recordings of the real API show.
func (d *DatoCMS) describe(h http.Header, call *datoCMSCall, status int) {
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "max-age=0, private, must-revalidate")
	if status >= http.StatusBadRequest {
		h.Set("Cache-Control", "no-cache")
	}
	h.Set("X-Request-Id", requestID("datocms", d.requests.Add(1)))
	h.Set("X-Api-Version", "3")
	h.Set("X-Runtime", "0.012345")
	h.Set("X-Queue-Time", "1ms")
	h.Set("Vary", "Accept")
	h.Set("Access-Control-Expose-Headers", "x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset")
	if call.environment != nil {
		h.Set("X-Environment", call.environment.ID)
	}
}

// limit counts the request against its project; requests without one share a
// budget.
func (call *datoCMSCall) limit(h http.Header) *reply {
	if call.options.NoLimits {
		return nil
	}
	key := ""
	if call.project != nil {
		key = call.project.ID
	}
	left, wait, granted := call.budget.take(key, call.options.WindowLimit, call.now)
	h.Set("X-RateLimit-Limit", strconv.Itoa(call.options.WindowLimit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(left))
	if granted {
		return nil
	}
	h.Set("X-RateLimit-Reset", strconv.Itoa(wholeSeconds(wait)))
	failure := call.fail(http.StatusTooManyRequests, "RATE_LIMIT_EXCEEDED")
	return &failure
}

// fail makes an error without details.
func (call *datoCMSCall) fail(status int, code string) reply {
	return reply{status: status, body: datoCMSError(code, "{}", !call.options.NoDocURL, false)}
}

// datoCMSError is an error body. The id is derived from code and details by the
// rule that reproduces every recorded one.
func datoCMSError(code, details string, docURL, transient bool) object {
	sum := md5.Sum(fmt.Appendf(nil, `{"code":%q,"details":%s}`, code, details)) //nolint:gosec // see above
	attributes := object{"code": code, "details": json.RawMessage(details)}
	if docURL {
		attributes["doc_url"] = "https://www.datocms.com/docs/content-management-api/errors#" + code
	}
	if transient {
		attributes["transient"] = true
	}
	return object{"data": []object{{"id": hex.EncodeToString(sum[:3]), "type": "api_error", "attributes": attributes}}}
}
