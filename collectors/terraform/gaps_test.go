package terraform_test

import (
	"maps"
	"strings"
	"testing"

	inv "github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// unitOf finds a unit; the zero one is of a unit that is not there.
func unitOf(s inv.Source, name string) inv.Unit {
	for _, u := range s.Units {
		if u.Name == name {
			return u
		}
	}
	return inv.Unit{}
}

// TestUnknownTypes: resources that may be tokens and are not known are a gap.
func TestUnknownTypes(t *testing.T) {
	t.Parallel()
	of := func(kind, mode string, actions ...string) res {
		r := res{address: kind + ".t", kind: kind, name: "t", mode: mode, actions: actions, before: object{}, after: object{"name": "x"}}
		if actions[0] == "delete" {
			r.after = nil
		}
		return r
	}
	for name, test := range map[string]struct {
		change res
		gap    bool
	}{
		"a token of Contentstack":   {of("contentstack_management_token", "", "create"), true},
		"an API key":                {of("contentful_preview_api_key", "", "no-op"), true},
		"one that is replaced":      {of("strapi_api_token", "", "delete", "create"), true},
		"one that is deleted":       {of("strapi_api_token", "", "delete"), false},
		"one that is only read":     {of("contentful_preview_api_key", "data", "read"), false},
		"another resource of a CMS": {of("contentful_webhook", "", "create"), false},
		"a token of something else": {of("github_actions_token", "", "create"), false},
	} {
		u := unitOf(read(t, planOf(nil, test.change)).Source(at), "resource_types")
		if got := u.Status == inv.UnitPartial && strings.Contains(u.Detail, test.change.kind) && len(u.Kinds) > 0; got != test.gap {
			t.Errorf("%s: %+v", name, u)
		}
	}
}

// TestMissingChanges: a resource that the configuration declares is in the changes of
// every plan of the whole of it.
func TestMissingChanges(t *testing.T) {
	t.Parallel()
	declares := func(more object) object {
		r := object{"address": "contentful_apikey.x", "mode": "managed", "type": "contentful_apikey", "name": "x"}
		maps.Copy(r, more)
		return object{"resources": []any{r}}
	}
	within := func(module, call object) object {
		c := object{"source": "./m", "module": module}
		maps.Copy(c, call)
		return object{"module_calls": object{"m": c}}
	}
	counted := object{"count_expression": object{"references": []string{"var.n"}}}
	each := object{"for_each_expression": object{"references": []string{"var.n"}}}
	below := key("create")
	below.address, below.module = `module.m["a.b"].contentful_apikey.x`, `module.m["a.b"]`
	for name, test := range map[string]struct {
		configuration object
		changes       []res
		missing       string
	}{
		"there":                        {declares(nil), []res{key("create")}, ""},
		"gone":                         {declares(nil), nil, "contentful_apikey.x"},
		"counted":                      {declares(counted), nil, ""},
		"for each":                     {declares(each), nil, ""},
		"a data source":                {declares(object{"mode": "data"}), nil, ""},
		"of another type":              {declares(object{"type": "contentful_webhook"}), nil, ""},
		"in a module":                  {within(declares(nil), nil), nil, "module.m.contentful_apikey.x"},
		"in a module, there":           {within(declares(nil), nil), []res{below}, ""},
		"in a module that is counted":  {within(declares(nil), counted), nil, ""},
		"in another module than there": {declares(nil), []res{below}, "contentful_apikey.x"},
	} {
		u := unitOf(read(t, planOf(test.configuration, test.changes...)).Source(at), "plan")
		if got := u.Status == inv.UnitPartial && strings.Contains(u.Detail, "declares "+test.missing+","); got != (test.missing != "") {
			t.Errorf("%s: %+v", name, u)
		}
	}
}

// TestUnknownAsAWhole: what is known later is not absent, and a lifetime that is no
// number is not a date.
func TestUnknownAsAWhole(t *testing.T) {
	t.Parallel()
	raw := strings.Replace(string(planOf(nil, pat(object{}, object{"x": true}))), `"after_unknown":{"x":true}`, `"after_unknown":true`, 1)
	for _, token := range tokens(t, read(t, []byte(raw)).Source(at)) {
		if token.Expiry.State != inv.ExpiryUnknown || !token.Access.Assumed {
			t.Errorf("expires %+v, may %+v", token.Expiry, token.Access)
		}
	}
	for _, in := range []any{"NaN", "Inf", "-Inf"} {
		for _, token := range tokens(t, read(t, planOf(nil, pat(object{"name": "p", "scopes": []string{"content_management_manage"}, "expires_in": in}, nil))).Source(at)) {
			if token.Expiry.State != inv.ExpiryUnknown {
				t.Errorf("%v: expires %+v", in, token.Expiry)
			}
		}
	}
	longer := key("create")
	longer.unknown["environments"] = []any{false, true}
	for _, token := range tokens(t, read(t, planOf(nil, longer)).Source(at)) {
		if token.Environments.State != inv.ScopeUnknown {
			t.Errorf("opens %+v", token.Environments)
		}
	}
}
