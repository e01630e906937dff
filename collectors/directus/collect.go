package directus

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// collect makes a source of what was read.
func (c *collector) collect(source inventory.Source, a answers) inventory.Source {
	r := newRights(a)
	see := newSights(a, r, c.Asked(pathSights))
	r.close(a, see)
	logErr := cmp.Or(a.deeds.Err, a.creations.Err, see.whole(logDeeds, a.updates.Err))
	s := server{
		source: source, page: func(id string) string { return c.Page(cmsapi.Path(usersPage+"/{}", id)) },
		rights: r, log: newHistory(a, logErr),
	}
	tokens, usersErr := s.tokens(a.users, see)
	own, ownErr := c.auditor(source.ID, a, r, see)
	usersErr = cmp.Or(usersErr, c.lacksOwn(a, ownErr == nil))
	source.Tokens, source.Auditor = tokens, own
	unit := func(r resource, kinds []inventory.Kind, some bool, err *cmsapi.Error) inventory.Unit {
		return c.Unit(r.unit, r.path, kinds, some, err)
	}
	source.Units = []inventory.Unit{
		unit(listUsers, []inventory.Kind{inventory.Personal}, len(tokens) > 0, usersErr),
		unit(listRoles, nil, len(a.roles.Items) > 0, see.whole(listRoles, a.roles.Err)),
		unit(listPolicies, nil, len(a.policies.Items) > 0, see.whole(listPolicies, a.policies.Err)),
		unit(listAccess, nil, len(a.access.Items) > 0, see.whole(listAccess, a.access.Err)),
		unit(listPermissions, nil, len(a.permissions.Items) > 0, see.whole(listPermissions, a.permissions.Err)),
		unit(logDeeds, nil, len(a.deeds.Items)+len(a.creations.Items)+len(a.updates.Items) > 0, cmp.Or(logErr, s.log.broken())),
		c.Unit(unitAuditor, pathMe, nil, false, ownErr),
	}
	return source
}

// lacksOwn says that a list of users with static tokens is not whole, which has to
// have that of the scan; nil if it has, or if the user is not known.
func (c *collector) lacksOwn(a answers, known bool) *cmsapi.Error {
	id := a.me.Data.Value.ID.Value
	listed := slices.ContainsFunc(a.users.Items, func(u user) bool { return u.ID.Value == id })
	if c.session || !known || listed {
		return nil
	}
	return &cmsapi.Error{Class: inventory.ErrTruncated, Hint: hintPolicy,
		Message: "the list lacks the scan's own user, who has a static token, so it is incomplete"}
}

// tokens makes the tokens of all users that have one. The error says what could
// not be read whole; it is nil if all was.
func (s server) tokens(users cmsapi.Listing[user], see sights) ([]inventory.Token, *cmsapi.Error) {
	tokens := make([]inventory.Token, 0, len(users.Items))
	broken := ""
	for _, u := range users.Items {
		t := s.token(u)
		tokens = append(tokens, t)
		reason := cmp.Or(u.Token.Reason("token"), u.Status.Reason("status"))
		if reason == "" && t.Access.Assumed && s.rights.gap == "" {
			reason = t.Access.Reason
		}
		if reason != "" {
			broken = cmp.Or(broken, fmt.Sprintf("user %s: %s", u.ID.Value, reason))
		}
	}
	err := see.whole(listUsers, users.Err)
	if err == nil && broken != "" {
		err = &cmsapi.Error{Class: inventory.ErrUnreadable, Message: "not all users can be read: " + broken}
	}
	return tokens, err
}
