// Package datocms emulates the management API of DatoCMS.
package datocms

import (
	"crypto/md5" //nolint:gosec // the CMS derives the ids of its errors with it
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
)

// Options are the switches of a DatoCMS emulator. The zero value of each
// is the default that its comment names.
type Options struct {
	emulator.Options
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

// Emulator emulates the Content Management API of DatoCMS, what is asked of
// site-api.datocms.com. It is safe for concurrent use.
type Emulator struct {
	*emulator.Core
	*emulator.Shared[State]
	options Options
	budget  *emulator.Window
	uses    emulator.Uses[Token]
}

// New returns an emulator that holds state. The caller changes it only
// through Update from then on.
func New(state State, o Options) *Emulator {
	emulator.Default(&o.WindowLimit, 60)
	emulator.Default(&o.PermissionStatus, http.StatusUnauthorized)
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	d := &Emulator{
		Core: emulator.NewCore(o.Options), Shared: emulator.NewShared(state), options: o,
		budget: emulator.NewWindow(3*time.Second, o.FixedWindows),
	}
	for _, route := range routes() {
		d.Handle(route.pattern, func(w http.ResponseWriter, r *http.Request) { d.answer(w, r, route) })
	}
	unknown := route{answer: func(call *request) emulator.Reply { return call.fail(http.StatusNotFound, "INVALID_ENDPOINT") }}
	d.Handle("", func(w http.ResponseWriter, r *http.Request) { d.answer(w, r, unknown) })
	return d
}

// route is one path, with the flag a role needs and its answer.
type route struct {
	pattern string
	// flag is a name of Flags; empty for none.
	flag   string
	answer func(*request) emulator.Reply
}

// request is one request on its way through the emulator.
type request struct {
	*Emulator
	state   *State
	r       *http.Request
	now     time.Time
	project *Project
	// token is nil for the owner of the project.
	token *Token
	// permissions are those in force for the caller.
	permissions Permissions
	environment *Environment
}

// answer takes a request through the checks of the real API: the token, the
// rate limit, the headers, the environment, the permission.
func (d *Emulator) answer(w http.ResponseWriter, r *http.Request, route route) {
	d.Write(w, r, d.Decide(func(state *State) emulator.Reply {
		return (&request{Emulator: d, state: state, r: r, now: d.Now()}).follow(w.Header(), route)
	}))
}

// follow takes a call along its route. The answer is encoded, because its body may
// share memory with the state.
func (call *request) follow(h http.Header, route route) emulator.Reply {
	call.identify()
	failure := call.limit(h)
	for _, check := range []func() *emulator.Reply{
		call.checkToken, call.checkHeaders, call.checkEnvironment, func() *emulator.Reply { return call.checkFlag(route.flag) },
	} {
		if failure == nil {
			failure = check()
		}
	}
	if failure == nil {
		p := route.answer(call)
		failure = &p
	}
	call.describe(h, call, failure.Status)
	return failure.Freeze()
}

// describe adds the headers that recordings of the real API show.
func (d *Emulator) describe(h http.Header, call *request, status int) {
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "max-age=0, private, must-revalidate")
	if status >= http.StatusBadRequest {
		h.Set("Cache-Control", "no-cache")
	}
	h.Set("X-Request-Id", emulator.RequestID("datocms", d.NextRequest()))
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
func (call *request) limit(h http.Header) *emulator.Reply {
	if call.options.NoLimits {
		return nil
	}
	key := ""
	if call.project != nil {
		key = call.project.ID
	}
	left, wait, granted := call.budget.Take(key, call.options.WindowLimit, call.now)
	h.Set("X-RateLimit-Limit", strconv.Itoa(call.options.WindowLimit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(left))
	if granted {
		return nil
	}
	h.Set("X-RateLimit-Reset", strconv.Itoa(emulator.WholeSeconds(wait)))
	failure := call.fail(http.StatusTooManyRequests, "RATE_LIMIT_EXCEEDED")
	return &failure
}

// fail makes an error without details.
func (call *request) fail(status int, code string) emulator.Reply {
	return emulator.Reply{Status: status, Body: problem(code, "{}", !call.options.NoDocURL, false)}
}

// problem is an error body. The id is derived from code and details by the
// rule that reproduces every recorded one.
func problem(code, details string, docURL, transient bool) emulator.Object {
	sum := md5.Sum(fmt.Appendf(nil, `{"code":%q,"details":%s}`, code, details)) //nolint:gosec // see above
	attributes := emulator.Object{"code": code, "details": json.RawMessage(details)}
	if docURL {
		attributes["doc_url"] = "https://www.datocms.com/docs/content-management-api/errors#" + code
	}
	if transient {
		attributes["transient"] = true
	}
	return emulator.Object{"data": []emulator.Object{{"id": hex.EncodeToString(sum[:3]), "type": "api_error", "attributes": attributes}}}
}

// Failure answers with an error of DatoCMS, such as 401 INSUFFICIENT_PERMISSIONS.
func Failure(status int, code string) emulator.Action {
	return emulator.RespondError(status, "application/json; charset=utf-8", problem(code, "{}", true, false))
}

// Transient answers with an error that DatoCMS calls transient: its own
// client tries again until it is gone.
func Transient(status int, code string) emulator.Action {
	return emulator.RespondError(status, "application/json; charset=utf-8", problem(code, "{}", true, true))
}
