package contentstack

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/conformance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

func TestListedStacksNeedNoOrganization(t *testing.T) {
	t.Parallel()
	h := newHarness(t, newServer(t))
	sources, err := h.collect(t, listedEntry(webKey, webKey))
	if err != nil {
		t.Fatal(err)
	}
	if len(sources) != 1 || len(sources[webID].Tokens) != 11 || sources[webID].Organization != "bltorg" {
		t.Errorf("got %d sources, %d tokens of the organization %q", len(sources), len(sources[webID].Tokens), sources[webID].Organization)
	}
	if asked := h.asked(); slices.Contains(asked, "/v3/stacks bltorg") {
		t.Errorf("the stacks of the organization were listed: %v", asked)
	}
	c, err := newCollector(listedEntry(webKey), h.run)
	if err != nil {
		t.Fatal(err)
	}
	domains := c.(collectors.DomainNamer)
	if got, want := domains.Domain(sources[webID]), "contentstack/organizations/bltorg"; got != want {
		t.Errorf("domain %q, want %q", got, want)
	}
	if got := domains.Domain(inventory.Source{}); !strings.HasPrefix(got, "contentstack/credentials/") {
		t.Errorf("domain of a stack of an unknown organization: %q", got)
	}
	if _, ok := c.(collectors.EntryDomainer); ok {
		t.Error("listed stacks may belong to several organizations, but the entry names one domain")
	}
}

// Each refusal has its own class, and says what to do.
func TestStackThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		reply reply
		class inventory.ErrorClass
		hint  string
	}{
		{"wrong region", noStack(), inventory.ErrNotFound, "The others are eu, au, azure-na, azure-eu, gcp-na, gcp-eu."},
		{"OAuth token of another organization", refusal(403, 316, "You don't have the permission to do this operation."), inventory.ErrPermissionDenied, "belongs to another"},
		{"OAuth token without this stack", refusal(422, 21, "Stack not found"), inventory.ErrNotFound, "does not cover this stack"},
		{"expired session", refusal(401, 105, "You're not allowed in here unless you're logged in."), inventory.ErrUnauthorized, "Log in again"},
		{"no permission", refusal(401, 161, "Access denied."), inventory.ErrPermissionDenied, "a role in this stack"},
		{"second factor", refusal(401, 294, "Please login using the Two-Factor verification Token"), inventory.ErrUnauthorized, "second factor"},
		{"forbidden", reply{Status: 403, Body: "<html>forbidden</html>"}, inventory.ErrPermissionDenied, "a role in this stack"},
		{"code as a string", reply{Status: 400, Body: `{"error_code": "109"}`}, inventory.ErrNotFound, "a stack answers in its own region only"},
		{"HTML", reply{Status: 200, Body: "<html>"}, inventory.ErrUnreadable, "Run the audit again"},
		{"no stack", reply{Status: 200, Body: `{"stacks": []}`}, inventory.ErrUnreadable, "Run the audit again"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.replies["/v3/stacks "+webKey] = tt.reply
			sources, err := newHarness(t, s).collect(t, listedEntry(webKey))
			if err != nil || len(sources) != 1 {
				t.Fatalf("%d sources, error %v", len(sources), err)
			}
			for id, source := range sources {
				if !strings.HasPrefix(id, "contentstack/stacks/key-") || source.Name != "stacks[0]" {
					t.Errorf("the stack is called %s, %q", id, source.Name)
				}
				for _, name := range []string{unitDelivery, unitManagement} {
					u := units(source)[name]
					if u.Status != inventory.UnitFailed || u.Error != tt.class || !strings.Contains(u.Hint, tt.hint) {
						t.Errorf("unit %+v, want class %s and a hint with %q", u, tt.class, tt.hint)
					}
				}
			}
		})
	}
}

func TestCredentialThatIsNotValid(t *testing.T) {
	t.Parallel()
	entry := organizationEntry()
	entry.Values[optionAuthtoken] = cmsapi.NewSecret("PLANTED-expired")
	sources, err := newHarness(t, newServer(t)).collect(t, entry)
	var discovery *collectors.DiscoveryError
	if !errors.As(err, &discovery) || len(sources) != 0 {
		t.Fatalf("%d sources, error %v", len(sources), err)
	}
	u := discovery.Unit
	if discovery.Source.ID != "contentstack/organizations/bltorg" || u.Status != inventory.UnitFailed ||
		u.Error != inventory.ErrUnauthorized || !strings.Contains(u.Hint, "Log in again") {
		t.Errorf("source %s, unit %+v", discovery.Source.ID, u)
	}
}

// The list of shared stacks is all that most credentials see. What it may lack
// must not pass as nothing.
func TestStacksThatAreNotShared(t *testing.T) {
	t.Parallel()
	const every = "/v3/organizations/bltorg/stacks bltorg"
	member := strings.Replace(conformance.Fixture(t, "user.json"), `"admin": true`, `"admin": false`, 1)
	unknown := strings.Replace(conformance.Fixture(t, "user.json"), `"admin": true, `, ``, 1)
	for _, tt := range []struct {
		name  string
		set   func(*server)
		class inventory.ErrorClass // of the gap; empty for none
	}{
		{"the organization refuses its list", func(s *server) { s.replies[every] = refusal(403, 0, "no") }, inventory.ErrPermissionDenied},
		{"it refuses it as if nobody was logged in", func(s *server) { s.replies[every] = refusal(401, 105, "no") }, inventory.ErrPermissionDenied},
		{"it fails", func(s *server) { s.replies[every] = reply{Status: 501} }, inventory.ErrUnavailable},
		{"it does not exist, for an admin", func(s *server) { s.replies[every] = refusal(404, 0, "no") }, ""},
		{"it does not exist, for a member", func(s *server) {
			s.replies[every] = refusal(404, 0, "no")
			s.bodies["/v3/user"] = member
		}, inventory.ErrPermissionDenied},
		{"it does not exist, for somebody unknown", func(s *server) {
			s.replies[every] = refusal(404, 0, "no")
			s.bodies["/v3/user"] = unknown
		}, inventory.ErrPermissionDenied},
		{"it has a list for a member", func(s *server) { s.bodies["/v3/user"] = member }, inventory.ErrPermissionDenied},
		{"it has a list for somebody unknown", func(s *server) { s.bodies["/v3/user"] = unknown }, ""},
		{"only the shared list fails", func(s *server) { s.replies["/v3/stacks bltorg"] = reply{Status: 501} }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			tt.set(s)
			sources, err := newHarness(t, s).collect(t, organizationEntry())
			if len(sources) != 2 {
				t.Errorf("%d sources", len(sources))
			}
			var discovery *collectors.DiscoveryError
			switch {
			case tt.class == "" && err != nil:
				t.Errorf("a gap without need: %v", err)
			case tt.class != "" && !errors.As(err, &discovery):
				t.Fatalf("no gap: %v", err)
			case tt.class != "" && (discovery.Unit.Error != tt.class || discovery.Unit.Status != inventory.UnitPartial ||
				discovery.Unit.Hint == "" || discovery.Source.Name != "Example Corp"):
				t.Errorf("unit %+v of %q", discovery.Unit, discovery.Source.Name)
			}
		})
	}
}

// An organization in which the credential sees no stack may still have some.
func TestOrganizationWithoutStacks(t *testing.T) {
	t.Parallel()
	admin := conformance.Fixture(t, "user.json")
	for name, user := range map[string]string{"admin": admin, "member": strings.Replace(admin, `"admin": true`, `"admin": false`, 1)} {
		s := newServer(t)
		s.bodies["/v3/user"] = user
		s.bodies["/v3/stacks bltorg"], s.bodies["/v3/organizations/bltorg/stacks bltorg"] = `{"stacks": []}`, `{"stacks": []}`
		_, err := newHarness(t, s).collect(t, organizationEntry())
		discovery, ok := errors.AsType[*collectors.DiscoveryError](err)
		if !ok || discovery.Source.ID != "contentstack/organizations/bltorg" || discovery.Unit.Error != inventory.ErrDoubtedEmpty ||
			discovery.Unit.Status != inventory.UnitFailed || !strings.Contains(discovery.Unit.Hint, "accept_empty") {
			t.Errorf("%s: error %v, %+v", name, err, discovery)
		}
	}
}

func TestStackWithoutAPIKeyIsAGap(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	// Each list may lack a key that the other has.
	s.bodies["/v3/stacks bltorg"] = strings.Replace(conformance.Fixture(t, "stacks.json"), `"api_key": "`+shopKey+`", `, "", 1)
	s.bodies["/v3/organizations/bltorg/stacks bltorg"] = `{"stacks": [
		{"uid": "bltstackweb000001", "name": "Web", "org_uid": "bltorg"},
		{"uid": "bltstackshop00001", "name": "Shop", "org_uid": "bltorg", "api_key": "` + shopKey + `"},
		{"uid": "bltstackhidden001", "name": "Hidden", "org_uid": "bltorg"},
		{"uid": "bltstackforeign01", "name": "Foreign", "org_uid": "bltother", "api_key": "PLANTED-foreign"}]}`
	sources, err := newHarness(t, s).collect(t, organizationEntry())
	if err != nil || len(sources) != 3 {
		t.Fatalf("%d sources, error %v", len(sources), err)
	}
	for name, u := range units(sources["contentstack/stacks/bltstackhidden001"]) {
		if u.Status != inventory.UnitFailed || u.Error != inventory.ErrPermissionDenied || !strings.Contains(u.Hint, "Add the scan's user") {
			t.Errorf("unit %s: %+v", name, u)
		}
	}
	if web, shop := len(sources[webID].Tokens), len(sources[shopID].Tokens); web != 11 || shop != 1 {
		t.Errorf("the stacks of which one list has the key gave %d and %d tokens", web, shop)
	}
}

// A stack whose uid is its api_key must not give it away.
func TestAPIKeyNeverBecomesAnID(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.bodies["/v3/stacks "+webKey] = `{"stack": {"uid": "` + webKey + `", "name": "Web", "org_uid": "bltorg", "api_key": "` + webKey + `", "collaborators": []}}`
	sources, err := newHarness(t, s).collect(t, listedEntry(webKey))
	if err != nil || len(sources) != 1 {
		t.Fatalf("%d sources, error %v", len(sources), err)
	}
	for id := range sources {
		if !strings.HasPrefix(id, "contentstack/stacks/key-") {
			t.Errorf("id %s", id)
		}
	}
}

func TestListedStackOfAnotherOrganization(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	entry := listedEntry(webKey)
	entry.Values[optionOrganization] = "bltother"
	sources, err := newHarness(t, s).collect(t, entry)
	if err != nil {
		t.Fatal(err)
	}
	for name, u := range units(sources[webID]) {
		if u.Error != inventory.ErrNotFound || !strings.Contains(u.Detail, "a different organization") {
			t.Errorf("unit %s: %+v", name, u)
		}
	}
}
