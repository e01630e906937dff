package contentful

import (
	"cmp"
	"fmt"
	"net/http"
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
	// reason says why an id that is not in byID may still exist or be an alias;
	// empty if both lists were read to their end.
	reason string
}

// newEnvironments joins the two lists. An alias can show in either: in its own
// list, and as a row of the environments list with aliasedEnvironment.
func newEnvironments(rows cmsapi.Listing[environment], aliases cmsapi.Listing[alias]) environments {
	e := environments{byID: map[string]inventory.Environment{}}
	for _, row := range rows.Items {
		e.byID[row.id()] = inventory.Environment{
			ID:      row.id(),
			Name:    string(row.Name.Value),
			AliasOf: row.sys().AliasedEnvironment.Value.id(),
		}
	}
	broken := 0
	for _, a := range aliases.Items {
		target := a.Environment.Value.id()
		if target == "" {
			broken++
		}
		e.byID[a.id()] = inventory.Environment{
			ID:      a.id(),
			Name:    e.byID[a.id()].Name,
			AliasOf: cmp.Or(target, e.byID[a.id()].AliasOf),
		}
	}
	switch {
	case rows.Err != nil:
		e.reason = "the environments of the space could not be read"
	case aliases.Err != nil:
		e.reason = "the environment aliases of the space could not be read"
	case broken > 0:
		e.reason = fmt.Sprintf("the target of %d of the space's environment aliases cannot be read", broken)
	}
	for id, environment := range e.byID {
		environment.Primary = e.primary(id)
		e.byID[id] = environment
	}
	return e
}

// aliasesNeverUsed reports whether the failure of the alias list may be how a
// space answers that has not opted in to aliases: what it answers is not
// documented. Opting in turns master into an alias for good, so a real
// environment master proves that there is none.
func aliasesNeverUsed(rows cmsapi.Listing[environment], aliases cmsapi.Listing[alias]) bool {
	if rows.Err != nil || aliases.Err == nil {
		return false
	}
	absent := aliases.Err.Status == http.StatusNotFound ||
		aliases.Err.Status == http.StatusForbidden && aliases.Err.Class == inventory.ErrPermissionDenied
	if !absent {
		return false
	}
	return slices.ContainsFunc(rows.Items, func(row environment) bool {
		return row.id() == master && row.sys().AliasedEnvironment.State == cmsapi.FieldAbsent && isEnvironment(row)
	})
}

// isEnvironment tells a real environment from the row of an alias.
func isEnvironment(row environment) bool {
	t, given := row.sys().Type.Get()
	return given && t == "Environment"
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

// all gives the environments and aliases, sorted by id.
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
	if len(scope.Items) > 1 && e.reason != "" {
		return inventory.UnknownScope(e.reason+", so aliases in the key's list cannot be told from environments", items...)
	}
	return scope
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
