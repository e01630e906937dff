package emulator

import (
	"slices"
	"strings"
)

func getMe(call *contentfulCall) reply { return ok(call.renderFullUser(call.user)) }

func listUsers(call *contentfulCall) reply {
	var items []object
	for _, u := range call.members() {
		if call.userMatches(u) {
			items = append(items, call.renderUser(u))
		}
	}
	return call.page(items)
}

func getUser(call *contentfulCall) reply {
	id := call.r.PathValue("user")
	if u := find(call.members(), func(u *ContentfulUser) bool { return u.ID == id }); u != nil {
		return ok(call.renderUser(u))
	}
	return contentfulNotFound()
}

func listSpaceUsers(call *contentfulCall) reply {
	var items []object
	for _, u := range call.state.Users {
		asUser := *call
		asUser.user = u
		if slices.ContainsFunc(call.space.Members, asUser.belongs) {
			items = append(items, call.renderUser(u))
		}
	}
	return call.page(items)
}

// members are the users of the organization of the path.
func (call *contentfulCall) members() []*ContentfulUser {
	var users []*ContentfulUser
	for _, m := range call.organization.Memberships {
		if u := call.userByID(m.User); u != nil {
			users = append(users, u)
		}
	}
	return users
}

// userMatches applies the parameter query: an id, a name or an e-mail address.
func (call *contentfulCall) userMatches(u *ContentfulUser) bool {
	search := strings.ToLower(call.r.URL.Query().Get("query"))
	if search == "" || strings.EqualFold(u.ID, search) {
		return true
	}
	return strings.Contains(strings.ToLower(u.FirstName+" "+u.LastName+" "+u.Email), search)
}

// renderUser gives all of a user to owners and admins, and to the user, and
// little to others.
func (call *contentfulCall) renderUser(u *ContentfulUser) object {
	if call.governs() || u == call.user {
		return call.renderFullUser(u)
	}
	return object{
		"firstName": u.FirstName, "lastName": u.LastName, "email": u.Email, "avatarUrl": "",
		"sys": object{"type": "User", "id": u.ID},
	}
}

func (call *contentfulCall) renderFullUser(u *ContentfulUser) object {
	return object{
		"firstName": u.FirstName, "lastName": u.LastName, "email": u.Email, "avatarUrl": "",
		"activated": !u.Deactivated, "confirmed": true, "signInCount": 12, "2faEnabled": u.TwoFactor,
		"cookieConsentData": nil, "preferredLanguage": nil,
		"sys": object{
			"type": "User", "id": u.ID, "version": 1,
			"createdAt": call.time(u.CreatedAt), "updatedAt": call.time(u.CreatedAt),
		},
	}
}

func listMemberships(call *contentfulCall) reply {
	var items []object
	for _, m := range call.organization.Memberships {
		if u := call.userByID(m.User); u == nil || call.userMatches(u) {
			items = append(items, call.renderMembership(m))
		}
	}
	return call.page(items)
}

func (call *contentfulCall) renderMembership(m *ContentfulMembership) object {
	status := "active"
	if m.Pending {
		status = "pending"
	}
	return object{
		"role": m.Role, "isExemptFromRestrictedMode": false,
		"sys": object{
			"type": "OrganizationMembership", "id": m.ID, "version": 1, "status": status,
			"organization": link("Organization", call.organization.ID), "user": link("User", m.User),
			"lastActiveAt": call.timeOrNull(m.LastActiveAt), "sso": nil,
			"createdAt": call.time(m.CreatedAt), "updatedAt": call.time(m.CreatedAt),
		},
	}
}

func listOrganizations(call *contentfulCall) reply {
	var items []object
	for _, o := range call.state.Organizations {
		there := *call
		there.organization = o
		if there.membership() != nil {
			items = append(items, call.renderOrganization(o))
		}
	}
	return call.page(items)
}

func getOrganization(call *contentfulCall) reply {
	return ok(call.renderOrganization(call.organization))
}

func (call *contentfulCall) renderOrganization(o *ContentfulOrganization) object {
	return object{"name": o.Name, "sys": object{
		"type": "Organization", "id": o.ID, "version": 1,
		"createdAt": call.time(o.CreatedAt), "updatedAt": call.time(o.CreatedAt),
	}}
}

func getAccessGrant(call *contentfulCall) reply {
	granted := !slices.Contains(call.token.UnauthorizedFor, call.organization.ID)
	if !call.options.TextAccessGrant {
		return ok(object{"accessGrant": granted})
	}
	if granted {
		return ok(object{"accessGrant": "true"})
	}
	return ok(object{"accessGrant": "false"})
}
