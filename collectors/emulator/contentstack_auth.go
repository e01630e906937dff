package emulator

import (
	"net/http"
	"slices"
	"strings"
)

// The error codes of Contentstack that the emulator uses.
const (
	contentstackWrongScope     = 21
	contentstackNotLoggedIn    = 105
	contentstackUnknownStack   = 109
	contentstackInvalid        = 141
	contentstackNoPermission   = 161
	contentstackForeignCompany = 316
)

// contentstackNeed is what a route asks of its caller.
type contentstackNeed struct {
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

func contentstackError(status, code int, message string, fields ...string) reply {
	body := object{"error_message": message, "error_code": code}
	if len(fields) > 0 {
		errors := object{}
		for i := 0; i+1 < len(fields); i += 2 {
			errors[fields[i]] = []string{fields[i+1]}
		}
		body["errors"] = errors
	}
	return reply{status: status, body: body}
}

func contentstackNoSuchStack() reply {
	return contentstackError(http.StatusPreconditionFailed, contentstackUnknownStack,
		"We can't find that Stack. Please try again.", "api_key", "is not valid.")
}

func contentstackLoggedOut(field string) reply {
	return contentstackError(http.StatusUnauthorized, contentstackNotLoggedIn,
		"You're not allowed in here unless you're logged in.", field, "is not valid.")
}

func (call *contentstackCall) denied() reply {
	return contentstackError(call.options.PermissionStatus, contentstackNoPermission, "You don't have the permission to do this operation.")
}

// locate finds the stack that api_key names, and the organization. An unknown
// stack, and a stack route without any credential, is 412 before all else.
func (call *contentstackCall) locate(need contentstackNeed) *reply {
	key := call.r.Header.Get("api_key")
	if key != "" {
		call.stack = find(call.state.Stacks, func(s *ContentstackStack) bool { return s.APIKey == key })
	}
	uid := call.r.PathValue("organization")
	if uid == "" {
		uid = call.r.Header.Get("organization_uid")
	}
	if call.stack != nil {
		uid = call.stack.Organization
	}
	call.organization = find(call.state.Organizations, func(o *ContentstackOrganization) bool { return o.UID == uid })
	if (need.stack || key != "") && (call.stack == nil || !call.hasCredential()) {
		failure := contentstackNoSuchStack()
		if key == "" && call.r.Header.Get("organization_uid") != "" && call.bearer() != "" {
			failure = contentstackError(http.StatusUnprocessableEntity, contentstackWrongScope, "Stack not found")
		}
		return &failure
	}
	return nil
}

func (call *contentstackCall) hasCredential() bool {
	return call.r.Header.Get("authtoken") != "" || call.r.Header.Get("authorization") != ""
}

func (call *contentstackCall) bearer() string {
	secret, found := strings.CutPrefix(call.r.Header.Get("authorization"), "Bearer ")
	if !found {
		return ""
	}
	return secret
}

// authenticate finds out whose credential came.
func (call *contentstackCall) authenticate() *reply {
	field, caller := "authtoken", &call.caller
	switch header := call.r.Header.Get("authorization"); {
	case call.r.Header.Get("authtoken") != "":
		caller.user = call.userByAuthtoken(call.r.Header.Get("authtoken"))
	case call.bearer() != "":
		field = "access_token"
		caller.oauth = find(call.state.OAuthTokens, func(t *ContentstackOAuthToken) bool {
			return t.Secret == call.bearer() && (t.ExpiresAt.IsZero() || call.now.Before(t.ExpiresAt))
		})
		if caller.oauth != nil && caller.oauth.User != "" {
			caller.user = call.userByUID(caller.oauth.User)
		}
	case header != "" && call.stack != nil:
		field = "management_token"
		caller.management = find(call.stack.ManagementTokens, func(t *ContentstackManagementToken) bool {
			return t.Secret == header && !t.expired(call.now)
		})
	}
	if caller.user == nil && caller.oauth == nil && caller.management == nil {
		failure := contentstackLoggedOut(field)
		return &failure
	}
	return nil
}

func (call *contentstackCall) userByAuthtoken(secret string) *ContentstackUser {
	return find(call.state.Users, func(u *ContentstackUser) bool { return slices.Contains(u.Authtokens, secret) })
}

func (call *contentstackCall) userByUID(uid string) *ContentstackUser {
	return find(call.state.Users, func(u *ContentstackUser) bool { return u.UID == uid })
}

// permit applies what a route needs to who called.
func (call *contentstackCall) permit(need contentstackNeed) *reply {
	if call.caller.management != nil {
		if need.module == "" {
			return nil
		}
		failure := contentstackError(call.options.TokensModuleStatus, call.options.TokensModuleCode,
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
func (call *contentstackCall) permitOAuth(need contentstackNeed) *reply {
	t := call.caller.oauth
	if t == nil {
		return nil
	}
	failure := contentstackError(http.StatusForbidden, contentstackForeignCompany, "You don't have the permission to do this operation.")
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
func (call *contentstackCall) roles(u *ContentstackUser) (names []string, member bool) {
	if call.organization != nil && call.organization.Owner == u.UID {
		return []string{ContentstackOwner}, true
	}
	c := find(call.stack.Collaborators, func(c *ContentstackCollaborator) bool { return c.User == u.UID })
	if c == nil {
		return nil, false
	}
	return c.Roles, true
}
