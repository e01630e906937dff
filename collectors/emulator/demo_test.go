package emulator

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

// states gives all that a company holds.
func states(c *Company) []any {
	var out []any
	c.Contentful.View(func(s *ContentfulState) { out = append(out, *s) })
	c.Contentstack.View(func(s *ContentstackState) { out = append(out, *s) })
	c.DatoCMS.View(func(s *DatoCMSState) { out = append(out, *s) })
	return out
}

func TestDemoCompanyIsTheSameForTheSameTime(t *testing.T) {
	text := func(now time.Time) string {
		b, err := json.Marshal(states(DemoCompany(now, Options{})))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if text(noon) != text(noon.In(time.FixedZone("x", 3600))) {
		t.Error("two companies for one moment differ")
	}
	if text(noon) == text(noon.AddDate(0, 0, 1)) {
		t.Error("the company does not move with the time")
	}
}

// Every field that holds a credential holds a planted one, and no other text
// carries the mark: a leak test can rely on it.
func TestCompaniesPlantTheirSecrets(t *testing.T) {
	size := Size{Spaces: 2, KeysPerSpace: 2, PersonalTokens: 3, Stacks: 2, TokensPerStack: 3, Projects: 2, TokensPerProject: 3}
	for name, c := range map[string]*Company{"demo": DemoCompany(noon, Options{}), "generated": Generate(size, noon, Options{})} {
		secrets := 0
		walk(reflect.ValueOf(states(c)), "", func(path, text string) {
			planted := ContainsSecret([]byte(text))
			if isSecretField(path) {
				secrets++
				if text != "" && !planted {
					t.Errorf("%s: %s holds a secret that cannot be recognised: %q", name, path, text)
				}
			} else if planted {
				t.Errorf("%s: %s is no secret and looks like one: %q", name, path, text)
			}
		})
		if secrets == 0 {
			t.Errorf("%s: no secrets at all", name)
		}
		for _, credential := range append([]DatoCMSCredential{{"", c.ContentfulToken}, {"", c.ContentstackAuthtoken}}, c.DatoCMSProjects...) {
			if !ContainsSecret([]byte(credential.Token)) {
				t.Errorf("%s: the auditor's credential %q cannot be recognised", name, credential.Token)
			}
		}
	}
}

func isSecretField(path string) bool {
	field := path[strings.LastIndex(path, ".")+1:]
	switch field {
	case "Secret", "PreviewSecret", "ClientSecret", "SigningSecret", "OwnerSecret", "APIKey", "Authtokens", "Password", "BasicPassword",
		"WebhookToken", "AccessToken", "MapsKey", "LegacyAccessToken":
		return true
	}
	return strings.HasSuffix(path, "Headers.Value")
}

// walk visits every text of a value; indices are left out of the path.
func walk(v reflect.Value, path string, visit func(path, text string)) {
	switch v.Kind() {
	case reflect.String:
		visit(path, v.String())
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			walk(v.Elem(), path, visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), path, visit)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			walk(v.MapIndex(key), path, visit)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			walk(v.Field(i), path+"."+v.Type().Field(i).Name, visit)
		}
	}
}

func TestDemoCompanyCanBeRead(t *testing.T) {
	clock := NewManualClock(noon)
	c := DemoCompany(noon, Options{Clock: clock.Now, NoLimits: true})
	token := "Authorization: Bearer " + c.ContentfulToken
	organization := "/organizations/" + c.ContentfulOrganization
	spaces := ask(t, c.Contentful, "GET", organization+"/spaces?limit=100", "", token)
	equal(t, "spaces", spaces.at("total"), 11.0)
	hibernated := 0
	for _, id := range all(spaces.at("items"), "sys", "id") {
		switch a := ask(t, c.Contentful, "GET", "/spaces/"+id.(string)+"/api_keys?limit=100", "", token); a.status {
		case 502:
			hibernated++
		case 200:
			if a.at("total") == 0.0 {
				t.Errorf("space %s has no keys", id)
			}
		default:
			t.Errorf("space %s: status %d", id, a.status)
		}
	}
	equal(t, "hibernated spaces", hibernated, 1)
	equal(t, "tokens of the organization", ask(t, c.Contentful, "GET", organization+"/access_tokens", "", token).at("total"), 81.0)

	authtoken := "authtoken: " + c.ContentstackAuthtoken
	stacks := ask(t, c.Contentstack, "GET", "/v3/stacks", "", authtoken, "organization_uid: "+c.ContentstackOrganization)
	equal(t, "stacks", len(stacks.at("stacks").([]any)), 8)
	denied := 0
	for _, key := range all(stacks.at("stacks"), "api_key") {
		equal(t, "delivery tokens", ask(t, c.Contentstack, "GET", deliveryPath, "", authtoken, "api_key: "+key.(string)).status, 200)
		if ask(t, c.Contentstack, "GET", managementPath, "", authtoken, "api_key: "+key.(string)).status == 401 {
			denied++
		}
	}
	equal(t, "stacks whose management tokens are closed", denied, 1)

	equal(t, "projects", len(c.DatoCMSProjects), 6)
	for _, p := range c.DatoCMSProjects {
		for _, path := range []string{"/site", "/access_tokens", "/roles", "/environments", "/users/me"} {
			a := ask(t, c.DatoCMS, "GET", path, "", "Authorization: Bearer "+p.Token, "X-Api-Version: 3", "Accept: application/json")
			equal(t, p.Name+" "+path, a.status, 200)
		}
	}
}

func TestGenerateMakesWhatIsAsked(t *testing.T) {
	size := Size{Spaces: 30, KeysPerSpace: 4, PersonalTokens: 150, Stacks: 3, TokensPerStack: 6, Projects: 2, TokensPerProject: 5}
	c := Generate(size, noon, Options{NoLimits: true, Clock: NewManualClock(noon).Now})
	token := "Authorization: Bearer " + c.ContentfulToken
	organization := "/organizations/" + c.ContentfulOrganization
	equal(t, "spaces", ask(t, c.Contentful, "GET", organization+"/spaces", "", token).at("total"), 30.0)
	equal(t, "tokens", ask(t, c.Contentful, "GET", organization+"/access_tokens", "", token).at("total"), 150.0)
	equal(t, "keys", ask(t, c.Contentful, "GET", "/spaces/space00007/api_keys", "", token).at("total"), 4.0)
	authtoken := "authtoken: " + c.ContentstackAuthtoken
	stacks := ask(t, c.Contentstack, "GET", "/v3/stacks", "", authtoken, "organization_uid: "+c.ContentstackOrganization)
	key, _ := stacks.at("stacks", 2, "api_key").(string)
	tokens := len(ask(t, c.Contentstack, "GET", deliveryPath, "", authtoken, "api_key: "+key).at("tokens").([]any)) +
		len(ask(t, c.Contentstack, "GET", managementPath, "", authtoken, "api_key: "+key).at("tokens").([]any))
	equal(t, "tokens of a stack", tokens, 6)
	equal(t, "projects", len(c.DatoCMSProjects), 2)
	a := ask(t, c.DatoCMS, "GET", "/access_tokens", "", "Authorization: Bearer "+c.DatoCMSProjects[1].Token, "X-Api-Version: 3", "Accept: application/json")
	equal(t, "tokens of a project", len(a.at("data").([]any)), 5)
}
