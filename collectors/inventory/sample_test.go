package inventory_test

import (
	"fmt"
	"slices"
	"time"

	inv "github.com/tokenaudit/tokenaudit/collectors/inventory"
)

var collectedAt = time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)

// sampleToken is a token with every field set that can be set together, but for
// what only earlier inventories tell.
func sampleToken(source, ref string) inv.Token {
	return inv.Token{
		ID: source + "/access_tokens/" + ref, Ref: ref, Twin: source + "/access_tokens/0", CMS: "datocms", Source: source,
		Name: "ci <deploy> & \"more\" \u2028", Description: "made by hand", URL: "https://example.com/t", Kind: inv.Management,
		APIs:   []inv.API{inv.ContentDelivery, inv.ContentManagement},
		Access: inv.NewAccess(inv.LevelSchema, inv.No, "can_edit_schema", "read"),
		Role:   &inv.Role{ID: "34", Name: "Editor", Level: inv.LevelSchema},
		Environments: inv.NewScope(
			inv.ScopeItem{ID: "main", Name: "Main", Primary: inv.Yes, Exists: inv.Yes},
			inv.ScopeItem{ID: "live", Primary: inv.Unknown, Exists: inv.Yes, AliasOf: "main"}),
		Branches:  new(inv.AllScope()),
		CreatedAt: inv.At(collectedAt.AddDate(-1, 0, 0)),
		UpdatedAt: inv.UnknownTime("not told"),
		RevokedAt: inv.None(),
		Expiry:    inv.ExpiresAt(collectedAt.AddDate(0, 1, 0), inv.PrecisionDay),
		LastUsed:  inv.UsedBetween(collectedAt.AddDate(0, 0, -9), collectedAt.AddDate(0, 0, -3)),
		LastUsedByAPI: map[inv.API]inv.LastUsed{
			inv.ContentDelivery:   inv.NoUseOnRecord(collectedAt.AddDate(0, 0, -52)),
			inv.ContentManagement: inv.UsedBetween(collectedAt.AddDate(0, 0, -9), collectedAt.AddDate(0, 0, -3)),
		},
		Traits:  inv.Traits{Factory: inv.No, NotifiesBeforeExpiry: inv.Unknown},
		Owner:   inv.Owner{Type: inv.OwnerPerson, ID: "u1", Name: "Ada", State: inv.OwnerActive, Level: inv.LevelAdmin, Role: "owner", LastActive: inv.At(collectedAt)},
		Secret:  inv.Secret{Readable: inv.Yes, Hint: "9f3a"},
		Planned: inv.PlannedUpdate, Address: "datocms_access_token.ci",
		Origin: inv.Origin{File: "main.tf", Line: 12},
	}
}

// withHistory adds what earlier inventories tell.
func withHistory(t *inv.Token) {
	t.FirstSeen = &inv.FirstSeen{NotBefore: collectedAt.AddDate(0, 0, -20), At: collectedAt.AddDate(0, 0, -13)}
	t.LastUsed.Chain = []inv.Observation{
		{CollectedAt: collectedAt, State: inv.LastUsedBetween, Earliest: t.LastUsed.Earliest, Latest: t.LastUsed.Latest, Evidence: inv.EvidenceCMS, Word: "last_week"},
		{State: inv.LastUsedAt, At: collectedAt.AddDate(0, 0, -9), Evidence: "usage.csv"},
	}
	for api, use := range t.LastUsedByAPI {
		use.Chain = slices.Clone(t.LastUsed.Chain)
		t.LastUsedByAPI[api] = use
	}
}

// sampleSource is a source with n tokens and every field set.
func sampleSource(id string, n int) inv.Source {
	s := inv.Source{
		ID: id, CMS: "datocms", Kind: inv.KindProject, Name: "Blog", Host: "site-api.datocms.com", Region: "eu",
		Organization: "org", Labels: map[string]string{"team": "web"}, URL: "https://blog.admin.datocms.com",
		CollectedAt: collectedAt,
		Units: []inv.Unit{
			inv.CompleteUnit("access_tokens", inv.Management, inv.Delivery),
			inv.FailedUnit("roles", inv.ErrPermissionDenied, "403", "grant it"),
		},
		Facts:        inv.Facts{},
		Limits:       map[string]inv.Limit{"management_tokens": {Max: 10, Source: "docs"}},
		Environments: []inv.Environment{{ID: "main", Name: "Main", Primary: inv.Yes}, {ID: "next", Primary: inv.No, AliasOf: "main"}},
		Auditor:      inv.Auditor{Token: id + "/access_tokens/1", ReadsSecrets: inv.No, Writes: inv.No, Necessary: inv.Unknown, Detail: "its role"},
		NeverAfter:   collectedAt.AddDate(5, 0, 0),
		Literals: []inv.Literal{{
			Address: "provider.datocms", Attribute: "api_token", Place: inv.LiteralProvider, CMS: "datocms",
			Origin: inv.Origin{File: "main.tf", Line: 3},
		}},
		Origin: inv.Origin{File: "tokenaudit.yaml", Line: 3},
	}
	for _, f := range inv.AllFacts() {
		s.Facts[f] = inv.FactSupport{Reported: inv.SupportPartly, Reason: "some"}
	}
	for i := range n {
		s.Tokens = append(s.Tokens, sampleToken(id, fmt.Sprintf("%04d", i)))
	}
	return s
}
