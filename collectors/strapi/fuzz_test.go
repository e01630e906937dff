package strapi

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/conformance"
	"github.com/tokenaudit/tokenaudit/collectors/instance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// FuzzCollect serves the answers of a server as they may come from a broken or
// hostile one. Whatever they hold, the source is sound, a list that was not
// understood is not a complete one, and the admin tokens count as complete only for
// a super admin.
func FuzzCollect(f *testing.F) {
	f.Add(meBody, conformance.Fixture(f, "api-tokens.json"), conformance.Fixture(f, "admin-tokens.json"), conformance.Fixture(f, "transfer-tokens.json"))
	f.Add(`{}`, `{"data":[{"id":"1","type":"custom","permissions":null}]}`, `{"data":[{"id":1,"adminPermissions":[{"action":7}]}]}`, `[]`)
	f.Fuzz(func(t *testing.T, me, api, admin, transfer string) {
		c := &collector{Server: &instance.Server{
			Entry: entry("intranet", "https://cms.example.com"),
			Run:   collectors.Run{Now: func() time.Time { return auditTime }},
		}}
		var a answers
		decodeInto(&a.meErr, me, &a.me)
		decodeInto(&a.apiErr, api, &a.api)
		decodeInto(&a.adminErr, admin, &a.admin)
		decodeInto(&a.transferErr, transfer, &a.transfer)
		source := c.collect(inventory.Source{
			ID: "strapi/instances/intranet", CMS: CMS, Kind: inventory.KindInstance, Name: "intranet", CollectedAt: auditTime, Facts: facts(),
		}, a, nil)
		source.Normalise()
		if err := source.Check(); err != nil {
			t.Fatalf("the source contradicts itself: %v", err)
		}
		for _, l := range []struct {
			unit string
			list listing[token]
			err  error
		}{{listAPI.unit, a.api, a.apiErr}, {listAdmin.unit, a.admin, a.adminErr}, {listTransfer.unit, a.transfer, a.transferErr}} {
			if u := conformance.Unit(t, source, l.unit); u.Status == inventory.UnitComplete && (l.err != nil || l.list.Data.State != cmsapi.FieldGiven || l.list.Data.Broken > 0) {
				t.Fatalf("a list that was not understood is complete: %+v", u)
			}
		}
		who, _ := identify(a)
		if u := conformance.Unit(t, source, listAdmin.unit); u.Status == inventory.UnitComplete && who.superAdmin != inventory.Yes {
			t.Fatalf("the admin tokens of somebody who is not a super admin are complete: %+v", who)
		}
		for _, token := range source.Tokens {
			transfer := strings.HasPrefix(token.ID, source.ID+"/transfer_tokens/")
			if transfer && token.LastUsed.State == inventory.LastUsedNever {
				t.Fatalf("a transfer token counts as never used: %+v", token)
			}
		}
	})
}

func decodeInto(err *error, body string, out any) {
	if e := json.Unmarshal([]byte(body), out); e != nil {
		*err = &cmsapi.Error{Class: inventory.ErrUnreadable, Message: "no JSON"}
	}
}

// FuzzFailure: an error body of any content gives a class and a message, or none.
func FuzzFailure(f *testing.F) {
	f.Add(401, apiError(401, "UnauthorizedError", "Token expired").Body)
	f.Add(501, `{"error":{"name":1}}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		if e := classify(cmsapi.Failure{Status: status, Body: []byte(body)}); e != nil && e.Class == "" {
			t.Fatalf("%+v", e)
		}
	})
}
