package contentful

import (
	"context"
	"net/url"

	"github.com/sourcegraph/conc"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// right is what a person may do in the spaces of an organization.
type right struct {
	// level is the highest over all spaces; unknown for reason.
	level inventory.Level
	// keys: may read or make API keys, whose lists hold the secrets.
	keys   inventory.Ternary
	reason string
}

// spaceRights are the rights of the members who are neither owners nor admins
// of the organization. A person has rights in a space directly, or through a
// team; the two come in different lists.
type spaceRights struct {
	direct cmsapi.Listing[membership]
	teams  cmsapi.Listing[membership]
	inTeam cmsapi.Listing[membership]
	roles  cmsapi.Listing[role]
	byUser map[string]right
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
	r.byUser = map[string]right{}
	grant := func(userID string, m membership) {
		if userID == "" {
			r.reason = "a membership in the answer names no user"
			return
		}
		r.byUser[userID] = r.byUser[userID].and(rightIn(m, roles))
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

// team gives the id of a membership's team. A membership of which that cannot
// be read may be anybody's.
func (r *spaceRights) team(m membership) string {
	id := m.sys().Team.Value.id()
	if id == "" {
		r.reason = "a membership in the answer names no team"
	}
	return id
}

// of gives the right of a member. An admin of a space has the highest there is,
// whatever else could not be read.
func (r *spaceRights) of(userID string) right {
	found, ok := r.byUser[userID]
	if !ok {
		// A member of no space still sees the organization.
		found = right{level: inventory.LevelRead, keys: inventory.No}
	}
	if r.reason == "" || found.level == inventory.LevelAdmin {
		return found
	}
	if found.keys != inventory.Yes {
		found.keys = inventory.Unknown
	}
	return right{level: inventory.LevelUnknown, keys: found.keys, reason: r.reason}
}

// and gives what somebody may do who has both rights.
func (a right) and(b right) right {
	switch {
	case a.level == "":
		return b
	case a.level == inventory.LevelAdmin:
		return a
	case b.level == inventory.LevelAdmin:
		return b
	}
	both := right{level: a.level, keys: a.keys, reason: joinReasons(a.reason, b.reason)}
	if b.level.Compare(a.level) > 0 {
		both.level = b.level
	}
	if a.keys == inventory.Yes || b.keys == inventory.Yes {
		both.keys = inventory.Yes
	} else if b.keys == inventory.Unknown {
		both.keys = inventory.Unknown
	}
	return both
}

// rightIn is what a membership of a space gives. Being an admin is no role but
// a flag, which comes with an empty list of roles.
func rightIn(m membership, roles map[string]right) right {
	admin, given := m.Admin.Get()
	if given && bool(admin) {
		return right{level: inventory.LevelAdmin, keys: inventory.Yes}
	}
	unknown := right{level: inventory.LevelUnknown, keys: inventory.Unknown}
	switch {
	case !given:
		unknown.reason = m.Admin.Reason("admin")
		return unknown
	case m.Roles.Err("roles") != nil:
		unknown.reason = m.Roles.Err("roles").Message
		return unknown
	}
	sum := right{level: inventory.LevelRead, keys: inventory.No}
	for _, l := range m.Roles.Items {
		one, known := roles[l.id()]
		if !known {
			one = unknown
			one.reason = "a role of the owner could not be read"
		}
		sum = sum.and(one)
	}
	return sum
}

// rightsOfRoles gives the rights by the id of the role.
func rightsOfRoles(roles cmsapi.Listing[role]) map[string]right {
	rights := map[string]right{}
	for _, role := range roles.Items {
		rights[role.id()] = rightOf(role)
	}
	return rights
}

// rightOf is what a role of a space gives: the content model and the settings
// are more than content, and the permission ContentDelivery is about API keys.
func rightOf(r role) right {
	permissions, given := r.Permissions.Get()
	if !given {
		return right{inventory.LevelUnknown, inventory.Unknown, r.Permissions.Reason("permissions")}
	}
	sum := right{level: inventory.LevelRead, keys: inventory.No}
	for name, field := range permissions {
		sum = sum.and(rightOfPermission(name, field))
	}
	return sum.and(rightOfPolicies(r))
}

func rightOfPermission(name string, field cmsapi.Field[words]) right {
	given := right{level: inventory.LevelRead, keys: inventory.No}
	if field.State == cmsapi.FieldNull || field.State == cmsapi.FieldGiven && len(field.Value) == 0 {
		return given
	}
	if field.State == cmsapi.FieldWrong || !field.Value.among("read", "manage", "all") {
		return right{inventory.LevelUnknown, inventory.Unknown, "a permission of a role of the owner cannot be read"}
	}
	manages := field.Value.beyond("read")
	switch {
	case name == "ContentDelivery":
		given.keys = inventory.Yes
		if manages {
			given.level = inventory.LevelWrite
		}
	case !manages:
	case name == "Tags":
		given.level = inventory.LevelWrite
	default:
		// ContentModel, Settings, Environments, EnvironmentAliases, and what may
		// come: more than content.
		given.level = inventory.LevelSchema
	}
	return given
}

// rightOfPolicies: a role writes content if any policy allows more than
// reading, wherever its constraint applies.
func rightOfPolicies(r role) right {
	unknown := right{inventory.LevelUnknown, inventory.No, "a policy of a role of the owner cannot be read"}
	if r.Policies.Err("policies") != nil {
		return unknown
	}
	given := right{level: inventory.LevelRead, keys: inventory.No}
	for _, p := range r.Policies.Items {
		switch actions, listed := p.Actions.Get(); {
		case p.Effect.Value == "deny":
		case !listed, p.Effect.Value != "allow",
			!actions.among("read", "create", "update", "delete", "publish", "unpublish", "archive", "unarchive", "all"):
			return unknown
		case actions.beyond("read"):
			given.level = inventory.LevelWrite
		}
	}
	return given
}
