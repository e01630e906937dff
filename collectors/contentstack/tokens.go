package contentstack

import (
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

const (
	reasonLastUsed       = "Contentstack reports no use per token"
	reasonPreviewTime    = "Contentstack gives no dates for a preview token, only for its delivery token"
	reasonPreviewCreator = "Contentstack does not say who made a preview token, only who made its delivery token"
)

// normaliser turns the tokens of one stack into the common schema.
type normaliser struct {
	source inventory.Source
	places *places
	census census
	// horizon is from when on an expiry means never.
	horizon time.Time
}

// delivery returns a delivery token, and the preview token next to it if there is
// one. Neither can expire.
func (n normaliser) delivery(t token) []inventory.Token {
	d := n.common(t, unitDelivery)
	d.Kind, d.APIs = inventory.Delivery, []inventory.API{inventory.ContentDelivery}
	d.Environments = n.places.environmentScope(t.Scope)
	d.Access = deliveryAccess(t.Scope, d.Environments)
	d.Expiry = expiryOf(t, false, n.horizon)
	// Nothing announces the end of what has none.
	d.Traits.NotifiesBeforeExpiry = inventory.No
	d.Secret.Readable = inventory.Yes
	if !t.PreviewToken {
		return []inventory.Token{d}
	}
	// A preview token has no uid, name, scope or dates of its own: it shares
	// those of its delivery token, and may be much younger.
	p := d
	p.ID, p.Twin = previewID(d.ID), d.ID
	p.Kind, p.APIs = inventory.Preview, []inventory.API{inventory.ContentPreview}
	p.Expiry = inventory.NeverExpires(false)
	p.CreatedAt, p.UpdatedAt = inventory.UnknownTime(reasonPreviewTime), inventory.UnknownTime(reasonPreviewTime)
	p.Owner = inventory.UnknownOwner(reasonPreviewCreator)
	return []inventory.Token{d, p}
}

// management returns a management token.
func (n normaliser) management(t token) inventory.Token {
	m := n.common(t, unitManagement)
	m.Kind, m.APIs = inventory.Management, []inventory.API{inventory.ContentManagement}
	m.Environments = n.places.everyEnvironment()
	m.Access = managementAccess(t.Scope)
	m.Expiry = expiryOf(t, true, n.horizon)
	m.Traits.NotifiesBeforeExpiry = ternary(t.Notifies)
	m.Secret.Readable = inventory.No
	return m
}

// common is what delivery and management tokens share.
func (n normaliser) common(t token, list string) inventory.Token {
	return inventory.Token{
		ID:          tokenID(n.source.ID, list, str(t.UID)),
		Ref:         str(t.UID),
		CMS:         CMS,
		Source:      n.source.ID,
		Name:        str(t.Name),
		Description: str(t.Description),
		URL:         n.source.URL,
		Branches:    n.places.branchScope(t.Scope),
		CreatedAt:   cmsapi.Timestamp("created_at", t.CreatedAt, false),
		UpdatedAt:   cmsapi.Timestamp("updated_at", t.UpdatedAt, false),
		// A revoked token is deleted, and leaves the list.
		RevokedAt: inventory.None(),
		LastUsed:  inventory.UnknownUse(reasonLastUsed),
		// Contentstack makes no token of its own accord.
		Traits: inventory.Traits{Factory: inventory.No},
		Owner:  n.census.ownerOf(str(t.CreatedBy)),
		Origin: n.source.Origin,
	}
}

// tokenID is the id of a token of a list of a stack.
func tokenID(stack, list, uid string) string { return stack + cmsapi.Path("/{}/{}", list, uid) }

// previewID is the id of the preview token of a delivery token.
func previewID(delivery string) string { return delivery + "/preview_token" }

func ternary(f boolean) inventory.Ternary {
	if v, ok := f.Get(); ok {
		return inventory.TernaryOf(bool(v))
	}
	return inventory.Unknown
}
