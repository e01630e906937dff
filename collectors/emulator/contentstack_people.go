package emulator

import (
	"net/http"
	"strconv"
)

// getContentstackUser carries the authtoken that asked, as a fixture of an
// official SDK does.
func getContentstackUser(call *contentstackCall) reply {
	if call.caller.user == nil {
		return contentstackLoggedOut("authtoken")
	}
	item := call.renderUser(call.caller.user)
	item["authtoken"] = call.r.Header.Get("authtoken")
	if call.r.URL.Query().Get("include_orgs_roles") == "true" {
		organizations := []object{}
		for _, o := range call.organizationsOf(call.caller.user) {
			organizations = append(organizations, call.renderOrganization(o))
		}
		item["organizations"] = organizations
	}
	return ok(object{"user": item})
}

func (call *contentstackCall) organizationsOf(u *ContentstackUser) []*ContentstackOrganization {
	var out []*ContentstackOrganization
	for _, o := range call.state.Organizations {
		if o.Owner == u.UID || o.member(u.UID) != nil {
			out = append(out, o)
		}
	}
	return out
}

func (o *ContentstackOrganization) member(user string) *ContentstackMember {
	return find(o.Members, func(m *ContentstackMember) bool { return m.User == user && !m.Pending })
}

func (call *contentstackCall) renderUser(u *ContentstackUser) object {
	uids := []string{}
	for _, o := range call.organizationsOf(u) {
		uids = append(uids, o.UID)
	}
	return object{
		"uid": u.UID, "email": u.Email, "username": u.Email, "first_name": u.FirstName, "last_name": u.LastName,
		"org_uid": uids, "shared_org_uid": []string{}, "active": true, "failed_attempts": 0,
		"tfa_status": "", "roles": []string{},
		"created_at": contentstackTime(u.CreatedAt), "updated_at": contentstackTime(u.CreatedAt),
	}
}

func listContentstackOrganizations(call *contentstackCall) reply {
	var items []object
	for _, o := range call.state.Organizations {
		if call.inOrganization(o) {
			items = append(items, call.renderOrganization(o))
		}
	}
	return call.page("organizations", items)
}

func (call *contentstackCall) inOrganization(o *ContentstackOrganization) bool {
	if t := call.caller.oauth; t != nil {
		return t.Organization == o.UID
	}
	u := call.caller.user
	return u != nil && (o.Owner == u.UID || o.member(u.UID) != nil)
}

func getContentstackOrganization(call *contentstackCall) reply {
	if failure := call.organizationMember(); failure != nil {
		return *failure
	}
	item := call.renderOrganization(call.organization)
	if call.r.URL.Query().Get("include_plan") == "true" {
		limit := call.options.ReadLimit
		if call.organization.ReadLimit > 0 {
			limit = call.organization.ReadLimit
		}
		item["plan"] = object{"features": []object{
			{"uid": "getLimit", "limit": limit}, {"uid": "limit", "limit": contentstackWriteLimit}, {"uid": "bulkLimit", "limit": 1},
		}}
	}
	return ok(object{"organization": item})
}

// organizationMember refuses who does not belong to the organization of the path.
func (call *contentstackCall) organizationMember() *reply {
	if call.organization == nil {
		failure := contentstackError(http.StatusNotFound, http.StatusNotFound, "The organization was not found. Please try again.", "uid", "is not valid.")
		return &failure
	}
	if call.inOrganization(call.organization) {
		return nil
	}
	failure := call.denied()
	return &failure
}

// renderOrganization has an expires_on, which is the plan's and not a token's.
func (call *contentstackCall) renderOrganization(o *ContentstackOrganization) object {
	item := object{
		"uid": o.UID, "name": o.Name, "plan_id": "enterprise", "owner_uid": o.Owner, "expires_on": "2029-12-31T00:00:00.000Z",
		"enabled": true, "is_over_usage_allowed": true, "is_transfer_set": false, "settings": object{},
		"created_at": contentstackTime(o.CreatedAt), "updated_at": contentstackTime(o.CreatedAt),
	}
	if u := call.caller.user; u != nil && o.Owner == u.UID {
		item["is_owner"] = true
	} else if u != nil && o.member(u.UID) != nil {
		item["org_roles"] = []object{{"admin": o.member(u.UID).Admin}}
	}
	return item
}

func listShares(call *contentstackCall) reply {
	if failure := call.organizationMember(); failure != nil {
		return *failure
	}
	var items []object
	for _, m := range call.organization.Members {
		u := call.userByUID(m.User)
		if u == nil {
			continue
		}
		status := "accepted"
		if m.Pending {
			status = "pending"
		}
		items = append(items, object{
			"uid": "blt" + stableID(hexDigits, 16, "share/"+call.organization.UID+"/"+u.UID), "email": u.Email, "user_uid": u.UID,
			"status": status, "is_owner": call.organization.Owner == u.UID, "org_uid": call.organization.UID,
			"org_roles": []string{organizationRoleUID(call.organization, m.Admin)},
		})
	}
	return call.page("shares", items)
}

func organizationRoleUID(o *ContentstackOrganization, admin bool) string {
	return "blt" + stableID(hexDigits, 16, "organization role/"+o.UID+"/"+strconv.FormatBool(admin))
}

func listOrganizationRoleNames(call *contentstackCall) reply {
	if failure := call.organizationMember(); failure != nil {
		return *failure
	}
	var items []object
	for _, admin := range []bool{true, false} {
		items = append(items, object{
			"uid": organizationRoleUID(call.organization, admin), "name": map[bool]string{true: "admin", false: "member"}[admin],
			"org_uid": call.organization.UID, "admin": admin, "default": true,
		})
	}
	return call.page("roles", items)
}

// listOrganizationLogs is empty: no source shows the shape of an entry.
func listOrganizationLogs(call *contentstackCall) reply {
	if failure := call.organizationMember(); failure != nil {
		return *failure
	}
	return call.page("logs", nil)
}
