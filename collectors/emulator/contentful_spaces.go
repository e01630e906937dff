package emulator

import (
	"net/http"
	"slices"
	"time"
)

// listSpaces lists the spaces the caller is a member of, and public ones; an
// organization's owner does not see all of its spaces here.
func listSpaces(call *contentfulCall) reply {
	wanted := call.r.Header.Get("X-Contentful-Organization")
	var items []object
	for _, s := range call.state.Spaces {
		if (wanted == "" || s.Organization == wanted) && (s.Public || call.joined(s)) {
			items = append(items, call.renderSpace(s))
		}
	}
	return call.page(items)
}

// joined reports whether the caller is a member of s, directly or by a team.
func (call *contentfulCall) joined(s *ContentfulSpace) bool {
	there := *call
	there.organization = find(call.state.Organizations, func(o *ContentfulOrganization) bool { return o.ID == s.Organization })
	return slices.ContainsFunc(s.Members, there.belongs)
}

func listOrganizationSpaces(call *contentfulCall) reply {
	var items []object
	for _, s := range call.organizationSpaces() {
		items = append(items, call.renderSpace(s))
	}
	return call.page(items)
}

func (call *contentfulCall) organizationSpaces() []*ContentfulSpace {
	var spaces []*ContentfulSpace
	for _, s := range call.state.Spaces {
		if s.Organization == call.organization.ID {
			spaces = append(spaces, s)
		}
	}
	return spaces
}

func getSpace(call *contentfulCall) reply { return ok(call.renderSpace(call.space)) }

func (call *contentfulCall) renderSpace(s *ContentfulSpace) object {
	sys := object{
		"type": "Space", "id": s.ID, "version": 1,
		"organization": link("Organization", s.Organization),
		"createdAt":    call.time(s.CreatedAt), "updatedAt": call.time(s.CreatedAt),
	}
	if !s.ArchivedAt.IsZero() {
		sys["archivedAt"] = call.time(s.ArchivedAt)
	}
	return object{"name": s.Name, "sys": sys}
}

// listEnvironments lists the environments and, unless switched off, a row for
// each alias.
func listEnvironments(call *contentfulCall) reply {
	var items []object
	for _, e := range call.space.Environments {
		items = append(items, call.renderEnvironment(e))
	}
	for _, a := range call.space.Aliases {
		if !call.options.NoAliasRows {
			items = append(items, call.renderAliasRow(a))
		}
	}
	return call.page(items)
}

// getEnvironment answers to the id of an alias too.
func getEnvironment(call *contentfulCall) reply {
	id := call.r.PathValue("environment")
	for _, a := range call.space.Aliases {
		if a.ID == id {
			return ok(call.renderAliasRow(a))
		}
	}
	if e := find(call.space.Environments, func(e *ContentfulEnvironment) bool { return e.ID == id }); e != nil {
		return ok(call.renderEnvironment(e))
	}
	return contentfulNotFound().with("details", object{"type": "Environment", "id": id, "space": call.space.ID})
}

func (call *contentfulCall) renderEnvironment(e *ContentfulEnvironment) object {
	status, name := e.Status, e.Name
	if status == "" {
		status = "ready"
	}
	if name == "" {
		name = e.ID
	}
	sys := object{
		"type": "Environment", "id": e.ID, "version": 1,
		"space": link("Space", call.space.ID), "status": link("Status", status),
		"createdAt": call.time(e.CreatedAt), "updatedAt": call.time(e.CreatedAt),
	}
	// Recorded answers have an empty list for an environment without aliases.
	sys["aliases"] = call.aliasesOf(e.ID)
	return object{"name": name, "sys": sys}
}

func (call *contentfulCall) renderAliasRow(a *ContentfulAlias) object {
	return object{"name": a.ID, "sys": object{
		"type": "Environment", "id": a.ID, "version": 1,
		"space": link("Space", call.space.ID), "status": link("Status", "ready"),
		"aliasedEnvironment": link("Environment", a.Environment), "aliases": call.aliasesOf(a.Environment),
		"createdAt": call.time(call.space.CreatedAt), "updatedAt": call.time(call.space.CreatedAt),
	}}
}

// aliasesOf links to the aliases of an environment.
func (call *contentfulCall) aliasesOf(environment string) []object {
	aliases := []object{}
	for _, a := range call.space.Aliases {
		if a.Environment == environment {
			aliases = append(aliases, link("EnvironmentAlias", a.ID))
		}
	}
	return aliases
}

func listAliases(call *contentfulCall) reply {
	if len(call.space.Aliases) == 0 && call.options.AliasesNeedOptIn {
		return contentfulError(http.StatusForbidden, "AccessDenied", "Environment aliases are not enabled for this space.")
	}
	var items []object
	for _, a := range call.space.Aliases {
		items = append(items, call.renderAlias(a))
	}
	return call.page(items)
}

func getAlias(call *contentfulCall) reply {
	id := call.r.PathValue("alias")
	if a := find(call.space.Aliases, func(a *ContentfulAlias) bool { return a.ID == id }); a != nil {
		return ok(call.renderAlias(a))
	}
	return contentfulNotFound()
}

func (call *contentfulCall) renderAlias(a *ContentfulAlias) object {
	return object{
		"sys":         object{"type": "EnvironmentAlias", "id": a.ID, "version": 1, "space": link("Space", call.space.ID)},
		"environment": link("Environment", a.Environment),
	}
}

func listRoles(call *contentfulCall) reply {
	var items []object
	for _, role := range call.space.Roles {
		items = append(items, call.renderRole(call.space, role))
	}
	return call.page(items)
}

func getRole(call *contentfulCall) reply {
	id := call.r.PathValue("role")
	if role := find(call.space.Roles, func(r *ContentfulRole) bool { return r.ID == id }); role != nil {
		return ok(call.renderRole(call.space, role))
	}
	return contentfulNotFound()
}

func listOrganizationRoles(call *contentfulCall) reply {
	var items []object
	for _, s := range call.organizationSpaces() {
		for _, role := range s.Roles {
			items = append(items, call.renderRole(s, role))
		}
	}
	return call.page(items)
}

func (call *contentfulCall) renderRole(s *ContentfulSpace, role *ContentfulRole) object {
	permissions := object{}
	for _, name := range []string{"ContentModel", "ContentDelivery", "Environments", "EnvironmentAliases", "Settings", "Tags"} {
		permissions[name] = role.Permissions[name]
	}
	policies := []object{}
	for _, p := range role.Policies {
		policy := object{"effect": p.Effect, "actions": p.Actions}
		if p.Constraint != nil {
			policy["constraint"] = p.Constraint
		}
		policies = append(policies, policy)
	}
	item := object{
		"name": role.Name, "description": nil, "permissions": permissions, "policies": policies,
		"sys": object{
			"type": "Role", "id": role.ID, "version": 1, "space": link("Space", s.ID),
			"createdAt": call.time(s.CreatedAt), "updatedAt": call.time(s.CreatedAt),
		},
	}
	if role.Description != "" {
		item["description"] = role.Description
	}
	return item
}

const (
	contentfulSeconds      = "2006-01-02T15:04:05Z"
	contentfulMilliseconds = "2006-01-02T15:04:05.000Z"
)

func (call *contentfulCall) time(t time.Time) string {
	if call.options.Milliseconds {
		return t.UTC().Format(contentfulMilliseconds)
	}
	return t.UTC().Format(contentfulSeconds)
}

func (call *contentfulCall) timeOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return call.time(t)
}
