package wordpress

import (
	"encoding/json"
	"testing"

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

// FuzzCollect serves the answers of a site as they may come from a broken or
// hostile one. Whatever they hold, the source is sound, what was not understood
// is marked, and a user whose capabilities are not known counts as one who writes.
func FuzzCollect(f *testing.F) {
	f.Add(indexBody, conformance.Fixture(f, "users.json"), conformance.Fixture(f, "application-passwords-user1.json"), `{"uuid":"8c87089c-e711-45da-929d-25fe45b585f7"}`)
	f.Add(`{"authentication":[]}`, `[{"id":"7","capabilities":{"fly":true}}]`, `[{"uuid":"1"},{"uuid":"1"},{"uuid":"2","last_used":7}]`, `[]`)
	f.Fuzz(func(t *testing.T, about, users, list, own string) {
		c := &collector{&instance.Server{Entry: entry("blog", "https://blog.example.com")}}
		a := answers{routes: pretty}
		if json.Unmarshal([]byte(about), &a.index) != nil || json.Unmarshal([]byte(own), &a.own) != nil {
			return
		}
		var people cmsapi.List[user]
		var passwordList cmsapi.List[applicationPassword]
		if json.Unmarshal([]byte(users), &people) != nil || json.Unmarshal([]byte(list), &passwordList) != nil {
			return
		}
		a.users.Err = people.Err("users")
		seen := map[cmsapi.Text]bool{"": true}
		for _, u := range people.Items {
			if !seen[u.ID.Value] {
				a.users.Items = append(a.users.Items, u)
				a.passwords = append(a.passwords, passwords{passwordList, passwordList.Err("application passwords")})
			}
			seen[u.ID.Value] = true
		}
		source := c.collect(inventory.Source{
			ID: "wordpress/instances/blog", CMS: CMS, Kind: inventory.KindInstance, Name: "blog", CollectedAt: auditTime, Facts: facts(),
		}, a)
		source.Normalise()
		if err := source.Check(); err != nil {
			t.Fatalf("the source contradicts itself: %v", err)
		}
		if u := conformance.Unit(t, source, unitPasswords); u.Status == inventory.UnitComplete && (a.users.Err != nil || passwordList.Broken > 0 && len(a.users.Items) > 0) {
			t.Fatalf("a list that was not understood is complete: %+v", u)
		}
		for _, token := range source.Tokens {
			if token.Access.Level == inventory.LevelUnknown && !token.Access.Write {
				t.Fatalf("%+v", token)
			}
		}
	})
}

// FuzzFailure: an error body of any content gives a class, or nothing.
func FuzzFailure(f *testing.F) {
	f.Add(401, conformance.Fixture(f, "error-401.json"))
	f.Add(501, `{"code":7}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		e := classify(cmsapi.Failure{Status: status, Body: []byte(body)})
		if e != nil && (e.Class == "" || !codePattern.MatchString(e.Code)) {
			t.Fatalf("%+v", e)
		}
	})
}
