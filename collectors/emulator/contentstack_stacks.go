package emulator

import (
	"encoding/json"
	"net/http"
	"slices"
)

// getStackOrList answers with one stack to api_key, else with the stacks of the
// organization that a header or the query names.
func getStackOrList(call *contentstackCall) reply {
	if call.stack == nil {
		return listStacks(call)
	}
	if call.caller.user != nil {
		if _, member := call.roles(call.caller.user); !member {
			return call.denied()
		}
	}
	return ok(object{"stack": call.renderStack(call.stack)})
}

// listStacks lists the stacks of an organization that the caller can open.
func listStacks(call *contentstackCall) reply {
	wanted := call.r.PathValue("organization")
	if wanted == "" {
		wanted = call.r.Header.Get("organization_uid")
	}
	var query struct {
		Organization string `json:"org_uid"`
	}
	if wanted == "" && json.Unmarshal([]byte(call.r.URL.Query().Get("query")), &query) == nil {
		wanted = query.Organization
	}
	var items []object
	for _, s := range call.state.Stacks {
		if (wanted == "" || s.Organization == wanted) && call.opens(s) {
			items = append(items, call.renderStack(s))
		}
	}
	return call.page("stacks", items)
}

func (call *contentstackCall) opens(s *ContentstackStack) bool {
	if t := call.caller.oauth; t != nil && t.Organization != s.Organization {
		return false
	}
	if call.caller.user == nil {
		return true
	}
	there := *call
	there.stack = s
	there.organization = find(call.state.Organizations, func(o *ContentstackOrganization) bool { return o.UID == s.Organization })
	_, member := there.roles(call.caller.user)
	return member
}

// renderStack carries the secrets that the real stack object carries.
func (call *contentstackCall) renderStack(s *ContentstackStack) object {
	query := call.r.URL.Query()
	discrete := object{"cms": true, "_version": 3, "secret_key": Secret(PlainSecretForm(), "secret_key/"+s.UID)}
	if query.Get("include_discrete_variables") == "true" && s.LegacyAccessToken != "" {
		discrete["access_token"] = s.LegacyAccessToken
	}
	users := []string{}
	for _, c := range s.Collaborators {
		users = append(users, c.User)
	}
	item := object{
		"uid": s.UID, "name": s.Name, "description": s.Description, "org_uid": s.Organization, "api_key": s.APIKey,
		"master_locale": "en-us", "is_asset_download_public": true, "owner_uid": s.Owner, "user_uids": users,
		"created_at": contentstackTime(s.CreatedAt), "updated_at": contentstackTime(s.CreatedAt),
		"settings": object{
			"version": "2019-04-30", "rte_version": 3, "branches": !s.NoBranches, "blockAuthQueryParams": true,
			"allowedCDNTokens": []string{"access_token"}, "webhook_enabled": true, "language_fallback": false,
			"live_preview": object{}, "stack_variables": object{}, "discrete_variables": discrete,
		},
		"master_key": Secret(PlainSecretForm(), "master_key/"+s.UID), "SYS_ACL": object{},
	}
	if query.Get("include_collaborators") == "true" {
		item["collaborators"] = call.renderCollaborators(s)
	}
	return item
}

func (call *contentstackCall) renderCollaborators(s *ContentstackStack) []object {
	items := []object{}
	for _, c := range s.Collaborators {
		u := call.userByUID(c.User)
		if u == nil {
			continue
		}
		roles := []object{}
		for _, name := range c.Roles {
			roles = append(roles, object{"uid": roleUID(s, name), "name": name})
		}
		items = append(items, object{
			"uid": u.UID, "email": u.Email, "first_name": u.FirstName, "last_name": u.LastName,
			"created_at": contentstackTime(u.CreatedAt), "updated_at": contentstackTime(u.CreatedAt),
			"roles": roles, "org_uid": []string{s.Organization}, "plan_id": []string{},
		})
	}
	return items
}

func roleUID(s *ContentstackStack, name string) string {
	if role := find(s.Roles, func(r *ContentstackRole) bool { return r.Name == name }); role != nil {
		return role.UID
	}
	return "blt" + stableID(hexDigits, 16, "role/"+s.UID+"/"+name)
}

func listBranches(call *contentstackCall) reply {
	if call.stack.NoBranches {
		return contentstackError(http.StatusUnprocessableEntity, contentstackInvalid, "Branches are not enabled for this stack.")
	}
	var items []object
	for i, uid := range call.stack.Branches {
		source, aliases := call.stack.Branches[0], []object{}
		if i == 0 {
			source = ""
		}
		for _, alias := range sortedKeys(call.stack.Aliases) {
			if call.stack.Aliases[alias] == uid {
				aliases = append(aliases, object{"uid": alias})
			}
		}
		item := object{"uid": uid, "source": source, "alias": aliases, "deleted_at": false}
		items = append(items, stamp(item, call.stack.Owner, "", call.stack.CreatedAt, call.stack.CreatedAt))
	}
	return call.page("branches", items)
}

// listBranchAliases names the alias in "alias"; "uid" is the branch.
func listBranchAliases(call *contentstackCall) reply {
	var items []object
	for _, alias := range sortedKeys(call.stack.Aliases) {
		item := object{"uid": call.stack.Aliases[alias], "source": "", "alias": alias, "deleted_at": false}
		items = append(items, stamp(item, call.stack.Owner, "", call.stack.CreatedAt, call.stack.CreatedAt))
	}
	return call.page("branch_aliases", items)
}

func listContentstackEnvironments(call *contentstackCall) reply {
	var items []object
	for _, e := range call.stack.Environments {
		items = append(items, renderContentstackEnvironment(e))
	}
	return call.page("environments", items)
}

func getContentstackEnvironment(call *contentstackCall) reply {
	name := call.r.PathValue("environment")
	if e := find(call.stack.Environments, func(e *ContentstackEnvironment) bool { return e.Name == name }); e != nil {
		return ok(object{"environment": renderContentstackEnvironment(e)})
	}
	return contentstackError(http.StatusUnprocessableEntity, contentstackInvalid, "The Environment '"+name+"' was not found. Please try again.", "uid", "is not valid.")
}

func renderContentstackEnvironment(e *ContentstackEnvironment) object {
	item := object{
		"uid": e.UID, "name": e.Name, "_version": 1, "deploy_content": false, "servers": []string{},
		"urls": []object{{"url": "https://" + e.Name + ".example.com", "locale": "en-us"}},
		"ACL":  []string{}, "tags": []string{}, "app_user_object_uid": "system",
	}
	return stamp(item, e.CreatedBy, "", e.CreatedAt, e.CreatedAt)
}

func listStackRoles(call *contentstackCall) reply {
	names := []string{ContentstackAdmin, ContentstackDeveloper, "Content Manager"}
	for _, role := range call.stack.Roles {
		names = append(names, role.Name)
	}
	var items []object
	for _, name := range names {
		users := []string{}
		for _, c := range call.stack.Collaborators {
			if slices.Contains(c.Roles, name) {
				users = append(users, c.User)
			}
		}
		item := object{
			"uid": roleUID(call.stack, name), "name": name, "description": "", "users": users, "roles": []string{},
			"owner": call.stack.Owner, "stack": call.renderStack(call.stack), "SYS_ACL": object{},
		}
		items = append(items, stamp(item, call.stack.Owner, "", call.stack.CreatedAt, call.stack.CreatedAt))
	}
	return call.page("roles", items)
}

// listContentstackWebhooks serves passwords and header values in clear.
func listContentstackWebhooks(call *contentstackCall) reply {
	var items []object
	for _, h := range call.stack.Webhooks {
		destination := object{"target_url": h.URL, "http_basic_auth": h.BasicUser, "http_basic_password": h.BasicPassword, "custom_header": []object{}}
		if h.HeaderName != "" {
			destination["custom_header"] = []object{{"header_name": h.HeaderName, "value": h.HeaderContent}}
		}
		item := object{
			"uid": h.UID, "name": h.Name, "destinations": []object{destination}, "channels": []string{"content_types.entries.environments.publish.success"},
			"branches": []string{"main"}, "disabled": false, "retry_policy": "manual", "concise_payload": true,
			"notifiers": "", "unhealthy": object{"state": false}, "org_uid": call.stack.Organization,
		}
		items = append(items, stamp(item, call.stack.Owner, "", call.stack.CreatedAt, call.stack.CreatedAt))
	}
	p := call.page("webhooks", items)
	if body, isObject := p.body.(object); isObject {
		body["destination"] = object{}
	}
	return p
}

func listAuditLogs(call *contentstackCall) reply {
	var items []object
	for _, l := range call.stack.Logs {
		items = append(items, renderLog(call.stack, l))
	}
	slices.Reverse(items) // newest first
	return call.page("logs", items)
}

func getAuditLog(call *contentstackCall) reply {
	uid := call.r.PathValue("log")
	if l := find(call.stack.Logs, func(l *ContentstackLog) bool { return l.UID == uid }); l != nil {
		item := renderLog(call.stack, l)
		item["_id"] = l.UID
		return ok(object{"log": item})
	}
	return contentstackError(http.StatusNotFound, contentstackInvalid, "The log was not found. Please try again.", "uid", "is not valid.")
}

func renderLog(s *ContentstackStack, l *ContentstackLog) object {
	return object{
		"uid": l.UID, "stack": s.APIKey, "created_at": contentstackTime(l.At), "created_by": l.User,
		"module": l.Module, "event_type": l.Event, "request_id": l.UID,
		"metadata":    object{"title": l.Title, "uid": l.Subject, "version": 1},
		"remote_addr": "192.0.2.10", "request": object{}, "response": object{},
	}
}
