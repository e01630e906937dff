package strapi

import (
	"cmp"
	"slices"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/instance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// superAdminCode is the role that sees everybody's admin tokens.
const superAdminCode = "strapi-super-admin"

// caller is the person whom the scan's credential belongs to.
type caller struct {
	id     string
	person person
	// superAdmin is unknown for reason, of class.
	superAdmin inventory.Ternary
	reason     string
	class      inventory.ErrorClass
}

// identify reads whom the credential belongs to. The error says what of it
// could not be read.
func identify(a answers) (caller, *cmsapi.Error) {
	unreadable := func(who caller, reason string) (caller, *cmsapi.Error) {
		who.superAdmin, who.reason, who.class = inventory.Unknown, reason, inventory.ErrUnreadable
		return who, &cmsapi.Error{Class: inventory.ErrUnreadable, Message: reason}
	}
	if e := cmsapi.AsError(a.meErr); e != nil {
		return caller{superAdmin: inventory.Unknown, reason: e.Error(), class: e.Class}, e
	}
	p, ok := a.me.Data.Get()
	if !ok {
		return unreadable(caller{}, a.me.Data.Reason("data"))
	}
	who := caller{id: string(p.ID.Value), person: p, superAdmin: inventory.No}
	broken := p.Roles.Err("roles")
	for _, r := range p.Roles.Items {
		if r.Code.Value == superAdminCode {
			who.superAdmin = inventory.Yes
		}
	}
	switch {
	case who.id == "":
		return unreadable(who, cmp.Or(p.ID.Reason("id"), "id is empty"))
	case who.superAdmin == inventory.No && broken != nil:
		return unreadable(who, broken.Message)
	}
	return who, nil
}

// needed are the actions of the weakest credential.
func needed() []string { return []string{listAPI.action, listAdmin.action, listTransfer.action} }

// auditor describes the scan's own credential.
func (c *collector) auditor(sourceID string, a answers, who caller) inventory.Auditor {
	if c.session {
		return inventory.Auditor{
			ReadsSecrets: inventory.Unknown, Writes: inventory.TernaryOf(true), Necessary: inventory.No,
			Detail: "the credential is the login of a person, which may do all that the person may",
		}
	}
	own := candidates(a, who, c.Run.Now().UTC())
	if len(own) == 0 {
		return instance.UnknownAuditor("the admin token of the scan could not be identified in the list")
	}
	described := describe(own[0])
	for _, t := range own[1:] {
		other := describe(t)
		if other.Writes != described.Writes {
			described.Writes = inventory.Unknown
		}
		if other.Necessary != described.Necessary {
			described.Necessary = inventory.Unknown
		}
		described.Detail = "Strapi does not say which admin token of its owner the credential is; " + secretsDetail
	}
	if len(own) == 1 {
		described.Token = sourceID + cmsapi.Path("/"+listAdmin.segment+"/{}", string(own[0].ID.Value))
	}
	return described
}

// candidates are the admin tokens that the scan's own may be: of the same owner,
// not expired, and with the right to list what was listed. A broken list may
// miss the right one.
func candidates(a answers, who caller, now time.Time) []token {
	if a.adminErr != nil || a.admin.Data.Err("") != nil || who.id == "" {
		return nil
	}
	var own []token
	for _, t := range a.admin.Data.Items {
		owner := t.AdminUserOwner.Value.ID.Value
		expired := t.ExpiresAt.State == cmsapi.FieldGiven && t.ExpiresAt.Value.Time.Before(now)
		may := slices.ContainsFunc(t.AdminPermissions.Items, func(p adminPermission) bool { return p.Action.Value == listAdmin.action })
		if string(owner) == who.id && !expired && may && t.ID.Value != "" {
			own = append(own, t)
		}
	}
	return own
}

const secretsDetail = "where the server has admin.secrets.encryptionKey set, it is shown the secret of a single content API token, which the scan never asks for"

func describe(t token) inventory.Auditor {
	access := adminAccess(t)
	d := inventory.Auditor{
		ReadsSecrets: inventory.No, Writes: inventory.TernaryOf(access.Write), Necessary: inventory.Yes,
		Detail: "the credential is an admin token with the permissions that listing needs and no other",
	}
	if access.Assumed {
		d.Writes = inventory.Unknown
	}
	for _, p := range t.AdminPermissions.Items {
		action := p.Action.Value
		if !slices.Contains(needed(), action) {
			d.Necessary = inventory.No
			d.Detail = "the credential is an admin token that may do more than list tokens"
		}
		if action == listAPI.action {
			d.ReadsSecrets = inventory.Unknown
		}
	}
	if d.ReadsSecrets == inventory.Unknown {
		d.Detail += "; " + secretsDetail
	}
	return d
}
