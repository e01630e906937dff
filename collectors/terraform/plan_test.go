package terraform_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	inv "github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
	"github.com/tokenaudit/tokenaudit/collectors/terraform"
)

var update = flag.Bool("update", false, "write the golden files")

func TestRealPlans(t *testing.T) {
	for _, name := range []string{"cysp-create", "labd-create"} {
		t.Run(name, func(t *testing.T) {
			p, err := terraform.Open(t.Context(), filepath.Join("testdata", name+".json"), name)
			if err != nil {
				t.Fatal(err)
			}
			source := p.Source(at)
			tokens(t, source)
			var out bytes.Buffer
			if err := codec.Write(&out, inv.Inventory{Schema: inv.Schema, Tool: inv.Tool{Name: "test", Version: "1"}, Sources: []inv.Source{source}}); err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", name+".golden.json")
			if *update {
				if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), out.String()); diff != "" {
				t.Errorf("(-golden +got):\n%s", diff)
			}
		})
	}
}

func TestActions(t *testing.T) {
	const live, preview = "contentful/spaces/sp1/api_keys/k1", "contentful/spaces/sp1/preview_api_keys/p1"
	const planned, plannedPreview = "terraform/web/contentful_apikey.x", "terraform/web/contentful_apikey.x/preview_api_key"
	recomputed := key("update")
	recomputed.unknown = object{"id": true, "preview_id": true, "version": true}
	delete(recomputed.after, "id")
	delete(recomputed.after, "preview_id")
	gone := key("delete")
	gone.after = nil
	forgotten := key("forget")
	forgotten.after = nil
	for name, c := range map[string]struct {
		change res
		want   []string
		state  inv.Planned
	}{
		"create":                 {key("create"), []string{planned, plannedPreview}, inv.PlannedCreate},
		"update":                 {key("update"), []string{live, preview}, inv.PlannedUpdate},
		"update with a new id":   {recomputed, []string{live, preview}, inv.PlannedUpdate},
		"replace":                {key("delete", "create"), []string{planned, plannedPreview}, inv.PlannedReplace},
		"create before destroy":  {key("create", "delete"), []string{planned, plannedPreview}, inv.PlannedReplace},
		"no-op":                  {key("no-op"), []string{live, preview}, inv.PlannedUnchanged},
		"forgotten, not deleted": {forgotten, []string{live, preview}, inv.PlannedUnchanged},
		"delete":                 {gone, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var ids []string
			for _, token := range read(t, planOf(nil, c.change)).Source(at).Tokens {
				ids = append(ids, token.ID)
				if token.Planned != c.state || token.Address != "contentful_apikey.x" {
					t.Errorf("%s is planned %q at %q", token.ID, token.Planned, token.Address)
				}
				if token.Kind == inv.Preview && token.Twin == "" {
					t.Errorf("%s has no twin", token.ID)
				}
			}
			if diff := cmp.Diff(c.want, ids); diff != "" {
				t.Errorf("ids (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDataSourcesMakeNoTokens(t *testing.T) {
	r := key("read")
	r.mode = "data"
	if s := read(t, planOf(nil, r)).Source(at); len(s.Tokens) != 0 {
		t.Errorf("got %v", s.Tokens)
	}
}

func TestPersonalTokens(t *testing.T) {
	manage := []string{"content_management_manage"}
	for name, c := range map[string]struct {
		after, unknown object
		state          inv.ExpiryState
		at             time.Time
		assumed        bool
	}{
		"never":                  {object{"expires_in": nil, "scopes": manage}, object{"id": true}, inv.ExpiryNever, time.Time{}, true},
		"in 90 days":             {object{"expires_in": 7776000, "scopes": manage}, nil, inv.ExpiryAt, at.AddDate(0, 0, 90), true},
		"decided later":          {object{"scopes": manage}, object{"expires_in": true}, inv.ExpiryUnknown, time.Time{}, true},
		"nonsense":               {object{"expires_in": -1, "scopes": manage}, nil, inv.ExpiryUnknown, time.Time{}, true},
		"so far that it's never": {object{"expires_in": 11 * 365 * 86400, "scopes": manage}, nil, inv.ExpiryNever, at.Add(11 * 365 * 24 * time.Hour), true},
		"reads only":             {object{"expires_in": nil, "scopes": []string{"content_management_read"}}, nil, inv.ExpiryNever, time.Time{}, false},
		"scopes later":           {object{"expires_in": nil}, object{"scopes": true}, inv.ExpiryNever, time.Time{}, true},
		"a part of scopes later": {object{"expires_in": nil, "scopes": []any{nil}}, object{"scopes": []any{true}}, inv.ExpiryNever, time.Time{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			c.after["name"] = "p"
			got := tokens(t, read(t, planOf(nil, pat(c.after, c.unknown))).Source(at))["contentful_personal_access_token.p personal"]
			if got.Expiry.State != c.state || !got.Expiry.At.Equal(c.at) {
				t.Errorf("expiry %+v", got.Expiry)
			}
			if got.Access.Assumed != c.assumed || got.Access.Write != c.assumed {
				t.Errorf("access %+v", got.Access)
			}
		})
	}
}

// Environments of a key: what the plan says, what the configuration leaves out,
// and what is known only later are three things.
func TestEnvironmentsOfKeys(t *testing.T) {
	written := object{"resources": []any{object{
		"address": "contentful_delivery_api_key.k", "mode": "managed", "type": "contentful_delivery_api_key", "name": "k",
		"expressions": object{"environments": object{"references": []string{"var.e"}}},
	}}}
	omitted := object{"resources": []any{object{
		"address": "contentful_delivery_api_key.k", "mode": "managed", "type": "contentful_delivery_api_key", "name": "k", "expressions": object{},
	}}}
	base := func(more object) object {
		o := object{"space_id": "sp1", "name": "k"}
		maps.Copy(o, more)
		return o
	}
	for name, c := range map[string]struct {
		configuration  object
		after, unknown object
		state          inv.ScopeState
		ids            []string
		reason         string
	}{
		"omitted":             {omitted, base(nil), object{"environments": true}, inv.ScopeListed, []string{"master"}, "names no environments; Contentful gives"},
		"written and unknown": {written, base(nil), object{"environments": true}, inv.ScopeUnknown, nil, "only after the change"},
		"no configuration":    {object{}, base(nil), object{"environments": true}, inv.ScopeUnknown, nil, "only after the change"},
		"no such argument":    {omitted, base(nil), nil, inv.ScopeListed, []string{"master"}, "names no environments"},
		"empty":               {written, base(object{"environments": []string{}}), nil, inv.ScopeListed, []string{"master"}, "names no environments"},
		"two":                 {written, base(object{"environments": []string{"b", "a"}}), nil, inv.ScopeListed, []string{"a", "b"}, ""},
		"one later":           {written, base(object{"environments": []any{"a", nil}}), object{"environments": []any{false, true}}, inv.ScopeUnknown, []string{"a"}, "a part of environments"},
		"of a wrong type":     {written, base(object{"environments": 7}), nil, inv.ScopeUnknown, nil, "an undocumented type"},
	} {
		t.Run(name, func(t *testing.T) {
			r := res{address: "contentful_delivery_api_key.k", kind: "contentful_delivery_api_key", name: "k", actions: []string{"create"}, after: c.after, unknown: c.unknown}
			all := tokens(t, read(t, planOf(c.configuration, r)).Source(at))
			for _, kind := range []string{"delivery", "preview"} {
				scope := all["contentful_delivery_api_key.k "+kind].Environments
				var ids []string
				for _, item := range scope.Items {
					ids = append(ids, item.ID)
				}
				if scope.State != c.state || !slices.Equal(ids, c.ids) || !strings.Contains(scope.Reason, c.reason) || c.reason == "" && scope.Reason != "" {
					t.Errorf("%s: %+v", kind, scope)
				}
			}
		})
	}
}

func TestSensitiveNameIsNotShown(t *testing.T) {
	r := key("create")
	r.after["name"], r.sensitive = "SECRET-name", object{"name": true}
	for _, token := range read(t, planOf(nil, r)).Source(at).Tokens {
		if token.Name != "contentful_apikey.x" {
			t.Errorf("the name is %q", token.Name)
		}
	}
}

// What holds secrets in a plan never gets into what Read returns, whatever is
// then printed of it.
func TestSecretsStayInside(t *testing.T) {
	const secret = "CFPAT-PLANTEDplantedPLANTEDplanted"
	r := key("update")
	for _, o := range []object{r.before, r.after} {
		o["access_token"], o["preview_token"], o["token"], o["value"], o["headers"] = secret, secret, secret, secret, object{"Authorization": secret}
	}
	webhook := res{address: "contentful_webhook.w", kind: "contentful_webhook", name: "w", actions: []string{"create"}, after: object{"headers": object{"Authorization": secret}}}
	var doc object
	if err := json.Unmarshal(planOf(object{
		"variables": object{"t": object{"default": secret}, secret: object{"default": secret}},
		"outputs":   object{"o": object{"expression": object{"constant_value": secret}}},
		"resources": []any{object{
			"address": "contentful_webhook.w", "mode": "managed", "type": "contentful_webhook", "name": "w",
			"expressions": object{"headers": object{"constant_value": object{"Authorization": secret, secret: secret}}},
		}},
	}, r, webhook), &doc); err != nil {
		t.Fatal(err)
	}
	doc["variables"] = object{"t": object{"value": secret}}
	doc["prior_state"] = object{"values": secret}
	doc["planned_values"] = object{"root_module": object{"resources": []any{secret}}}
	doc["output_changes"] = secret
	doc["configuration"].(object)["provider_config"] = object{"contentful": object{
		"name": "contentful", "expressions": object{"cma_token": object{"constant_value": secret}},
	}}
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	p := read(t, text)
	before, after := terraform.Overlay(nil, at, p)
	dump := fmt.Sprintf("%#v %#v", before, after) + deep(t, before, after)
	for _, part := range []string{secret, "PLANTED", "planted", "SECRET"} {
		if strings.Contains(dump, part) {
			i := strings.Index(dump, part)
			t.Fatalf("%q is in what the plan gives: …%s", part, dump[max(0, i-200):i])
		}
	}
	if len(after[0].Literals) != 6 {
		t.Errorf("literals: %+v", after[0].Literals)
	}
}

func TestWhatIsNoPlan(t *testing.T) {
	twice := planOf(nil, key("no-op"), key("no-op"))
	odd := key("explode")
	missing := key("update")
	missing.after = nil
	for name, c := range map[string]struct{ text, want string }{
		"empty":            {"", "the file is empty"},
		"binary":           {"PK\x03\x04rest", "terraform show -json"},
		"not JSON":         {"{\n\n oops", "line 3: this is not JSON"},
		"an array":         {"[]", "a key has an unexpected type"},
		"a state":          {`{"format_version":"1.0","values":{}}`, "this is a state"},
		"the log":          {`{"@level":"info"}` + "\n" + `{"@level":"info"}`, "the log of `plan -json`"},
		"no version":       {"{}", "no format_version"},
		"a newer version":  {`{"format_version":"2.0"}`, `format version 2.0 is not supported`},
		"a version of odd": {`{"format_version":"x"}`, `format version is not supported`},
		"too deep":         {`{"a":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}`, "nested more than 256 levels deep"},
		"twice":            {string(twice), `"contentful_apikey.x" occurs twice`},
		"an odd action":    {string(planOf(nil, odd)), `"contentful_apikey.x": unknown action`},
		"nothing after":    {string(planOf(nil, missing)), "values that go with the action are missing"},
		"odd changes":      {`{"format_version":"1.2","resource_changes":[7]}`, "an element of resource_changes"},
		"a member twice":   {"{\"format_version\":\"1.2\",\n\"resource_changes\":[{}],\"resource_changes\":[]}", "line 2: an object has a duplicate key"},
		"twice in depth":   {string(planOf(nil, key("create")))[:len(planOf(nil, key("create")))-1] + `,"x":{"a":{"b":1,"\u0062":2}}}`, "an object has a duplicate key"},
		"in other letters": {`{"format_version":"1.2","resource_changes":[],"Resource_Changes":[]}`, "the key resource_changes is not spelled"},
		"in a change":      {`{"format_version":"1.2","resource_changes":[{"address":"a","type":"contentful_apikey","Type":"null_resource"}]}`, "the key type is not spelled"},
		"in its actions":   {`{"format_version":"1.2","resource_changes":[{"address":"a","type":"contentful_apikey","change":{"actions":["create"],"ACTIONS":["no-op"]}}]}`, "the key actions is not spelled"},
		"odd expressions":  {`{"format_version":"1.2","configuration":{"root_module":{"resources":7}}}`, "has an unexpected shape"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := terraform.Read(strings.NewReader(c.text), "web")
			var format *terraform.FormatError
			if !errors.As(err, &format) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestPartsOfAPlan(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want map[string]inv.UnitStatus
	}{
		"whole":            {`{"format_version":"1.2","complete":true,"configuration":{"root_module":{}}}`, map[string]inv.UnitStatus{"plan": "complete", "configuration": "complete"}},
		"ended early":      {`{"format_version":"1.2","errored":true,"configuration":{"root_module":{}}}`, map[string]inv.UnitStatus{"plan": "partial", "configuration": "complete"}},
		"targeted":         {`{"format_version":"1.2","complete":false,"configuration":{"root_module":{}}}`, map[string]inv.UnitStatus{"plan": "partial", "configuration": "complete"}},
		"deferred":         {`{"format_version":"1.2","deferred_changes":[{}],"configuration":{"root_module":{}}}`, map[string]inv.UnitStatus{"plan": "partial", "configuration": "complete"}},
		"no configuration": {`{"format_version":"1.2"}`, map[string]inv.UnitStatus{"plan": "complete", "configuration": "failed"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := map[string]inv.UnitStatus{}
			for _, u := range read(t, []byte(c.text)).Source(at).Units {
				got[u.Name] = u.Status
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A credential that is a constant in the configuration is there, whatever else the
// plan lacks.
func TestLiteralsOfAnIncompletePlan(t *testing.T) {
	provider := `"provider_config":{"contentful":{"name":"contentful","expressions":{"cma_token":{"constant_value":"x"}}}}`
	for name, text := range map[string]string{
		"ended early":    `{"format_version":"1.2","errored":true,"configuration":{"root_module":{},` + provider + `}}`,
		"targeted":       `{"format_version":"1.2","complete":false,"configuration":{"root_module":{},` + provider + `}}`,
		"deferred":       `{"format_version":"1.2","deferred_changes":[{}],"configuration":{"root_module":{},` + provider + `}}`,
		"no root module": `{"format_version":"1.2","configuration":{` + provider + `}}`,
	} {
		s := read(t, []byte(text)).Source(at)
		if diff := cmp.Diff([]literal{{"provider.contentful", "cma_token", inv.LiteralProvider, "contentful", 0}}, literalsOf(s)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if !slices.ContainsFunc(s.Units, func(u inv.Unit) bool { return u.Status != inv.UnitComplete }) {
			t.Errorf("%s: the plan looks complete: %+v", name, s.Units)
		}
	}
}

// Whatever a plan holds, it gives a consistent source or one clear error.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"testdata/cysp-create.json", "testdata/labd-create.json"} {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add(planOf(nil, key("create", "delete"), pat(object{"name": "p", "scopes": []any{nil}}, object{"scopes": []any{true}})))
	f.Add(planOf(object{"module_calls": object{"a": object{"module": object{}}}}, res{
		address: `module.a["x.y"].datocms_access_token.t[0]`, module: `module.a["x.y"]`, kind: "datocms_access_token", name: "t",
		actions: []string{"create"}, after: object{"name": "t"}, unknown: object{"role_id": true},
	}))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := terraform.Read(bytes.NewReader(text), "web")
		if err != nil {
			if _, ok := errors.AsType[*terraform.FormatError](err); !ok {
				t.Fatalf("no FormatError: %v", err)
			}
			return
		}
		before, after := terraform.Overlay(nil, at, p)
		for _, s := range slices.Concat(before, after) {
			if err := s.Check(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
