package contentful

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/conformance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// The fuzz targets decode what a server could send and build from it all that a
// collector would report. Nothing may panic, and nothing may contradict itself.

// seed adds to the corpus the fixtures whose name ends in one of the suffixes,
// as they are and as the items of a collection, and answers that no server
// should give.
func seed(f *testing.F, suffixes ...string) {
	f.Helper()
	for _, text := range []string{
		``, `null`, `[]`, `{}`, `"x"`, `{"items":null}`, `{"items":{}}`, `{"items":[null,1,"x",[],{}]}`,
		`{"total":"1","limit":"100","items":[{"sys":null}]}`, `{"total":-1,"limit":1e99,"items":[{"sys":{"id":7}}]}`,
		`{"items":[{"sys":{"id":"` + strings.Repeat("a", 300) + `"}},{"sys":{"id":"../../x?y#z"}},{"sys":{"id":"\u0000\ud800"}}]}`,
		`{"items":[{"name":null,"description":7,"environments":null,"scopes":null,"revokedAt":0,"permissions":null,"policies":null,"admin":null,"roles":null,` +
			`"user":null,"role":null,"environment":null,"preview_api_key":null,"sys":{"id":"a","type":null,"createdAt":null,"updatedAt":"0001-01-01T00:00:00Z",` +
			`"expiresAt":"9999-12-31T23:59:59-23:59","lastUsedAt":"0000-01-01T00:00:00Z","redactedValue":[],"user":"u","status":{},"aliasedEnvironment":[],"createdBy":1}}]}`,
	} {
		f.Add([]byte(text))
	}
	err := filepath.WalkDir("testdata/acme", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		for _, suffix := range suffixes {
			if strings.HasSuffix(path, suffix+".json") {
				text, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				f.Add(text)
				f.Add([]byte(`{"total":3,"limit":100,"skip":0,"items":` + string(text) + `}`))
			}
		}
		return nil
	})
	if err != nil {
		f.Fatal(err)
	}
}

// answer decodes a page as the collector does.
func answer[T identified](data []byte) (collection[T], cmsapi.Listing[T]) {
	var c cmsapi.Field[collection[T]]
	if err := json.Unmarshal(data, &c); err != nil {
		return c.Value, cmsapi.Listing[T]{Err: cmsapi.AsError(err)}
	}
	return c.Value, cmsapi.Listing[T]{Items: c.Value.Items.Items, Err: c.Value.Items.Err("items")}
}

// bare is a collector that sends nothing.
func bare(tb testing.TB) *collector {
	tb.Helper()
	made, err := newCollector(collectors.Entry{CMS: CMS, Values: map[string]any{
		optionOrganization: testOrganization, optionToken: cmsapi.NewSecret(testCredential),
	}}, testRun(tb, &conformance.Log{}))
	if err != nil {
		tb.Fatal(err)
	}
	return made.(*collector)
}

// check fails on a source that no document could hold. Two tokens of one id are
// the pager's business.
func check(t *testing.T, source inventory.Source) {
	t.Helper()
	source.CollectedAt = testNow
	source.Units = []inventory.Unit{inventory.CompleteUnit("tokens", inventory.AllKinds()...)}
	source.Auditor = auditor{writes: inventory.Unknown}.inOrganization()
	seen := map[string]bool{}
	var tokens []inventory.Token
	for _, token := range source.Tokens {
		if !seen[token.ID] {
			tokens = append(tokens, token)
		}
		seen[token.ID] = true
	}
	source.Tokens = tokens
	source.Normalise()
	if err := source.Check(); err != nil {
		t.Error(err)
	}
}

func FuzzAPIKeys(f *testing.F) {
	seed(f, "api_keys")
	c := bare(f)
	known := newEnvironments(listed[environment](f, environmentRelease, environmentStaging), listed[alias](f, aliasMaster))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, keys := answer[apiKey](data)
		source := c.skeleton(inventory.KindSpace, "web", "", testOrganization)
		source.Tokens = c.keys(source, "web", spaceLists{delivery: keys, preview: keys}, known)
		check(t, source)
	})
}

func FuzzEnvironments(f *testing.F) {
	seed(f, "environments", "environment_aliases")
	c := bare(f)
	key := decoded[apiKey](f, `{"environments":`+links("master", "staging", "release-1")+`,"sys":{"id":"k"}}`)
	f.Fuzz(func(t *testing.T, data []byte) {
		_, rows := answer[environment](data)
		_, aliases := answer[alias](data)
		known := newEnvironments(rows, aliases)
		aliasesKnown(rows, aliases)
		source := c.skeleton(inventory.KindSpace, "web", "", testOrganization)
		source.Environments = known.all()
		source.Tokens = c.keys(source, "web", spaceLists{delivery: cmsapi.Listing[apiKey]{Items: []apiKey{key}}}, known)
		check(t, source)
	})
}

func FuzzAccessTokens(f *testing.F) {
	seed(f, "access_tokens")
	c := bare(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		_, tokens := answer[accessToken](data)
		source := c.skeleton(inventory.KindOrganization, testOrganization, "", testOrganization)
		source.CollectedAt = testNow
		source.Units = []inventory.Unit{inventory.CompleteUnit("tokens", inventory.AllKinds()...)}
		x := tokenContext{source: source, people: directory{whole: true, rights: &spaceRights{}}}
		for _, item := range tokens.Items {
			c.mayWork(item)
			source.Tokens = append(source.Tokens, x.token(item))
		}
		check(t, source)
	})
}

func FuzzPeople(f *testing.F) {
	seed(f, "memberships", "includes", "users/me")
	c := bare(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		page, members := answer[membership](data)
		_, people := answer[user](data)
		var me cmsapi.Field[user]
		_ = json.Unmarshal(data, &me)
		d := directory{byUser: map[string]membership{}, persons: map[string]user{me.Value.id(): me.Value}, whole: len(data)%2 == 0}
		for _, u := range append(page.Includes.Value.User.Items, people.Items...) {
			d.persons[u.id()] = u
		}
		rights := &spaceRights{direct: members, teams: members, inTeam: members}
		for _, m := range members.Items {
			d.byUser[m.userID()] = m
		}
		rights.sum(map[string]string{})
		source := c.skeleton(inventory.KindOrganization, testOrganization, "", testOrganization)
		for _, given := range []*spaceRights{nil, rights} {
			d.rights = given
			for _, id := range append([]string{"u", "uMia"}, userIDs(members)...) {
				item := decoded[accessToken](t, `{"scopes":["content_management_manage"],"sys":{"id":"t"}}`)
				x := tokenContext{source: source, people: d, me: id, own: map[string]accessToken{"t": {}}}
				source.Tokens = []inventory.Token{x.token(item)}
				check(t, source)
			}
		}
	})
}

func userIDs(members cmsapi.Listing[membership]) []string {
	var ids []string
	for _, m := range members.Items {
		ids = append(ids, m.userID())
	}
	return ids
}

func FuzzRoles(f *testing.F) {
	seed(f, "roles")
	f.Fuzz(func(t *testing.T, data []byte) {
		_, roles := answer[role](data)
		for _, r := range roles.Items {
			if got := r.Right(); got.Level == "" || got.Keys == "" || got.Level == inventory.LevelUnknown && got.Reason == "" {
				t.Errorf("the role gives %+v", got)
			}
		}
	})
}

func FuzzSpaces(f *testing.F) {
	seed(f, "spaces", "spaces/web", "organizations")
	c := bare(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		_, spaces := answer[space](data)
		_, organizations := answer[organization](data)
		var single cmsapi.Field[space]
		_ = json.Unmarshal(data, &single)
		for _, s := range append(spaces.Items, single.Value) {
			if s.id() == "" {
				continue
			}
			source := c.skeleton(inventory.KindSpace, s.id(), string(s.Name.Value), s.sys().Organization.Value.id())
			check(t, source)
			if kind, id, ok := parseSourceID(source.ID); !ok || kind != inventory.KindSpace || id != s.id() {
				t.Errorf("the id %q does not lead back to %q", source.ID, s.id())
			}
		}
		for _, o := range organizations.Items {
			check(t, c.skeleton(inventory.KindOrganization, o.id(), string(o.Name.Value), o.id()))
		}
	})
}

func FuzzFailure(f *testing.F) {
	seed(f, "access_grant")
	for _, code := range []string{"AccessTokenInvalid", "AccessDenied", "Hibernated", "RateLimitExceeded", "NotFound"} {
		f.Add([]byte(`{"sys":{"type":"Error","id":"` + code + `"},"message":"x","requestId":"y","details":["z"]}`))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		e := classify(cmsapi.Failure{Status: 401, Body: data})
		if e != nil && !codePattern.MatchString(e.Code) {
			t.Errorf("the code is %q", e.Code)
		}
		worthRetrying(cmsapi.Failure{Status: 502, Body: data})
		var grant cmsapi.Field[accessGrant]
		_ = json.Unmarshal(data, &grant)
	})
}
