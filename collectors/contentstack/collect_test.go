package contentstack

import (
	"bytes"
	"flag"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/conformance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestOrganizationIsCollectedWhole(t *testing.T) {
	t.Parallel()
	h := newHarness(t, newServer(t))
	sources, err := h.collect(t, organizationEntry())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "organization.json", sources)
}

func golden(t *testing.T, name string, sources map[string]inventory.Source) {
	t.Helper()
	inv := inventory.Inventory{Schema: inventory.Schema, Tool: inventory.Tool{Name: "tokenaudit", Version: "test"}}
	for _, s := range sources {
		inv.Sources = append(inv.Sources, s)
	}
	slices.SortFunc(inv.Sources, func(a, b inventory.Source) int { return strings.Compare(a.ID, b.ID) })
	var got bytes.Buffer
	if err := codec.Write(&got, inv); err != nil {
		t.Fatal(err)
	}
	conformance.Golden(t, filepath.Join("testdata", "golden", name), *update, got.Bytes())
	// What a collector makes, the reader of inventories has to take.
	if _, err := codec.ReadAll(t.Context(), &got, codec.Limits{}); err != nil {
		t.Errorf("the inventory is not valid: %v", err)
	}
}

func TestNothingIsAskedTwice(t *testing.T) {
	t.Parallel()
	h := newHarness(t, newServer(t))
	if _, err := h.collect(t, organizationEntry()); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"/v3/environments " + shopKey,
		"/v3/environments " + webKey,
		"/v3/organizations/bltorg/share bltorg",
		"/v3/organizations/bltorg/stacks bltorg",
		"/v3/stacks " + webKey, // somebody who made a token is not in the organization
		"/v3/stacks bltorg",
		"/v3/stacks/branch_aliases " + webKey,
		"/v3/stacks/branches " + webKey,
		"/v3/stacks/delivery_tokens " + shopKey,
		"/v3/stacks/delivery_tokens " + webKey,
		"/v3/stacks/management_tokens " + shopKey,
		"/v3/stacks/management_tokens " + webKey,
		"/v3/user",
	}
	if diff := cmp.Diff(want, h.asked()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// A list that could not be read costs its own facts, and nothing else.
func TestListThatCannotBeRead(t *testing.T) {
	t.Parallel()
	forbidden := refusal(403, 0, "Access denied.")
	for _, tt := range []struct {
		name, path string
		reply      reply
		unit       string
		class      inventory.ErrorClass
		hint       string
	}{
		{"management tokens for admins only", "/v3/stacks/management_tokens " + webKey, refusal(401, 161, "Access denied."),
			unitManagement, inventory.ErrPermissionDenied, "Only the owner and the admins of a stack"},
		{"the 401 of a valid credential", "/v3/stacks/management_tokens " + webKey, refusal(401, 105, "You're not allowed in here unless you're logged in."),
			unitManagement, inventory.ErrPermissionDenied, "Only the owner and the admins of a stack"},
		{"delivery tokens", "/v3/stacks/delivery_tokens " + webKey, forbidden, unitDelivery, inventory.ErrPermissionDenied, "Developer or Admin"},
		{"environments", "/v3/environments " + webKey, forbidden, unitEnvironments, inventory.ErrPermissionDenied, "can read this list"},
		{"branches", "/v3/stacks/branches " + webKey, refusal(422, 0, "Branches are not enabled."), unitBranches, inventory.ErrUnreadable, "Run the audit again"},
		{"aliases", "/v3/stacks/branch_aliases " + webKey, forbidden, unitAliases, inventory.ErrPermissionDenied, "can read this list"},
		{"collaborators", "/v3/stacks " + webKey, reply{Status: 200, Body: `{"stack": {}}`}, unitCollaborators, inventory.ErrUnreadable, ""},
		{"organization users", "/v3/organizations/bltorg/share bltorg", forbidden, unitUsers, inventory.ErrPermissionDenied, "admins of an organization"},
		{"no such list", "/v3/organizations/bltorg/share bltorg", refusal(404, 404, "not here"), unitUsers, inventory.ErrNotFound, "has no such list"},
		{"count in place of the list", "/v3/stacks/management_tokens " + webKey, reply{Status: 200, Body: `{"tokens": 7}`},
			unitManagement, inventory.ErrUnreadable, "Run the audit again"},
		{"no list", "/v3/stacks/management_tokens " + webKey, reply{Status: 200, Body: `{"management_tokens": []}`},
			unitManagement, inventory.ErrUnreadable, "Run the audit again"},
		{"null for the list", "/v3/stacks/delivery_tokens " + webKey, reply{Status: 200, Body: `{"tokens": null}`},
			unitDelivery, inventory.ErrUnreadable, "Run the audit again"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.replies[tt.path] = tt.reply
			sources, err := newHarness(t, s).collect(t, organizationEntry())
			if err != nil {
				t.Fatal(err)
			}
			for name, u := range units(sources[webID]) {
				if name != tt.unit {
					if u.Status != inventory.UnitComplete {
						t.Errorf("unit %s failed too: %+v", name, u)
					}
					continue
				}
				if u.Status != inventory.UnitFailed || u.Error != tt.class || !strings.Contains(u.Hint, tt.hint) {
					t.Errorf("unit %+v, want class %s and a hint with %q", u, tt.class, tt.hint)
				}
			}
			if _, ok := units(sources[webID])[tt.unit]; !ok {
				t.Errorf("there is no unit %s", tt.unit)
			}
			for _, u := range sources[shopID].Units {
				if u.Status != inventory.UnitComplete {
					t.Errorf("the other stack has a gap: %+v", u)
				}
			}
		})
	}
}

// Branches are a feature of the plan: their absence is not a gap, unless something
// says that the stack has them.
func TestStackWithoutBranches(t *testing.T) {
	t.Parallel()
	plain := strings.NewReplacer(`"branches": true,`, "").Replace(conformance.Fixture(t, "stacks.json"))
	unscoped := `{"tokens": [{"uid": "bltplain", "name": "Plain", "created_by": "bltuserowner00001",
		"scope": [{"module": "environment", "acl": {"read": true}, "environments": ["production"]}]}]}`
	for _, tt := range []struct {
		name     string
		stacks   string
		delivery string
		branches reply
		gap      bool
	}{
		{"the list is not there", plain, unscoped, refusal(422, 0, "Branches are not enabled."), false},
		{"the stack says it has branches", conformance.Fixture(t, "stacks.json"), unscoped, refusal(422, 0, "Branches are not enabled."), true},
		{"a token names a branch", plain, conformance.Fixture(t, "delivery_tokens.json"), refusal(422, 0, "Branches are not enabled."), true},
		{"the list may not be read", plain, unscoped, refusal(403, 0, "Access denied."), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.bodies["/v3/stacks bltorg"], s.bodies["/v3/organizations/bltorg/stacks bltorg"] = tt.stacks, tt.stacks
			s.bodies["/v3/stacks/delivery_tokens "+webKey] = tt.delivery
			s.bodies["/v3/stacks/management_tokens "+webKey] = `{"tokens": []}`
			s.replies["/v3/stacks/branches "+webKey] = tt.branches
			s.replies["/v3/stacks/branch_aliases "+webKey] = tt.branches
			sources, err := newHarness(t, s).collect(t, organizationEntry())
			if err != nil {
				t.Fatal(err)
			}
			if _, gap := units(sources[webID])[unitBranches]; gap != tt.gap {
				t.Errorf("units %+v, want a gap: %t", sources[webID].Units, tt.gap)
			}
			if got := sources[webID].Tokens[0].Branches; (got == nil) == tt.gap {
				t.Errorf("branches of the token: %+v", got)
			}
		})
	}
}

// An empty list of management tokens means nothing from somebody who may not
// see any.
func TestEmptyManagementList(t *testing.T) {
	t.Parallel()
	member := strings.Replace(conformance.Fixture(t, "user.json"), `"admin": true`, `"admin": false`, 1)
	developer := strings.Replace(conformance.Fixture(t, "collaborators.json"), `["bltroleadmin00001"]`, `["bltroledeveloper1"]`, 1)
	named := strings.Replace(conformance.Fixture(t, "collaborators.json"), `["bltroleadmin00001"]`, `[{"uid": "x", "name": "Content Manager"}]`, 1)
	unnamed := strings.ReplaceAll(conformance.Fixture(t, "stacks.json"), "SYS_ACL", "other")
	for _, tt := range []struct {
		name                        string
		user, stacks, collaborators string
		status                      inventory.UnitStatus
	}{
		{"an admin of the organization", conformance.Fixture(t, "user.json"), conformance.Fixture(t, "stacks.json"), developer, inventory.UnitComplete},
		{"an admin of the stack", member, conformance.Fixture(t, "stacks.json"), conformance.Fixture(t, "collaborators.json"), inventory.UnitComplete},
		{"a developer of the stack", member, conformance.Fixture(t, "stacks.json"), developer, inventory.UnitFailed},
		{"a content manager by name", member, unnamed, named, inventory.UnitFailed},
		{"a role that is not known", member, unnamed, developer, inventory.UnitFailed},
		{"nobody known", `{}`, conformance.Fixture(t, "stacks.json"), developer, inventory.UnitFailed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.bodies["/v3/user"] = tt.user
			s.bodies["/v3/stacks bltorg"], s.bodies["/v3/organizations/bltorg/stacks bltorg"] = tt.stacks, tt.stacks
			s.bodies["/v3/stacks "+webKey] = tt.collaborators
			s.bodies["/v3/stacks/management_tokens "+webKey] = `{"count": 0, "tokens": []}`
			sources, _ := newHarness(t, s).collect(t, organizationEntry())
			u := units(sources[webID])[unitManagement]
			if u.Status != tt.status || (u.Status == inventory.UnitFailed && u.Error != inventory.ErrDoubtedEmpty) {
				t.Errorf("unit %+v, want it %s", u, tt.status)
			}
		})
	}
}

// The token of an app has a scope instead of a user. Its empty list is believed,
// and not without a remark.
func TestEmptyManagementListOfAnApp(t *testing.T) {
	t.Parallel()
	entry := organizationEntry()
	delete(entry.Values, optionAuthtoken)
	entry.Values[optionOAuthToken] = cmsapi.NewSecret(authtoken)
	s := newServer(t)
	s.replies["/v3/user"] = refusal(401, 105, "no user")
	s.bodies["/v3/stacks/management_tokens "+webKey] = `{"count": 0, "tokens": []}`
	sources, _ := newHarness(t, s).collect(t, entry)
	u := conformance.Unit(t, sources[webID], unitManagement)
	if u.Status != inventory.UnitComplete || !strings.Contains(u.Detail, "cm.stack.management-tokens:read is not known") {
		t.Errorf("%+v", u)
	}
}

// OAuth tokens want exactly one header of scope; organizations with single
// sign-on want the organization besides the stack.
func TestHeadersOfScope(t *testing.T) {
	t.Parallel()
	for _, oauth := range []bool{false, true} {
		entry := organizationEntry()
		if oauth {
			delete(entry.Values, optionAuthtoken)
			entry.Values[optionOAuthToken] = cmsapi.NewSecret(authtoken)
		}
		s := newServer(t)
		watch := roundTripper(func(r *http.Request) (*http.Response, error) {
			key, org := r.Header.Get("api_key"), r.Header.Get("organization_uid")
			if bearer := r.Header.Get("Authorization") != ""; bearer != oauth || bearer == (r.Header.Get("authtoken") != "") {
				t.Errorf("%s: the credential is in the wrong header", r.URL.Path)
			}
			if key != "" && (org == "") != oauth {
				t.Errorf("OAuth %t: %s has the organization %q besides the stack", oauth, r.URL.Path, org)
			}
			return s.RoundTrip(r)
		})
		sources, err := newPacedHarness(t, s, watch, true).collect(t, entry)
		if err != nil || len(sources[webID].Tokens) != 11 {
			t.Errorf("OAuth %t: %d tokens, error %v", oauth, len(sources[webID].Tokens), err)
		}
		necessary := inventory.No
		if oauth {
			necessary = inventory.Unknown
		}
		if a := sources[webID].Auditor; a.Necessary != necessary || a.ReadsSecrets != inventory.Yes {
			t.Errorf("OAuth %t: auditor %+v", oauth, a)
		}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestUndiscoveredStackIsRefused(t *testing.T) {
	t.Parallel()
	c, err := newCollector(organizationEntry(), newHarness(t, newServer(t)).run)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Collect(t.Context(), inventory.Source{ID: "contentstack/stacks/x"}); err == nil {
		t.Error("no error")
	}
}
