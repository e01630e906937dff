package manifest_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	inv "github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/manifest"
)

const written = `# The tokens that should exist, as they were live at 2026-11-22T09:00:00Z.
# ` + "`tokenaudit drift --manifest tokens.yaml inventory.json`" + ` compares them with what is live,
# ` + "`tokenaudit evaluate --manifest tokens.yaml`" + ` judges them, and ` + "`tokenaudit schema manifest`" + `
# prints the JSON Schema. What is left out of a token is not compared.
version: 1
sources:
  # the list tokens was not read completely (timeout): tokens of it are missing here
  - id: contentstack/stacks/blt0
    name: "Other: one"
    kind: stack
    tokens: []
  - id: contentstack/stacks/blt1
    name: Shop
    kind: stack
    environments: [production, staging]
    tokens:
      - name: website
        ref: delivery/website
        kind: delivery
        description: the shop
        apis: [content_delivery]
        access: {level: read, manages_tokens: no}
        environments: [production]
      - name: deploy
        ref: blt9
        kind: management
        apis: [content_management]
        access: {level: write, manages_tokens: no}
        branches: [main]
        expiry: 2027-01-31
        owner: {type: person, name: Ada}
        traits: {notifies_before_expiry: yes}
`

func live(t *testing.T) []inv.Source {
	t.Helper()
	shop := liveStack()
	shop.Tokens = slices.DeleteFunc(shop.Tokens, func(token inv.Token) bool { return token.Name == "typo" })
	shop.Units = append(shop.Units, inv.CompleteUnit("environments"))
	other := inv.Source{ID: "contentstack/stacks/blt0", CMS: "contentstack", Kind: inv.KindStack, Name: "Other: one", CollectedAt: at.Add(-time.Hour),
		Units: []inv.Unit{inv.FailedUnit("tokens", inv.ErrTimeout, "no answer", "", inv.Delivery)}}
	plan := inv.Source{ID: "terraform/main", Kind: inv.KindPlan}
	return []inv.Source{shop, plan, other}
}

func TestWrite(t *testing.T) {
	sources := live(t)
	text, left, err := manifest.Write(sources)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(written, string(text)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if want := []string{
		"contentstack/stacks/blt0: the list tokens was not read completely (timeout): tokens of it are missing here",
		"terraform/main is a plan: nothing of it is live",
	}; !slices.Equal(left, want) {
		t.Errorf("left out: %q", left)
	}
	slices.Reverse(sources)
	if again, _, err := manifest.Write(sources); err != nil || string(again) != string(text) {
		t.Errorf("another order of the sources gives another text: %v", err)
	}
}

// What is live is declared whole, whatever it is called: nothing differs, and the rules can
// judge it.
func TestWriteHostile(t *testing.T) {
	base := live(t)[0]
	for _, name := range []string{
		"", "no", "null", "~", "1", "2027-01-01", "a: b", "- a", "# a", "a #b", "*a", "&a", "!a", "%a", "@a", "`a", "\"", "'", "\\", "a\nb", "a\r\nb", "\t", " a ", "\x00", "\x1b[31m", "\u0085", "\u2028", "\u202e", "\ufeff",
		"---", "...", "<<", "=", "{}", "[]", "|", ">", "?", "🔑", strings.Repeat("x", 5000), "<script>", "a\n# b: c", "sources:",
	} {
		source := base
		source.Tokens = nil
		for i := range 2 { // two of one name
			token := base.Tokens[0]
			token.ID, token.Ref, token.Name, token.Description = fmt.Sprintf("%s/%d", base.ID, i), fmt.Sprintf("%s%d", name, i)[max(0, len(name)-9):], name, name
			token.Owner = inv.Owner{Type: inv.OwnerPerson, ID: name, Name: name, State: inv.OwnerActive}
			token.Environments = inv.NewScope(inv.ScopeItem{ID: name + "e", Primary: inv.Unknown, Exists: inv.Unknown})
			source.Tokens = append(source.Tokens, token)
		}
		source.Name = name
		source.Units = append(source.Units, inv.PartialUnit("x\n"+name, inv.ErrTruncated, name, "", inv.Personal))
		text, _, err := manifest.Write([]inv.Source{source})
		if err != nil {
			t.Errorf("%.40q: %v", name, err)
			continue
		}
		m := open(t, string(text))
		if d := m.Compare([]inv.Source{source}); d.Drifted() || d.Same != 2 {
			t.Errorf("%.40q: %+v", name, d)
		}
		for _, s := range m.Inventory(at, canExpire) {
			if err := s.Check(); err != nil {
				t.Errorf("%.40q: %v", name, err)
			}
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	source := live(t)[0]
	source.Tokens = source.Tokens[:1]
	source.Tokens[0].Name, source.Tokens[0].Ref = "", strings.Repeat("x", 2000)
	if _, _, err := manifest.Write([]inv.Source{source}); err == nil || !strings.Contains(err.Error(), "cannot declare what is live: ") {
		t.Errorf("a token with neither a name nor a ref: %v", err)
	}
}

// Any live source can be declared, and does not differ from what was declared of it.
func TestWriteOfAnything(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		s := inv.Source{ID: "strapi/x", CMS: "strapi", Kind: pick(r, inv.KindInstance, inv.KindSpace), Name: pick(r, "", "x"), CollectedAt: at, Facts: inv.Facts{inv.FactDescription: {Reported: inv.SupportYes}},
			Units: []inv.Unit{pick(r, inv.CompleteUnit("all", inv.AllKinds()...), inv.FailedUnit("all", inv.ErrTimeout, "no", "", inv.AllKinds()...))}}
		for i := range r.IntN(12) {
			s.Tokens = append(s.Tokens, anyToken(r, i))
		}
		s.Normalise()
		text, _, err := manifest.Write([]inv.Source{s})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		m := open(t, string(text))
		if d := m.Compare([]inv.Source{s}); len(d.Differences) > 0 {
			t.Fatalf("seed %d: %+v\n%s", seed, d.Differences, text)
		}
		for _, planned := range m.Inventory(at, canExpire) {
			if err := planned.Check(); err != nil {
				t.Fatalf("seed %d: %v\n%s", seed, err, text)
			}
		}
	}
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

func anyToken(r *rand.Rand, i int) inv.Token {
	scope := func() inv.Scope {
		var items []inv.ScopeItem
		for range r.IntN(4) {
			items = append(items, inv.ScopeItem{ID: pick(r, "all", "main", "a, b", "2026"), Name: pick(r, "", "main", "a"), Primary: inv.No, Exists: pick(r, inv.Yes, inv.No, inv.Unknown)})
		}
		return pick(r, inv.NewScope(items...), inv.AllScope(items...), inv.UnknownScope("u", items...))
	}
	level := pick(r, inv.LevelNone, inv.LevelRead, inv.LevelWrite, inv.LevelAdmin)
	moment := at.Add(time.Duration(r.Int64N(30 * int64(365*24*time.Hour))))
	t := inv.Token{ID: fmt.Sprint("strapi/x/", i), Ref: pick(r, "", "ref ") + fmt.Sprint(i), CMS: "strapi", Source: "strapi/x", Name: pick(r, "", "deploy", "no"), Description: pick(r, "", "d"),
		Kind: pick(r, inv.AllKinds()...), Access: pick(r, inv.NewAccess(level, pick(r, inv.Yes, inv.No, inv.Unknown), pick(r, "", "b"), "a, c", "yes"), inv.AssumedAccess("u", inv.Unknown)),
		Environments: scope(), Traits: inv.Traits{NotifiesBeforeExpiry: pick(r, inv.Yes, inv.No, inv.Unknown)},
		Owner:   pick(r, inv.UnknownOwner("u"), inv.Owner{Type: inv.OwnerNone}, inv.Owner{Type: inv.OwnerPerson, ID: "1", Name: pick(r, "", "Ada")}),
		Expiry:  inv.NormaliseExpiry(pick(r, inv.NeverExpires(true), inv.UnknownExpiry(true, "u"), inv.ExpiresAt(moment, inv.PrecisionDay), inv.ExpiresAt(moment, inv.PrecisionInstant)), at.AddDate(10, 0, 0)),
		Planned: pick(r, "", "", "", inv.PlannedCreate)}
	for _, api := range inv.AllAPIs() {
		if r.IntN(2) == 0 {
			t.APIs = append(t.APIs, api)
		}
	}
	if r.IntN(2) == 0 {
		t.Branches = new(scope())
	}
	if i > 0 && t.Kind == inv.Preview {
		t.Twin = fmt.Sprint("strapi/x/", r.IntN(i))
	}
	return t
}
