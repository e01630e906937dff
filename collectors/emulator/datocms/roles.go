package datocms

import "github.com/tokenaudit/tokenaudit/collectors/emulator"

func listRoles(call *request) emulator.Reply {
	items := []emulator.Object{}
	for _, role := range call.project.Roles {
		items = append(items, call.renderRole(role))
	}
	return emulator.OK(emulator.Object{"data": items})
}

func getRole(call *request) emulator.Reply {
	if role := call.project.role(call.r.PathValue("role")); role != nil {
		return emulator.OK(emulator.Object{"data": call.renderRole(role)})
	}
	return call.notFound()
}

// renderRole has the role's own permissions as attributes, and those in force
// as meta.final_permissions.
func (call *request) renderRole(role *Role) emulator.Object {
	attributes := renderPermissions(role.Permissions)
	attributes["name"] = role.Name
	parents := []emulator.Object{}
	for _, id := range role.InheritsFrom {
		parents = append(parents, emulator.Object{"type": "role", "id": id})
	}
	return emulator.Object{
		"type": "role", "id": role.ID, "attributes": attributes,
		"relationships": emulator.Object{"inherits_permissions_from": emulator.Object{"data": parents}},
		"meta":          emulator.Object{"final_permissions": renderPermissions(call.project.finalPermissions(role))},
	}
}

// renderPermissions says unused members of an entry as null, as the API does.
func renderPermissions(p Permissions) emulator.Object {
	out := emulator.Object{"environments_access": p.Environments}
	if p.Environments == "" {
		out["environments_access"] = "none"
	}
	for _, name := range Flags() {
		out[name] = p.Flags[name]
	}
	out["positive_item_type_permissions"] = renderItems(p.Items)
	out["negative_item_type_permissions"] = renderItems(p.NotItems)
	out["positive_upload_permissions"] = renderUploads(p.Uploads)
	out["negative_upload_permissions"] = renderUploads(p.NotUploads)
	out["positive_build_trigger_permissions"] = renderTargets("build_trigger", p.BuildTriggers)
	out["negative_build_trigger_permissions"] = renderTargets("build_trigger", p.NotBuildTriggers)
	out["positive_search_index_permissions"] = renderTargets("search_index", p.SearchIndexes)
	out["negative_search_index_permissions"] = renderTargets("search_index", p.NotSearchIndexes)
	return out
}

func renderItems(permissions []ItemPermission) []emulator.Object {
	out := []emulator.Object{}
	for _, p := range permissions {
		out = append(out, emulator.Object{
			"action": p.Action, "environment": p.Environment, "item_type": orNull(p.ItemType), "workflow": orNull(p.Workflow),
			"on_stage": orNull(p.OnStage), "to_stage": orNull(p.ToStage), "on_creator": orNull(p.OnCreator),
			"localization_scope": orNull(p.LocalizationScope), "locale": orNull(p.Locale),
		})
	}
	return out
}

func renderUploads(permissions []UploadPermission) []emulator.Object {
	out := []emulator.Object{}
	for _, p := range permissions {
		out = append(out, emulator.Object{
			"action": p.Action, "environment": p.Environment, "upload_collection": orNull(p.Collection),
			"move_to_upload_collection": orNull(p.MoveTo), "on_creator": orNull(p.OnCreator),
			"localization_scope": orNull(p.LocalizationScope), "locale": orNull(p.Locale),
		})
	}
	return out
}

func renderTargets(member string, ids []string) []emulator.Object {
	out := []emulator.Object{}
	for _, id := range ids {
		out = append(out, emulator.Object{member: orNull(id)})
	}
	return out
}
