package contentful

import (
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
)

func getMe(call *request) emulator.Reply { return emulator.OK(call.renderFullUser(call.user)) }

func listUsers(call *request) emulator.Reply {
	var items []emulator.Object
	for _, u := range call.members() {
		if call.userMatches(u) {
			items = append(items, call.renderUser(u))
		}
	}
	return call.page(items)
}

func getUser(call *request) emulator.Reply {
	id := call.r.PathValue("user")
	if u := emulator.Find(call.members(), func(u *User) bool { return u.ID == id }); u != nil {
		return emulator.OK(call.renderUser(u))
	}
	return notFound()
}

func listSpaceUsers(call *request) emulator.Reply {
	var items []emulator.Object
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
func (call *request) members() []*User {
	var users []*User
	for _, m := range call.organization.Memberships {
		if u := call.userByID(m.User); u != nil {
			users = append(users, u)
		}
	}
	return users
}

// userMatches applies the parameter query: an id, a name or an e-mail address.
func (call *request) userMatches(u *User) bool {
	search := strings.ToLower(call.r.URL.Query().Get("query"))
	if search == "" || strings.EqualFold(u.ID, search) {
		return true
	}
	return strings.Contains(strings.ToLower(u.FirstName+" "+u.LastName+" "+u.Email), search)
}

// renderUser returns all of a user to owners and admins, and to the user, and
// little to others.
func (call *request) renderUser(u *User) emulator.Object {
	if call.governs() || u == call.user {
		return call.renderFullUser(u)
	}
	return emulator.Object{
		"firstName": u.FirstName, "lastName": u.LastName, "email": u.Email, "avatarUrl": "",
		"sys": emulator.Object{"type": "User", "id": u.ID},
	}
}

func (call *request) renderFullUser(u *User) emulator.Object {
	return emulator.Object{
		"firstName": u.FirstName, "lastName": u.LastName, "email": u.Email, "avatarUrl": "",
		"activated": !u.Deactivated, "confirmed": true, "signInCount": 12, "2faEnabled": u.TwoFactor,
		"cookieConsentData": nil, "preferredLanguage": nil,
		"sys": emulator.Object{
			"type": "User", "id": u.ID, "version": 1,
			"createdAt": call.time(u.CreatedAt), "updatedAt": call.time(u.CreatedAt),
		},
	}
}

func listMemberships(call *request) emulator.Reply {
	var items []emulator.Object
	for _, m := range call.organization.Memberships {
		if u := call.userByID(m.User); u == nil || call.userMatches(u) {
			items = append(items, call.renderMembership(m))
		}
	}
	return call.page(items)
}

func (call *request) renderMembership(m *Membership) emulator.Object {
	status := "active"
	if m.Pending {
		status = "pending"
	}
	return emulator.Object{
		"role": m.Role, "isExemptFromRestrictedMode": false,
		"sys": emulator.Object{
			"type": "OrganizationMembership", "id": m.ID, "version": 1, "status": status,
			"organization": link("Organization", call.organization.ID), "user": link("User", m.User),
			"lastActiveAt": call.timeOrNull(m.LastActiveAt), "sso": nil,
			"createdAt": call.time(m.CreatedAt), "updatedAt": call.time(m.CreatedAt),
		},
	}
}

func listOrganizations(call *request) emulator.Reply {
	var items []emulator.Object
	for _, o := range call.state.Organizations {
		there := *call
		there.organization = o
		if there.membership() != nil {
			items = append(items, call.renderOrganization(o))
		}
	}
	return call.page(items)
}

func getOrganization(call *request) emulator.Reply {
	return emulator.OK(call.renderOrganization(call.organization))
}

func (call *request) renderOrganization(o *Organization) emulator.Object {
	return emulator.Object{"name": o.Name, "sys": emulator.Object{
		"type": "Organization", "id": o.ID, "version": 1,
		"createdAt": call.time(o.CreatedAt), "updatedAt": call.time(o.CreatedAt),
	}}
}

func getAccessGrant(call *request) emulator.Reply {
	granted := !slices.Contains(call.token.UnauthorizedFor, call.organization.ID)
	if !call.options.TextAccessGrant {
		return emulator.OK(emulator.Object{"accessGrant": granted})
	}
	if granted {
		return emulator.OK(emulator.Object{"accessGrant": "true"})
	}
	return emulator.OK(emulator.Object{"accessGrant": "false"})
}
