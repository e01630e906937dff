// Package sample has tokens and sources in which every field is set, for tests.
package sample

import (
	"fmt"
	"slices"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// CollectedAt is when every sample was collected.
func CollectedAt() time.Time { return time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC) }

// Token is a token with every field set that can be set together, but for
// what only earlier inventories tell.
func Token(source, ref string) inventory.Token {
	return inventory.Token{
		ID: source + "/access_tokens/" + ref, Ref: ref, Twin: source + "/access_tokens/0", CMS: "datocms", Source: source,
		Name: "ci <deploy> & \"more\" \u2028", Description: "made by hand", URL: "https://example.com/t", Kind: inventory.Management,
		APIs:   []inventory.API{inventory.ContentDelivery, inventory.ContentManagement},
		Access: inventory.NewAccess(inventory.LevelSchema, inventory.No, "can_edit_schema", "read"),
		Role:   &inventory.Role{ID: "34", Name: "Editor", Level: inventory.LevelSchema},
		Environments: inventory.NewScope(
			inventory.ScopeItem{ID: "main", Name: "Main", Primary: inventory.Yes, Exists: inventory.Yes},
			inventory.ScopeItem{ID: "live", Primary: inventory.Unknown, Exists: inventory.Yes, AliasOf: "main"}),
		Branches:  new(inventory.AllScope()),
		CreatedAt: inventory.At(CollectedAt().AddDate(-1, 0, 0)),
		UpdatedAt: inventory.UnknownTime("not told"),
		RevokedAt: inventory.None(),
		Expiry:    inventory.ExpiresAt(CollectedAt().AddDate(0, 1, 0), inventory.PrecisionDay),
		LastUsed:  inventory.UsedBetween(CollectedAt().AddDate(0, 0, -9), CollectedAt().AddDate(0, 0, -3)),
		LastUsedByAPI: map[inventory.API]inventory.LastUsed{
			inventory.ContentDelivery:   inventory.NoUseOnRecord(CollectedAt().AddDate(0, 0, -52)),
			inventory.ContentManagement: inventory.UsedBetween(CollectedAt().AddDate(0, 0, -9), CollectedAt().AddDate(0, 0, -3)),
		},
		Traits: inventory.Traits{Factory: inventory.No, NotifiesBeforeExpiry: inventory.Unknown},
		Owner:  inventory.Owner{Type: inventory.OwnerPerson, ID: "u1", Name: "Ada", State: inventory.OwnerActive, Level: inventory.LevelAdmin, Role: "owner", LastActive: inventory.At(CollectedAt())},
		Secret: inventory.Secret{Readable: inventory.Yes, Hint: "9f3a"},
		Exposure: &inventory.Exposure{State: inventory.ExposureFound, Reason: "1 of 2 places are named", Found: []inventory.Leak{{
			Tool: "gitleaks", Rule: "generic-api-key", File: ".env", Line: 3, Commit: "0a1b2c3", Date: CollectedAt().AddDate(0, -1, 0), Match: inventory.MatchExact,
		}}},
		Planned: inventory.PlannedUpdate, Address: "datocms_access_token.ci",
		Origin: inventory.Origin{File: "main.tf", Line: 12},
	}
}

// WithHistory adds what earlier inventories tell.
func WithHistory(t *inventory.Token) {
	t.FirstSeen = &inventory.FirstSeen{NotBefore: CollectedAt().AddDate(0, 0, -20), At: CollectedAt().AddDate(0, 0, -13)}
	t.LastUsed.Chain = []inventory.Observation{
		{CollectedAt: CollectedAt(), State: inventory.LastUsedBetween, Earliest: t.LastUsed.Earliest, Latest: t.LastUsed.Latest, Evidence: inventory.EvidenceCMS, Word: "last_week"},
		{State: inventory.LastUsedAt, At: CollectedAt().AddDate(0, 0, -9), Evidence: "usage.csv"},
	}
	for api, use := range t.LastUsedByAPI {
		use.Chain = slices.Clone(t.LastUsed.Chain)
		t.LastUsedByAPI[api] = use
	}
}

// Source is a source with n tokens and every field set.
func Source(id string, n int) inventory.Source {
	s := inventory.Source{
		ID: id, CMS: "datocms", Kind: inventory.KindProject, Name: "Blog", Host: "site-api.datocms.com", Region: "eu",
		Organization: "org", Labels: map[string]string{"team": "web"}, URL: "https://blog.admin.datocms.com",
		CollectedAt: CollectedAt(),
		Units: []inventory.Unit{
			inventory.CompleteUnit("access_tokens", inventory.Management, inventory.Delivery),
			inventory.FailedUnit("roles", inventory.ErrPermissionDenied, "403", "grant it"),
		},
		Facts:        inventory.Facts{},
		Limits:       map[string]inventory.Limit{"management_tokens": {Max: 10, Source: "docs"}},
		Environments: []inventory.Environment{{ID: "main", Name: "Main", Primary: inventory.Yes}, {ID: "next", Primary: inventory.No, AliasOf: "main"}},
		Auditor:      inventory.Auditor{Token: id + "/access_tokens/1", ReadsSecrets: inventory.No, Writes: inventory.No, Necessary: inventory.Unknown, Detail: "its role"},
		NeverAfter:   CollectedAt().AddDate(5, 0, 0),
		Literals: []inventory.Literal{{
			Address: "provider.datocms", Attribute: "api_token", Place: inventory.LiteralProvider, CMS: "datocms",
			Origin: inventory.Origin{File: "main.tf", Line: 3},
		}},
		Origin: inventory.Origin{File: "tokenaudit.yaml", Line: 3},
	}
	for _, f := range inventory.AllFacts() {
		s.Facts[f] = inventory.FactSupport{Reported: inventory.SupportPartly, Reason: "some"}
	}
	for i := range n {
		s.Tokens = append(s.Tokens, Token(id, fmt.Sprintf("%04d", i)))
	}
	return s
}
