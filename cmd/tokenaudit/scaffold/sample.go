package scaffold

import (
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// auditTime is when the sample is judged.
var auditTime = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// sample is a stack that was read whole, with a delivery and a management token of which
// everything is known.
func sample() inventory.Source {
	facts := inventory.Facts{}
	for _, fact := range inventory.AllFacts() {
		facts[fact] = inventory.FactSupport{Reported: inventory.SupportYes}
	}
	delivery := token("delivery_tokens/web", "website", inventory.Delivery)
	delivery.APIs = []inventory.API{inventory.ContentDelivery}
	delivery.Access = inventory.NewAccess(inventory.LevelRead, inventory.No)
	delivery.Environments = inventory.NewScope(inventory.ScopeItem{ID: "production", Primary: inventory.Yes, Exists: inventory.Yes})
	management := token("management_tokens/deploy", "deploy", inventory.Management)
	management.APIs = []inventory.API{inventory.ContentManagement}
	management.Access = inventory.NewAccess(inventory.LevelWrite, inventory.No)
	management.Environments = inventory.Scope{State: inventory.ScopeAll, Items: []inventory.ScopeItem{}, Effective: 1}
	return inventory.Source{
		ID: "contentstack/stacks/shop", CMS: "contentstack", Kind: inventory.KindStack, Name: "Shop",
		Host: "api.contentstack.io", Region: "na", Organization: "acme", CollectedAt: auditTime,
		Units: []inventory.Unit{
			{Name: "delivery_tokens", Kinds: []inventory.Kind{inventory.Delivery, inventory.Preview}, Status: inventory.UnitComplete},
			{Name: "management_tokens", Kinds: []inventory.Kind{inventory.Management}, Status: inventory.UnitComplete},
		},
		Environments: []inventory.Environment{{ID: "production", Primary: inventory.Yes}},
		Auditor:      inventory.Auditor{ReadsSecrets: inventory.No, Writes: inventory.No, Necessary: inventory.Yes},
		Facts:        facts,
		Tokens:       []inventory.Token{delivery, management},
	}
}

// token is 100 days old, was used yesterday, and expires in 100 days.
func token(path, name string, kind inventory.Kind) inventory.Token {
	made := inventory.Timestamp{State: inventory.TimestampAt, At: auditTime.AddDate(0, 0, -100)}
	return inventory.Token{
		ID: "contentstack/stacks/shop/" + path, Ref: name, CMS: "contentstack", Source: "contentstack/stacks/shop",
		Name: name, Description: "what it is for", Kind: kind,
		CreatedAt: made, UpdatedAt: made,
		RevokedAt: inventory.Timestamp{State: inventory.TimestampNone},
		Expiry:    inventory.Expiry{State: inventory.ExpiryAt, At: auditTime.AddDate(0, 0, 100), Precision: inventory.PrecisionInstant, Supported: true},
		LastUsed:  inventory.UsedAt(auditTime.AddDate(0, 0, -1)),
		Traits:    inventory.Traits{Factory: inventory.No, NotifiesBeforeExpiry: inventory.Yes},
		Owner: inventory.Owner{
			Type: inventory.OwnerPerson, ID: "ada", Name: "Ada", State: inventory.OwnerActive, Level: inventory.LevelWrite,
			LastActive: inventory.Timestamp{State: inventory.TimestampAt, At: auditTime.AddDate(0, 0, -1)},
		},
		Secret: inventory.Secret{Readable: inventory.No},
	}
}
