package terraform_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	inv "github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/terraform"
)

// liveSpace is space sp1 with the environments master, an alias of v2, v2 and
// old, and the keys k1 with its preview key, and k9.
func liveSpace() inv.Source {
	s := inv.Source{
		ID: "contentful/spaces/sp1", CMS: "contentful", Kind: inv.KindSpace, Name: "Shop", CollectedAt: at,
		Units: []inv.Unit{inv.CompleteUnit("api_keys", inv.Delivery), inv.CompleteUnit("preview_api_keys", inv.Preview),
			inv.CompleteUnit("environments"), inv.CompleteUnit("environment_aliases")},
		Facts: inv.Facts{},
		Environments: []inv.Environment{{ID: "master", Primary: inv.Yes, AliasOf: "v2"}, {ID: "old", Primary: inv.No},
			{ID: "v2", Primary: inv.Yes}},
		Auditor: inv.Auditor{ReadsSecrets: inv.Yes, Writes: inv.No, Necessary: inv.Yes},
	}
	for _, f := range inv.AllFacts() {
		s.Facts[f] = inv.FactSupport{Reported: inv.SupportYes}
	}
	key := func(id, ref string, kind inv.Kind, environment string) inv.Token {
		return inv.Token{
			ID: s.ID + "/" + id, Ref: ref, CMS: "contentful", Source: s.ID, Name: ref, Kind: kind,
			URL:       "https://example.com/" + ref,
			Access:    inv.NewAccess(inv.LevelRead, inv.No),
			CreatedAt: inv.At(at.AddDate(-1, 0, 0)), UpdatedAt: inv.UnknownTime("not told"), RevokedAt: inv.None(),
			Environments: inv.NewScope(inv.ScopeItem{ID: environment, Primary: inv.No, Exists: inv.Yes}),
			Expiry:       inv.NeverExpires(false), LastUsed: inv.UsedAt(at.AddDate(0, 0, -200)),
			Traits: inv.Traits{Factory: inv.No, NotifiesBeforeExpiry: inv.No},
			Owner:  inv.Owner{Type: inv.OwnerPerson, ID: "u1", State: inv.OwnerActive, Level: inv.LevelAdmin, LastActive: inv.At(at)},
			Secret: inv.Secret{Readable: inv.Yes},
		}
	}
	delivery, preview, other := key("api_keys/k1", "k1", inv.Delivery, "old"), key("preview_api_keys/p1", "p1", inv.Preview, "old"), key("api_keys/k9", "k9", inv.Delivery, "old")
	preview.Twin = delivery.ID
	s.Tokens = []inv.Token{delivery, other, preview}
	s.Normalise()
	return s
}

// lay lays a plan over the live space, and checks both worlds.
func lay(t *testing.T, text []byte) (before, after map[string]inv.Source) {
	t.Helper()
	was, will := terraform.Overlay([]inv.Source{liveSpace()}, at, read(t, text))
	before, after = map[string]inv.Source{}, map[string]inv.Source{}
	for world, sources := range map[*map[string]inv.Source][]inv.Source{&before: was, &after: will} {
		for _, s := range sources {
			if err := s.Check(); err != nil {
				t.Error(err)
			}
			(*world)[s.ID] = s
		}
	}
	if diff := cmp.Diff(liveSpace(), before["contentful/spaces/sp1"]); diff != "" && len(before["contentful/spaces/sp1"].Tokens) == 3 {
		t.Errorf("the live source has changed (-live +before):\n%s", diff)
	}
	return before, after
}

func idsOf(s inv.Source) []string {
	var ids []string
	for _, token := range s.Tokens {
		ids = append(ids, token.ID+" "+string(token.Planned))
	}
	return ids
}

const live = "contentful/spaces/sp1"

func TestOverlayOfEachAction(t *testing.T) {
	gone := key("delete")
	gone.after = nil
	// Older forks of the provider do not tell the id of the preview key.
	older := key("no-op")
	delete(older.before, "preview_id")
	delete(older.after, "preview_id")
	twinless := key("update")
	maps.Copy(twinless.before, object{"id": "k9", "preview_id": nil})
	maps.Copy(twinless.after, object{"id": "k9", "preview_id": nil})
	const planned = "terraform/web/contentful_apikey.x"
	for name, c := range map[string]struct {
		change res
		want   []string
	}{
		"create": {key("create"), []string{live + "/api_keys/k1 ", live + "/api_keys/k9 ", live + "/preview_api_keys/p1 ", planned + " create", planned + "/preview_api_key create"}},
		"update": {key("update"), []string{live + "/api_keys/k1 update", live + "/api_keys/k9 ", live + "/preview_api_keys/p1 update"}},
		"no-op":  {key("no-op"), []string{live + "/api_keys/k1 unchanged", live + "/api_keys/k9 ", live + "/preview_api_keys/p1 unchanged"}},
		"delete": {gone, []string{live + "/api_keys/k9 "}},
		"no-op, without the id of the preview key": {older, []string{live + "/api_keys/k1 unchanged", live + "/api_keys/k9 ", live + "/preview_api_keys/p1 unchanged"}},
		"update of a key without a preview key":    {twinless, []string{live + "/api_keys/k1 ", live + "/api_keys/k9 update", live + "/preview_api_keys/p1 "}},
		"replace":                                  {key("delete", "create"), []string{live + "/api_keys/k9 ", planned + " replace", planned + "/preview_api_key replace"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, after := lay(t, planOf(nil, c.change))
			if diff := cmp.Diff(c.want, idsOf(after[live])); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if n := len(after["terraform/web"].Tokens); n != 0 {
				t.Errorf("the plan's own source keeps %d tokens", n)
			}
		})
	}
}

// What only the CMS can tell of a token stays when the plan changes it.
func TestOverlayKeepsLiveFacts(t *testing.T) {
	change := key("update")
	change.after["name"], change.after["environments"] = "renamed", []string{"master", "v2"}
	space := liveSpace()
	space.Tokens[0].Exposure = &inv.Exposure{State: inv.ExposureNone}
	space.Tokens[0].FirstSeen = &inv.FirstSeen{At: at}
	_, after := terraform.Overlay([]inv.Source{space}, at, read(t, planOf(nil, change)))
	got, want := after[0].Tokens[0], space.Tokens[0]
	if got.Exposure != want.Exposure || got.FirstSeen != want.FirstSeen {
		t.Errorf("exposure %+v, first seen %+v", got.Exposure, got.FirstSeen)
	}
	if got.Name != "renamed" || !cmp.Equal(got.LastUsed, want.LastUsed) || got.CreatedAt != want.CreatedAt || got.Owner != want.Owner || got.URL != want.URL {
		t.Errorf("got %+v", got)
	}
	// master is an alias of v2: two names, one environment.
	if got.Environments.State != inv.ScopeListed || got.Environments.Effective != 1 {
		t.Errorf("environments %+v", got.Environments)
	}
}

// A token that the inventory does not have, because it is older than the state,
// is there in both worlds.
func TestOverlayOfATokenTheInventoryLacks(t *testing.T) {
	change := key("no-op")
	change.before["id"], change.after["id"] = "k7", "k7"
	before, after := lay(t, planOf(nil, change))
	has := func(s inv.Source) bool {
		return slices.ContainsFunc(s.Tokens, func(token inv.Token) bool { return token.ID == live+"/api_keys/k7" })
	}
	if !has(before[live]) || !has(after[live]) {
		t.Errorf("before %v, after %v", idsOf(before[live]), idsOf(after[live]))
	}
}

func exists(t *testing.T, s inv.Source, token, environment string) inv.Ternary {
	t.Helper()
	for _, have := range s.Tokens {
		if have.ID != token {
			continue
		}
		for _, item := range have.Environments.Items {
			if item.ID == environment {
				return item.Exists
			}
		}
	}
	t.Fatalf("no %s of %s among %v", environment, token, idsOf(s))
	return ""
}

// environmentOf is an environment of labd/contentful, or of cysp/contentful.
func environmentOf(action string, attributes object) res {
	attributes["space_id"] = "sp1"
	r := res{address: "contentful_environment.e", kind: "contentful_environment", name: "e", actions: []string{action}}
	if action == "delete" {
		r.before = attributes
	} else {
		r.after = attributes
	}
	return r
}

func TestEnvironmentsThatExist(t *testing.T) {
	const leftover = "master-2026-02-20"
	omitted := object{"resources": []any{object{"address": "contentful_apikey.x", "mode": "managed", "type": "contentful_apikey", "name": "x", "expressions": object{}}}}
	written := object{"resources": []any{object{"address": "contentful_apikey.x", "mode": "managed", "type": "contentful_apikey", "name": "x",
		"expressions": object{"environments": object{"constant_value": []string{leftover}}}}}}
	fresh := key("create")
	fresh.after["environments"] = []string{leftover}
	declared := environmentOf("create", object{"name": "staging"})
	const id = "terraform/web/contentful_apikey.x"
	alone := func(configuration object, list ...res) inv.Source {
		return read(t, planOf(configuration, list...)).Source(at)
	}
	if got := exists(t, alone(omitted, fresh), id, leftover); got != inv.Unknown {
		t.Errorf("with nothing to tell the environments: %s", got)
	}
	if got := exists(t, alone(omitted, fresh, declared), id, leftover); got != inv.No {
		t.Errorf("a default of the provider besides declared environments: %s", got)
	}
	if got := exists(t, alone(written, fresh, declared), id, leftover); got != inv.Unknown {
		t.Errorf("a name that somebody wrote besides declared environments: %s", got)
	}
	if got := exists(t, alone(omitted, fresh, environmentOf("create", object{"name": leftover})), id, leftover); got != inv.Yes {
		t.Errorf("a declared environment: %s", got)
	}
	_, after := lay(t, planOf(omitted, fresh))
	if got := exists(t, after[live], id, leftover); got != inv.No {
		t.Errorf("with a live inventory: %s", got)
	}
	_, after = lay(t, planOf(omitted, fresh, environmentOf("create", object{"environment_id": leftover, "name": "x"})))
	if got := exists(t, after[live], id, leftover); got != inv.Yes {
		t.Errorf("made by the plan, with a live inventory: %s", got)
	}
}

// An environment that the plan deletes is gone for every key that names it.
func TestDeletedEnvironment(t *testing.T) {
	_, after := lay(t, planOf(nil, environmentOf("delete", object{"environment_id": "old", "name": "old"})))
	if got := exists(t, after[live], live+"/api_keys/k9", "old"); got != inv.No {
		t.Errorf("a live key: %s", got)
	}
	if slices.ContainsFunc(after[live].Environments, func(e inv.Environment) bool { return e.ID == "old" }) {
		t.Error("the source still has the environment")
	}
}

// A space that the plan makes has master and what is declared, and nothing else.
func TestNewSpace(t *testing.T) {
	refers := object{"references": []string{"contentful_space.s.id", "contentful_space.s"}}
	configuration := object{"resources": []any{
		object{"address": "contentful_apikey.x", "mode": "managed", "type": "contentful_apikey", "name": "x", "expressions": object{"space_id": refers, "environments": object{"constant_value": []string{"a"}}}},
		object{"address": "contentful_environment.e", "mode": "managed", "type": "contentful_environment", "name": "e", "expressions": object{"space_id": refers}},
	}}
	made := res{address: "contentful_space.s", kind: "contentful_space", name: "s", actions: []string{"create"}, after: object{"name": "New"}, unknown: object{"id": true}}
	k := key("create")
	delete(k.after, "space_id")
	k.unknown["space_id"] = true
	k.after["environments"] = []string{"master", "staging", "typo"}
	e := res{address: "contentful_environment.e", kind: "contentful_environment", name: "e", actions: []string{"create"}, after: object{"name": "staging"}, unknown: object{"space_id": true, "id": true}}
	s := read(t, planOf(configuration, made, k, e)).Source(at)
	for environment, want := range map[string]inv.Ternary{"master": inv.Yes, "staging": inv.Yes, "typo": inv.No} {
		if got := exists(t, s, "terraform/web/contentful_apikey.x", environment); got != want {
			t.Errorf("%s: %s, want %s", environment, got, want)
		}
	}
}
