package contentful

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// master is the id of every space's default environment, or of the alias that
// has taken its place. Neither can be deleted.
const master = "master"

// environments are the environments and aliases of one space.
type environments struct {
	byID map[string]inventory.Environment
	// certain are the ids of which it is known what they are: a real environment,
	// which is none but itself, or an alias with its target.
	certain map[string]bool
	// disagree is set if two answers say different things of an id.
	disagree bool
	// reason says why an id that is not in byID may still exist or be an alias;
	// empty if all environments and aliases are known.
	reason string
}

// newEnvironments joins what the two lists say. An alias can show in three places:
// in its own list, among the aliases of the environment that it points to, and as
// a row of the environments list with aliasedEnvironment. In answers recorded in
// 2022 the list of environments has no such rows, in those of 2023 it has; in both
// a real environment names its aliases.
func newEnvironments(rows cmsapi.Listing[environment], aliases cmsapi.Listing[alias]) environments {
	e := environments{byID: map[string]inventory.Environment{}, certain: map[string]bool{}}
	for _, row := range rows.Items {
		e.byID[row.id()] = inventory.Environment{
			ID:      row.id(),
			Name:    string(row.Name.Value),
			AliasOf: row.sys().AliasedEnvironment.Value.id(),
		}
		e.certain[row.id()] = isEnvironment(row)
	}
	for _, row := range rows.Items {
		target := cmp.Or(row.sys().AliasedEnvironment.Value.id(), row.id())
		if target != row.id() {
			e.alias(row.id(), target)
		}
		for _, l := range row.sys().Aliases.Items {
			if l.id() != target {
				e.alias(l.id(), target)
			}
		}
	}
	for _, a := range aliases.Items {
		e.alias(a.id(), a.Environment.Value.id())
	}
	broken := 0
	for _, a := range aliases.Items {
		if e.byID[a.id()].AliasOf == "" {
			broken++
		}
	}
	switch {
	case rows.Err != nil:
		e.reason = "the environments of the space could not be read"
	case aliases.Err != nil && !namesAliases(rows):
		e.reason = "the environment aliases of the space could not be read"
	case broken > 0:
		e.reason = fmt.Sprintf("the target of %d of the space's environment aliases cannot be read", broken)
	case e.disagree:
		e.reason = "the lists of the space disagree about its environment aliases"
	}
	for id, environment := range e.byID {
		environment.Primary = e.primary(id)
		e.byID[id] = environment
	}
	return e
}

// alias takes in that an id is an alias; the target is empty where it could not be
// read, which leaves what another list says of it.
func (e *environments) alias(id, target string) {
	known := e.byID[id]
	disagree := target != "" && target != known.AliasOf && (e.certain[id] || known.AliasOf != "")
	known.ID, known.AliasOf = id, cmp.Or(target, known.AliasOf)
	e.byID[id] = known
	e.certain[id] = known.AliasOf != "" && !disagree
	e.disagree = e.disagree || disagree
}

// namesAliases reports whether the list of environments tells of all aliases: an
// alias points to an environment, and each of them names those that point to it.
func namesAliases(rows cmsapi.Listing[environment]) bool {
	return rows.Err == nil && !slices.ContainsFunc(rows.Items, func(row environment) bool {
		if row.sys().AliasedEnvironment.Value.id() != "" {
			return false
		}
		return !isEnvironment(row) || row.sys().Aliases.Err("aliases") != nil
	})
}

// aliasesKnown says why it is not a gap that a space refuses the list of its aliases;
// empty if it is one. What a space answers that has not opted in to aliases is not
// documented. Opting in turns master into an alias for good, so a real environment
// master proves that there is none.
func aliasesKnown(rows cmsapi.Listing[environment], aliases cmsapi.Listing[alias]) string {
	if rows.Err != nil || aliases.Err == nil || aliases.Err.Class != inventory.ErrNotFound && aliases.Err.Class != inventory.ErrPermissionDenied {
		return ""
	}
	neverUsed := slices.ContainsFunc(rows.Items, func(row environment) bool { return row.id() == master && isEnvironment(row) })
	switch {
	case namesAliases(rows):
		return "the list was refused, but the space's environments name all of their aliases"
	case neverUsed:
		return "the space does not use aliases: its environment master is a real one"
	default:
		return ""
	}
}

// isEnvironment tells a real environment from the row of an alias.
func isEnvironment(row environment) bool {
	t, given := row.sys().Type.Get()
	return given && t == "Environment" && row.sys().AliasedEnvironment.State == cmsapi.FieldAbsent
}

// primary: master, and what it points to.
func (e environments) primary(id string) inventory.Ternary {
	switch {
	case id == master || e.byID[master].AliasOf == id:
		return inventory.Yes
	case e.reason != "":
		return inventory.Unknown
	default:
		return inventory.No
	}
}

// all returns the environments and aliases, sorted by id.
func (e environments) all() []inventory.Environment {
	var all []inventory.Environment
	for _, environment := range e.byID {
		all = append(all, environment)
	}
	slices.SortFunc(all, func(a, b inventory.Environment) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// scope is the scope of a key that links to environments, or to aliases in
// their place.
//
// Contentful stores [master] for a key that is made without environments or
// with an empty list. An answer without the member is another matter: it was
// last recorded before keys had environments, so it says nothing.
func (e environments) scope(links cmsapi.List[link]) inventory.Scope {
	var items []inventory.ScopeItem
	for _, l := range links.Items {
		items = append(items, e.item(l.id()))
	}
	switch {
	case links.State != cmsapi.FieldGiven:
		return inventory.UnknownScope(links.Err("environments").Message)
	case links.Broken > 0:
		return inventory.UnknownScope(fmt.Sprintf("%s of the key cannot be read", plural(links.Broken, "environment")), items...)
	case len(items) == 0:
		items = append(items, e.item(master))
	}
	scope := inventory.NewScope(items...)
	certain, uncertain := e.count(scope.Items)
	switch {
	case e.reason == "" || uncertain == 0 || len(scope.Items) == 1:
		return scope
	case certain > 1:
		// It opens several, whatever the others are.
		scope.Reason = fmt.Sprintf("%s, so %s of the key may be an alias of one that is already counted", e.reason, plural(uncertain, "environment"))
		return scope
	default:
		return inventory.UnknownScope(e.reason+", so aliases in the key's list cannot be told apart from environments", items...)
	}
}

// count returns how many different environments the items certainly are, and how
// many items may be one of these, or of each other, under another name.
func (e environments) count(items []inventory.ScopeItem) (certain, uncertain int) {
	opened := map[string]bool{}
	for _, i := range items {
		if e.certain[i.ID] {
			opened[cmp.Or(i.AliasOf, i.ID)] = true
		} else {
			uncertain++
		}
	}
	return len(opened), uncertain
}

func (e environments) item(id string) inventory.ScopeItem {
	item := inventory.ScopeItem{ID: id, Primary: e.primary(id), Exists: inventory.No}
	known, ok := e.byID[id]
	switch {
	case ok:
		item.Name, item.AliasOf, item.Exists = known.Name, known.AliasOf, inventory.Yes
	case e.reason != "":
		item.Exists = inventory.Unknown
	}
	return item
}
