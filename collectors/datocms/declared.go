package datocms

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// Declared is an API token that code declares, before DatoCMS has made it.
type Declared struct {
	// CDA, Preview and CMA are the flags that open the APIs; unknown for a value
	// that is decided later. An API whose flag is unknown counts as open.
	CDA, Preview, CMA inventory.Ternary
	// Role is what the token's role allows; nil where that is not known, for
	// RoleReason.
	Role       *DeclaredRole
	RoleReason string
	// RoleID may be empty.
	RoleID string
}

// DeclaredRole is a role that code declares.
type DeclaredRole struct {
	ID, Name string
	// Permissions is a JSON object with the members of final_permissions.
	Permissions json.RawMessage
}

// Permissions lists the members of a role that say what it allows.
func Permissions() []string {
	names := []string{"environments_access"}
	for _, f := range roleFlags() {
		names = append(names, f.name)
	}
	for _, list := range []string{"item_type", "upload", "build_trigger", "search_index"} {
		names = append(names, "positive_"+list+"_permissions", "negative_"+list+"_permissions")
	}
	return names
}

// Describe fills in what the token will be able to do: kind, APIs, access, role
// and environments, by the same rules as for a live one. environments are those
// of the project; incomplete says why there may be others, and is empty if
// there are none.
func (d Declared) Describe(token *inventory.Token, known []inventory.Environment, incomplete string) {
	wire := accessToken{}
	wire.Attributes = cmsapi.Given(tokenAttributes{
		CanAccessCDA: flagField(d.CDA), CanAccessCDAPreview: flagField(d.Preview), CanAccessCMA: flagField(d.CMA),
		HardcodedType: cmsapi.Field[string]{State: cmsapi.FieldNull},
	})
	p := project{
		envs:  environments{list: slices.Clone(known), reason: incomplete},
		roles: roles{byID: map[string]roleView{}, scopes: map[string]inventory.Scope{}, reason: d.RoleReason},
	}
	slices.SortFunc(p.envs.list, func(a, b inventory.Environment) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	// A role without an id, because it is not made yet, is looked up all the same.
	id := d.RoleID
	if id == "" {
		id = "unknown"
	}
	if d.Role != nil {
		view := roleView{id: id, name: d.Role.Name}
		var final finalPermissions
		if err := json.Unmarshal(d.Role.Permissions, &final); err != nil {
			view.reason = "the permissions of the role cannot be read"
		} else if view.rights, view.reason = readRights(final); view.reason != "" {
			view.reason = fmt.Sprintf("the permissions of the role cannot be read: %s", view.reason)
		}
		p.roles.byID[id] = view
	}
	wire.Relationships = cmsapi.Given(tokenRelationships{Role: cmsapi.Given(relation{Data: cmsapi.Given(reference{ID: cmsapi.Given(cmsapi.Text(id))})})})
	token.APIs = apis(wire.Attributes.Value)
	token.Kind = kind(token.APIs)
	p.describeAccess(token, wire)
}

// flagField makes a flag as DatoCMS would answer it.
func flagField(t inventory.Ternary) cmsapi.Field[bool] {
	switch t {
	case inventory.Yes, inventory.No:
		return cmsapi.Given(t == inventory.Yes)
	}
	return cmsapi.Field[bool]{}
}
