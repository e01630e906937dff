package demo

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/cmstest"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/contentful"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/contentstack"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/datocms"
)

// states returns all that a company holds.
func states(c *Company) []any {
	var out []any
	c.Contentful.View(func(s *contentful.State) { out = append(out, *s) })
	c.Contentstack.View(func(s *contentstack.State) { out = append(out, *s) })
	c.DatoCMS.View(func(s *datocms.State) { out = append(out, *s) })
	return out
}

func datoCMSHeader(c DatoCMSCredential) []string {
	return []string{"Authorization: Bearer " + c.Token, "X-Api-Version: 3", "Accept: application/json"}
}

func TestDemoCompanyIsTheSameForTheSameTime(t *testing.T) {
	text := func(now time.Time) string {
		b, err := json.Marshal(states(New(now, emulator.Options{})))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if text(cmstest.Noon()) != text(cmstest.Noon().In(time.FixedZone("x", 3600))) {
		t.Error("two companies for one moment differ")
	}
	if text(cmstest.Noon()) == text(cmstest.Noon().AddDate(0, 0, 1)) {
		t.Error("the company does not move with the time")
	}
}

// Every field that holds a credential holds a planted one, and no other text
// carries the mark: a leak test can rely on it.
func TestCompaniesPlantTheirSecrets(t *testing.T) {
	size := Size{Spaces: 2, KeysPerSpace: 2, PersonalTokens: 3, Stacks: 2, TokensPerStack: 3, Projects: 2, TokensPerProject: 3}
	for name, c := range map[string]*Company{"demo": New(cmstest.Noon(), emulator.Options{}), "generated": Generate(size, cmstest.Noon(), emulator.Options{})} {
		secrets := 0
		walk(reflect.ValueOf(states(c)), "", func(path, text string) {
			planted := emulator.ContainsSecret([]byte(text))
			if isSecretField(path) {
				secrets++
				if text != "" && !planted {
					t.Errorf("%s: %s holds a secret that cannot be recognised: %q", name, path, text)
				}
			} else if planted {
				t.Errorf("%s: %s is not a secret and looks like one: %q", name, path, text)
			}
		})
		if secrets == 0 {
			t.Errorf("%s: no secrets at all", name)
		}
		for _, credential := range append([]DatoCMSCredential{{"", c.ContentfulToken}, {"", c.ContentstackAuthtoken}}, c.DatoCMSProjects...) {
			if !emulator.ContainsSecret([]byte(credential.Token)) {
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
	clock := emulator.NewManualClock(cmstest.Noon())
	c := New(cmstest.Noon(), emulator.Options{Clock: clock.Now, NoLimits: true})
	token := "Authorization: Bearer " + c.ContentfulToken
	organization := "/organizations/" + c.ContentfulOrganization
	spaces := cmstest.Get(t, c.Contentful, organization+"/spaces?limit=100", token)
	cmstest.Equal(t, "spaces", spaces.At("total"), 11.0)
	hibernated := 0
	for _, id := range cmstest.All(spaces.At("items"), "sys", "id") {
		switch a := cmstest.Get(t, c.Contentful, "/spaces/"+id.(string)+"/api_keys?limit=100", token); a.Status {
		case 502:
			hibernated++
		case 200:
			if a.At("total") == 0.0 {
				t.Errorf("space %s has no keys", id)
			}
		default:
			t.Errorf("space %s: status %d", id, a.Status)
		}
	}
	cmstest.Equal(t, "hibernated spaces", hibernated, 1)
	cmstest.Equal(t, "tokens of the organization", cmstest.Get(t, c.Contentful, organization+"/access_tokens", token).At("total"), 81.0)

	authtoken := "authtoken: " + c.ContentstackAuthtoken
	stacks := cmstest.Get(t, c.Contentstack, "/v3/stacks", authtoken, "organization_uid: "+c.ContentstackOrganization)
	cmstest.Equal(t, "stacks", len(stacks.At("stacks").([]any)), 8)
	denied := 0
	for _, key := range cmstest.All(stacks.At("stacks"), "api_key") {
		cmstest.Equal(t, "delivery tokens", cmstest.Get(t, c.Contentstack, "/v3/stacks/delivery_tokens", authtoken, "api_key: "+key.(string)).Status, 200)
		if cmstest.Get(t, c.Contentstack, "/v3/stacks/management_tokens", authtoken, "api_key: "+key.(string)).Status == 401 {
			denied++
		}
	}
	cmstest.Equal(t, "stacks whose management tokens are closed", denied, 1)

	cmstest.Equal(t, "projects", len(c.DatoCMSProjects), 6)
	for _, p := range c.DatoCMSProjects {
		for _, path := range []string{"/site", "/access_tokens", "/roles", "/environments", "/users/me"} {
			a := cmstest.Get(t, c.DatoCMS, path, datoCMSHeader(p)...)
			cmstest.Equal(t, p.Name+" "+path, a.Status, 200)
		}
	}
}

func TestGenerateMakesWhatIsAsked(t *testing.T) {
	size := Size{Spaces: 30, KeysPerSpace: 4, PersonalTokens: 150, Stacks: 3, TokensPerStack: 6, Projects: 2, TokensPerProject: 5}
	c := Generate(size, cmstest.Noon(), emulator.Options{NoLimits: true, Clock: emulator.NewManualClock(cmstest.Noon()).Now})
	token := "Authorization: Bearer " + c.ContentfulToken
	organization := "/organizations/" + c.ContentfulOrganization
	cmstest.Equal(t, "spaces", cmstest.Get(t, c.Contentful, organization+"/spaces", token).At("total"), 30.0)
	cmstest.Equal(t, "tokens", cmstest.Get(t, c.Contentful, organization+"/access_tokens", token).At("total"), 150.0)
	cmstest.Equal(t, "keys", cmstest.Get(t, c.Contentful, "/spaces/space00007/api_keys", token).At("total"), 4.0)
	authtoken := "authtoken: " + c.ContentstackAuthtoken
	stacks := cmstest.Get(t, c.Contentstack, "/v3/stacks", authtoken, "organization_uid: "+c.ContentstackOrganization)
	key, _ := stacks.At("stacks", 2, "api_key").(string)
	tokens := len(cmstest.Get(t, c.Contentstack, "/v3/stacks/delivery_tokens", authtoken, "api_key: "+key).At("tokens").([]any)) +
		len(cmstest.Get(t, c.Contentstack, "/v3/stacks/management_tokens", authtoken, "api_key: "+key).At("tokens").([]any))
	cmstest.Equal(t, "tokens of a stack", tokens, 6)
	cmstest.Equal(t, "projects", len(c.DatoCMSProjects), 2)
	a := cmstest.Get(t, c.DatoCMS, "/access_tokens", datoCMSHeader(c.DatoCMSProjects[1])...)
	cmstest.Equal(t, "tokens of a project", len(a.At("data").([]any)), 5)
}

func TestSecretsAreRecognised(t *testing.T) {
	forms := map[string]emulator.SecretForm{
		"contentful personal": contentful.PersonalForm(), "contentful key": contentful.KeyForm(),
		"contentstack token": contentstack.TokenForm(), "contentstack user": contentstack.UserForm(),
		"datocms token": datocms.TokenForm(), "plain": emulator.PlainSecretForm(),
	}
	for name, form := range forms {
		secret := emulator.Secret(form, "seed")
		if len(secret) != len(form.Prefix)+form.Length {
			t.Errorf("%s: %q has %d characters", name, secret, len(secret))
		}
		if secret != emulator.Secret(form, "seed") || secret == emulator.Secret(form, "other seed") {
			t.Errorf("%s: a secret depends on its seed and on nothing else", name)
		}
		if emulator.ContainsSecret([]byte(secret[len(secret)-4:])) {
			t.Errorf("%s: the last four characters of %q are shown on purpose and look like a leak", name, secret)
		}
		for shift := range 3 {
			text := strings.Repeat("x", shift) + secret + "tail"
			for encoding, leak := range map[string]string{
				"plain": text, "upper": strings.ToUpper(text), "hex": fmt.Sprintf("%x", text),
				"base64": base64.StdEncoding.EncodeToString([]byte(text)),
			} {
				if !emulator.ContainsSecret([]byte(leak)) {
					t.Errorf("%s, %s, shift %d: %q is not recognised", name, encoding, shift, leak)
				}
			}
		}
	}
	if emulator.ContainsSecret([]byte("a report of 312 tokens, fingerprint 5ec2e7e")) {
		t.Error("ordinary text is taken for a secret")
	}
}

// A client that reads slowly must not hold up the others: the state is free
// while an answer is sent.
func TestStateIsFreeWhileAnAnswerIsSent(t *testing.T) {
	c := New(cmstest.Noon(), emulator.Options{})
	for name, tt := range map[string]struct {
		h      http.Handler
		update func()
		path   string
		header []string
	}{
		"Contentful": {
			c.Contentful, func() { c.Contentful.Update(func(*contentful.State) {}) },
			"/organizations/" + c.ContentfulOrganization + "/access_tokens", []string{"Authorization: Bearer " + c.ContentfulToken},
		},
		"Contentstack": {
			c.Contentstack, func() { c.Contentstack.Update(func(*contentstack.State) {}) },
			"/v3/organizations", []string{"authtoken: " + c.ContentstackAuthtoken},
		},
		"DatoCMS": {c.DatoCMS, func() { c.DatoCMS.Update(func(*datocms.State) {}) }, "/access_tokens", datoCMSHeader(c.DatoCMSProjects[0])},
	} {
		t.Run(name, func(t *testing.T) {
			sent := false
			h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				tt.h.ServeHTTP(&updatingWriter{w, func() { tt.update(); sent = true }}, r)
			})
			if a := cmstest.Get(t, h, tt.path, tt.header...); a.Status != http.StatusOK || !sent {
				t.Errorf("status %d, updated while sending: %t", a.Status, sent)
			}
		})
	}
}

// updatingWriter changes the state whenever a part of an answer is sent.
type updatingWriter struct {
	http.ResponseWriter
	update func()
}

func (w *updatingWriter) Write(b []byte) (int, error) {
	w.update()
	return w.ResponseWriter.Write(b)
}

// tokenaudit only reads, so there is nothing to write to: a scan that tried would
// get an error in every test.
func TestEmulatorsAnswerReadsOnly(t *testing.T) {
	cms := New(cmstest.Noon(), emulator.Options{})
	for _, pattern := range slices.Concat(cms.Contentful.Routes(), cms.Contentstack.Routes(), cms.DatoCMS.Routes()) {
		if !strings.HasPrefix(pattern, "GET ") {
			t.Errorf("%s is not a read", pattern)
		}
	}
	cmstest.Equal(t, "a write", cmstest.Ask(t, cms.Contentful, "DELETE", "/users/me", "Authorization: Bearer "+cms.ContentfulToken).Status, 404)
}
