package contentful

import (
	"net/http"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
)

// gate refuses a call, or lets it pass with nil.
type gate func(*request) *emulator.Reply

func problem(status int, id, message string) emulator.Reply {
	return emulator.Reply{Status: status, Body: emulator.Object{
		"sys":     emulator.Object{"type": "Error", "id": id},
		"message": message,
	}}
}

func notFound() emulator.Reply {
	return problem(http.StatusNotFound, "NotFound", "The resource could not be found.")
}

func denied(reasons ...string) emulator.Reply {
	p := problem(http.StatusForbidden, "AccessDenied", "Access denied.")
	if len(reasons) > 0 {
		return p.With("details", emulator.Object{"reasons": reasons})
	}
	return p
}

// authenticate finds the token of the call. A token that is unknown, expired or
// revoked gets the same answer: 403 from the gatekeeper, 401 from the content
// routes below an environment.
func (call *request) authenticate() *emulator.Reply {
	secret, found := strings.CutPrefix(call.r.Header.Get("Authorization"), "Bearer ")
	if !found {
		secret = call.r.URL.Query().Get("access_token")
	}
	if token := call.tokenBySecret(secret); token != nil && call.valid(token) {
		call.token, call.user = token, call.userByID(token.User)
	}
	if call.user == nil || call.user.Deactivated {
		failure := call.invalidToken()
		return &failure
	}
	call.uses.Record(call.token, call.now)
	return nil
}

func (call *request) invalidToken() emulator.Reply {
	status := http.StatusForbidden
	if call.r.PathValue("environment") != "" {
		status = http.StatusUnauthorized
	}
	return problem(status, "AccessTokenInvalid", "The access token you sent could not be found or is invalid.")
}

func (call *request) valid(t *Token) bool {
	return t.RevokedAt.IsZero() && (t.ExpiresAt.IsZero() || call.now.Before(t.ExpiresAt))
}

func (call *request) tokenBySecret(secret string) *Token {
	if secret == "" {
		return nil
	}
	return emulator.Find(call.state.Tokens, func(t *Token) bool { return t.Secret == secret })
}

func (call *request) userByID(id string) *User {
	return emulator.Find(call.state.Users, func(u *User) bool { return u.ID == id })
}

// locate finds the space and the organization that the path names.
func (call *request) locate() {
	organization := call.r.PathValue("organization")
	if id := call.r.PathValue("space"); id != "" {
		call.space = emulator.Find(call.state.Spaces, func(s *Space) bool { return s.ID == id })
		if call.space == nil {
			return
		}
		organization = call.space.Organization
	}
	call.organization = emulator.Find(call.state.Organizations, func(o *Organization) bool { return o.ID == organization })
}

// membership is the caller's own in the organization of the path, or nil.
func (call *request) membership() *Membership {
	if call.organization == nil {
		return nil
	}
	return emulator.Find(call.organization.Memberships, func(m *Membership) bool {
		return m.User == call.user.ID && !m.Pending
	})
}

func (call *request) governs() bool {
	m := call.membership()
	return m != nil && (m.Role == "owner" || m.Role == "admin")
}

// access is what the caller may do in the space of the path: admin, or roles.
func (call *request) access() (member, admin bool, roles []*Role) {
	if call.governs() {
		return true, true, nil
	}
	for _, m := range call.space.Members {
		if !call.belongs(m) {
			continue
		}
		member, admin = true, admin || m.Admin
		for _, role := range call.space.Roles {
			if slices.Contains(m.Roles, role.ID) {
				roles = append(roles, role)
			}
		}
	}
	return member, admin, roles
}

func (call *request) belongs(m *SpaceMember) bool {
	if m.User != "" || call.organization == nil {
		return m.User == call.user.ID
	}
	return slices.ContainsFunc(call.organization.Teams, func(t *Team) bool {
		return t.ID == m.Team && slices.Contains(t.Users, call.user.ID)
	})
}

// anyone passes every valid token.
func anyone(*request) *emulator.Reply { return nil }

// organizationMember passes the members of the organization of the path, if it
// has authorized the token.
func organizationMember(call *request) *emulator.Reply {
	if call.membership() == nil {
		failure := notFound()
		return &failure
	}
	return call.authorizedToken()
}

func (call *request) authorizedToken() *emulator.Reply {
	if call.organization != nil && slices.Contains(call.token.UnauthorizedFor, call.organization.ID) {
		failure := call.invalidToken()
		return &failure
	}
	return nil
}

// organizationAdmin passes owners and admins of the organization of the path.
func organizationAdmin(call *request) *emulator.Reply {
	if failure := organizationMember(call); failure != nil {
		return failure
	}
	if call.governs() {
		return nil
	}
	failure := denied("Only owners and admins of the organization may do this.")
	return &failure
}

// organizationTokens is organizationAdmin with the answer that the options choose.
func organizationTokens(call *request) *emulator.Reply {
	failure := organizationAdmin(call)
	if failure != nil && call.membership() != nil && call.options.HideOrganizationTokens {
		hidden := notFound()
		return &hidden
	}
	return failure
}

// grantMember passes members even if the organization has not authorized the
// token: /access_grant exists to tell them so.
func grantMember(call *request) *emulator.Reply {
	if call.membership() == nil {
		failure := notFound()
		return &failure
	}
	return nil
}

// spaceMember passes whoever has access to the space of the path. A space that
// the caller cannot see is not found.
func spaceMember(call *request) *emulator.Reply {
	failure := notFound()
	if call.space == nil {
		return &failure
	}
	if member, _, _ := call.access(); !member {
		return &failure
	}
	if refused := call.authorizedToken(); refused != nil {
		return refused
	}
	if call.space.Hibernated {
		failure = problem(http.StatusBadGateway, "Hibernated",
			"This space has not been accessed in a long time and is hibernated. Please contact support to wake it up.")
		return &failure
	}
	return nil
}

// spaceAdmin passes admins of the space of the path.
func spaceAdmin(call *request) *emulator.Reply {
	if failure := spaceMember(call); failure != nil {
		return failure
	}
	if _, admin, _ := call.access(); admin {
		return nil
	}
	failure := denied()
	return &failure
}

// keyReader passes whoever may see API keys: space admins, and roles with the
// permission ContentDelivery.
func keyReader(call *request) *emulator.Reply {
	if failure := spaceMember(call); failure != nil {
		return failure
	}
	manage := slices.Contains(call.token.Scopes, Manage)
	_, admin, roles := call.access()
	allowed := admin || slices.ContainsFunc(roles, func(role *Role) bool {
		return permits(role.Permissions["ContentDelivery"])
	})
	if allowed && (manage || !call.options.ReadScopeHidesKeys) {
		return nil
	}
	if call.options.EmptyKeysForbidden {
		empty := call.page(nil)
		return &empty
	}
	failure := denied()
	return &failure
}

// permits reads a permission of a role: "all", or a list that may hold "read"
// and "manage".
func permits(permission any) bool {
	switch p := permission.(type) {
	case string:
		return p == "all" || p == "manage"
	case []string:
		return slices.Contains(p, "manage") || slices.Contains(p, "all") || slices.Contains(p, "read")
	default:
		return false
	}
}

// Failure answers with an error of Contentful, such as 403 AccessDenied.
func Failure(status int, id, message string) emulator.Action {
	return emulator.RespondError(status, "application/vnd.contentful.management.v1+json", problem(status, id, message).Body)
}
