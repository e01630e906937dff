package manifest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	inv "github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/manifest"
)

var at = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

const stack = "contentstack/stacks/blt1"

const sample = `version: 1
sources:
  - id: contentstack/stacks/blt1
    name: Shop
    kind: stack
    environments: [production, staging]
    tokens:
      - name: website
        kind: delivery
        environments: [production]
        description: the shop
      - name: deploy
        ref: blt9
        kind: management
        access: {level: write, manages_tokens: no}
        branches: [main]
        expiry: 2027-01-31
        owner: {type: person, name: Ada}
        traits: {notifies_before_expiry: yes}
      - name: typo
        kind: delivery
        environments: [prodution]
`

func open(t *testing.T, text string) *manifest.Manifest {
	t.Helper()
	m, err := manifest.Read(strings.NewReader(text), "tokens.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// canExpire reports whether tokens of a kind can have an expiry in the CMS of the tests.
func canExpire(_ string, kind inv.Kind) bool { return kind != inv.Delivery }

func TestInventory(t *testing.T) {
	sources := open(t, sample).Inventory(at, canExpire)
	if len(sources) != 1 {
		t.Fatalf("%d sources", len(sources))
	}
	s := sources[0]
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	if s.ID != stack || s.CMS != "contentstack" || s.Kind != inv.KindStack || !s.CollectedAt.Equal(at) {
		t.Errorf("source %+v", s)
	}
	byName := map[string]inv.Token{}
	for _, token := range s.Tokens {
		byName[token.Name] = token
		if token.Planned != inv.PlannedCreate || token.Source != stack {
			t.Errorf("%s: planned %q", token.ID, token.Planned)
		}
	}
	website, deploy, typo := byName["website"], byName["deploy"], byName["typo"]
	if website.ID != stack+"/declared/delivery/website" || website.Origin != (inv.Origin{File: "tokens.yaml", Line: 8}) {
		t.Errorf("website is %s at %+v", website.ID, website.Origin)
	}
	if website.Access.Write || website.Expiry.State != inv.ExpiryUnknown || website.Environments.Effective != 1 || website.Environments.Items[0].Exists != inv.Yes {
		t.Errorf("website %+v", website)
	}
	if website.Expiry.Supported || !deploy.Expiry.Supported {
		t.Errorf("website can expire: %v, deploy can: %v; delivery tokens cannot have an expiry", website.Expiry.Supported, deploy.Expiry.Supported)
	}
	want := inv.ExpiresAt(time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC), inv.PrecisionDay)
	if deploy.Expiry != want || deploy.Access.Level != inv.LevelWrite || !deploy.Access.Write || deploy.Branches == nil || deploy.Ref != "blt9" ||
		deploy.Traits.NotifiesBeforeExpiry != inv.Yes || deploy.Owner.Name != "Ada" {
		t.Errorf("deploy %+v", deploy)
	}
	if deploy.Environments.State != inv.ScopeUnknown || deploy.LastUsed.State != inv.LastUsedUnknown {
		t.Errorf("what deploy leaves out: %+v, %+v", deploy.Environments, deploy.LastUsed)
	}
	if typo.Environments.Items[0].Exists != inv.No {
		t.Errorf("typo %+v", typo.Environments)
	}
}

func TestMistakes(t *testing.T) {
	head := "version: 1\nsources:\n  - id: contentstack/stacks/blt1\n    tokens:\n"
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"empty":                         {"", []string{"tokens.yaml: the file is empty"}},
		"no YAML":                       {"a: [", []string{"tokens.yaml:1: the file is not YAML"}},
		"two documents":                 {"version: 1\n---\nversion: 1\n", []string{"tokens.yaml:2: the file must hold one YAML document, not several"}},
		"a list":                        {"[]", []string{"tokens.yaml:1: expected object, but got array"}},
		"nothing in it":                 {"{}", []string{"tokens.yaml:1: this is not a manifest: it has neither version nor sources; see `tokenaudit schema manifest`"}},
		"another version":               {"version: 2\nsources: []\n", []string{"tokens.yaml:1: version: must be 1"}},
		"an unknown key":                {head + "      - {name: a, kind: delivery, secret: hunter2}\n", []string{"tokens.yaml:5: sources[0].tokens[0]: unknown key; see `tokenaudit schema manifest`"}},
		"an odd kind":                   {head + "      - name: a\n        kind: delivry\n", []string{`tokens.yaml:6: sources[0].tokens[0].kind: value must be one of "delivery", "preview", "management", "personal", "oauth", "cli", "app"; did you mean delivery?`}},
		"an odd level":                  {head + "      - {name: a, kind: management, access: {level: Admn}}\n", []string{`tokens.yaml:5: sources[0].tokens[0].access.level: value must be one of "none", "read", "trigger", "write", "schema", "admin"; did you mean admin?`}},
		"too much":                      {"a: [" + strings.Repeat(",", 1_000_001) + "]\n", []string{"tokens.yaml: the file declares too much; give each team its own manifest"}},
		"too deep":                      {"sources: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "\n", []string{"tokens.yaml:1: sources" + strings.Repeat("[0]", 32) + ": it is nested too deep"}},
		"two of a name":                 {head + "      - {name: a, kind: delivery}\n      - {name: a, kind: delivery}\n", []string{"tokens.yaml:6: sources[0].tokens[1]: the source has another token of this kind and name, or with this ref"}},
		"a name with and without a ref": {head + "      - {name: a, kind: delivery}\n      - {name: a, kind: delivery, ref: b}\n", []string{"tokens.yaml:6: sources[0].tokens[1]: the source has another token of this kind and name, or with this ref"}},
		"two of a ref":                  {head + "      - {name: a, kind: delivery, ref: c}\n      - {name: b, kind: delivery, ref: c}\n", []string{"tokens.yaml:6: sources[0].tokens[1]: the source has another token of this kind and name, or with this ref"}},
		"neither a name nor a ref":      {head + "      - {kind: delivery}\n", []string{"tokens.yaml:5: sources[0].tokens[0]: missing properties: 'name'"}},
		"an odd date":                   {head + "      - name: a\n        kind: management\n        expiry: 2027-02-31\n", []string{"tokens.yaml:7: sources[0].tokens[0].expiry: must be never, a date such as 2027-01-31, or an RFC 3339 time"}},
		"no date":                       {head + "      - {name: a, kind: management, expiry: soon}\n", []string{"tokens.yaml:5: sources[0].tokens[0].expiry: has an invalid form; see `tokenaudit schema manifest`"}},
		"an alias":                      {"version: 1\nsources: &a []\nx: *a\n", []string{"tokens.yaml:3: x: aliases are not allowed here; write the value out"}},
		"a key twice":                   {"version: 1\nversion: 1\nsources: []\n", []string{"tokens.yaml:2: version: the key occurs twice, or is not a text"}},
		"odd environments": {head + "      - {name: a, kind: delivery, environments: some}\n",
			[]string{"tokens.yaml:5: sources[0].tokens[0].environments: is not allowed here; see `tokenaudit schema manifest`"}},
		"two mistakes": {head + "      - {name: a}\n      - {kind: delivery}\n",
			[]string{"tokens.yaml:5: sources[0].tokens[0]: missing properties: 'kind'", "tokens.yaml:6: sources[0].tokens[1]: missing properties: 'name'"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := manifest.Read(strings.NewReader(c.text), "tokens.yaml")
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(c.want, strings.Split(err.Error(), "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Error("the error quotes a value")
			}
		})
	}
}

// liveStack is what the sample declares, as it is live.
func liveStack() inv.Source {
	sources := inventoryOf(sample)
	s := sources[0]
	for i := range s.Tokens {
		token := &s.Tokens[i]
		token.Planned, token.Address, token.Origin = "", "", inv.Origin{}
	}
	return s
}

func inventoryOf(text string) []inv.Source {
	m, err := manifest.Read(strings.NewReader(text), "tokens.yaml")
	if err != nil {
		panic(err)
	}
	return m.Inventory(at, canExpire)
}

func TestCompare(t *testing.T) {
	byName := func(s *inv.Source, name string) *inv.Token {
		for i := range s.Tokens {
			if s.Tokens[i].Name == name {
				return &s.Tokens[i]
			}
		}
		panic("no " + name)
	}
	for name, c := range map[string]struct {
		change              func(*inv.Source)
		want                []string
		drifted, incomplete bool
	}{
		"as declared": {func(*inv.Source) {}, nil, false, false},
		"undeclared": {func(s *inv.Source) {
			more := s.Tokens[0]
			more.ID, more.Ref, more.Name = s.ID+"/x", "x", "more"
			s.Tokens = append(s.Tokens, more)
		}, []string{"undeclared more"}, true, false},
		"what a plan will make": {func(s *inv.Source) {
			more := *byName(s, "website")
			more.ID, more.Ref, more.Name, more.Planned = s.ID+"/x", "x", "more", inv.PlannedCreate
			s.Tokens = append(s.Tokens, more)
		}, nil, false, false},
		"preview token of a declared one": {func(s *inv.Source) {
			more := *byName(s, "website")
			more.ID, more.Twin, more.Ref, more.Kind = s.ID+"/preview", byName(s, "website").ID, "p", inv.Preview
			s.Tokens = append(s.Tokens, more)
		}, nil, false, false},
		"absent":                     {func(s *inv.Source) { s.Tokens = s.Tokens[:2] }, []string{"absent deploy"}, true, false},
		"renamed":                    {func(s *inv.Source) { byName(s, "deploy").Name = "release" }, []string{"differs deploy name"}, true, false},
		"another name without a ref": {func(s *inv.Source) { byName(s, "website").Name = "site" }, []string{"absent website", "undeclared site"}, true, false},
		"more environments": {func(s *inv.Source) {
			token := byName(s, "website")
			token.Environments = inv.NewScope(inv.ScopeItem{ID: "production", Primary: inv.No, Exists: inv.Yes}, inv.ScopeItem{ID: "staging", Primary: inv.No, Exists: inv.Yes})
		}, []string{"differs website environments"}, true, false},
		"an environment under its name": {func(s *inv.Source) {
			byName(s, "website").Environments = inv.NewScope(inv.ScopeItem{ID: "blte1", Name: "production", Primary: inv.No, Exists: inv.Yes})
		}, nil, false, false},
		"a description that the CMS has none of": {func(s *inv.Source) {
			s.Facts = inv.Facts{inv.FactDescription: {Reported: inv.SupportNo, Reason: "none"}}
			byName(s, "website").Description = ""
		}, nil, false, false},
		"several fields": {func(s *inv.Source) {
			token := byName(s, "deploy")
			token.Access, token.Expiry = inv.NewAccess(inv.LevelAdmin, inv.Yes), inv.NeverExpires(true)
			token.Branches = new(inv.AllScope())
		}, []string{"differs deploy access.level access.manages_tokens branches expiry"}, true, false},
		"what is not known is not a difference": {func(s *inv.Source) {
			token := byName(s, "deploy")
			token.Access, token.Expiry = inv.AssumedAccess("hidden", inv.Unknown), inv.UnknownExpiry(true, "hidden")
			token.Owner = inv.Owner{Type: inv.OwnerUnknown, State: inv.OwnerStateUnknown, Level: inv.LevelUnknown, LastActive: inv.UnknownTime("hidden"), Reason: "hidden"}
		}, nil, false, false},
		"an unread list": {func(s *inv.Source) {
			s.Tokens = s.Tokens[:2]
			s.Units = []inv.Unit{inv.FailedUnit("management_tokens", inv.ErrPermissionDenied, "403", "", inv.Management)}
		}, []string{"unread deploy"}, false, true},
		"another source": {func(s *inv.Source) { s.ID = "contentstack/stacks/blt2" }, nil, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			live := liveStack()
			// deploy is last by kind and name.
			c.change(&live)
			d := open(t, sample).Compare([]inv.Source{live})
			var got []string
			for _, x := range d.Differences {
				line := string(x.State) + " " + x.Name
				for _, f := range x.Fields {
					line += " " + f.Name
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if d.Drifted() != c.drifted || d.Incomplete() != c.incomplete {
				t.Errorf("drifted %v, incomplete %v", d.Drifted(), d.Incomplete())
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sample)
	f.Add("version: 1\nsources:\n  - {id: a/b, tokens: [{name: x, kind: app, environments: all, expiry: 2027-01-01T00:00:00Z}]}\n")
	f.Add("a: &a [*a]\n")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := manifest.Read(strings.NewReader(text), "tokens.yaml")
		if err != nil {
			return
		}
		for _, s := range m.Inventory(at, canExpire) {
			if err := s.Check(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
