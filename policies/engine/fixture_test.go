package engine

import (
	"runtime/debug"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/input"
	"github.com/tokenaudit/tokenaudit/policies/owners"
	"github.com/tokenaudit/tokenaudit/policies/reads"
	"github.com/tokenaudit/tokenaudit/policies/reviews"
)

// TestMain has the garbage collected less often: of thousands of small evaluations little
// lives, and a quarter of what they cost was the collector's.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	m.Run()
}

// auditTime is a Sunday.
var auditTime = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func daysAgo(n int) time.Time { return auditTime.AddDate(0, 0, -n) }

func at(t time.Time) inventory.Timestamp {
	return inventory.Timestamp{State: inventory.TimestampAt, At: t}
}

// aToken is a management token about which everything is known and nothing is
// wrong; the changes make it a case.
func aToken(id string, changes ...func(*inventory.Token)) inventory.Token {
	token := inventory.Token{
		ID: id, Ref: id, CMS: "contentstack", Source: "contentstack/stacks/blt1",
		Name: "name of " + id, Description: "what it is for", Kind: inventory.Management,
		APIs:         []inventory.API{inventory.ContentManagement},
		Access:       inventory.Access{Level: inventory.LevelWrite, Write: true, ManagesTokens: inventory.No, Grants: []string{}},
		Environments: inventory.Scope{State: inventory.ScopeListed, Items: []inventory.ScopeItem{{ID: "prod", Primary: inventory.Yes, Exists: inventory.Yes}}, Effective: 1},
		CreatedAt:    at(daysAgo(100)),
		UpdatedAt:    at(daysAgo(100)),
		RevokedAt:    inventory.Timestamp{State: inventory.TimestampNone},
		Expiry:       inventory.Expiry{State: inventory.ExpiryAt, At: auditTime.AddDate(0, 0, 100), Precision: inventory.PrecisionInstant, Supported: true},
		LastUsed:     inventory.LastUsed{State: inventory.LastUsedAt, At: daysAgo(1), Evidence: inventory.EvidenceCMS},
		Traits:       inventory.Traits{Factory: inventory.No, NotifiesBeforeExpiry: inventory.Yes},
		Owner:        inventory.Owner{Type: inventory.OwnerNone, State: inventory.OwnerActive, Level: inventory.LevelUnknown, LastActive: inventory.Timestamp{State: inventory.TimestampUnknown}},
		Secret:       inventory.Secret{Readable: inventory.No},
		Exposure:     &inventory.Exposure{State: inventory.ExposureNone},
	}
	for _, change := range changes {
		change(&token)
	}
	return token
}

// delivering makes a token a delivery token that reads.
func delivering(token *inventory.Token) {
	token.Kind = inventory.Delivery
	token.APIs = []inventory.API{inventory.ContentDelivery}
	token.Access = inventory.Access{Level: inventory.LevelRead, ManagesTokens: inventory.No, Grants: []string{}}
}

// aSource is a completely read stack whose CMS tells every fact.
func aSource(tokens ...inventory.Token) inventory.Source {
	facts := inventory.Facts{}
	for _, fact := range reads.Facts() {
		facts[fact] = inventory.FactSupport{Reported: inventory.SupportYes}
	}
	return inventory.Source{
		ID: "contentstack/stacks/blt1", CMS: "contentstack", Kind: inventory.KindStack, Name: "Shop",
		CollectedAt: auditTime, Facts: facts, Tokens: tokens,
		Units: []inventory.Unit{
			{Name: "delivery_tokens", Kinds: []inventory.Kind{inventory.Delivery, inventory.Preview}, Status: inventory.UnitComplete},
			{Name: "management_tokens", Kinds: []inventory.Kind{inventory.Management}, Status: inventory.UnitComplete},
		},
		Auditor: inventory.Auditor{ReadsSecrets: inventory.No, Writes: inventory.No, Necessary: inventory.Yes},
	}
}

// teams assign tokens by their names, and by owners.
func teams() owners.Patterns {
	return owners.Patterns{{Team: "web", Name: "web *"}, {Team: "people", Owner: "Ada"}}
}

// reviewed are reviews of the tokens by the last letter of their ids; those that end in
// another have none.
func reviewed() *reviews.Reviews {
	review := func(token, date string, decision input.Decision, by string) reviews.Review {
		r := reviews.Review{Token: token, Reviewer: "Ada", Date: date, Decision: decision, By: by}
		var err error
		if r.From, r.Until, err = reviews.ParseDate(date); err != nil {
			panic(err)
		}
		return r
	}
	return reviews.New([]reviews.Review{
		review("*0", "2026-11-12", input.Keep, ""),
		review("*1", daysAgo(60).Format(time.RFC3339), input.Keep, ""),
		review("*2", "2026-10-01", input.Revoke, "2026-10-31"),
		review("*3", "2026-11-01", input.Revoke, "2026-11-22"),
		review("*4", daysAgo(7).Format(time.RFC3339), input.Change, ""),
		review("*4", daysAgo(91).Format(time.RFC3339), input.Revoke, "2026-09-01"),
		review("*5", "2026-11-21", input.Keep, ""),
		review("*6", "2026-12-01", input.Keep, ""),
		review("*6", "2026-08-24", input.Revoke, "2026-11-21"),
		review("contentstack/stacks/blt1/management_tokens/exact", "2026-11-12", input.Revoke, "2026-11-20"),
	})
}

// everyRule are options with which every built-in rule is in force, and has what it judges
// with.
func everyRule() LoadOptions {
	return LoadOptions{Owners: teams(), Reviews: reviewed(), Settings: settings("token-without-owner", policies.RuleSettings{On: true})}
}

func load(t testing.TB, options LoadOptions) *Engine {
	t.Helper()
	e, err := Load(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func evaluate(t testing.TB, e *Engine, source inventory.Source) policies.Result {
	t.Helper()
	result, err := e.Evaluate(t.Context(), source, auditTime)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range result.Errors {
		t.Errorf("rule %s: %s", e.Rule, e.Detail)
	}
	return result
}
