package collectors

import (
	"context"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// paper is a CMS that does what a test tells it to.
type paper struct {
	discover func(ctx context.Context) ([]inventory.Source, error)
	collect  func(ctx context.Context, s inventory.Source) (inventory.Source, error)
	domain   func(s inventory.Source) string
}

func (p paper) Discover(ctx context.Context) ([]inventory.Source, error) { return p.discover(ctx) }

func (p paper) Collect(ctx context.Context, s inventory.Source) (inventory.Source, error) {
	if p.collect == nil {
		return filled(s), nil
	}
	return p.collect(ctx, s)
}

// paperDomains also names domains.
type paperDomains struct{ paper }

func (p paperDomains) Domain(s inventory.Source) string { return p.domain(s) }

// paperEntry also names the one domain of the entry.
type paperEntry struct {
	paper
	name string
}

func (p paperEntry) EntryDomain() string { return p.name }

func someFacts() inventory.Facts {
	facts := inventory.Facts{}
	for _, f := range inventory.AllFacts() {
		facts[f] = inventory.Reported()
	}
	return facts
}

// definitionOf defines a CMS whose n-th entry is read by the n-th collector.
func definitionOf(t *testing.T, cms string, byOrigin map[int]Collector) Definition {
	t.Helper()
	return Definition{CMS: cms, Title: cms, Facts: someFacts(), LeastPrivilege: "None.",
		New: func(e Entry, _ Run) (Collector, error) { return byOrigin[e.Origin.Line], nil }}
}

func registryOf(t *testing.T, definitions ...Definition) Registry {
	t.Helper()
	r, err := NewRegistry(definitions...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func entry(cms string, line int) Entry {
	return Entry{CMS: cms, Origin: inventory.Origin{File: "tokenaudit.yaml", Line: line}}
}

func source(id string) inventory.Source {
	return inventory.Source{ID: id, CMS: "paper", Kind: inventory.KindSpace, Name: "Name of " + id, Host: "paper.example"}
}

func found(ids ...string) func(context.Context) ([]inventory.Source, error) {
	return func(context.Context) ([]inventory.Source, error) {
		var all []inventory.Source
		for _, id := range ids {
			all = append(all, source(id))
		}
		return all, nil
	}
}

// filled is a source that was read, with one token.
func filled(s inventory.Source) inventory.Source {
	s.CollectedAt = noon
	s.Units = []inventory.Unit{inventory.CompleteUnit("keys", inventory.Delivery)}
	s.Tokens = []inventory.Token{token(s, "k1")}
	return s
}

func token(s inventory.Source, ref string) inventory.Token {
	return inventory.Token{
		ID: s.ID + "/keys/" + ref, Ref: ref, CMS: s.CMS, Source: s.ID, Name: ref, Kind: inventory.Delivery,
		APIs: []inventory.API{inventory.ContentDelivery}, Access: inventory.NewAccess(inventory.LevelRead, inventory.No),
		Environments: inventory.AllScope(), CreatedAt: inventory.None(), UpdatedAt: inventory.None(), RevokedAt: inventory.None(),
		Expiry: inventory.NeverExpires(true), LastUsed: inventory.NeverUsed(),
		Traits: inventory.Traits{Factory: inventory.No, NotifiesBeforeExpiry: inventory.No},
		Owner:  inventory.Owner{Type: inventory.OwnerNone, State: inventory.OwnerActive, Level: inventory.LevelNone, LastActive: inventory.None()},
		Secret: inventory.Secret{Readable: inventory.No},
	}
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// gather runs Collect and returns the sources by ID.
func gather(ctx context.Context, t *testing.T, o Options) (map[string]inventory.Source, Result) {
	t.Helper()
	o.Run.Now = func() time.Time { return noon }
	got := map[string]inventory.Source{}
	result, err := Collect(ctx, o, func(s inventory.Source) error {
		if _, twice := got[s.ID]; twice {
			t.Errorf("source %s was handed on twice", s.ID)
		}
		if err := s.Check(); err != nil {
			t.Errorf("source %s is not valid: %v", s.ID, err)
		}
		got[s.ID] = s
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got, result
}
