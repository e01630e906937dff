package contentful

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// directory is what is known of the people of the organization.
type directory struct {
	// absent says why nobody was asked about people; empty if somebody was.
	absent      string
	memberships cmsapi.Listing[membership]
	// users is set only if the memberships came without them.
	users *cmsapi.Listing[user]

	// byUser and persons are keyed by user id; byMembership gives user ids by
	// membership id.
	byUser       map[string]membership
	byMembership map[string]string
	persons      map[string]user
	// whole says that somebody who is not in byUser is not a member: the list is
	// complete, and the caller is an owner or admin. To others the list shows
	// only some.
	whole bool
	// rights is what non-admins may do in the spaces; nil where it was not read.
	rights *spaceRights
}

// people returns the directory of the configured organization, asked for once,
// to a source of that organization.
func (c *collector) people(ctx context.Context, source inventory.Source) directory {
	switch {
	case c.organization == "":
		return directory{absent: "the people of the organization are read only for an entry with organization"}
	case source.Organization != c.organization:
		return directory{absent: "the source is not known to belong to the configured organization, so its people may be others"}
	}
	d, err := c.directory.Do(ctx, c.organization, func(ctx context.Context) (directory, error) {
		return c.readDirectory(ctx), ctx.Err()
	})
	if err != nil {
		d.memberships.Err = cmsapi.AsError(err)
	}
	return d
}

func (c *collector) readDirectory(ctx context.Context) directory {
	d := directory{byUser: map[string]membership{}, byMembership: map[string]string{}, persons: map[string]user{}}
	var mu sync.Mutex
	included := false
	d.memberships = listEach(ctx, c.client, request{
		what: "organization memberships",
		path: cmsapi.Path("/organizations/{}/organization_memberships", c.organization),
		// In the order of their creation, new members come on the last page, so
		// that nobody slips from one page to another while they are read.
		query: url.Values{"include": {"sys.user"}, "order": {"sys.createdAt"}},
	}, func(page collection[membership]) {
		mu.Lock()
		defer mu.Unlock()
		for _, u := range page.Includes.Value.User.Items {
			d.persons[u.id()] = u
			included = true
		}
	})
	for _, m := range d.memberships.Items {
		if m.userID() == "" && d.memberships.Err == nil {
			// It may be anybody's, so nobody can be said to be no member.
			d.memberships.Err = &cmsapi.Error{Class: inventory.ErrUnreadable, Message: "a membership in the response names no user"}
		}
		if other, twice := d.byUser[m.userID()]; twice && other.Role != m.Role && d.memberships.Err == nil {
			d.memberships.Err = &cmsapi.Error{Class: inventory.ErrUnreadable, Message: "two memberships in the response give one user different roles"}
		}
		d.byMembership[m.id()] = m.userID()
		if !isAdminRole(d.role(m.userID())) { // nothing takes that away
			d.byUser[m.userID()] = m
		}
	}
	nobody := d.memberships.Err == nil && len(d.memberships.Items) == 0
	if !included && !nobody {
		users := list[user](ctx, c.client, request{what: "users", path: cmsapi.Path("/organizations/{}/users", c.organization)})
		d.users = &users
		for _, u := range users.Items {
			d.persons[u.id()] = u
		}
	}
	if me, err := c.whoAmI(ctx); err == nil {
		if _, known := d.persons[me.id()]; !known {
			d.persons[me.id()] = me
		}
		d.whole = d.memberships.Err == nil && isAdminRole(d.role(me.id()))
	}
	return d
}

// whoAmI returns the user whose credential this is, asked for once.
func (c *collector) whoAmI(ctx context.Context) (user, error) {
	return c.me.Do(ctx, "", func(ctx context.Context) (user, error) {
		var me cmsapi.Field[user]
		if _, err := c.client.Get(ctx, cmsapi.Request{Path: "/users/me"}, &me); err != nil {
			return user{}, err
		}
		if me.Value.id() == "" {
			return user{}, &cmsapi.Error{Class: inventory.ErrUnreadable, Path: "/users/me", Message: "the response names no user"}
		}
		return me.Value, nil
	})
}

func (d directory) role(userID string) string { return string(d.byUser[userID].Role.Value) }

// isAdminRole: owners and admins of an organization are admins of each of its
// spaces.
func isAdminRole(role string) bool { return role == "owner" || role == "admin" }

const reasonNoMember = "the owner is no longer a member of the organization"

// owner says what is known of a person.
func (d directory) owner(id string) inventory.Owner {
	m, member := d.byUser[id]
	person, described := d.persons[id]
	o := inventory.Owner{
		Type:  inventory.OwnerPerson,
		ID:    id,
		Name:  displayName(person),
		Role:  string(m.Role.Value),
		Level: d.level(id),
	}
	var stateReason, levelReason string
	o.State, stateReason = d.state(m, member, person, described)
	if o.Level == inventory.LevelUnknown {
		levelReason = d.levelReason(id, member)
	}
	if member {
		o.LastActive = cmsapi.Timestamp("lastActiveAt", m.sys().LastActiveAt, true)
	} else {
		o.LastActive = inventory.UnknownTime(cmp.Or(stateReason, reasonNoMember))
	}
	o.Reason = cmsapi.JoinReasons(stateReason, levelReason)
	return o
}

func displayName(u user) string {
	name := strings.TrimSpace(string(u.FirstName.Value) + " " + string(u.LastName.Value))
	return cmp.Or(name, string(u.Email.Value))
}

// state decides what became of a person; the reason is set for unknown.
func (d directory) state(m membership, member bool, person user, described bool) (inventory.OwnerState, string) {
	activated, given := person.Activated.Get()
	switch {
	case described && given && !bool(activated):
		return inventory.OwnerDeactivated, ""
	case d.absent != "":
		return inventory.OwnerStateUnknown, d.absent
	case !member && d.whole:
		return inventory.OwnerRemoved, ""
	case !member && d.memberships.Err != nil:
		return inventory.OwnerStateUnknown, "the members of the organization could not be read"
	case !member:
		return inventory.OwnerStateUnknown, "the credential sees only some members of the organization, and not the owner"
	case m.sys().Status.Value == "pending":
		return inventory.OwnerStateUnknown, "the owner's membership is pending"
	case !described:
		return inventory.OwnerStateUnknown, "the response does not describe the owner"
	case !given:
		return inventory.OwnerStateUnknown, person.Activated.Reason("activated")
	default:
		return inventory.OwnerActive, ""
	}
}

// level is the highest right of a person in the organization.
func (d directory) level(id string) inventory.Level {
	role := d.role(id)
	if isAdminRole(role) {
		return inventory.LevelAdmin
	}
	if role == "" || d.rights == nil {
		return inventory.LevelUnknown
	}
	level := d.rights.of(id).Level
	if role != "member" && level != inventory.LevelAdmin {
		return inventory.LevelUnknown
	}
	return level
}

// levelReason says why level does not know.
func (d directory) levelReason(id string, member bool) string {
	role := d.role(id)
	switch {
	case d.absent != "":
		return d.absent
	case !member && d.whole:
		return reasonNoMember
	case role == "":
		return "the owner's role in the organization is not known"
	case role != "member":
		return fmt.Sprintf("what the organization role %q allows is not documented in full", role)
	case d.rights != nil:
		return d.rights.of(id).Reason
	case d.whole:
		return "what members may do in the spaces is read for the organization's own tokens only"
	default:
		return "only owners and admins may read what members of the organization can do in its spaces"
	}
}
