package datocms

import (
	"fmt"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// The words of hardcoded_type. Both are of the tokens that DatoCMS made for
// older projects, and which have no role.
const (
	hardcodedReadOnly = "readonly"
	hardcodedAdmin    = "admin"
)

// describeAccess fills in what a token can do: what its role allows, as far as
// the APIs that it reaches have a way to do it. The delivery API has none to
// write.
func (p project) describeAccess(token *inventory.Token, t accessToken) {
	roleID, roleless := "", false
	id, reason := t.role()
	switch {
	case reason != "":
		token.Role = &inventory.Role{ID: "unknown", Level: inventory.LevelUnknown}
		token.Environments = inventory.UnknownScope(reason)
	case id == "":
		roleless = true
		token.Environments = inventory.UnknownScope(reasonLegacyReach)
	default:
		roleID = id
	}
	var view roleView
	if roleID != "" {
		view = p.roles.lookup(roleID)
		token.Role = &inventory.Role{ID: view.id, Name: view.name, Level: view.level(p.envs)}
		token.Environments = p.roles.scope(view, p.envs)
		reason = view.reason
	}
	a := t.Attributes.Value
	flags := surfaceGrants(a)
	switch missing := a.missing(); {
	case missing != "":
		token.Access = inventory.AssumedAccess(missing, inventory.Unknown, flags...)
		token.Environments = inventory.UnknownScope(missing, token.Environments.Items...)
	case len(token.APIs) == 0:
		token.Environments = inventory.NewScope()
		token.Access = inventory.NewAccess(inventory.LevelNone, inventory.No)
	case !slices.Contains(token.APIs, inventory.ContentManagement):
		token.Access = deliveryAccess(token.Environments, flags, view)
	case roleless:
		token.Access = legacyAccess(a.HardcodedType, flags)
	case reason != "":
		token.Access = inventory.AssumedAccess(reason, inventory.Unknown, flags...)
	default:
		token.Access = p.managementAccess(view, flags)
	}
}

// deliveryAccess is that of a token that reaches the delivery API only, which
// reads, whatever the role allows.
func deliveryAccess(scope inventory.Scope, flags []string, view roleView) inventory.Access {
	level := inventory.LevelRead
	if scope.State != inventory.ScopeUnknown && len(scope.Items) == 0 {
		level = inventory.LevelNone // the role opens no environment to it
	}
	return inventory.NewAccess(level, inventory.No, slices.Concat(flags, view.rights.grants(true))...)
}

// legacyAccess is that of a token without a role: the factory tokens of older
// projects get their rights from their type.
func legacyAccess(hardcoded cmsapi.Field[string], flags []string) inventory.Access {
	grants := slices.Clone(flags)
	if hardcoded.Value != "" {
		grants = append(grants, "hardcoded_type:"+hardcoded.Value)
	}
	switch hardcoded.Value {
	case hardcodedReadOnly:
		return inventory.NewAccess(inventory.LevelRead, inventory.No, grants...)
	case hardcodedAdmin:
		return inventory.NewAccess(inventory.LevelAdmin, inventory.Yes, grants...)
	}
	return inventory.AssumedAccess("the token has no role, and DatoCMS does not document what such a token may do", inventory.Unknown, grants...)
}

// managementAccess is that of a token that reaches the management API with a
// role that could be read.
func (p project) managementAccess(view roleView, flags []string) inventory.Access {
	least, most := view.rights.level(p.envs)
	grants := slices.Concat(flags, view.rights.grants(false))
	manages := inventory.TernaryOf(view.rights.flags[flagManageTokens])
	level, why := decided(least, most, "whether the role can write is not known: "+p.envs.why())
	if strange := view.rights.strange; strange != "" && why == "" && !level.AtLeast(inventory.LevelWrite) {
		why = fmt.Sprintf("the permission %s of the role is not documented", cmsapi.Word(strange))
	}
	if why != "" {
		return inventory.AssumedAccess(why, manages, grants...)
	}
	return inventory.NewAccess(level, manages, grants...)
}

// surfaceGrants names the API flags that are set.
func surfaceGrants(a tokenAttributes) []string {
	var grants []string
	for _, s := range surfaces(a) {
		if s.flag.Value {
			grants = append(grants, s.name)
		}
	}
	return grants
}

// maxPlaces is from how many permissions on the environments are left out of
// the grants, so that a role of a hundred environments stays readable.
const maxPlaces = 100

// grants names what the rights hold in DatoCMS's words: flags, and actions as
// "item_type:update@main". readOnly leaves only what the delivery API can use.
func (r rights) grants(readOnly bool) []string {
	var names []string
	if r.access != "" {
		names = append(names, "environments_access:"+r.access)
	}
	if readOnly {
		return append(names, contentGrants("item_type", nil, slices.DeleteFunc(slices.Clone(r.items), grant.changes))...)
	}
	for _, f := range roleFlags() {
		if r.flags[f.name] {
			names = append(names, f.name)
		}
	}
	names = append(names, contentGrants("item_type", itemActions(), r.items)...)
	names = append(names, contentGrants("upload", uploadActions(), r.uploads)...)
	if r.triggers {
		names = append(names, "build_trigger")
	}
	if r.indexes {
		names = append(names, "search_index")
	}
	return names
}

// contentGrants names grants that are sorted by environment. An environment in
// which every action is allowed has one "all" for them.
func contentGrants(kind string, every []string, grants []grant) []string {
	var names []string
	for start := 0; start < len(grants); {
		end := start
		for end < len(grants) && grants[end].environment == grants[start].environment {
			end++
		}
		var actions []string
		for _, g := range grants[start:end] {
			actions = append(actions, g.action)
		}
		if len(every) > 0 && !slices.ContainsFunc(every, func(a string) bool { return !slices.Contains(actions, a) }) {
			actions = []string{actionAll}
		}
		for _, action := range actions {
			if len(grants) > maxPlaces {
				names = append(names, kind+":"+action)
			} else {
				names = append(names, kind+":"+action+"@"+grants[start].environment)
			}
		}
		start = end
	}
	slices.Sort(names)
	return slices.Compact(names)
}
