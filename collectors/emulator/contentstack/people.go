package contentstack

import (
	"net/http"
	"strconv"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
)

// getContentstackUser carries the authtoken that asked, as a fixture of an
// official SDK does.
func getUser(call *request) emulator.Reply {
	if call.caller.user == nil {
		return loggedOut("authtoken")
	}
	item := call.renderUser(call.caller.user)
	item["authtoken"] = call.r.Header.Get("authtoken")
	if call.r.URL.Query().Get("include_orgs_roles") == "true" {
		organizations := []emulator.Object{}
		for _, o := range call.organizationsOf(call.caller.user) {
			organizations = append(organizations, call.renderOrganization(o))
		}
		item["organizations"] = organizations
	}
	return emulator.OK(emulator.Object{"user": item})
}

func (call *request) organizationsOf(u *User) []*Organization {
	var out []*Organization
	for _, o := range call.state.Organizations {
		if o.Owner == u.UID || o.member(u.UID) != nil {
			out = append(out, o)
		}
	}
	return out
}

func (o *Organization) member(user string) *Member {
	return emulator.Find(o.Members, func(m *Member) bool { return m.User == user && !m.Pending })
}

func (call *request) renderUser(u *User) emulator.Object {
	uids := []string{}
	for _, o := range call.organizationsOf(u) {
		uids = append(uids, o.UID)
	}
	return emulator.Object{
		"uid": u.UID, "email": u.Email, "username": u.Email, "first_name": u.FirstName, "last_name": u.LastName,
		"org_uid": uids, "shared_org_uid": []string{}, "active": true, "failed_attempts": 0,
		"tfa_status": "", "roles": []string{},
		"created_at": timestamp(u.CreatedAt), "updated_at": timestamp(u.CreatedAt),
	}
}

func listOrganizations(call *request) emulator.Reply {
	var items []emulator.Object
	for _, o := range call.state.Organizations {
		if call.inOrganization(o) {
			items = append(items, call.renderOrganization(o))
		}
	}
	return call.page("organizations", items)
}

func (call *request) inOrganization(o *Organization) bool {
	if t := call.caller.oauth; t != nil {
		return t.Organization == o.UID
	}
	u := call.caller.user
	return u != nil && (o.Owner == u.UID || o.member(u.UID) != nil)
}

func getOrganization(call *request) emulator.Reply {
	if failure := call.organizationMember(); failure != nil {
		return *failure
	}
	item := call.renderOrganization(call.organization)
	if call.r.URL.Query().Get("include_plan") == "true" {
		limit := call.options.ReadLimit
		if call.organization.ReadLimit > 0 {
			limit = call.organization.ReadLimit
		}
		item["plan"] = emulator.Object{"features": []emulator.Object{
			{"uid": "getLimit", "limit": limit}, {"uid": "limit", "limit": writeLimit}, {"uid": "bulkLimit", "limit": 1},
		}}
	}
	return emulator.OK(emulator.Object{"organization": item})
}

// organizationMember refuses who does not belong to the organization of the path.
func (call *request) organizationMember() *emulator.Reply {
	if call.organization == nil {
		failure := problem(http.StatusNotFound, http.StatusNotFound, "The organization was not found. Please try again.", "uid", "is not valid.")
		return &failure
	}
	if call.inOrganization(call.organization) {
		return nil
	}
	failure := call.denied()
	return &failure
}

// renderOrganization has an expires_on, which is the plan's and not a token's.
func (call *request) renderOrganization(o *Organization) emulator.Object {
	item := emulator.Object{
		"uid": o.UID, "name": o.Name, "plan_id": "enterprise", "owner_uid": o.Owner, "expires_on": "2029-12-31T00:00:00.000Z",
		"enabled": true, "is_over_usage_allowed": true, "is_transfer_set": false, "settings": emulator.Object{},
		"created_at": timestamp(o.CreatedAt), "updated_at": timestamp(o.CreatedAt),
	}
	if u := call.caller.user; u != nil && o.Owner == u.UID {
		item["is_owner"] = true
	} else if u != nil && o.member(u.UID) != nil {
		item["org_roles"] = []emulator.Object{{"admin": o.member(u.UID).Admin}}
	}
	return item
}

func listShares(call *request) emulator.Reply {
	if failure := call.organizationMember(); failure != nil {
		return *failure
	}
	var items []emulator.Object
	for _, m := range call.organization.Members {
		u := call.userByUID(m.User)
		if u == nil {
			continue
		}
		status := "accepted"
		if m.Pending {
			status = "pending"
		}
		items = append(items, emulator.Object{
			"uid": "blt" + emulator.StableID(emulator.HexDigits, 16, "share/"+call.organization.UID+"/"+u.UID), "email": u.Email, "user_uid": u.UID,
			"status": status, "is_owner": call.organization.Owner == u.UID, "org_uid": call.organization.UID,
			"org_roles": []string{organizationRoleUID(call.organization, m.Admin)},
		})
	}
	return call.page("shares", items)
}

func organizationRoleUID(o *Organization, admin bool) string {
	return "blt" + emulator.StableID(emulator.HexDigits, 16, "organization role/"+o.UID+"/"+strconv.FormatBool(admin))
}

func listOrganizationRoleNames(call *request) emulator.Reply {
	if failure := call.organizationMember(); failure != nil {
		return *failure
	}
	var items []emulator.Object
	for _, admin := range []bool{true, false} {
		items = append(items, emulator.Object{
			"uid": organizationRoleUID(call.organization, admin), "name": map[bool]string{true: "admin", false: "member"}[admin],
			"org_uid": call.organization.UID, "admin": admin, "default": true,
		})
	}
	return call.page("roles", items)
}

// listOrganizationLogs is empty: no source shows the shape of an entry.
func listOrganizationLogs(call *request) emulator.Reply {
	if failure := call.organizationMember(); failure != nil {
		return *failure
	}
	return call.page("logs", nil)
}
