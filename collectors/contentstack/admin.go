package contentstack

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// adminRole is the built-in role that may see management tokens.
const adminRole = "Admin"

// suspectsEmptiness: a list of management tokens came back empty, and the caller
// is not known to be somebody who would have seen some.
func (c *collector) suspectsEmptiness(s *openStack, l *contents) bool {
	me := str(c.caller.UID)
	return !l.skips(unitManagement) && l.management.Err == nil && len(l.management.Items) == 0 && (me == "" || me != s.owner) &&
		c.caller.administers(s.source.Organization) != inventory.Yes
}

// judgeEmptiness turns an empty list of management tokens into a gap unless the
// caller is known to have the right to see some: only the owner and the admins of
// a stack do. An app token has a scope instead of a user, and is refused without
// it, as far as is known: its list is believed, with a remark.
func (c *collector) judgeEmptiness(s *openStack, people census, l *contents) {
	if !c.suspectsEmptiness(s, l) {
		return
	}
	why := "the list came back empty, but the scan's user is not an admin of the stack and could not see any token"
	switch admin := c.isAdmin(s, people); {
	case admin == inventory.Yes:
		return
	case admin == inventory.Unknown && c.appToken():
		l.remark = "the list came back empty, and whether the app has the scope cm.stack.management-tokens:read is not known"
		return
	case admin == inventory.Unknown:
		why = "the list came back empty, and it is not known whether the scan's user is an admin of the stack, who alone could see any token"
	}
	l.management.Err = cmsapi.DoubtedEmpty(why, hintManagement).At("/v3/stacks/management_tokens")
}

// appToken: OAuth tokens of apps have no user.
func (c *collector) appToken() bool { return c.oauth && str(c.caller.UID) == "" }

// isAdmin reports whether the caller is owner or admin of a stack. A
// collaborator's roles come as uids or as objects; the stack names its own.
func (c *collector) isAdmin(s *openStack, people census) inventory.Ternary {
	uid := str(c.caller.UID)
	switch uid {
	case "":
		return inventory.Unknown
	case s.owner:
		return inventory.Yes
	}
	me, ok := people.collaborators.find(uid)
	if !ok {
		me, ok = s.people.find(uid)
	}
	if !ok || me.Roles.State != cmsapi.FieldGiven || me.Roles.Broken > 0 {
		return inventory.Unknown
	}
	admins := adminUIDs(s.roles)
	named := true
	for _, r := range me.Roles.Items {
		if strings.EqualFold(r.name, adminRole) || slices.Contains(admins, cmp.Or(r.uid, r.word)) {
			return inventory.Yes
		}
		named = named && r.name != ""
	}
	if named || len(admins) > 0 {
		return inventory.No
	}
	return inventory.Unknown
}

// adminUIDs are the uids of the role Admin among the roles of a stack.
func adminUIDs(roles []ref) []string {
	var uids []string
	for _, r := range roles {
		if strings.EqualFold(r.name, adminRole) && r.uid != "" {
			uids = append(uids, r.uid)
		}
	}
	return uids
}

// auditor says what the scan's own credential could do to a stack. The list of
// delivery tokens shows their secrets to whoever may read it, so reading
// secrets cannot be avoided. An authtoken has all rights of its user, and only
// an admin is shown management tokens.
func (c *collector) auditor(s *openStack, people census, l contents) inventory.Auditor {
	a := inventory.Auditor{ReadsSecrets: inventory.Unknown, Writes: inventory.Unknown, Necessary: inventory.Unknown}
	if l.delivery.Err == nil {
		a.ReadsSecrets = inventory.Yes
	}
	if c.oauth {
		a.Detail = "the list of delivery tokens shows their secrets; the API does not report the scopes of an OAuth token"
		return a
	}
	a.Necessary = inventory.No
	a.Detail = "an authtoken has all rights of its user; the vendor documents OAuth scopes that allow reading tokens and nothing else"
	if len(l.management.Items) > 0 || c.isAdmin(s, people) == inventory.Yes ||
		c.caller.administers(s.source.Organization) == inventory.Yes {
		a.Writes = inventory.Yes
	}
	return a
}
