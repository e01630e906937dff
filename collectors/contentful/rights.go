package contentful

import (
	"context"
	"net/url"

	"github.com/sourcegraph/conc"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/contentful/spacerole"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// spaceRights are the rights of the members who are neither owners nor admins
// of the organization. A person has rights in a space directly, or through a
// team; the two come in different lists.
type spaceRights struct {
	direct cmsapi.Listing[membership]
	teams  cmsapi.Listing[membership]
	inTeam cmsapi.Listing[membership]
	roles  cmsapi.Listing[role]
	byUser map[string]spacerole.Right
	// reason says why somebody may have more rights than byUser shows; empty if
	// all lists were read to their end.
	reason string
}

// readRights asks for the lists that say what members may do. They are worth
// asking for only if the caller may see all members.
func (c *collector) readRights(ctx context.Context, d directory) *spaceRights {
	r := &spaceRights{}
	ask := func(into *cmsapi.Listing[membership], what, pattern string) func() {
		return func() {
			*into = list[membership](ctx, c.client, request{
				what: what, path: cmsapi.Path(pattern, c.organization), query: url.Values{"order": {"sys.createdAt"}},
			})
		}
	}
	var worker conc.WaitGroup
	worker.Go(ask(&r.direct, "space memberships", "/organizations/{}/space_memberships"))
	worker.Go(ask(&r.teams, "team space memberships", "/organizations/{}/team_space_memberships"))
	worker.Go(ask(&r.inTeam, "team memberships", "/organizations/{}/team_memberships"))
	worker.Go(func() {
		r.roles = list[role](ctx, c.client, request{what: "roles", path: cmsapi.Path("/organizations/{}/roles", c.organization)})
	})
	worker.Wait()
	r.sum(d.byMembership)
	return r
}

func (r *spaceRights) units() []inventory.Unit {
	return []inventory.Unit{
		r.direct.Unit(unitSpaceMemberships),
		r.teams.Unit(unitTeamSpaceMemberships),
		r.inTeam.Unit(unitTeamMemberships),
		r.roles.Unit(unitRoles),
	}
}

// sum joins the lists into one right for each person.
func (r *spaceRights) sum(userOf map[string]string) {
	switch {
	case r.direct.Err != nil:
		r.reason = "the space memberships of the organization could not be read"
	case r.teams.Err != nil || r.inTeam.Err != nil:
		r.reason = "the teams of the organization, which give rights in spaces, could not be read"
	}
	roles := rightsOfRoles(r.roles)
	r.byUser = map[string]spacerole.Right{}
	grant := func(userID string, m membership) {
		if userID == "" {
			r.reason = "a membership in the response names no user"
			return
		}
		r.byUser[userID] = r.byUser[userID].And(rightIn(m, roles))
	}
	for _, m := range r.direct.Items {
		grant(m.userID(), m)
	}
	members := map[string][]string{}
	for _, m := range r.inTeam.Items {
		userID := m.userID()
		if userID == "" {
			userID = userOf[m.sys().OrganizationMembership.Value.id()]
		}
		team := r.team(m)
		members[team] = append(members[team], userID)
	}
	for _, m := range r.teams.Items {
		for _, userID := range members[r.team(m)] {
			grant(userID, m)
		}
	}
}

// team returns the id of a membership's team. A membership of which that cannot
// be read may be anybody's.
func (r *spaceRights) team(m membership) string {
	id := m.sys().Team.Value.id()
	if id == "" {
		r.reason = "a membership in the response names no team"
	}
	return id
}

// of returns the right of a member. An admin of a space has the highest there is,
// whatever else could not be read.
func (r *spaceRights) of(userID string) spacerole.Right {
	found, ok := r.byUser[userID]
	if !ok {
		// A member of no space still sees the organization.
		found = spacerole.Right{Level: inventory.LevelRead, Keys: inventory.No}
	}
	if r.reason == "" || found.Level == inventory.LevelAdmin {
		return found
	}
	if found.Keys != inventory.Yes {
		found.Keys = inventory.Unknown
	}
	return spacerole.Right{Level: inventory.LevelUnknown, Keys: found.Keys, Reason: r.reason}
}

// rightIn is what a membership of a space gives. Being an admin is not a role but
// a flag, which comes with an empty list of roles.
func rightIn(m membership, roles map[string]spacerole.Right) spacerole.Right {
	admin, given := m.Admin.Get()
	if given && bool(admin) {
		return spacerole.Right{Level: inventory.LevelAdmin, Keys: inventory.Yes}
	}
	unknown := spacerole.Right{Level: inventory.LevelUnknown, Keys: inventory.Unknown}
	switch {
	case !given:
		unknown.Reason = m.Admin.Reason("admin")
		return unknown
	case m.Roles.Err("roles") != nil:
		unknown.Reason = m.Roles.Err("roles").Message
		return unknown
	}
	sum := spacerole.Right{Level: inventory.LevelRead, Keys: inventory.No}
	for _, l := range m.Roles.Items {
		one, known := roles[l.id()]
		if !known {
			one = unknown
			one.Reason = "a role of the owner could not be read"
		}
		sum = sum.And(one)
	}
	return sum
}

// rightsOfRoles returns the rights by the id of the role.
func rightsOfRoles(roles cmsapi.Listing[role]) map[string]spacerole.Right {
	rights := map[string]spacerole.Right{}
	for _, role := range roles.Items {
		rights[role.id()] = role.Right()
	}
	return rights
}
