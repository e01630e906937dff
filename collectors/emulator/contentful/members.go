package contentful

import (
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
)

// listSpaceMemberships lists direct memberships; access by a team is not among them.
func listSpaceMemberships(call *request) emulator.Reply {
	return call.page(call.spaceMemberships(call.space))
}

func listOrganizationSpaceMemberships(call *request) emulator.Reply {
	var items []emulator.Object
	for _, s := range call.organizationSpaces() {
		items = append(items, call.spaceMemberships(s)...)
	}
	return call.page(items)
}

func (call *request) spaceMemberships(s *Space) []emulator.Object {
	var items []emulator.Object
	for _, m := range s.Members {
		if m.User == "" {
			continue
		}
		items = append(items, emulator.Object{
			"admin": m.Admin, "roles": roleLinks(m.Roles), "user": link("User", m.User),
			"sys": call.membershipSys("SpaceMembership", s, m, "user", link("User", m.User)),
		})
	}
	return items
}

// listTeamSpaceMemberships lists those of the space of the path, or of all
// spaces of the organization.
func listTeamSpaceMemberships(call *request) emulator.Reply {
	spaces := []*Space{call.space}
	if call.space == nil {
		spaces = call.organizationSpaces()
	}
	var items []emulator.Object
	for _, s := range spaces {
		for _, m := range s.Members {
			if m.Team == "" {
				continue
			}
			items = append(items, emulator.Object{
				"admin": m.Admin, "roles": roleLinks(m.Roles),
				"sys": call.membershipSys("TeamSpaceMembership", s, m, "team", link("Team", m.Team)),
			})
		}
	}
	return call.page(items)
}

func (call *request) membershipSys(sysType string, s *Space, m *SpaceMember, who string, l emulator.Object) emulator.Object {
	return emulator.Object{
		"type": sysType, "id": m.ID, "version": 1, "space": link("Space", s.ID), who: l,
		"createdAt": call.time(s.CreatedAt), "updatedAt": call.time(s.CreatedAt),
	}
}

// listSpaceMembers merges direct and team access, one row a user.
func listSpaceMembers(call *request) emulator.Reply {
	var items []emulator.Object
	for _, u := range call.state.Users {
		asUser := *call
		asUser.user = u
		var admin bool
		var roles []string
		var related []emulator.Object
		for _, m := range call.space.Members {
			if !asUser.belongs(m) {
				continue
			}
			kind := "SpaceMembership"
			if m.Team != "" {
				kind = "TeamSpaceMembership"
			}
			related = append(related, link(kind, m.ID))
			admin = admin || m.Admin
			roles = append(roles, m.Roles...)
		}
		if related == nil {
			continue
		}
		slices.Sort(roles)
		items = append(items, emulator.Object{
			"admin": admin, "roles": roleLinks(slices.Compact(roles)),
			"sys": emulator.Object{
				"type": "SpaceMember", "id": call.space.ID + "-" + u.ID, "space": link("Space", call.space.ID),
				"user": link("User", u.ID), "relatedMemberships": related,
			},
		})
	}
	return call.page(items)
}

func roleLinks(ids []string) []emulator.Object {
	out := []emulator.Object{}
	for _, id := range ids {
		out = append(out, link("Role", id))
	}
	return out
}

func listTeams(call *request) emulator.Reply {
	var items []emulator.Object
	for _, t := range call.organization.Teams {
		items = append(items, emulator.Object{
			"name": t.Name, "description": "",
			"sys": emulator.Object{ // rows of this list have no version
				"type": "Team", "id": t.ID, "memberCount": len(t.Users),
				"organization": link("Organization", call.organization.ID),
				"createdAt":    call.time(call.organization.CreatedAt), "updatedAt": call.time(call.organization.CreatedAt),
			},
		})
	}
	return call.page(items)
}

// listTeamMemberships lists those of the team of the path, or of all teams.
func listTeamMemberships(call *request) emulator.Reply {
	wanted := call.r.PathValue("team")
	var items []emulator.Object
	for _, t := range call.organization.Teams {
		if wanted != "" && t.ID != wanted {
			continue
		}
		for _, user := range t.Users {
			items = append(items, emulator.Object{"admin": false, "sys": emulator.Object{
				"type": "TeamMembership", "id": t.ID + "-" + user, "version": 1,
				"team": link("Team", t.ID), "user": link("User", user),
				"organization": link("Organization", call.organization.ID),
			}})
		}
	}
	return call.page(items)
}
