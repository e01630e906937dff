package datocms

import (
	"encoding/json"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/conformance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// FuzzCollect serves the answers of a project as they may come from a broken or
// hostile server. Whatever they hold, the source is sound, a list that was not
// understood is not a complete one, and nothing that reaches the management API
// with a role that was not read counts as harmless.
func FuzzCollect(f *testing.F) {
	f.Add(conformance.Fixture(f, "access_tokens.json"), conformance.Fixture(f, "roles.json"), conformance.Fixture(f, "environments.json"), conformance.Fixture(f, "me.json"), conformance.Fixture(f, "site.json"))
	f.Add(`{"data":[{"id":"1","attributes":{"can_access_cda_preview":false,"can_access_cma":false}}]}`, `{"data":[]}`, `{"data":[]}`, `{}`, `{}`)
	f.Add(`{"data":[{"id":"1","relationships":{"role":{"data":null}}}]}`, `{}`, `{"data":[{"id":"main"}]}`, `[]`, `{"data":{"id":7}}`)
	f.Fuzz(func(t *testing.T, tokens, roles, environments, me, about string) {
		found := foundProject{configured: configured{name: "blog"}}
		var project document[site]
		if json.Unmarshal([]byte(about), &project) == nil {
			found.site = project.Data.Value
		}
		var a answers
		decodeInto(&a.tokensErr, tokens, &a.tokens)
		decodeInto(&a.rolesErr, roles, &a.roles)
		decodeInto(&a.environmentsErr, environments, &a.environments)
		decodeInto(&a.meErr, me, &a.me)
		source := collect(inventory.Source{
			ID: "datocms/projects/77", CMS: CMS, Kind: inventory.KindProject, CollectedAt: auditTime, Facts: facts(),
		}, found, a)
		source.Normalise()
		if err := source.Check(); err != nil {
			t.Fatalf("the source contradicts itself: %v", err)
		}
		if a.tokensErr != nil || a.tokens.Data.State != cmsapi.FieldGiven {
			if u := conformance.Unit(t, source, "access_tokens"); u.Status == inventory.UnitComplete {
				t.Fatalf("a list that was not understood is complete")
			}
		}
		for _, token := range source.Tokens {
			reaches := token.Kind == inventory.Management
			if unread := token.Role != nil && token.Role.Level == inventory.LevelUnknown; reaches && unread && !token.Access.Write {
				t.Fatalf("a role that was not read counts as harmless: %+v", token)
			}
			if token.Access.Write && !token.Access.Assumed && !reaches {
				t.Fatalf("a token writes through the delivery API: %+v", token)
			}
		}
	})
}

func decodeInto(err *error, body string, out any) {
	if e := json.Unmarshal([]byte(body), out); e != nil {
		*err = &cmsapi.Error{Class: inventory.ErrUnreadable, Message: "no JSON"}
	}
}

// FuzzFailure: an error body of any content gives a class, or none.
func FuzzFailure(f *testing.F) {
	f.Add(401, apiError(401, codeNoPermission).Body)
	f.Add(503, `{"data":[{"attributes":{"code":1,"transient":"true"}}]}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		failure := cmsapi.Failure{Status: status, Body: []byte(body)}
		if e := classify(failure); e != nil && (e.Class == "" || e.Message == "" || !codePattern.MatchString(e.Code)) {
			t.Fatalf("%+v", e)
		}
		worthRetrying(failure)
	})
}
