package datocms

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// permissionsOf returns final_permissions with every member that DatoCMS sends:
// all flags false, no environment, all lists empty, then the changes.
func permissionsOf(changes map[string]any) map[string]any {
	p := map[string]any{"environments_access": "all"}
	for _, f := range roleFlags() {
		p[f.name] = false
	}
	for _, list := range []string{"item_type", "upload", "build_trigger", "search_index"} {
		p["positive_"+list+"_permissions"] = []any{}
		p["negative_"+list+"_permissions"] = []any{}
	}
	maps.Copy(p, changes)
	return p
}

// item is a permission on records with the explicit nulls of recorded answers.
func item(action, environment string, changes map[string]any) map[string]any {
	e := map[string]any{
		"environment": environment, "item_type": nil, "workflow": nil, "on_stage": nil, "to_stage": nil, "action": action,
		"on_creator": "anyone", "localization_scope": "all", "locale": nil,
	}
	maps.Copy(e, changes)
	return e
}

func upload(action, environment string, changes map[string]any) map[string]any {
	e := map[string]any{
		"environment": environment, "action": action, "upload_collection": nil, "move_to_upload_collection": nil,
		"on_creator": "anyone", "localization_scope": "all", "locale": nil,
	}
	maps.Copy(e, changes)
	return e
}

func entries(all ...any) []any { return append([]any{}, all...) }

// roleOf decodes a role as the API sends it.
func roleOf(t *testing.T, id string, final any) roleView {
	t.Helper()
	return viewRole(decode[role](t, map[string]any{
		"id": id, "type": "role", "attributes": map[string]any{"name": "Role " + id},
		"meta": map[string]any{"final_permissions": final},
	}))
}

func decode[T any](t *testing.T, value any) T {
	t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var out T
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func editor() map[string]any {
	return permissionsOf(map[string]any{
		"can_access_build_events_log": true, "can_edit_favicon": true, "environments_access": "primary_only",
		"positive_item_type_permissions":     entries(item("all", "main", nil)),
		"positive_upload_permissions":        entries(upload("all", "main", nil)),
		"positive_build_trigger_permissions": entries(map[string]any{"build_trigger": nil}),
	})
}

func admin() map[string]any {
	p := editor()
	for _, f := range roleFlags() {
		p[f.name] = true
	}
	p["environments_access"] = "all"
	return p
}

func withItems(positive, negative []any) map[string]any {
	return permissionsOf(map[string]any{
		"positive_item_type_permissions": entries(positive...), "negative_item_type_permissions": entries(negative...),
	})
}

// twoEnvironments has the primary environment main and the sandbox next.
func twoEnvironments() environments {
	return environments{list: []inventory.Environment{{ID: "main", Primary: inventory.Yes}, {ID: "next", Primary: inventory.No}}}
}
