package contentstack

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
)

// FuzzTokens feeds a token list to the decoder and the normaliser. Whatever
// comes out has to be a valid token.
func FuzzTokens(f *testing.F) {
	for _, name := range []string{"delivery_tokens.json", "management_tokens.json"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, seed := range []string{
		`{"tokens": 7}`, `{"token": {"uid": "a"}}`, `{"tokens": [{"uid": "a", "scope": {}, "expires_on": 3, "preview_token": 1}]}`,
		`{"tokens": [{"uid": "a/../b", "scope": [{"module": "environment", "environments": ["$all", {}, null]}]}]}`,
	} {
		f.Add([]byte(seed))
	}
	source := inventory.Source{ID: "contentstack/stacks/s", CollectedAt: now}
	f.Fuzz(func(t *testing.T, body []byte) {
		var p page
		_ = json.Unmarshal(body, &p) // what was understood before an error is kept, too
		for _, where := range []places{known(), {}, {branchless: true}} {
			n := normaliser{source: source, places: &where, census: census{owner: "o"}, horizon: source.Horizon()}
			for _, listed := range p.tokens().Items {
				if str(listed.UID) == "" {
					continue // the list reader leaves it out
				}
				for _, token := range append(n.delivery(listed), n.management(listed)) {
					if err := token.Check(); err != nil {
						t.Fatalf("%s contradicts itself: %v", token.ID, err)
					}
					if token.Kind == inventory.Management && !token.Access.Write && strings.Contains(string(body), `"write":true`) &&
						len(listed.Scope.Items) == 1 && yes(listed.Scope.Items[0].ACL.Members[rightWrite]) && str(listed.Scope.Items[0].Module) == wildcard {
						t.Fatalf("%s may write everything, and is said not to write", token.ID)
					}
				}
			}
		}
	})
}

// FuzzAnswers puts a body in the place of one answer, and collects everything.
// Each source has to be valid, and one whose list is not a list must have a gap.
func FuzzAnswers(f *testing.F) {
	routes := []string{
		"/v3/user", "/v3/stacks bltorg", "/v3/organizations/bltorg/stacks bltorg", "/v3/organizations/bltorg/share bltorg", "/v3/stacks " + webKey,
		"/v3/stacks/delivery_tokens " + webKey, "/v3/stacks/management_tokens " + webKey, "/v3/environments " + webKey,
		"/v3/stacks/branches " + webKey, "/v3/stacks/branch_aliases " + webKey,
	}
	files := []string{
		"user.json", "stacks.json", "stacks.json", "shares.json", "collaborators.json", "delivery_tokens.json", "management_tokens.json",
		"environments.json", "branches.json", "branch_aliases.json",
	}
	for i, name := range files {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), b)
		f.Add(uint8(i), []byte(`{}`))
		f.Add(uint8(i), []byte(`{"count": 3, "stacks": null, "tokens": [null], "shares": [7], "environments": [[]], "branches": {}}`))
	}
	f.Fuzz(func(t *testing.T, route uint8, body []byte) {
		s := newServer(t)
		path := routes[int(route)%len(routes)]
		s.replies[path] = reply{Status: http.StatusOK, Body: string(body)}
		c := collectorOf(t, newHarness(t, s))
		found, err := c.Discover(t.Context())
		var discovery *collectors.DiscoveryError
		if err != nil && !errors.As(err, &discovery) {
			t.Fatalf("discover: %v", err)
		}
		inv := inventory.Inventory{Schema: inventory.Schema, Sources: []inventory.Source{}}
		for _, source := range found {
			read, err := c.Collect(t.Context(), source)
			if err != nil {
				t.Fatalf("collect: %v", err)
			}
			if err := read.Check(); err != nil {
				t.Fatalf("%s contradicts itself: %v", read.ID, err)
			}
			if list := strings.TrimSuffix(path, " "+webKey); read.ID == webID && strings.HasSuffix(list, "_tokens") && !json.Valid(body) {
				if units(read)[strings.TrimPrefix(list, "/v3/stacks/")].Status != inventory.UnitFailed {
					t.Fatalf("no gap although %s gave no JSON: %+v", list, read.Units)
				}
			}
			inv.Sources = append(inv.Sources, read)
		}
		if err := codec.Write(&bytes.Buffer{}, inv); err != nil {
			t.Fatalf("the inventory cannot be written: %v", err)
		}
	})
}

// FuzzFailure feeds the bodies of errors to the classification.
func FuzzFailure(f *testing.F) {
	f.Add(412, []byte(`{"error_message": "We can't find that Stack. Please try again.", "error_code": 109, "errors": {"api_key": ["is not valid."]}}`))
	f.Add(401, []byte(`{"error_message": "no", "error_code": "105", "errors": []}`))
	f.Add(403, []byte(`{"message": ["no"], "error_code": 3.16e2}`))
	f.Add(502, []byte(`<html>`))
	c := &collector{}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		e := c.classify(cmsapi.Failure{Status: status, Body: body})
		if e == nil || e.Class == "" {
			t.Fatalf("no class for %d %q", status, body)
		}
	})
}
