package contentstack

import (
	"net/url"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

const (
	reasonLastUsed       = "Contentstack reports no use per token"
	reasonPreviewTime    = "Contentstack gives no dates for a preview token, only for its delivery token"
	reasonPreviewCreator = "Contentstack does not say who made a preview token, only who made its delivery token"
)

// normalizer turns the tokens of one stack into the common schema.
type normalizer struct {
	source inventory.Source
	places places
	census census
	// never is from when on an expiry means never.
	never time.Time
}

// delivery gives a delivery token, and the preview token beside it if there is
// one. Neither can expire.
func (n normalizer) delivery(t token) []inventory.Token {
	d := n.common(t, "delivery_tokens")
	d.Kind, d.APIs = inventory.Delivery, []inventory.API{inventory.ContentDelivery}
	d.Environments = n.places.environmentScope(t.Scope)
	d.Access = deliveryAccess(t.Scope, d.Environments)
	d.Expiry = expiryOf(t, false, n.never)
	// Nothing announces the end of what has none.
	d.Traits.NotifiesBeforeExpiry = inventory.No
	d.Secret.Readable = inventory.Yes
	if !t.PreviewToken {
		return []inventory.Token{d}
	}
	// A preview token has no uid, name, scope or dates of its own: it shares
	// those of its delivery token, and may be much younger.
	p := d
	p.ID, p.Twin = d.ID+"/preview_token", d.ID
	p.Kind, p.APIs = inventory.Preview, []inventory.API{inventory.ContentPreview}
	p.Expiry = inventory.Expiry{State: inventory.ExpiryNever}
	p.CreatedAt, p.UpdatedAt = unknownTime(reasonPreviewTime), unknownTime(reasonPreviewTime)
	p.Owner = inventory.Owner{
		Type: inventory.OwnerUnknown, State: inventory.OwnerStateUnknown, Level: inventory.LevelUnknown,
		LastActive: unknownTime(reasonPreviewCreator), Reason: reasonPreviewCreator,
	}
	return []inventory.Token{d, p}
}

// management gives a management token. It reaches every environment, because
// the management API knows no environment's borders.
func (n normalizer) management(t token) inventory.Token {
	m := n.common(t, "management_tokens")
	m.Kind, m.APIs = inventory.Management, []inventory.API{inventory.ContentManagement}
	m.Environments = n.places.everyEnvironment()
	m.Access = managementAccess(t.Scope)
	m.Expiry = expiryOf(t, true, n.never)
	m.Traits.NotifiesBeforeExpiry = ternary(t.Notifies)
	m.Secret.Readable = inventory.No
	return m
}

// common is what delivery and management tokens share.
func (n normalizer) common(t token, list string) inventory.Token {
	return inventory.Token{
		ID:          n.source.ID + "/" + list + "/" + url.PathEscape(t.UID.value),
		Ref:         t.UID.value,
		CMS:         cms,
		Source:      n.source.ID,
		Name:        t.Name.value,
		Description: t.Description.value,
		URL:         n.source.URL,
		Branches:    n.places.branchScope(t.Scope),
		CreatedAt:   timestamp(t.CreatedAt, "created_at"),
		UpdatedAt:   timestamp(t.UpdatedAt, "updated_at"),
		// A revoked token is deleted, and leaves the list.
		RevokedAt: inventory.Timestamp{State: inventory.TimestampNone},
		LastUsed:  inventory.LastUsed{State: inventory.LastUsedUnknown, Reason: reasonLastUsed},
		Traits:    inventory.Traits{Factory: inventory.No},
		Owner:     n.census.ownerOf(t),
		Origin:    n.source.Origin,
	}
}

func timestamp(i instant, member string) inventory.Timestamp {
	switch i.shape {
	case good:
		return inventory.Timestamp{State: inventory.TimestampAt, At: i.at}
	case odd:
		return unknownTime("the " + member + " of the token is not a time that can be read")
	default:
		return unknownTime("Contentstack gave no " + member + " for the token")
	}
}

func ternary(f flag) inventory.Ternary {
	if f.shape != good {
		return inventory.Unknown
	}
	return inventory.TernaryOf(f.value)
}
