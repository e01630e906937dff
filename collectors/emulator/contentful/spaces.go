package contentful

import (
	"net/http"
	"slices"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
)

// listSpaces lists the spaces the caller is a member of, and public ones; an
// organization's owner does not see all of its spaces here.
func listSpaces(call *request) emulator.Reply {
	wanted := call.r.Header.Get("X-Contentful-Organization")
	var items []emulator.Object
	for _, s := range call.state.Spaces {
		if (wanted == "" || s.Organization == wanted) && (s.Public || call.joined(s)) {
			items = append(items, call.renderSpace(s))
		}
	}
	return call.page(items)
}

// joined reports whether the caller is a member of s, directly or by a team.
func (call *request) joined(s *Space) bool {
	there := *call
	there.organization = emulator.Find(call.state.Organizations, func(o *Organization) bool { return o.ID == s.Organization })
	return slices.ContainsFunc(s.Members, there.belongs)
}

func listOrganizationSpaces(call *request) emulator.Reply {
	var items []emulator.Object
	for _, s := range call.organizationSpaces() {
		items = append(items, call.renderSpace(s))
	}
	return call.page(items)
}

func (call *request) organizationSpaces() []*Space {
	var spaces []*Space
	for _, s := range call.state.Spaces {
		if s.Organization == call.organization.ID {
			spaces = append(spaces, s)
		}
	}
	return spaces
}

func getSpace(call *request) emulator.Reply { return emulator.OK(call.renderSpace(call.space)) }

func (call *request) renderSpace(s *Space) emulator.Object {
	sys := emulator.Object{
		"type": "Space", "id": s.ID, "version": 1,
		"organization": link("Organization", s.Organization),
		"createdAt":    call.time(s.CreatedAt), "updatedAt": call.time(s.CreatedAt),
	}
	if !s.ArchivedAt.IsZero() {
		sys["archivedAt"] = call.time(s.ArchivedAt)
	}
	return emulator.Object{"name": s.Name, "sys": sys}
}

// listEnvironments lists the environments and, unless switched off, a row for
// each alias.
func listEnvironments(call *request) emulator.Reply {
	var items []emulator.Object
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
func getEnvironment(call *request) emulator.Reply {
	id := call.r.PathValue("environment")
	for _, a := range call.space.Aliases {
		if a.ID == id {
			return emulator.OK(call.renderAliasRow(a))
		}
	}
	if e := emulator.Find(call.space.Environments, func(e *Environment) bool { return e.ID == id }); e != nil {
		return emulator.OK(call.renderEnvironment(e))
	}
	return notFound().With("details", emulator.Object{"type": "Environment", "id": id, "space": call.space.ID})
}

func (call *request) renderEnvironment(e *Environment) emulator.Object {
	status, name := e.Status, e.Name
	if status == "" {
		status = "ready"
	}
	if name == "" {
		name = e.ID
	}
	sys := emulator.Object{
		"type": "Environment", "id": e.ID, "version": 1,
		"space": link("Space", call.space.ID), "status": link("Status", status),
		"createdAt": call.time(e.CreatedAt), "updatedAt": call.time(e.CreatedAt),
	}
	// Recorded answers have an empty list for an environment without aliases.
	sys["aliases"] = call.aliasesOf(e.ID)
	return emulator.Object{"name": name, "sys": sys}
}

func (call *request) renderAliasRow(a *Alias) emulator.Object {
	return emulator.Object{"name": a.ID, "sys": emulator.Object{
		"type": "Environment", "id": a.ID, "version": 1,
		"space": link("Space", call.space.ID), "status": link("Status", "ready"),
		"aliasedEnvironment": link("Environment", a.Environment), "aliases": call.aliasesOf(a.Environment),
		"createdAt": call.time(call.space.CreatedAt), "updatedAt": call.time(call.space.CreatedAt),
	}}
}

// aliasesOf links to the aliases of an environment.
func (call *request) aliasesOf(environment string) []emulator.Object {
	aliases := []emulator.Object{}
	for _, a := range call.space.Aliases {
		if a.Environment == environment {
			aliases = append(aliases, link("EnvironmentAlias", a.ID))
		}
	}
	return aliases
}

func listAliases(call *request) emulator.Reply {
	if len(call.space.Aliases) == 0 && call.options.AliasesNeedOptIn {
		return problem(http.StatusForbidden, "AccessDenied", "Environment aliases are not enabled for this space.")
	}
	var items []emulator.Object
	for _, a := range call.space.Aliases {
		items = append(items, call.renderAlias(a))
	}
	return call.page(items)
}

func getAlias(call *request) emulator.Reply {
	id := call.r.PathValue("alias")
	if a := emulator.Find(call.space.Aliases, func(a *Alias) bool { return a.ID == id }); a != nil {
		return emulator.OK(call.renderAlias(a))
	}
	return notFound()
}

func (call *request) renderAlias(a *Alias) emulator.Object {
	return emulator.Object{
		"sys":         emulator.Object{"type": "EnvironmentAlias", "id": a.ID, "version": 1, "space": link("Space", call.space.ID)},
		"environment": link("Environment", a.Environment),
	}
}

func listRoles(call *request) emulator.Reply {
	var items []emulator.Object
	for _, role := range call.space.Roles {
		items = append(items, call.renderRole(call.space, role))
	}
	return call.page(items)
}

func getRole(call *request) emulator.Reply {
	id := call.r.PathValue("role")
	if role := emulator.Find(call.space.Roles, func(r *Role) bool { return r.ID == id }); role != nil {
		return emulator.OK(call.renderRole(call.space, role))
	}
	return notFound()
}

func listOrganizationRoles(call *request) emulator.Reply {
	var items []emulator.Object
	for _, s := range call.organizationSpaces() {
		for _, role := range s.Roles {
			items = append(items, call.renderRole(s, role))
		}
	}
	return call.page(items)
}

func (call *request) renderRole(s *Space, role *Role) emulator.Object {
	permissions := emulator.Object{}
	for _, name := range []string{"ContentModel", "ContentDelivery", "Environments", "EnvironmentAliases", "Settings", "Tags"} {
		permissions[name] = role.Permissions[name]
	}
	policies := []emulator.Object{}
	for _, p := range role.Policies {
		policy := emulator.Object{"effect": p.Effect, "actions": p.Actions}
		if p.Constraint != nil {
			policy["constraint"] = p.Constraint
		}
		policies = append(policies, policy)
	}
	item := emulator.Object{
		"name": role.Name, "description": nil, "permissions": permissions, "policies": policies,
		"sys": emulator.Object{
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
	secondsLayout      = "2006-01-02T15:04:05Z"
	millisecondsLayout = "2006-01-02T15:04:05.000Z"
)

func (call *request) time(t time.Time) string {
	if call.options.Milliseconds {
		return t.UTC().Format(millisecondsLayout)
	}
	return t.UTC().Format(secondsLayout)
}

func (call *request) timeOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return call.time(t)
}
