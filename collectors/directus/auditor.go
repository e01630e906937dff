package directus

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/instance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// auditor describes the scan's own credential. The error says why it could not
// be told; it is nil if it was.
func (c *collector) auditor(sourceID string, a answers, r rights, see sights) (inventory.Auditor, *cmsapi.Error) {
	const silent = "Directus does not say who the credential is: "
	if e := cmsapi.AsError(a.meErr); e != nil {
		return instance.UnknownAuditor(silent + e.Message), e
	}
	reason := cmp.Or(a.me.Data.Reason("data"), a.me.Data.Value.ID.Reason("id"))
	if reason == "" && a.me.Data.Value.ID.Value == "" {
		reason = "its id is empty"
	}
	if reason != "" {
		return instance.UnknownAuditor(silent + reason), &cmsapi.Error{Class: inventory.ErrUnreadable, Message: reason}
	}
	me := a.me.Data.Value
	own := describe(r.of(me))
	listed := slices.ContainsFunc(a.users.Items, func(u user) bool { return u.ID.Value == me.ID.Value })
	switch {
	case c.session:
		own.Detail = "the credential is the session of a login; " + own.Detail
	case listed:
		own.Token = tokenID(sourceID, me.ID.Value)
	}
	switch me.Role.State {
	case cmsapi.FieldAbsent:
		// Directus gives whoever may not read users their id alone.
		return own, &cmsapi.Error{Class: inventory.ErrPermissionDenied, Message: "the credential may not read its own role", Hint: hintPolicy}
	case cmsapi.FieldWrong:
		return own, &cmsapi.Error{Class: inventory.ErrUnreadable, Message: me.Role.Reason("role")}
	}
	return own, see.broken()
}

// describe says what the user of the scan can do.
func describe(sum *union) inventory.Auditor {
	may := sum.access()
	if may.Assumed {
		return instance.UnknownAuditor("what the user of the scan may do is not known: " + may.Reason)
	}
	own := inventory.Auditor{
		// Directus masks tokens for everybody.
		ReadsSecrets: inventory.No, Writes: inventory.TernaryOf(may.Write), Necessary: inventory.Yes,
		Detail: "the credential may read what listing needs, and nothing else",
	}
	if may.Level == inventory.LevelAdmin {
		own.Necessary, own.Detail = inventory.No, "the credential is an administrator"
		return own
	}
	if may.Write {
		own.Necessary, own.Detail = inventory.No, "the credential may do more than read"
		return own
	}
	for _, p := range sum.permissions {
		if beyond := p.beyond(); beyond != "" {
			own.Necessary = inventory.No
			own.Detail = "the credential may read more than listing needs: " + beyond
			break
		}
	}
	return own
}

// beyond names what a permission to read allows and listing does not need; empty
// if that is nothing.
func (p permission) beyond() string {
	collection := p.Collection.Value
	lists := needed()
	i := slices.IndexFunc(lists, func(r resource) bool { return r.collection == collection })
	if i < 0 {
		return cmsapi.Word(collection)
	}
	if p.Fields.State != cmsapi.FieldGiven || p.Fields.Broken > 0 {
		return "all fields of " + collection // one that is needed
	}
	for _, field := range p.Fields.Items {
		if !slices.Contains(lists[i].fields, field) {
			return fmt.Sprintf("the field %s of %s", cmsapi.Word(field), collection)
		}
	}
	return ""
}
