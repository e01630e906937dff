package contentful

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

const (
	// exampleSpace is when the space of these tests was created.
	exampleSpace = "2023-07-14T09:24:25Z"

	emptyExample   = `"name":"Example Key","description":"We’ve created an example API key for you to help you get started.",`
	plainExample   = `"name":"Example Key","description":"We've created an example API key for you to help you get started.",`
	contentExample = `"name":"Example space token 1","description":"This token is used by an example app. It is coupled with the content previews.",`
	ofSomebody     = `"name":"Website","description":"Renders www",`
)

func TestFactoryKeys(t *testing.T) {
	t.Parallel()
	const later = "2024-02-01T00:00:00Z"
	key := func(kind, id, members, at, more string) string {
		return `{` + members + `"sys":{"type":"` + kind + `","id":"` + id + `","createdAt":"` + at + `","createdBy":{"sys":{"linkType":"User","id":"uOlivia"}}}` + more + `}`
	}
	const linked = `,"preview_api_key":{"sys":{"id":"p"}}`
	for _, test := range []struct {
		name              string
		created           string // of the space
		delivery, preview string
		want              string // delivery, preview
	}{
		{"an empty space", exampleSpace, key("ApiKey", "d", emptyExample, "2023-07-14T09:24:39Z", linked), key("PreviewApiKey", "p", emptyExample, "2023-07-14T09:24:39Z", ""), "yes yes"},
		{"the other apostrophe", exampleSpace, key("ApiKey", "d", plainExample, "2023-07-14T09:24:39Z", ""), "", "yes"},
		{"a space with content", exampleSpace, key("ApiKey", "d", contentExample, "2023-07-14T09:24:28Z", linked), key("PreviewApiKey", "p", contentExample, "2023-07-14T09:24:28Z", ""), "yes yes"},
		{"long after its space", exampleSpace, key("ApiKey", "d", contentExample, later, linked), key("PreviewApiKey", "p", contentExample, later, ""), "yes yes"},
		{"a space of an unknown age", "", key("ApiKey", "d", emptyExample, later, ""), "", "yes"},
		{"a preview key without a name", exampleSpace, key("ApiKey", "d", emptyExample, later, linked), key("PreviewApiKey", "p", `"description":null,`, later, ""), "yes yes"},
		{"a delivery key with another name", exampleSpace, key("ApiKey", "d", ofSomebody, later, linked), key("PreviewApiKey", "p", emptyExample, later, ""), "yes yes"},
		{"a preview key left over", exampleSpace, "", key("PreviewApiKey", "p", emptyExample, later, ""), "yes"},
		{"another name, with its space", exampleSpace, key("ApiKey", "d", ofSomebody, "2023-07-14T09:25:25Z", linked), key("PreviewApiKey", "p", `"description":null,`, "2023-07-14T09:25:25Z", ""), "unknown unknown"},
		{"another description, with its space", exampleSpace, key("ApiKey", "d", `"name":"Example Key","description":null,`, "2023-07-14T09:24:39Z", ""), "", "unknown"},
		{"another name, a minute and a second after its space", exampleSpace, key("ApiKey", "d", ofSomebody, "2023-07-14T09:25:26Z", linked), key("PreviewApiKey", "p", ofSomebody, "2023-07-14T09:25:26Z", ""), "no no"},
		{"another description, later", exampleSpace, key("ApiKey", "d", `"name":"Example Key","description":"For www",`, later, ""), "", "no"},
		{"another name, later", exampleSpace, key("ApiKey", "d", `"name":"Example","description":"This token is used by an example app. It is coupled with the content previews.",`, later, ""), "", "no"},
		{"name and description of two examples", exampleSpace, key("ApiKey", "d", `"name":"Example Key","description":"This token is used by an example app. It is coupled with the content previews.",`, later, ""), "", "no"},
		{"no description, later", exampleSpace, key("ApiKey", "d", `"name":"Example Key",`, later, ""), "", "no"},
		{"another name, a space of an unknown age", "", key("ApiKey", "d", ofSomebody, later, ""), "", "unknown"},
		{"another name, of an unknown age", exampleSpace, strings.Replace(key("ApiKey", "d", ofSomebody, later, ""), later, "soon", 1), "", "unknown"},
		{"older than its space", exampleSpace, key("ApiKey", "d", ofSomebody, "2020-01-01T00:00:00Z", ""), "", "unknown"},
		{"a description that cannot be read", exampleSpace, key("ApiKey", "d", `"name":"Example Key","description":{},`, later, ""), "", "unknown"},
		{"a name that cannot be read", exampleSpace, key("ApiKey", "d", strings.Replace(emptyExample, `"Example Key"`, `[]`, 1), later, ""), "", "unknown"},
		{"a description that cannot be read, under another name", exampleSpace, key("ApiKey", "d", `"name":"Website","description":{},`, later, ""), "", "no"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			lists := spaceLists{created: decoded[moment](t, `"`+test.created+`"`)}
			if test.delivery != "" {
				lists.delivery = listed[apiKey](t, test.delivery)
			}
			if test.preview != "" {
				lists.preview = listed[apiKey](t, test.preview)
			}
			var got []string
			for _, token := range bare(t).keys(inventory.Source{}, "web", lists, environments{}) {
				got = append(got, string(token.Traits.Factory))
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got %v, want %s", got, test.want)
			}
		})
	}
}

func TestFactoryTokens(t *testing.T) {
	t.Parallel()
	const manages = `"scopes":["content_management_manage"],`
	for _, test := range []struct {
		name, token, own string // the token as the organization lists it, its name in the caller's own list
		want             inventory.Ternary
	}{
		{"of the introduction", `{"name":"Gatsby Starter for Contentful import token",` + manages + `"sys":{"type":"PersonalAccessToken","id":"t","expiresAt":null}}`, ``, inventory.Yes},
		{"of the introduction, named by the own list", `{` + manages + `"sys":{"type":"PersonalAccessToken","id":"t","expiresAt":null}}`, `"Gatsby Starter for Contentful import token"`, inventory.Yes},
		{"of another name", `{"name":"ci",` + manages + `"sys":{"type":"PersonalAccessToken","id":"t","expiresAt":null}}`, ``, inventory.No},
		{"of another name in the own list", `{` + manages + `"sys":{"type":"PersonalAccessToken","id":"t","expiresAt":null}}`, `"ci"`, inventory.No},
		{"without a name", `{` + manages + `"sys":{"type":"PersonalAccessToken","id":"t","expiresAt":null}}`, ``, inventory.Unknown},
		{"without a name, of an unknown type", `{` + manages + `"sys":{"type":"AccessToken","id":"t","expiresAt":null}}`, ``, inventory.Unknown},
		{"without a name, and it expires", `{` + manages + `"sys":{"type":"PersonalAccessToken","id":"t","expiresAt":"2027-01-01T00:00:00Z"}}`, ``, inventory.No},
		{"without a name, and it only reads", `{"scopes":["content_management_read"],"sys":{"type":"PersonalAccessToken","id":"t","expiresAt":null}}`, ``, inventory.No},
		{"without a name or scopes", `{"sys":{"type":"PersonalAccessToken","id":"t","expiresAt":null}}`, ``, inventory.Unknown},
		{"a name that cannot be read", `{"name":[],` + manages + `"sys":{"type":"PersonalAccessToken","id":"t","expiresAt":null}}`, `[]`, inventory.Unknown},
		{"a login", `{` + manages + `"sys":{"type":"CLIToken","id":"t","expiresAt":null}}`, ``, inventory.No},
		{"a grant", `{` + manages + `"sys":{"type":"OAuthApplication","id":"t","expiresAt":null}}`, ``, inventory.No},
	} {
		x := tokenContext{source: inventory.Source{CollectedAt: testNow}, own: map[string]accessToken{}}
		if test.own != "" {
			x.own["t"] = decoded[accessToken](t, `{"name":`+test.own+`}`)
		}
		if got := x.token(decoded[accessToken](t, test.token)).Traits.Factory; got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
}

// Where the list of spaces does not say when a space was created, the space itself
// is asked; where that cannot be read, nothing is claimed.
func TestFactoryNeedsTheAgeOfTheSpace(t *testing.T) {
	t.Parallel()
	spaces := func(w http.ResponseWriter, r *http.Request) {
		items(`{"name":"Website","sys":{"id":"web","type":"Space"}}`, `{"name":"Blog","sys":{"id":"blog","type":"Space","createdAt":"2020-02-01T10:00:00Z"}}`)(w, r)
	}
	for name, test := range map[string]struct {
		space http.HandlerFunc
		want  inventory.Ternary
	}{
		"told":              {nil, inventory.No},
		"not told":          {body(`{"sys":{"id":"web"}}`), inventory.Unknown},
		"refused":           {failure(403, "AccessDenied"), inventory.Unknown},
		"as old as its key": {body(`{"sys":{"id":"web","createdAt":"2021-04-06T15:25:00Z"}}`), inventory.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers := map[string]http.HandlerFunc{"/organizations/" + testOrganization + "/spaces": spaces}
			if test.space != nil {
				answers["/spaces/web"] = test.space
			}
			s := newServer(t, answers)
			sources, _ := s.collect(t, organizationEntry())
			for _, id := range []string{"web", "blog"} {
				source := find(t, sources, "contentful/spaces/"+id)
				for _, token := range source.Tokens {
					if want := map[string]inventory.Ternary{"web": test.want, "blog": inventory.No}[id]; token.Traits.Factory != want {
						t.Errorf("%s: %s, want %s", token.ID, token.Traits.Factory, want)
					}
				}
				if len(gaps(source)) > 0 {
					t.Errorf("gaps: %v", gaps(source))
				}
			}
			if asked := s.counts(); asked["/spaces/web"] != 1 || asked["/spaces/blog"] != 0 {
				t.Errorf("asked for spaces: %v", asked)
			}
		})
	}
}

// Whatever member of an example key is spoilt, it is never said not to be one
// where its members do not say so.
func TestFactoryIsHonest(t *testing.T) {
	t.Parallel()
	const whole = `{"name":"Example Key","description":"We’ve created an example API key for you to help you get started.","sys":{"type":"ApiKey","id":"d","createdAt":"2024-02-01T00:00:00Z"}}`
	lists := spaceLists{created: decoded[moment](t, `"`+exampleSpace+`"`)}
	for _, member := range []string{"name", "description", "sys"} {
		for _, spoilt := range []string{`{}`, `[]`, `{"unexpected":[1]}`} {
			key := map[string]json.RawMessage{}
			if err := json.Unmarshal([]byte(whole), &key); err != nil {
				t.Fatal(err)
			}
			key[member] = json.RawMessage(spoilt)
			text, _ := json.Marshal(key)
			lists.delivery = cmsapi.Listing[apiKey]{Items: []apiKey{decoded[apiKey](t, string(text))}}
			if got := factoryOf(lists).delivery(lists.delivery.Items[0]); got == inventory.No {
				t.Errorf("%s %s: got %s", member, spoilt, got)
			}
		}
	}
}
