package emulator

import (
	"net/http"
	"slices"
	"strings"
)

// contentfulGate refuses a call, or lets it pass with nil.
type contentfulGate func(*contentfulCall) *reply

func contentfulError(status int, id, message string) reply {
	return reply{status: status, body: object{
		"sys":     object{"type": "Error", "id": id},
		"message": message,
	}}
}

func contentfulNotFound() reply {
	return contentfulError(http.StatusNotFound, "NotFound", "The resource could not be found.")
}

func contentfulDenied(reasons ...string) reply {
	p := contentfulError(http.StatusForbidden, "AccessDenied", "Access denied.")
	if len(reasons) > 0 {
		return p.with("details", object{"reasons": reasons})
	}
	return p
}

// authenticate finds the token of the call. A token that is unknown, expired or
// revoked gets the same answer: 403 from the gatekeeper, 401 from the content
// routes below an environment.
func (call *contentfulCall) authenticate() *reply {
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
	call.uses.record(call.token, call.now)
	return nil
}

func (call *contentfulCall) invalidToken() reply {
	status := http.StatusForbidden
	if call.r.PathValue("environment") != "" {
		status = http.StatusUnauthorized
	}
	return contentfulError(status, "AccessTokenInvalid", "The access token you sent could not be found or is invalid.")
}

func (call *contentfulCall) valid(t *ContentfulToken) bool {
	return t.RevokedAt.IsZero() && (t.ExpiresAt.IsZero() || call.now.Before(t.ExpiresAt))
}

func (call *contentfulCall) tokenBySecret(secret string) *ContentfulToken {
	if secret == "" {
		return nil
	}
	return find(call.state.Tokens, func(t *ContentfulToken) bool { return t.Secret == secret })
}

func (call *contentfulCall) userByID(id string) *ContentfulUser {
	return find(call.state.Users, func(u *ContentfulUser) bool { return u.ID == id })
}

// locate finds the space and the organization that the path names.
func (call *contentfulCall) locate() {
	organization := call.r.PathValue("organization")
	if id := call.r.PathValue("space"); id != "" {
		call.space = find(call.state.Spaces, func(s *ContentfulSpace) bool { return s.ID == id })
		if call.space == nil {
			return
		}
		organization = call.space.Organization
	}
	call.organization = find(call.state.Organizations, func(o *ContentfulOrganization) bool { return o.ID == organization })
}

// membership is the caller's own in the organization of the path, or nil.
func (call *contentfulCall) membership() *ContentfulMembership {
	if call.organization == nil {
		return nil
	}
	return find(call.organization.Memberships, func(m *ContentfulMembership) bool {
		return m.User == call.user.ID && !m.Pending
	})
}

func (call *contentfulCall) governs() bool {
	m := call.membership()
	return m != nil && (m.Role == "owner" || m.Role == "admin")
}

// access is what the caller may do in the space of the path: admin, or roles.
func (call *contentfulCall) access() (member, admin bool, roles []*ContentfulRole) {
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

func (call *contentfulCall) belongs(m *ContentfulSpaceMember) bool {
	if m.User != "" || call.organization == nil {
		return m.User == call.user.ID
	}
	return slices.ContainsFunc(call.organization.Teams, func(t *ContentfulTeam) bool {
		return t.ID == m.Team && slices.Contains(t.Users, call.user.ID)
	})
}

// anyone passes every valid token.
func anyone(*contentfulCall) *reply { return nil }

// organizationMember passes the members of the organization of the path, if it
// has authorized the token.
func organizationMember(call *contentfulCall) *reply {
	if call.membership() == nil {
		failure := contentfulNotFound()
		return &failure
	}
	return call.authorizedToken()
}

func (call *contentfulCall) authorizedToken() *reply {
	if call.organization != nil && slices.Contains(call.token.UnauthorizedFor, call.organization.ID) {
		failure := call.invalidToken()
		return &failure
	}
	return nil
}

// organizationAdmin passes owners and admins of the organization of the path.
func organizationAdmin(call *contentfulCall) *reply {
	if failure := organizationMember(call); failure != nil {
		return failure
	}
	if call.governs() {
		return nil
	}
	failure := contentfulDenied("Only owners and admins of the organization may do this.")
	return &failure
}

// organizationTokens is organizationAdmin with the answer that the options choose.
func organizationTokens(call *contentfulCall) *reply {
	failure := organizationAdmin(call)
	if failure != nil && call.membership() != nil && call.options.HideOrganizationTokens {
		hidden := contentfulNotFound()
		return &hidden
	}
	return failure
}

// grantMember passes members even if the organization has not authorized the
// token: /access_grant exists to tell them so.
func grantMember(call *contentfulCall) *reply {
	if call.membership() == nil {
		failure := contentfulNotFound()
		return &failure
	}
	return nil
}

// spaceMember passes whoever has access to the space of the path. A space that
// the caller cannot see is not found.
func spaceMember(call *contentfulCall) *reply {
	failure := contentfulNotFound()
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
		failure = contentfulError(http.StatusBadGateway, "Hibernated",
			"This space has not been accessed in a long time and is hibernated. Please contact support to wake it up.")
		return &failure
	}
	return nil
}

// spaceAdmin passes admins of the space of the path.
func spaceAdmin(call *contentfulCall) *reply {
	if failure := spaceMember(call); failure != nil {
		return failure
	}
	if _, admin, _ := call.access(); admin {
		return nil
	}
	failure := contentfulDenied()
	return &failure
}

// keyReader passes whoever may see API keys: space admins, and roles with the
// permission ContentDelivery.
func keyReader(call *contentfulCall) *reply {
	if failure := spaceMember(call); failure != nil {
		return failure
	}
	manage := slices.Contains(call.token.Scopes, ContentfulManage)
	_, admin, roles := call.access()
	allowed := admin || slices.ContainsFunc(roles, func(role *ContentfulRole) bool {
		return permits(role.Permissions["ContentDelivery"])
	})
	if allowed && (manage || !call.options.ReadScopeHidesKeys) {
		return nil
	}
	if call.options.EmptyKeysForbidden {
		empty := call.page(nil)
		return &empty
	}
	failure := contentfulDenied()
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
