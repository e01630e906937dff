package history

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
)

func day(year int, month time.Month, d int) time.Time {
	return time.Date(year, month, d, 0, 0, 0, 0, time.UTC)
}

const tokenID = "datocms/projects/77/access_tokens/312"

// project is a source with one token, read at a time.
func project(at time.Time, used inventory.LastUsed) inventory.Source {
	facts := inventory.Facts{}
	for _, f := range inventory.AllFacts() {
		facts[f] = inventory.Reported()
	}
	s := inventory.Source{
		ID: "datocms/projects/77", CMS: "datocms", Kind: inventory.KindProject, Name: "blog", CollectedAt: at, Facts: facts,
		Units:   []inventory.Unit{inventory.CompleteUnit("access_tokens", inventory.Management)},
		Auditor: inventory.Auditor{ReadsSecrets: inventory.No, Writes: inventory.No, Necessary: inventory.Yes},
	}
	if used.State != "" {
		s.Tokens = []inventory.Token{{
			ID: tokenID, Ref: "312", CMS: "datocms", Source: s.ID, Name: "ci", Kind: inventory.Management,
			APIs:         []inventory.API{inventory.ContentManagement},
			Access:       inventory.Access{Level: inventory.LevelWrite, Write: true, ManagesTokens: inventory.No, Grants: []string{}},
			Environments: inventory.AllScope(),
			CreatedAt:    inventory.UnknownTime("not told"), UpdatedAt: inventory.UnknownTime("not told"), RevokedAt: inventory.None(),
			Expiry: inventory.Expiry{State: inventory.ExpiryNever}, LastUsed: used,
			Traits: inventory.Traits{Factory: inventory.No, NotifiesBeforeExpiry: inventory.No},
			Owner:  inventory.Owner{Type: inventory.OwnerNone, State: inventory.OwnerActive, Level: inventory.LevelNone, LastActive: inventory.UnknownTime("no person")},
			Secret: inventory.Secret{Readable: inventory.No},
		}}
	}
	s.Normalise()
	return s
}

// knowing makes the history of earlier inventories.
func knowing(t *testing.T, earlier ...inventory.Source) *History {
	t.Helper()
	e := &History{}
	for _, s := range earlier {
		var doc bytes.Buffer
		if err := codec.Write(&doc, inventory.Inventory{Tool: inventory.Tool{Name: "t", Version: "1"}, Sources: []inventory.Source{s}}); err != nil {
			t.Fatal(err)
		}
		if err := e.Add(t.Context(), &doc); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

func lastUsed(e *History, s inventory.Source) inventory.LastUsed {
	return e.Apply(s).Tokens[0].LastUsed
}

var withoutChain = cmpopts.IgnoreFields(inventory.LastUsed{}, "Chain", "Evidence", "Word")

// none is what DatoCMS's word "never" means on a day: no use since the first of last month.
func none(since time.Time) inventory.LastUsed { return inventory.NoUseOnRecord(since) }

func TestChain(t *testing.T) {
	t.Parallel()
	at := day(2026, 8, 1)
	cases := map[string]struct {
		now     inventory.LastUsed
		earlier []inventory.Source
		want    inventory.LastUsed
		links   int
	}{
		"nothing earlier": {now: none(day(2026, 7, 1)), want: none(day(2026, 7, 1))},
		"three months of never": {
			now:     none(day(2026, 6, 30)),
			earlier: []inventory.Source{project(day(2026, 6, 1), none(day(2026, 4, 30))), project(day(2026, 7, 1), none(day(2026, 5, 31)))},
			want:    none(day(2026, 4, 30)), links: 3,
		},
		"a skipped month breaks the chain": {
			now:     none(day(2026, 6, 30)),
			earlier: []inventory.Source{project(day(2026, 6, 1), none(day(2026, 4, 30)))},
			want:    none(day(2026, 6, 30)),
		},
		"the use that an earlier inventory saw": {
			now:     none(day(2026, 6, 30)),
			earlier: []inventory.Source{project(day(2026, 7, 1), inventory.UsedBetween(day(2026, 5, 10), day(2026, 5, 20)))},
			want:    inventory.UsedBetween(day(2026, 5, 10), day(2026, 5, 20)), links: 2,
		},
		"two bounds of one use": {
			now:     inventory.UsedBetween(day(2026, 6, 1), day(2026, 6, 30)),
			earlier: []inventory.Source{project(day(2026, 7, 15), inventory.UsedBetween(day(2026, 6, 20), day(2026, 7, 10)))},
			want:    inventory.UsedBetween(day(2026, 6, 20), day(2026, 6, 30)), links: 2,
		},
		"used since": {
			now:     inventory.UsedBetween(day(2026, 7, 20), day(2026, 7, 25)),
			earlier: []inventory.Source{project(day(2026, 7, 1), none(day(2026, 5, 31)))},
			want:    inventory.UsedBetween(day(2026, 7, 20), day(2026, 7, 25)),
		},
		"a contradiction proves nothing": {
			now:     inventory.UsedBetween(day(2026, 5, 1), day(2026, 5, 5)),
			earlier: []inventory.Source{project(day(2026, 7, 1), inventory.UsedBetween(day(2026, 5, 20), day(2026, 5, 25)))},
			want:    inventory.UsedBetween(day(2026, 5, 1), day(2026, 5, 5)),
		},
		"an inventory of the same day or later is not a past": {
			now:     none(day(2026, 6, 30)),
			earlier: []inventory.Source{project(at, none(day(2026, 1, 1))), project(day(2026, 9, 1), none(day(2026, 1, 1)))},
			want:    none(day(2026, 6, 30)),
		},
		"unknown stays unknown": {
			now:     inventory.UnknownUse("not told"),
			earlier: []inventory.Source{project(day(2026, 7, 1), none(day(2026, 5, 31)))},
			want:    inventory.UnknownUse("not told"),
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := lastUsed(knowing(t, c.earlier...), project(at, c.now))
			if diff := cmp.Diff(c.want, got, withoutChain); diff != "" {
				t.Error(diff)
			}
			if len(got.Chain) != c.links {
				t.Errorf("%d links, want %d: %+v", len(got.Chain), c.links, got.Chain)
			}
		})
	}
}

func TestFirstSeen(t *testing.T) {
	t.Parallel()
	now := project(day(2026, 8, 1), none(day(2026, 6, 30)))
	there := project(day(2026, 7, 1), none(day(2026, 5, 31)))
	absent := project(day(2026, 6, 1), inventory.LastUsed{})
	unread := absent
	unread.Units = []inventory.Unit{inventory.FailedUnit("access_tokens", inventory.ErrTimeout, "no answer", "", inventory.Management)}
	for name, c := range map[string]struct {
		earlier []inventory.Source
		want    *inventory.FirstSeen
	}{
		"nothing earlier":                       {},
		"new since the last":                    {[]inventory.Source{absent}, &inventory.FirstSeen{NotBefore: day(2026, 6, 1), At: day(2026, 8, 1)}},
		"there before, absent before that":      {[]inventory.Source{absent, there}, &inventory.FirstSeen{NotBefore: day(2026, 6, 1), At: day(2026, 7, 1)}},
		"a list that was not read says nothing": {[]inventory.Source{unread, there}, &inventory.FirstSeen{At: day(2026, 7, 1)}},
	} {
		got := knowing(t, c.earlier...).Apply(now).Tokens[0].FirstSeen
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
