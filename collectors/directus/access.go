package directus

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/redact"
)

// The actions of permissions.
const (
	actionRead   = "read"
	actionCreate = "create"
	actionUpdate = "update"
	actionDelete = "delete"
)

// allowance is what something allows.
type allowance struct {
	level   inventory.Level
	manages bool
	// words say it in Directus's own ones.
	words []string
	// doubt says what of it could not be read; empty if all was.
	doubt string
}

// verdict is what one policy allows: by its permissions, and by its flags.
type verdict struct {
	name        string
	permissions []permission
	rows, flags allowance
}

// publicLabel is how Directus names its public policy, in a word that its app
// translates.
const publicLabel = "$t:public_label"

// judge says what a policy allows, with the permissions that belong to it.
func judge(p policy, permissions []permission) verdict {
	v := verdict{
		name:        p.Name.Or(p.ID.Value),
		permissions: permissions,
		rows:        allowance{level: inventory.LevelNone},
		flags:       allowance{level: inventory.LevelNone},
	}
	if v.name == publicLabel {
		v.name = "Public"
	}
	for _, row := range permissions {
		a := row.allows()
		v.rows.level, v.rows.manages = higher(v.rows.level, a.level), v.rows.manages || a.manages
		v.rows.doubt = cmp.Or(v.rows.doubt, a.doubt)
		v.rows.words = append(v.rows.words, a.words...)
	}
	slices.Sort(v.rows.words)
	v.rows.words = slices.Compact(v.rows.words)
	flag := func(name string, f cmsapi.Field[cmsapi.Flag], level inventory.Level) {
		switch on, given := f.Get(); {
		case !given:
			v.flags.doubt = cmp.Or(v.flags.doubt, fmt.Sprintf("the policy %s: %s", shown(p.ID.Value), f.Reason(name)))
		case bool(on):
			v.flags.level = higher(v.flags.level, level)
			v.flags.words = append(v.flags.words, name)
		}
	}
	flag("admin_access", p.AdminAccess, inventory.LevelAdmin)
	v.flags.manages = v.flags.level == inventory.LevelAdmin
	// Whoever may use the app may comment on items and keep bookmarks.
	flag("app_access", p.AppAccess, inventory.LevelWrite)
	// A policy for some addresses counts like any other: the token can be used
	// from there.
	if p.narrow() {
		v.flags.words = append(v.flags.words, "ip_access")
	}
	return v
}

// narrow: the policy counts from some addresses alone.
func (p policy) narrow() bool {
	return p.IPAccess.State == cmsapi.FieldWrong || len(p.IPAccess.Items)+p.IPAccess.Broken > 0
}

// allows is what one permission allows. Its word is the action, with the
// collection where that is part of the system and the action more than reading. Both are
// words of the API, so what looks like a credential in them is not shown.
func (p permission) allows() allowance {
	action, given := p.Action.Get()
	collection, named := p.Collection.Get()
	if !given || action == "" {
		return allowance{level: inventory.LevelNone, doubt: "a permission cannot be read: " + cmp.Or(p.Action.Reason("action"), "action is empty")}
	}
	a := allowance{level: inventory.LevelWrite, words: []string{redact.Text(action)}}
	switch {
	case action == actionRead:
		a.level = inventory.LevelRead
	case !named || collection == "":
		// What it allows to write may be the server itself.
		a.doubt = "a permission cannot be read: " + cmp.Or(p.Collection.Reason("collection"), "collection is empty")
	case strings.HasPrefix(collection, "directus_"):
		a.words = []string{redact.Text(collection + "." + action)}
		a.level = systemLevel(collection)
		// Whoever may write such a one can become an administrator, and make tokens.
		a.manages = a.level == inventory.LevelAdmin
		if collection == listUsers.collection {
			a.level, a.manages = p.onUsers(action)
		}
	}
	return a
}

// systemLevel is what writing a collection of the system allows.
func systemLevel(collection string) inventory.Level {
	switch collection {
	case "directus_roles", "directus_policies", "directus_access", "directus_permissions",
		"directus_settings", "directus_flows", "directus_operations", "directus_extensions":
		return inventory.LevelAdmin
	case "directus_collections", "directus_fields", "directus_relations":
		return inventory.LevelSchema
	}
	return inventory.LevelWrite
}

// onUsers is what a permission to write users allows: it depends on the fields.
// Directus lets a user who may set a role set that of an administrator, also its
// own.
func (p permission) onUsers(action string) (inventory.Level, bool) {
	if action == actionDelete {
		return inventory.LevelAdmin, false
	}
	covers := func(fields ...string) bool {
		return p.Fields.State != cmsapi.FieldGiven || p.Fields.Broken > 0 ||
			slices.ContainsFunc(p.Fields.Items, func(f string) bool { return f == "*" || slices.Contains(fields, f) })
	}
	switch {
	case covers("role", "policies"):
		return inventory.LevelAdmin, true
	case p.Rows.Value.self:
		// Their own password and address are for all users to change.
		return inventory.LevelWrite, covers("token")
	case covers("token", "password", "email", "status", "provider", "external_identifier", "auth_data"):
		return inventory.LevelAdmin, covers("token")
	}
	return inventory.LevelWrite, false
}
