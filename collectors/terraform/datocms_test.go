package terraform_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/datocms"
	inv "github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// roleOf is a datocms_role as its provider plans it: flags false, lists empty.
func roleOf(address, module, name string, more object) res {
	o := object{"name": "Editor", "environments_access": "all", "inherits_permissions_from": nil}
	for _, permission := range datocms.Permissions() {
		switch {
		case strings.HasSuffix(permission, "_permissions"):
			o[permission] = []any{}
		case strings.HasPrefix(permission, "can_"):
			o[permission] = false
		}
	}
	maps.Copy(o, more)
	return res{address: address, module: module, kind: "datocms_role", name: name, actions: []string{"create"}, after: o, unknown: object{"id": true}}
}

func tokenOf(address, module, name string, after, unknown object) res {
	o := object{"name": "t", "can_access_cda": true, "can_access_cda_preview": false, "can_access_cma": true}
	maps.Copy(o, after)
	return res{address: address, module: module, kind: "datocms_access_token", name: name, actions: []string{"create"}, after: o, unknown: unknown}
}

// refersTo is a configuration in which a token's role is a reference.
func refersTo(references ...string) object {
	return object{"resources": []any{object{
		"address": "datocms_access_token.t", "mode": "managed", "type": "datocms_access_token", "name": "t",
		"expressions": object{"role_id": object{"references": references}},
	}}}
}

func TestDatoCMSRoles(t *testing.T) {
	later := object{"role_id": true, "id": true}
	read, write := roleOf("datocms_role.r", "", "r", object{"can_access_audit_log": true}), roleOf("datocms_role.r", "", "r", object{"can_edit_schema": true})
	admin := roleOf("datocms_role.r", "", "r", object{"can_manage_access_tokens": true})
	heir := roleOf("datocms_role.r", "", "r", object{"inherits_permissions_from": []string{"7"}})
	blank := roleOf("datocms_role.r", "", "r", object{"can_edit_site": nil})
	content := roleOf("datocms_role.r", "", "r", object{"positive_item_type_permissions": []any{object{"action": "create", "environment": "main"}}})
	one := refersTo("datocms_role.r.id", "datocms_role.r")
	plain := tokenOf("datocms_access_token.t", "", "t", nil, later)
	for name, c := range map[string]struct {
		configuration object
		token         res
		roles         []res
		level         inv.Level
		assumed       bool
		kind          inv.Kind
	}{
		"reads":                      {one, plain, []res{read}, inv.LevelRead, false, inv.Management},
		"changes the schema":         {one, plain, []res{write}, inv.LevelSchema, false, inv.Management},
		"manages tokens":             {one, plain, []res{admin}, inv.LevelAdmin, false, inv.Management},
		"writes where, is not known": {one, plain, []res{content}, inv.LevelUnknown, true, inv.Management},
		"inherits":                   {one, plain, []res{heir}, inv.LevelUnknown, true, inv.Management},
		"a flag is null":             {one, plain, []res{blank}, inv.LevelUnknown, true, inv.Management},
		"no role in the plan":        {one, plain, nil, inv.LevelUnknown, true, inv.Management},
		"delivery only":              {one, tokenOf("datocms_access_token.t", "", "t", object{"can_access_cma": false}, later), []res{admin}, inv.LevelNone, false, inv.Delivery},
		"role by id":                 {nil, tokenOf("datocms_access_token.t", "", "t", object{"role_id": "99"}, object{"id": true}), nil, inv.LevelUnknown, true, inv.Management},
	} {
		t.Run(name, func(t *testing.T) {
			got := tokens(t, readPlan(t, c.configuration, append(c.roles, c.token)...))["datocms_access_token.t "+string(c.kind)]
			if got.Access.Assumed != c.assumed || got.Kind != c.kind || got.Expiry.State != inv.ExpiryNever || got.Expiry.Supported {
				t.Errorf("got %+v of kind %q", got.Access, got.Kind)
			}
			if c.kind == inv.Management && got.Access.Level != c.level {
				t.Errorf("level %s, want %s", got.Access.Level, c.level)
			}
			if c.kind == inv.Delivery && got.Access.Write {
				t.Error("a token of the delivery API cannot write")
			}
		})
	}
}

func readPlan(t *testing.T, configuration object, list ...res) inv.Source {
	t.Helper()
	return read(t, planOf(configuration, list...)).Source(at)
}

// Of several instances of a role the token has the one with its own key, within
// its own instance of the module.
func TestDatoCMSRoleOfAnInstance(t *testing.T) {
	later := object{"role_id": true, "id": true}
	configuration := object{"module_calls": object{"m": object{"module": refersTo("datocms_role.r", "each.key")}}}
	s := readPlan(t, configuration,
		roleOf(`module.m["x.1"].datocms_role.r["a"]`, `module.m["x.1"]`, "r", object{"can_edit_site": true}),
		roleOf(`module.m["x.1"].datocms_role.r["b"]`, `module.m["x.1"]`, "r", object{"can_edit_favicon": true}),
		roleOf(`module.m["y"].datocms_role.r["a"]`, `module.m["y"]`, "r", object{"can_access_audit_log": true}),
		tokenOf(`module.m["x.1"].datocms_access_token.t["a"]`, `module.m["x.1"]`, "t", nil, later),
		tokenOf(`module.m["x.1"].datocms_access_token.t["b"]`, `module.m["x.1"]`, "t", nil, later),
		tokenOf(`module.m["y"].datocms_access_token.t["a"]`, `module.m["y"]`, "t", nil, later),
	)
	all := tokens(t, s)
	for address, want := range map[string]inv.Level{
		`module.m["x.1"].datocms_access_token.t["a"]`: inv.LevelAdmin,
		`module.m["x.1"].datocms_access_token.t["b"]`: inv.LevelWrite,
		`module.m["y"].datocms_access_token.t["a"]`:   inv.LevelRead,
	} {
		if got := all[address+" management"].Access.Level; got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

// A role may come into a module as a variable.
func TestDatoCMSRoleThroughAVariable(t *testing.T) {
	configuration := object{"module_calls": object{"m": object{
		"expressions": object{"role": object{"references": []string{"datocms_role.r.id", "datocms_role.r"}}},
		"module":      refersTo("var.role"),
	}}}
	all := tokens(t, readPlan(t, configuration, roleOf("datocms_role.r", "", "r", object{"can_edit_schema": true}),
		tokenOf("module.m.datocms_access_token.t", "module.m", "t", nil, object{"role_id": true})))
	if got := all["module.m.datocms_access_token.t management"].Access.Level; got != inv.LevelSchema {
		t.Errorf("level %s", got)
	}
}
