package ghost

import (
	"fmt"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

const hintStaff = "Ask them, or look in the database (SELECT user_id, created_at FROM api_keys WHERE user_id IS NOT NULL). Then accept the gap with accept_gaps, unit staff_tokens; regenerating a token invalidates the old one."

// staff returns the one staff access token that can be known, the scan's own, and
// the unit of all of them. Ghost shows such a token to its user only, so the unit
// is complete only where there is no other user.
func (s site) staff(keyID string, a answers) ([]inventory.Token, inventory.Unit) {
	kinds := []inventory.Kind{inventory.Personal}
	if len(a.me.Items) == 0 {
		e := *a.me.Err
		e.Message = "whose staff access token the credential is could not be read: " + e.Message
		return nil, s.cms.Unit(listUsers.unit, readMe.path, kinds, false, &e)
	}
	me := a.me.Items[0]
	own := []inventory.Token{s.staffToken(keyID, me)}
	if a.users.Err != nil {
		return own, s.unit(listUsers, true, a.users.Err, kinds...)
	}
	others := slices.DeleteFunc(slices.Clone(a.users.Items), func(u user) bool { return u.ID.Value == me.ID.Value })
	switch {
	case len(others) == len(a.users.Items):
		return own, s.unit(listUsers, true, explain(&cmsapi.Error{Class: inventory.ErrTruncated,
			Message: "the list of staff users lacks the credential's own user, so it is incomplete"}), kinds...)
	case len(others) > 0:
		return own, inventory.PartialUnit(listUsers.unit, inventory.ErrPermissionDenied,
			fmt.Sprintf("Ghost shows a staff access token, which never expires, to its own user only: %s may have one", people(len(others))), hintStaff, kinds...)
	}
	return own, inventory.CompleteUnit(listUsers.unit, kinds...)
}

// segmentStaff is in the ids of the tokens of people.
const segmentStaff = "staff_tokens"

func people(n int) string {
	if n == 1 {
		return "1 other staff user"
	}
	return fmt.Sprintf("%d other staff users", n)
}

// staffToken makes the token of the scan itself.
func (s site) staffToken(keyID string, me user) inventory.Token {
	t := s.token(segmentStaff, keyID)
	t.Name = "staff access token of " + me.name()
	t.URL = s.cms.Page(settings + cmsapi.Path("staff/{}", me.Slug.Value))
	t.Kind, t.APIs = inventory.Personal, []inventory.API{inventory.ContentManagement}
	t.CreatedAt, t.UpdatedAt = inventory.UnknownTime(reasonNoStaffDates), inventory.UnknownTime(reasonNoStaffDates)
	t.LastUsed = inventory.UnknownUse(reasonNoUse)
	t.Secret.Readable = inventory.No
	t.Owner = inventory.Owner{
		Type: inventory.OwnerPerson, ID: string(me.ID.Value), Name: me.name(),
		// Ghost refuses the tokens of people who are suspended.
		State: inventory.OwnerActive, Level: inventory.LevelUnknown,
		LastActive: inventory.UnknownTime(reasonNoActivity), Reason: me.rolesReason(),
	}
	if t.Owner.Reason != "" {
		t.Access = inventory.AssumedAccess(t.Owner.Reason, inventory.Unknown)
		return t
	}
	role := me.Roles.Items[0]
	t.Owner.Role = role.Name.Value
	t.Access, t.Owner.Level = roleAccess(t.Owner.Role)
	t.Owner.Reason = t.Access.Reason
	return t
}

func (u user) name() string { return u.Name.Or("user " + string(u.ID.Value)) }
