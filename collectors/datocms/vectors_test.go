package datocms

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// TestVectors are the 14 roles whose levels are agreed, for a token that may
// use the management API, and what else each role opens.
func TestVectors(t *testing.T) {
	tests := []struct {
		name     string
		final    map[string]any
		level    inventory.Level
		readable string
	}{
		{"1 Editor of 2022", editor(), inventory.LevelWrite, "main"},
		{"2 Admin", admin(), inventory.LevelAdmin, "main"},
		{"3 reads main", withItems(entries(item("read", "main", nil)), nil), inventory.LevelRead, "main"},
		{"4 everything allowed and denied", withItems(entries(item("all", "main", nil)), entries(item("all", "main", nil))), inventory.LevelNone, ""},
		{"5 not delete and publish", withItems(entries(item("all", "main", nil)), entries(item("delete", "main", nil), item("publish", "main", nil))), inventory.LevelWrite, "main"},
		{"6 environment that is gone", withItems(entries(item("all", "old", nil)), nil), inventory.LevelNone, ""},
		{"7 no environment", func() map[string]any {
			p := withItems(entries(item("all", "main", nil)), nil)
			p["environments_access"] = "none"
			return p
		}(), inventory.LevelNone, ""},
		{"8 sandboxes only, entries for the primary", func() map[string]any {
			p := withItems(entries(item("all", "main", nil)), nil)
			p["environments_access"] = "sandbox_only"
			return p
		}(), inventory.LevelNone, ""},
		{"9 reads logs and searches", permissionsOf(map[string]any{"can_access_audit_log": true, "can_perform_site_search": true}), inventory.LevelRead, ""},
		{"11 fires build triggers", permissionsOf(map[string]any{"positive_build_trigger_permissions": entries(map[string]any{"build_trigger": nil})}), inventory.LevelTrigger, ""},
		{"12 creates uploads", permissionsOf(map[string]any{"positive_upload_permissions": entries(upload("create", "main", nil))}), inventory.LevelWrite, ""},
		{"13 another model is denied", withItems(
			entries(item("update", "main", map[string]any{"item_type": "A"})), entries(item("update", "main", map[string]any{"item_type": "B"}))), inventory.LevelWrite, ""},
		{"14 the own records are denied", withItems(
			entries(item("update", "main", nil)), entries(item("update", "main", map[string]any{"on_creator": "self"}))), inventory.LevelWrite, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { checkLevel(t, roleOf(t, "1", tt.final), twoEnvironments(), tt.level, tt.readable) })
	}
	t.Run("10 inherits everything", func(t *testing.T) {
		// The attributes of the role are empty; what it inherits stands in
		// final_permissions only.
		attributes := permissionsOf(map[string]any{"name": "Heir", "environments_access": "none"})
		heir := viewRole(decode[role](t, map[string]any{
			"id": "1", "attributes": attributes, "meta": map[string]any{"final_permissions": editor()},
		}))
		checkLevel(t, heir, twoEnvironments(), inventory.LevelWrite, "main")
	})
}

func checkLevel(t *testing.T, v roleView, envs environments, want inventory.Level, readable string) {
	t.Helper()
	if v.reason != "" {
		t.Fatalf("the role cannot be read: %s", v.reason)
	}
	if got := v.level(envs); got != want {
		t.Errorf("level is %s, want %s", got, want)
	}
	if got := ids(v.rights.readable(envs)); got != readable {
		t.Errorf("readable environments %q, want %q", got, readable)
	}
}

func ids(s inventory.Scope) string {
	var all []string
	for _, i := range s.Items {
		all = append(all, i.ID)
	}
	return strings.Join(all, " ")
}

// TestFlags: each of the 20 flags alone.
func TestFlags(t *testing.T) {
	want := map[string]inventory.Level{
		"can_edit_favicon": inventory.LevelWrite, "can_edit_site": inventory.LevelAdmin, "can_edit_schema": inventory.LevelSchema,
		"can_manage_menu": inventory.LevelWrite, "can_edit_environment": inventory.LevelWrite,
		"can_promote_environments": inventory.LevelAdmin, "can_manage_environments": inventory.LevelAdmin,
		"can_manage_users": inventory.LevelAdmin, "can_manage_shared_filters": inventory.LevelWrite,
		"can_manage_upload_collections": inventory.LevelWrite, "can_manage_build_triggers": inventory.LevelAdmin,
		"can_manage_search_indexes": inventory.LevelWrite, "can_manage_webhooks": inventory.LevelAdmin,
		"can_manage_sso": inventory.LevelAdmin, "can_manage_workflows": inventory.LevelWrite,
		"can_manage_access_tokens": inventory.LevelAdmin, "can_access_audit_log": inventory.LevelRead,
		"can_perform_site_search": inventory.LevelRead, "can_access_build_events_log": inventory.LevelRead,
		"can_access_search_index_events_log": inventory.LevelRead,
	}
	if len(want) != len(roleFlags()) {
		t.Fatalf("%d flags, want %d", len(roleFlags()), len(want))
	}
	// Flags of environments are worth nothing to a role that may enter none.
	inside := map[string]bool{
		"can_edit_favicon": true, "can_edit_schema": true, "can_manage_menu": true, "can_edit_environment": true,
		"can_manage_shared_filters": true, "can_manage_upload_collections": true, "can_manage_workflows": true,
	}
	for name, level := range want {
		for access, effective := range map[string]bool{"all": true, "none": !inside[name]} {
			expected := level
			if !effective {
				expected = inventory.LevelNone
			}
			v := roleOf(t, "1", permissionsOf(map[string]any{name: true, "environments_access": access}))
			if got := v.level(twoEnvironments()); got != expected {
				t.Errorf("%s with %s: level is %s, want %s", name, access, got, expected)
			}
		}
	}
}

// TestActions: every action but read changes something, also one that DatoCMS
// will add later.
func TestActions(t *testing.T) {
	for _, action := range append(itemActions(), "translate") {
		want := inventory.LevelWrite
		if action == "read" {
			want = inventory.LevelRead
		}
		v := roleOf(t, "1", withItems(entries(item(action, "main", nil)), nil))
		if got := v.level(twoEnvironments()); got != want {
			t.Errorf("item %s: %s", action, got)
		}
	}
	for _, action := range append(uploadActions(), "transcode") {
		want := inventory.LevelWrite
		if action == "read" {
			want = inventory.LevelRead
		}
		v := roleOf(t, "1", permissionsOf(map[string]any{"positive_upload_permissions": entries(upload(action, "main", nil))}))
		if got := v.level(twoEnvironments()); got != want {
			t.Errorf("upload %s: %s", action, got)
		}
	}
}

// TestCovering: one negative entry takes an action away only if nothing
// narrows it that does not narrow the positive one in the same way.
func TestCovering(t *testing.T) {
	type change = map[string]any
	tests := []struct {
		name               string
		positive, negative map[string]any
		covered            bool
	}{
		{"the same", item("update", "main", nil), item("update", "main", nil), true},
		{"all actions", item("update", "main", nil), item("all", "main", nil), true},
		{"another action", item("update", "main", nil), item("delete", "main", nil), false},
		{"another environment", item("update", "main", nil), item("update", "next", nil), false},
		{"absent restrictors", item("update", "main", change{"item_type": "A"}), change{"action": "update", "environment": "main"}, true},
		{"the same model", item("update", "main", change{"item_type": "A"}), item("update", "main", change{"item_type": "A"}), true},
		{"one model of all", item("update", "main", nil), item("update", "main", change{"item_type": "A"}), false},
		{"number for a string", item("update", "main", change{"item_type": "7"}), item("update", "main", change{"item_type": 7}), true},
		{"workflow", item("update", "main", nil), item("update", "main", change{"workflow": "w"}), false},
		{"stage", item("move_to_stage", "main", change{"on_stage": "a"}), item("move_to_stage", "main", change{"on_stage": "b"}), false},
		{"target stage", item("move_to_stage", "main", nil), item("move_to_stage", "main", change{"to_stage": "b"}), false},
		{"creator", item("update", "main", change{"on_creator": "self"}), item("update", "main", change{"on_creator": "self"}), true},
		{"creator anyone", item("update", "main", change{"on_creator": "role"}), item("update", "main", nil), true},
		{"localised content", item("update", "main", nil), item("update", "main", change{"localization_scope": "localized"}), false},
		{"locale", item("update", "main", change{"localization_scope": "localized"}), item("update", "main", change{"localization_scope": "localized", "locale": "it"}), false},
		{"a restrictor nobody understands", item("update", "main", nil), item("update", "main", change{"item_type": []any{}}), false},
		{"a restrictor nobody documented", item("update", "main", nil), item("update", "main", change{"folder": "9"}), false},
		{"one that restricts nothing", item("update", "main", nil), item("update", "main", change{"folder": nil}), true},
		{"a model called all", item("update", "main", nil), item("update", "main", change{"item_type": "all"}), false},
	}
	for _, tt := range tests {
		v := roleOf(t, "1", withItems(entries(tt.positive), entries(tt.negative)))
		if got := len(v.rights.items) == 0; got != tt.covered {
			t.Errorf("%s: covered is %t", tt.name, got)
		}
	}
	for _, key := range []string{"upload_collection", "move_to_upload_collection"} {
		v := roleOf(t, "1", permissionsOf(map[string]any{
			"positive_upload_permissions": entries(upload("move", "main", nil)),
			"negative_upload_permissions": entries(upload("move", "main", change{key: "9"})),
		}))
		if len(v.rights.uploads) != 1 {
			t.Errorf("an exception for one %s took everything away", key)
		}
	}
}

func TestTriggers(t *testing.T) {
	for _, kind := range []string{"build_trigger", "search_index"} {
		one := func(id any) map[string]any { return map[string]any{kind: id} }
		for name, tt := range map[string]struct {
			positive, negative []any
			want               inventory.Level
		}{
			"none":                    {nil, nil, inventory.LevelNone},
			"every":                   {entries(one(nil)), nil, inventory.LevelTrigger},
			"one":                     {entries(one("1")), nil, inventory.LevelTrigger},
			"one, the other denied":   {entries(one("1")), entries(one("2")), inventory.LevelTrigger},
			"every, one denied":       {entries(one(nil)), entries(one("1")), inventory.LevelTrigger},
			"one, and denied":         {entries(one("1")), entries(one("1")), inventory.LevelNone},
			"every, every denied":     {entries(one(nil)), entries(one(nil)), inventory.LevelNone},
			"one, every denied":       {entries(one("1")), entries(one(nil)), inventory.LevelNone},
			"every denied, somewhere": {entries(one("1")), entries(map[string]any{kind: nil, "environment": "x"}), inventory.LevelTrigger},
			"one, something not told": {entries(one("1")), entries(map[string]any{}), inventory.LevelTrigger},
		} {
			v := roleOf(t, "1", permissionsOf(map[string]any{
				"positive_" + kind + "_permissions": append([]any{}, tt.positive...),
				"negative_" + kind + "_permissions": append([]any{}, tt.negative...),
				"environments_access":               "none",
			}))
			if got := v.level(twoEnvironments()); got != tt.want {
				t.Errorf("%s, %s: %s, want %s", kind, name, got, tt.want)
			}
		}
	}
}

// TestUnreadableRoles: what is not understood must not count as not allowed.
func TestUnreadableRoles(t *testing.T) {
	for name, f := range map[string]any{
		"no permissions":            nil,
		"permissions are a list":    []any{},
		"empty":                     map[string]any{},
		"flag is null":              permissionsOf(map[string]any{"can_edit_schema": nil}),
		"flag is text":              permissionsOf(map[string]any{"can_edit_schema": "no"}),
		"recent flag is null":       permissionsOf(map[string]any{"can_manage_search_indexes": nil}),
		"access is null":            permissionsOf(map[string]any{"environments_access": nil}),
		"access is a new word":      permissionsOf(map[string]any{"environments_access": "some"}),
		"list is null":              permissionsOf(map[string]any{"positive_item_type_permissions": nil}),
		"list is an object":         permissionsOf(map[string]any{"negative_upload_permissions": map[string]any{}}),
		"entry is text":             withItems(entries("all"), nil),
		"entry without action":      withItems(entries(map[string]any{"environment": "main"}), nil),
		"entry without environment": withItems(entries(map[string]any{"action": "all"}), nil),
		"trigger is a number":       permissionsOf(map[string]any{"positive_build_trigger_permissions": entries(7)}),
	} {
		v := roleOf(t, "1", f)
		if v.reason == "" || v.level(twoEnvironments()) != inventory.LevelUnknown {
			t.Errorf("%s: read as %+v", name, v.rights)
		}
	}
	var many []any
	for i := range 2000 {
		many = append(many, item("all", "main", map[string]any{"item_type": fmt.Sprint(i)}))
	}
	if v := roleOf(t, "1", withItems(many, many)); !strings.Contains(v.reason, "too many to compare") {
		t.Errorf("2000 permissions and 2000 exceptions: %q", v.reason)
	}
}

// A permission that nobody documented and that grants something may write, unless
// what is documented does so already.
func TestUndocumentedPermissions(t *testing.T) {
	for name, tt := range map[string]struct {
		final   map[string]any
		assumed bool
		level   inventory.Level
	}{
		"a flag that is set":           {permissionsOf(map[string]any{"can_perform_site_search": true, "can_conjure": true}), true, inventory.LevelUnknown},
		"a list with an entry":         {permissionsOf(map[string]any{"positive_spell_permissions": entries(map[string]any{"spell": nil})}), true, inventory.LevelUnknown},
		"a word":                       {permissionsOf(map[string]any{"spells_access": "all"}), true, inventory.LevelUnknown},
		"a flag that is not set":       {permissionsOf(map[string]any{"can_perform_site_search": true, "can_conjure": false}), false, inventory.LevelRead},
		"an empty list":                {permissionsOf(map[string]any{"can_perform_site_search": true, "positive_spell_permissions": entries()}), false, inventory.LevelRead},
		"a list of exceptions":         {permissionsOf(map[string]any{"can_perform_site_search": true, "negative_spell_permissions": entries(1)}), false, inventory.LevelRead},
		"one besides a right to write": {permissionsOf(map[string]any{"can_edit_schema": true, "can_conjure": true}), false, inventory.LevelSchema},
	} {
		access := project{envs: twoEnvironments()}.managementAccess(roleOf(t, "1", tt.final), nil)
		if access.Assumed != tt.assumed || access.Level != tt.level {
			t.Errorf("%s: %+v", name, access)
		}
	}
}

// TestOldServers: members that DatoCMS added later may be missing.
func TestOldServers(t *testing.T) {
	p := editor()
	for _, added := range []string{
		"can_manage_upload_collections", "can_manage_search_indexes", "can_access_search_index_events_log",
		"positive_search_index_permissions", "negative_search_index_permissions",
	} {
		delete(p, added)
	}
	checkLevel(t, roleOf(t, "1", p), twoEnvironments(), inventory.LevelWrite, "main")
}

// TestReach: which environments a role opens for reading, and how much of its
// level is certain, where the list of environments has gaps.
func TestReach(t *testing.T) {
	both := withItems(entries(item("all", "main", nil), item("read", "next", nil), item("all", "gone", nil)), nil)
	role := func(access string) roleView {
		p := maps.Clone(both)
		p["environments_access"] = access
		return roleOf(t, "1", p)
	}
	unlisted := environments{reason: "the environments could not be read"}
	partly := environments{list: twoEnvironments().list, reason: "an environment has no id"}
	unmarked := environments{list: []inventory.Environment{{ID: "main", Primary: inventory.Unknown}, {ID: "next", Primary: inventory.Unknown}}}
	tests := []struct {
		name      string
		access    string
		envs      environments
		state     inventory.ScopeState
		readable  string
		effective int
		level     inventory.Level
	}{
		{"all", "all", twoEnvironments(), inventory.ScopeAll, "main next", 2, inventory.LevelWrite},
		{"primary", "primary_only", twoEnvironments(), inventory.ScopeListed, "main", 1, inventory.LevelWrite},
		{"sandboxes", "sandbox_only", twoEnvironments(), inventory.ScopeListed, "next", 1, inventory.LevelRead},
		{"none", "none", twoEnvironments(), inventory.ScopeListed, "", 0, inventory.LevelNone},
		{"all of a list with gaps", "all", unlisted, inventory.ScopeUnknown, "gone main next", 0, inventory.LevelUnknown},
		{"all of a list that may have more", "all", partly, inventory.ScopeUnknown, "gone main next", 0, inventory.LevelWrite},
		{"none of a list with gaps", "none", unlisted, inventory.ScopeListed, "", 0, inventory.LevelNone},
		{"primary, and nobody knows which", "primary_only", unmarked, inventory.ScopeUnknown, "main next", 0, inventory.LevelUnknown},
		{"all, and nobody knows which is primary", "all", unmarked, inventory.ScopeAll, "main next", 2, inventory.LevelWrite},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := role(tt.access)
			got := v.rights.readable(tt.envs)
			if got.State != tt.state || ids(got) != tt.readable || got.Effective != tt.effective {
				t.Errorf("scope %+v", got)
			}
			if (got.Reason != "") != (tt.state == inventory.ScopeUnknown) {
				t.Errorf("reason is %q", got.Reason)
			}
			if level := v.level(tt.envs); level != tt.level {
				t.Errorf("level is %s, want %s", level, tt.level)
			}
		})
	}
	t.Run("one of two", func(t *testing.T) {
		v := roleOf(t, "1", withItems(entries(item("read", "next", nil)), nil))
		if got := v.rights.readable(twoEnvironments()); got.State != inventory.ScopeListed || ids(got) != "next" {
			t.Errorf("a role that may enter all and read one opens %+v", got)
		}
	})
	t.Run("all, with a gap elsewhere", func(t *testing.T) {
		v := roleOf(t, "1", withItems(entries(item("read", "main", nil), item("read", "next", nil)), nil))
		if got := v.rights.readable(partly); got.State != inventory.ScopeUnknown || ids(got) != "main next" {
			t.Errorf("a role that may enter environments nobody listed opens %+v", got)
		}
	})
	t.Run("certain in spite of gaps", func(t *testing.T) {
		p := withItems(entries(item("all", "main", nil)), nil)
		p["can_edit_site"] = true
		if got := roleOf(t, "1", p).level(unlisted); got != inventory.LevelAdmin {
			t.Errorf("a flag of the project counts whatever the environments: %s", got)
		}
		if got := roleOf(t, "1", withItems(entries(item("read", "main", nil)), nil)).level(unlisted); got != inventory.LevelRead {
			t.Errorf("a role that reads at most cannot write: %s", got)
		}
	})
	t.Run("flags of sandboxes", func(t *testing.T) {
		v := roleOf(t, "1", permissionsOf(map[string]any{"can_edit_schema": true, "environments_access": "sandbox_only"}))
		only := environments{list: []inventory.Environment{{ID: "main", Primary: inventory.Yes}}}
		for want, envs := range map[inventory.Level]environments{
			inventory.LevelNone: only, inventory.LevelSchema: twoEnvironments(), inventory.LevelUnknown: unmarked,
		} {
			if got := v.level(envs); got != want {
				t.Errorf("level is %s, want %s", got, want)
			}
		}
	})
}
