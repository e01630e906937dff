package ghost

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/conformance"
	"github.com/tokenaudit/tokenaudit/collectors/instance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// FuzzCollect serves the answers of a site as they may come from a broken or
// hostile one. Whatever they hold, the source is sound, a list that was not
// understood is not a complete one, no key counts as unused, and the staff tokens
// are complete only where there is no other staff.
func FuzzCollect(f *testing.F) {
	answers := recorded(f)
	f.Add(answers[readMe.path].Body, answers[listIntegrations.path].Body, answers[listUsers.path].Body, answers[listRoles.path].Body)
	f.Add(`{}`, `{"integrations":[{"id":"1","api_keys":[{"id":1,"type":"admin"}]}]}`, usersOf("1", "2").Body, `[]`)
	f.Add(`{"users":[{"id":"1","roles":[{"name":"Owner"}]}]}`, `{"integrations":[{"id":1,"api_keys":null}],"meta":{"pagination":{"total":2,"next":2}}}`,
		usersOf("1").Body, `{"roles":[{"id":null}]}`)
	c := &collector{keyID: ownKey, Server: &instance.Server{Entry: entry("magazine", "https://magazine.example.com")}}
	empty := inventory.Source{ID: "ghost/instances/magazine", CMS: CMS, Kind: inventory.KindInstance, Name: "magazine", CollectedAt: auditTime, Facts: facts()}
	f.Fuzz(func(t *testing.T, me, integrations, users, roles string) {
		bodies := map[string]string{readMe.path: me, listIntegrations.path: integrations, listUsers.path: users, listRoles.path: roles}
		a := readWith(t.Context(), 0, nil, func(l resource) fetch {
			return func(context.Context, string) (document, error) {
				var d document
				if err := json.Unmarshal([]byte(bodies[l.path]), &d); err != nil {
					return d, &cmsapi.Error{Class: inventory.ErrUnreadable, Message: "no JSON"}
				}
				return d, nil
			}
		})
		source := c.collect(empty, a, nil)
		source.Normalise()
		if err := source.Check(); err != nil {
			t.Fatalf("the source contradicts itself: %v", err)
		}
		var d document
		_ = json.Unmarshal([]byte(integrations), &d)
		if u := conformance.Unit(t, source, listIntegrations.unit); u.Status == inventory.UnitComplete {
			total, told := d.Meta.Value.Pagination.Value.Total.Get()
			distinct := map[cmsapi.Text]bool{}
			for _, i := range d.Integrations.Items {
				distinct[i.ID.Value] = true
			}
			if d.Integrations.Err("") != nil || !told || int(total) != len(distinct) {
				t.Fatalf("a list that was not understood is complete: %+v", u)
			}
		}
		if u := conformance.Unit(t, source, listUsers.unit); u.Status == inventory.UnitComplete && (len(a.users.Items) != 1 || a.users.Items[0].ID.Value != a.me.Items[0].ID.Value) {
			t.Fatalf("there may be other staff: %+v", u)
		}
		for _, token := range source.Tokens {
			if token.LastUsed.State == inventory.LastUsedNever {
				t.Fatalf("a key counts as never used: %+v", token)
			}
		}
	})
}

// FuzzFailure: an error body of any content gives a class and a message, or none.
func FuzzFailure(f *testing.F) {
	for _, name := range []string{"error-400-no-jwt.json", "error-401-expired.json", "error-403-editor.json", "error-404-suspended.json"} {
		f.Add(401, conformance.Fixture(f, name))
	}
	f.Add(429, `{"errors":[{"message":1}]}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		if e := classify(cmsapi.Failure{Status: status, Body: []byte(body)}); e != nil && e.Class == "" {
			t.Fatalf("%+v", e)
		}
	})
}

// FuzzCredential: any text is a token that signs, or one error that does not
// quote it.
func FuzzCredential(f *testing.F) {
	f.Add(ownKey + ":" + ownSecret)
	f.Add(ownKey + ":")
	f.Add(ownSecret)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCredential(cmsapi.NewSecret(text))
		if err != nil {
			if len(text) > 40 && strings.Contains(err.Error(), text) {
				t.Fatal("the error quotes the token")
			}
			return
		}
		signed := c.jwt(auditTime)
		_, secret, _ := strings.Cut(strings.ToLower(strings.TrimSpace(text)), ":")
		if strings.Count(signed, ".") != 2 || len(c.id) != 24 || strings.Contains(signed, secret) {
			t.Fatalf("id %q", c.id)
		}
	})
}
