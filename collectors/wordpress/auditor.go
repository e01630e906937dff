package wordpress

import (
	"fmt"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/instance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// auditor describes the scan's own credential. The error says why it could not
// be told; it is nil if it was.
func (s site) auditor(a answers) (inventory.Auditor, error) {
	const silent = "WordPress does not say which application password the credential is: "
	if a.ownErr != nil {
		return instance.UnknownAuditor(silent + cmsapi.AsError(a.ownErr).Message), a.ownErr
	}
	uuid := a.own.UUID.Value
	if uuid == "" {
		reason := a.own.UUID.Reason("uuid")
		if reason == "" {
			reason = "its uuid is empty"
		}
		return instance.UnknownAuditor(silent + reason), &cmsapi.Error{Class: inventory.ErrUnreadable, Message: reason}
	}
	for i, u := range a.users.Items {
		if slices.ContainsFunc(a.passwords[i].list.Items, func(p applicationPassword) bool { return p.UUID.Value == uuid }) {
			own := describe(u)
			own.Token = tokenID(s.source.ID, string(u.ID.Value), uuid)
			return own, nil
		}
	}
	for _, t := range a.kept {
		of := slices.IndexFunc(a.all, func(u user) bool { return string(u.ID.Value) == t.Owner.ID })
		if t.Ref == uuid && of >= 0 {
			own := describe(a.all[of])
			own.Token = t.ID
			return own, nil
		}
	}
	return instance.UnknownAuditor("the application password of the scan is not among those that could be listed"), nil
}

// smallest are the capabilities of the weakest user who can list.
func smallest() []string { return []string{"edit_users", "list_users", "read"} }

// describe says what the user of the scan can do.
func describe(u user) inventory.Auditor {
	access := accessOf(u)
	if access.Assumed {
		return instance.UnknownAuditor("what the user of the scan may do is not known: " + access.Reason)
	}
	own := inventory.Auditor{
		ReadsSecrets: inventory.No, Writes: inventory.TernaryOf(access.Write), Necessary: inventory.Yes,
		Detail: fmt.Sprintf("the credential acts as the user %q, who has the capabilities that listing needs and no other; WordPress has no weaker credential", u.Username.Value),
	}
	beyond := slices.DeleteFunc(slices.Clone(access.Grants), func(g string) bool {
		return slices.Contains(smallest(), g) || roleLevels.MatchString(g)
	})
	if len(beyond) > 0 {
		own.Necessary = inventory.No
		own.Detail = fmt.Sprintf("the credential acts as the user %q, who may do more than listing needs: read, list_users and edit_users are enough", u.Username.Value)
	}
	return own
}
