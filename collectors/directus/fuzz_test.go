package directus

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

func decode(t testing.TB, body string, out any) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), out); err != nil {
		t.Fatal(err)
	}
}

// fetched makes of one answer what reading a list makes of it.
func (l list[T]) fetched(body string) (read cmsapi.Listing[T]) {
	var answer listing[T]
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		read.Err = &cmsapi.Error{Class: inventory.ErrUnreadable, Message: "no JSON"}
		return read
	}
	p, err := l.page(answer)
	read.Items, read.Err = p.Items, cmsapi.AsError(err)
	if read.Err == nil && p.Broken > 0 {
		read.Err = &cmsapi.Error{Class: inventory.ErrUnreadable, Message: p.Reason}
	}
	seen := map[string]bool{}
	var items []T
	for _, item := range read.Items {
		if id := item.key(); !seen[id] {
			items = append(items, item)
			seen[id] = true
		}
	}
	read.Items = items
	return read
}

// FuzzCollect serves the answers of a server as they may come from a broken or
// hostile one. Whatever they hold, the source is sound, nothing that was not
// understood is complete, and what is not known counts as able to write.
func FuzzCollect(f *testing.F) {
	add := func(a conformance.Answers) {
		f.Add(a[pathMe].Body, a[pathSights].Body, a[listUsers.path].Body, a[listRoles.path].Body, a[listPolicies.path].Body,
			a[listAccess.path].Body, a[listPermissions.path].Body, a[pathDeeds].Body, a[pathCreations].Body, a[pathUpdates].Body)
	}
	add(recorded(f))
	add(small())
	f.Fuzz(func(t *testing.T, me, shown, users, roles, policies, access, permissions, deeds, creations, updates string) {
		c := &collector{Server: &instance.Server{
			Entry: entry("intranet", "https://cms.example.com"),
			Run:   collectors.Run{Now: func() time.Time { return auditTime }},
		}}
		a := answers{
			users:       list[user]{listUsers, nil}.fetched(users),
			roles:       list[role]{listRoles, nil}.fetched(roles),
			policies:    list[policy]{listPolicies, nil}.fetched(policies),
			access:      list[attachment]{listAccess, nil}.fetched(access),
			permissions: list[permission]{listPermissions, permission.added}.fetched(permissions),
			deeds:       list[deed]{logDeeds, nil}.fetched(deeds),
			creations:   list[change]{logCreations, nil}.fetched(creations),
			updates:     list[change]{logUpdates, nil}.fetched(updates),
		}
		a.meErr, a.sightsErr = json.Unmarshal([]byte(me), &a.me), json.Unmarshal([]byte(shown), &a.sights)
		source := c.collect(inventory.Source{
			ID: "directus/instances/intranet", CMS: CMS, Kind: inventory.KindInstance, Name: "intranet", CollectedAt: auditTime, Facts: facts(),
		}, a)
		source.Normalise()
		if err := source.Check(); err != nil {
			t.Fatalf("the source contradicts itself: %v", err)
		}
		if len(source.Tokens) != len(a.users.Items) {
			t.Fatalf("%d users, %d tokens", len(a.users.Items), len(source.Tokens))
		}
		for unit, err := range map[string]*cmsapi.Error{
			listUsers.unit: a.users.Err, listRoles.unit: a.roles.Err, listPolicies.unit: a.policies.Err,
			listAccess.unit: a.access.Err, listPermissions.unit: a.permissions.Err, logDeeds.unit: a.deeds.Err,
		} {
			if u := conformance.Unit(t, source, unit); u.Status == inventory.UnitComplete && (err != nil || a.sightsErr != nil) {
				t.Fatalf("a list that was not understood is complete: %+v", u)
			}
		}
		for _, token := range source.Tokens {
			if token.LastUsed.State == inventory.LastUsedNever || token.Access.Level == inventory.LevelUnknown && !token.Access.Write {
				t.Fatalf("%+v", token)
			}
			if a.permissions.Err != nil && token.Owner.State == inventory.OwnerActive && !token.Access.Write {
				t.Fatalf("without its permissions a token counts as harmless: %+v", token.Access)
			}
		}
	})
}

// FuzzFailure: an error body of any content gives a class and a code in
// Directus's alphabet, or nothing; of the server's text it passes on names only.
func FuzzFailure(f *testing.F) {
	f.Add(401, conformance.Fixture(f, "error-401.json"))
	f.Add(403, conformance.Fixture(f, "error-403-field.json"))
	f.Add(403, conformance.Fixture(f, "error-403-collection.json"))
	f.Add(429, apiError(429, "REQUESTS_EXCEEDED", "").Body)
	f.Fuzz(func(t *testing.T, status int, body string) {
		e := classify(cmsapi.Failure{Status: status, Body: []byte(body)})
		if e == nil {
			return
		}
		if e.Class == "" || !codePattern.MatchString(e.Code) || strings.ContainsAny(e.Message, "\"'<>\n\x1b") {
			t.Fatalf("%+v", e)
		}
	})
}
