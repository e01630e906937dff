package codec_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	inv "github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/sample"
)

// maker makes random values by the package's own constructors.
type maker struct{ *rand.Rand }

func pick[T any](m maker, of ...T) T { return of[m.IntN(len(of))] }

func (m maker) text() string {
	return pick(m, "x", "a b", `quo"te\`, "ünïcode \U0001f511", "line\nbreak\u2028\t", "<script>", "\u202eright to left", "")
}

func (m maker) name() string { return "n" + m.text() }

func (m maker) time() time.Time {
	zone := time.FixedZone("", pick(m, 0, 0, 3600, -43200))
	return time.Date(1+m.IntN(9998), 1, 1+m.IntN(365), m.IntN(24), m.IntN(60), m.IntN(60), pick(m, 0, 500_000_000, 123_456_789), zone)
}

func (m maker) stamp() inv.Timestamp {
	return pick(m, inv.At(m.time()), inv.None(), inv.UnknownTime(m.name()))
}

func (m maker) ternary() inv.Ternary { return pick(m, inv.Yes, inv.No, inv.Unknown) }

func (m maker) level() inv.Level {
	return pick(m, inv.LevelNone, inv.LevelRead, inv.LevelTrigger, inv.LevelWrite, inv.LevelSchema, inv.LevelAdmin, inv.LevelUnknown)
}

func (m maker) scope() inv.Scope {
	var items []inv.ScopeItem
	for range m.IntN(4) {
		items = append(items, inv.ScopeItem{
			ID: fmt.Sprint("e", m.IntN(5)), Name: m.text(), Primary: m.ternary(), Exists: m.ternary(),
			AliasOf: pick(m, "", "", "e9"),
		})
	}
	return pick(m, inv.NewScope(items...), inv.AllScope(items...), inv.UnknownScope(m.name(), items...))
}

func (m maker) use() inv.LastUsed {
	a, b := m.time(), m.time()
	if b.Before(a) {
		a, b = b, a
	}
	u := pick(m, inv.UsedAt(a), inv.UsedBetween(a, b), inv.NeverUsed(), inv.NoUseOnRecord(a), inv.UnknownUse(m.name()))
	u.Word = pick(m, "", "last_week")
	for range m.IntN(3) / 2 * m.IntN(3) {
		u.Chain = append(u.Chain, inv.Observation{
			CollectedAt: pick(m, a, time.Time{}).UTC(), State: u.State, At: u.At, Earliest: u.Earliest, Latest: u.Latest,
			Evidence: u.Evidence, Word: m.text(),
		})
	}
	return u
}

func (m maker) token(source string, n int) inv.Token {
	t := inv.Token{
		ID: fmt.Sprint(source, "/", m.text(), n), Ref: m.name(), Twin: m.text(), CMS: m.name(), Source: source,
		Name: m.text(), Description: m.text(), URL: m.text(),
		Kind: pick(m, inv.Delivery, inv.Preview, inv.Management, inv.Personal, inv.OAuth, inv.CLI, inv.App),
		APIs: inv.SortAPIs([]inv.API{pick(m, inv.ContentManagement, inv.ContentPreview), inv.ContentDelivery}[m.IntN(3)/2:]),
		Access: pick(m, inv.NewAccess(m.level(), m.ternary(), m.text(), m.text()),
			inv.AssumedAccess(m.name(), m.ternary())),
		Role:         pick(m, nil, &inv.Role{ID: m.name(), Name: m.text(), Level: m.level()}),
		Environments: m.scope(),
		CreatedAt:    m.stamp(), UpdatedAt: m.stamp(), RevokedAt: m.stamp(),
		Expiry: pick(m, inv.ExpiresAt(m.time(), inv.PrecisionDay), inv.NeverExpires(false), inv.UnknownExpiry(true, m.name()),
			inv.NormaliseExpiry(inv.ExpiresAt(m.time(), inv.PrecisionInstant), m.time())),
		LastUsed: m.use(),
		Traits:   inv.Traits{Factory: m.ternary(), NotifiesBeforeExpiry: m.ternary()},
		Owner: inv.Owner{
			Type: pick(m, inv.OwnerPerson, inv.OwnerApp, inv.OwnerNone, inv.OwnerUnknown), ID: m.text(), Name: m.text(),
			State: pick(m, inv.OwnerActive, inv.OwnerDeactivated, inv.OwnerRemoved, inv.OwnerStateUnknown),
			Level: m.level(), Role: m.text(), LastActive: m.stamp(), Reason: m.name(),
		},
		Secret:  inv.Secret{Readable: m.ternary(), Hint: pick(m, "", "a1b2", "ä")},
		Planned: pick(m, "", "", inv.PlannedCreate, inv.PlannedReplace), Address: m.text(),
		Origin: pick(m, inv.Origin{}, inv.Origin{File: m.name(), Line: m.IntN(3)}),
	}
	if m.IntN(2) == 0 {
		t.Branches = new(m.scope())
		t.FirstSeen = &inv.FirstSeen{NotBefore: pick(m, m.time(), time.Time{}).UTC(), At: m.time().UTC()}
		t.LastUsedByAPI = map[inv.API]inv.LastUsed{inv.ContentDelivery: m.use(), inv.ContentManagement: m.use()}
	}
	return t
}

// TestRoundTripOfAnything: whatever the constructors make is sound, and is the
// same after it was written and read.
func TestRoundTripOfAnything(t *testing.T) {
	if testing.Short() {
		t.Skip("one after the other: nothing for the race detector")
	}
	for seed := range uint64(60) {
		m := maker{rand.New(rand.NewPCG(seed, 1))}
		want := inv.Inventory{Schema: inv.Schema, Tool: inv.Tool{Name: m.text(), Version: m.text()}, Sources: []inv.Source{}}
		for i := range m.IntN(4) {
			s := sample.Source(fmt.Sprint("s", i, m.text()), 0)
			s.Units[0].Kinds = inv.AllKinds()
			s.Labels = map[string]string{m.text(): m.text()}
			for n := range m.IntN(100) {
				s.Tokens = append(s.Tokens, m.token(s.ID, n))
			}
			s.Normalise()
			if err := s.Check(); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			want.Sources = append(want.Sources, s)
		}
		var doc bytes.Buffer
		if err := codec.Write(&doc, want); err != nil {
			t.Fatal(err)
		}
		got, err := codec.ReadAll(t.Context(), &doc, codec.Limits{})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d (-written +read):\n%s", seed, diff)
		}
	}
}
