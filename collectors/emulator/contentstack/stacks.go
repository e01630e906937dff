package contentstack

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
)

// getStackOrList answers with one stack to api_key, else with the stacks of the
// organization that a header or the query names.
func getStackOrList(call *request) emulator.Reply {
	if call.stack == nil {
		return listStacks(call)
	}
	if call.caller.user != nil {
		if _, member := call.roles(call.caller.user); !member {
			return call.denied()
		}
	}
	return emulator.OK(emulator.Object{"stack": call.renderStack(call.stack)})
}

// listStacks lists the stacks of an organization that the caller can open.
func listStacks(call *request) emulator.Reply {
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
	var items []emulator.Object
	for _, s := range call.state.Stacks {
		if (wanted == "" || s.Organization == wanted) && call.opens(s) {
			items = append(items, call.renderStack(s))
		}
	}
	return call.page("stacks", items)
}

func (call *request) opens(s *Stack) bool {
	if t := call.caller.oauth; t != nil && t.Organization != s.Organization {
		return false
	}
	if call.caller.user == nil {
		return true
	}
	there := *call
	there.stack = s
	there.organization = emulator.Find(call.state.Organizations, func(o *Organization) bool { return o.UID == s.Organization })
	_, member := there.roles(call.caller.user)
	return member
}

// renderStack carries the secrets that the real stack object carries.
func (call *request) renderStack(s *Stack) emulator.Object {
	query := call.r.URL.Query()
	discrete := emulator.Object{"cms": true, "_version": 3, "secret_key": emulator.Secret(emulator.PlainSecretForm(), "secret_key/"+s.UID)}
	if query.Get("include_discrete_variables") == "true" && s.LegacyAccessToken != "" {
		discrete["access_token"] = s.LegacyAccessToken
	}
	users := []string{}
	for _, c := range s.Collaborators {
		users = append(users, c.User)
	}
	item := emulator.Object{
		"uid": s.UID, "name": s.Name, "description": s.Description, "org_uid": s.Organization, "api_key": s.APIKey,
		"master_locale": "en-us", "is_asset_download_public": true, "owner_uid": s.Owner, "user_uids": users,
		"created_at": timestamp(s.CreatedAt), "updated_at": timestamp(s.CreatedAt),
		"settings": emulator.Object{
			"version": "2019-04-30", "rte_version": 3, "branches": !s.NoBranches, "blockAuthQueryParams": true,
			"allowedCDNTokens": []string{"access_token"}, "webhook_enabled": true, "language_fallback": false,
			"live_preview": emulator.Object{}, "stack_variables": emulator.Object{}, "discrete_variables": discrete,
		},
		"master_key": emulator.Secret(emulator.PlainSecretForm(), "master_key/"+s.UID), "SYS_ACL": emulator.Object{},
	}
	if query.Get("include_collaborators") == "true" {
		item["collaborators"] = call.renderCollaborators(s)
	}
	return item
}

func (call *request) renderCollaborators(s *Stack) []emulator.Object {
	items := []emulator.Object{}
	for _, c := range s.Collaborators {
		u := call.userByUID(c.User)
		if u == nil {
			continue
		}
		roles := []emulator.Object{}
		for _, name := range c.Roles {
			roles = append(roles, emulator.Object{"uid": roleUID(s, name), "name": name})
		}
		items = append(items, emulator.Object{
			"uid": u.UID, "email": u.Email, "first_name": u.FirstName, "last_name": u.LastName,
			"created_at": timestamp(u.CreatedAt), "updated_at": timestamp(u.CreatedAt),
			"roles": roles, "org_uid": []string{s.Organization}, "plan_id": []string{},
		})
	}
	return items
}

func roleUID(s *Stack, name string) string {
	if role := emulator.Find(s.Roles, func(r *Role) bool { return r.Name == name }); role != nil {
		return role.UID
	}
	return "blt" + emulator.StableID(emulator.HexDigits, 16, "role/"+s.UID+"/"+name)
}

func listBranches(call *request) emulator.Reply {
	if call.stack.NoBranches {
		return problem(http.StatusUnprocessableEntity, codeInvalid, "Branches are not enabled for this stack.")
	}
	var items []emulator.Object
	for i, uid := range call.stack.Branches {
		source, aliases := call.stack.Branches[0], []emulator.Object{}
		if i == 0 {
			source = ""
		}
		for _, alias := range emulator.SortedKeys(call.stack.Aliases) {
			if call.stack.Aliases[alias] == uid {
				aliases = append(aliases, emulator.Object{"uid": alias})
			}
		}
		item := emulator.Object{"uid": uid, "source": source, "alias": aliases, "deleted_at": false}
		items = append(items, stamp(item, call.stack.Owner, "", call.stack.CreatedAt, call.stack.CreatedAt))
	}
	return call.page("branches", items)
}

// listBranchAliases names the alias in "alias"; "uid" is the branch.
func listBranchAliases(call *request) emulator.Reply {
	var items []emulator.Object
	for _, alias := range emulator.SortedKeys(call.stack.Aliases) {
		item := emulator.Object{"uid": call.stack.Aliases[alias], "source": "", "alias": alias, "deleted_at": false}
		items = append(items, stamp(item, call.stack.Owner, "", call.stack.CreatedAt, call.stack.CreatedAt))
	}
	return call.page("branch_aliases", items)
}

func listEnvironments(call *request) emulator.Reply {
	var items []emulator.Object
	for _, e := range call.stack.Environments {
		items = append(items, renderEnvironment(e))
	}
	return call.page("environments", items)
}

func getEnvironment(call *request) emulator.Reply {
	name := call.r.PathValue("environment")
	if e := emulator.Find(call.stack.Environments, func(e *Environment) bool { return e.Name == name }); e != nil {
		return emulator.OK(emulator.Object{"environment": renderEnvironment(e)})
	}
	return problem(http.StatusUnprocessableEntity, codeInvalid, "The Environment '"+name+"' was not found. Please try again.", "uid", "is not valid.")
}

func renderEnvironment(e *Environment) emulator.Object {
	item := emulator.Object{
		"uid": e.UID, "name": e.Name, "_version": 1, "deploy_content": false, "servers": []string{},
		"urls": []emulator.Object{{"url": "https://" + e.Name + ".example.com", "locale": "en-us"}},
		"ACL":  []string{}, "tags": []string{}, "app_user_object_uid": "system",
	}
	return stamp(item, e.CreatedBy, "", e.CreatedAt, e.CreatedAt)
}

func listStackRoles(call *request) emulator.Reply {
	names := []string{Admin, Developer, "Content Manager"}
	for _, role := range call.stack.Roles {
		names = append(names, role.Name)
	}
	var items []emulator.Object
	for _, name := range names {
		users := []string{}
		for _, c := range call.stack.Collaborators {
			if slices.Contains(c.Roles, name) {
				users = append(users, c.User)
			}
		}
		item := emulator.Object{
			"uid": roleUID(call.stack, name), "name": name, "description": "", "users": users, "roles": []string{},
			"owner": call.stack.Owner, "stack": call.renderStack(call.stack), "SYS_ACL": emulator.Object{},
		}
		items = append(items, stamp(item, call.stack.Owner, "", call.stack.CreatedAt, call.stack.CreatedAt))
	}
	return call.page("roles", items)
}

// listContentstackWebhooks serves passwords and header values in clear.
func listWebhooks(call *request) emulator.Reply {
	var items []emulator.Object
	for _, h := range call.stack.Webhooks {
		destination := emulator.Object{"target_url": h.URL, "http_basic_auth": h.BasicUser, "http_basic_password": h.BasicPassword, "custom_header": []emulator.Object{}}
		if h.HeaderName != "" {
			destination["custom_header"] = []emulator.Object{{"header_name": h.HeaderName, "value": h.HeaderContent}}
		}
		item := emulator.Object{
			"uid": h.UID, "name": h.Name, "destinations": []emulator.Object{destination}, "channels": []string{"content_types.entries.environments.publish.success"},
			"branches": []string{"main"}, "disabled": false, "retry_policy": "manual", "concise_payload": true,
			"notifiers": "", "unhealthy": emulator.Object{"state": false}, "org_uid": call.stack.Organization,
		}
		items = append(items, stamp(item, call.stack.Owner, "", call.stack.CreatedAt, call.stack.CreatedAt))
	}
	p := call.page("webhooks", items)
	if body, isObject := p.Body.(emulator.Object); isObject {
		body["destination"] = emulator.Object{}
	}
	return p
}

func listAuditLogs(call *request) emulator.Reply {
	var items []emulator.Object
	for _, l := range call.stack.Logs {
		items = append(items, renderLog(call.stack, l))
	}
	slices.Reverse(items) // newest first
	return call.page("logs", items)
}

func getAuditLog(call *request) emulator.Reply {
	uid := call.r.PathValue("log")
	if l := emulator.Find(call.stack.Logs, func(l *Log) bool { return l.UID == uid }); l != nil {
		item := renderLog(call.stack, l)
		item["_id"] = l.UID
		return emulator.OK(emulator.Object{"log": item})
	}
	return problem(http.StatusNotFound, codeInvalid, "The log was not found. Please try again.", "uid", "is not valid.")
}

func renderLog(s *Stack, l *Log) emulator.Object {
	return emulator.Object{
		"uid": l.UID, "stack": s.APIKey, "created_at": timestamp(l.At), "created_by": l.User,
		"module": l.Module, "event_type": l.Event, "request_id": l.UID,
		"metadata":    emulator.Object{"title": l.Title, "uid": l.Subject, "version": 1},
		"remote_addr": "192.0.2.10", "request": emulator.Object{}, "response": emulator.Object{},
	}
}
