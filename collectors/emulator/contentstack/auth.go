package contentstack

import (
	"net/http"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
)

// The error codes of Contentstack that the emulator uses.
const (
	codeWrongScope     = 21
	codeNotLoggedIn    = 105
	codeUnknownStack   = 109
	codeInvalid        = 141
	codeNoPermission   = 161
	codeForeignCompany = 316
)

// need is what a route asks of its caller.
type need struct {
	// stack: the request must name a stack by api_key.
	stack bool
	// roles of the stack that may call; nil for every collaborator. The owner
	// of the organization always may.
	roles []string
	// module is closed to management tokens: tokens, stack, organization or user.
	module string
	// scope is what an OAuth token needs; empty for none in particular.
	scope string
}

func problem(status, code int, message string, fields ...string) emulator.Reply {
	body := emulator.Object{"error_message": message, "error_code": code}
	if len(fields) > 0 {
		errors := emulator.Object{}
		for i := 0; i+1 < len(fields); i += 2 {
			errors[fields[i]] = []string{fields[i+1]}
		}
		body["errors"] = errors
	}
	return emulator.Reply{Status: status, Body: body}
}

func noSuchStack() emulator.Reply {
	return problem(http.StatusPreconditionFailed, codeUnknownStack,
		"We can't find that Stack. Please try again.", "api_key", "is not valid.")
}

func loggedOut(field string) emulator.Reply {
	return problem(http.StatusUnauthorized, codeNotLoggedIn,
		"You're not allowed in here unless you're logged in.", field, "is not valid.")
}

func (call *request) denied() emulator.Reply {
	return problem(call.options.PermissionStatus, codeNoPermission, "You don't have the permission to do this operation.")
}

// locate finds the stack that api_key names, and the organization. An unknown
// stack, and a stack route without any credential, is 412 before all else.
func (call *request) locate(need need) *emulator.Reply {
	key := call.r.Header.Get("api_key")
	if key != "" {
		call.stack = emulator.Find(call.state.Stacks, func(s *Stack) bool { return s.APIKey == key })
	}
	uid := call.r.PathValue("organization")
	if uid == "" {
		uid = call.r.Header.Get("organization_uid")
	}
	if call.stack != nil {
		uid = call.stack.Organization
	}
	call.organization = emulator.Find(call.state.Organizations, func(o *Organization) bool { return o.UID == uid })
	if (need.stack || key != "") && (call.stack == nil || !call.hasCredential()) {
		failure := noSuchStack()
		if key == "" && call.r.Header.Get("organization_uid") != "" && call.bearer() != "" {
			failure = problem(http.StatusUnprocessableEntity, codeWrongScope, "Stack not found")
		}
		return &failure
	}
	return nil
}

func (call *request) hasCredential() bool {
	return call.r.Header.Get("authtoken") != "" || call.r.Header.Get("authorization") != ""
}

func (call *request) bearer() string {
	secret, found := strings.CutPrefix(call.r.Header.Get("authorization"), "Bearer ")
	if !found {
		return ""
	}
	return secret
}

// authenticate finds out whose credential came.
func (call *request) authenticate() *emulator.Reply {
	field, caller := "authtoken", &call.caller
	switch header := call.r.Header.Get("authorization"); {
	case call.r.Header.Get("authtoken") != "":
		caller.user = call.userByAuthtoken(call.r.Header.Get("authtoken"))
	case call.bearer() != "":
		field = "access_token"
		caller.oauth = emulator.Find(call.state.OAuthTokens, func(t *OAuthToken) bool {
			return t.Secret == call.bearer() && (t.ExpiresAt.IsZero() || call.now.Before(t.ExpiresAt))
		})
		if caller.oauth != nil && caller.oauth.User != "" {
			caller.user = call.userByUID(caller.oauth.User)
		}
	case header != "" && call.stack != nil:
		field = "management_token"
		caller.management = emulator.Find(call.stack.ManagementTokens, func(t *ManagementToken) bool {
			return t.Secret == header && !t.expired(call.now)
		})
	}
	if caller.user == nil && caller.oauth == nil && caller.management == nil {
		failure := loggedOut(field)
		return &failure
	}
	return nil
}

func (call *request) userByAuthtoken(secret string) *User {
	return emulator.Find(call.state.Users, func(u *User) bool { return slices.Contains(u.Authtokens, secret) })
}

func (call *request) userByUID(uid string) *User {
	return emulator.Find(call.state.Users, func(u *User) bool { return u.UID == uid })
}

// permit applies what a route needs to who called.
func (call *request) permit(need need) *emulator.Reply {
	if call.caller.management != nil {
		if need.module == "" {
			return nil
		}
		failure := problem(call.options.TokensModuleStatus, call.options.TokensModuleCode,
			"You're not allowed in here unless you're logged in.")
		return &failure
	}
	if failure := call.permitOAuth(need); failure != nil {
		return failure
	}
	if call.caller.user == nil || !need.stack {
		return nil
	}
	roles, member := call.roles(call.caller.user)
	allowed := member && (need.roles == nil || slices.ContainsFunc(roles, func(role string) bool { return slices.Contains(need.roles, role) }))
	if allowed {
		return nil
	}
	failure := call.denied()
	return &failure
}

// permitOAuth holds an OAuth token to its organization and its scopes.
func (call *request) permitOAuth(need need) *emulator.Reply {
	t := call.caller.oauth
	if t == nil {
		return nil
	}
	failure := problem(http.StatusForbidden, codeForeignCompany, "You don't have the permission to do this operation.")
	if call.organization != nil && call.organization.UID != t.Organization {
		return &failure
	}
	if t.Scopes != nil && need.scope != "" && !slices.Contains(t.Scopes, need.scope) {
		failure = call.denied()
		return &failure
	}
	return nil
}

// roles are the names of a user's roles in the stack of the call. The owner of
// the organization has Owner in every stack.
func (call *request) roles(u *User) (names []string, member bool) {
	if call.organization != nil && call.organization.Owner == u.UID {
		return []string{Owner}, true
	}
	c := emulator.Find(call.stack.Collaborators, func(c *Collaborator) bool { return c.User == u.UID })
	if c == nil {
		return nil, false
	}
	return c.Roles, true
}

// Failure answers with an error of Contentstack, such as 401 and 105.
func Failure(status, code int, message string) emulator.Action {
	return emulator.RespondError(status, "application/json", problem(status, code, message).Body)
}
