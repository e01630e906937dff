package terraform

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/datocms"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// settleRoles carries the roles of DatoCMS that the plan changes into the access of all
// live tokens with them: those that the plan leaves as they are, too, and those that it
// does not know.
func (w *planState) settleRoles(will map[string]*inventory.Source) {
	changed := w.changedRoles()
	if len(changed) == 0 {
		return
	}
	for _, source := range will {
		for i := range source.Tokens {
			t := &source.Tokens[i]
			if t.CMS != cmsDatoCMS || t.Role == nil || w.described[t.ID] {
				continue
			}
			if role, ok := changed[t.Role.ID]; ok && w.mayBeOf(role, source) {
				w.describeAnew(t, source, role)
			}
		}
	}
}

// changedRoles are the changes of roles, by the id of the role, after which a role
// allows something else than before, or may do so.
func (w *planState) changedRoles() map[string]change {
	changed := map[string]change{}
	for again := true; again; {
		again = false
		for _, c := range w.plan.changes {
			id, ok := c.before["id"].text()
			if c.kind != typeRole || !ok {
				continue
			}
			_, known := changed[id]
			if !known && (changesRights(c) || inheritsFrom(c, changed)) {
				changed[id], again = c, true
			}
		}
	}
	return changed
}

// changesRights reports whether a change of a role may change what the role allows.
func changesRights(c change) bool {
	switch c.action {
	case remove, replace:
		return true
	case update:
		return slices.ContainsFunc(append(rolePermissions(), inheritance), func(name string) bool {
			return !reflect.DeepEqual(c.before[name], c.after[name])
		})
	}
	return false
}

// inheritsFrom reports whether a role inherits from one of others.
func inheritsFrom(c change, others map[string]change) bool {
	parents, _ := c.after[inheritance].texts(inheritance)
	return slices.ContainsFunc(parents, func(id string) bool { _, ok := others[id]; return ok })
}

// mayBeOf reports whether a role may be one of a live project.
func (w *planState) mayBeOf(role change, source *inventory.Source) bool {
	project := w.projectOf(role)
	return project == nil || project.ID == source.ID
}

// describeAnew fills in what a live token will be able to do by its changed role.
func (w *planState) describeAnew(t *inventory.Token, source *inventory.Source, role change) {
	opens := func(api inventory.API) inventory.Ternary { return inventory.TernaryOf(slices.Contains(t.APIs, api)) }
	d := datocms.Declared{
		CDA: opens(inventory.ContentDelivery), Preview: opens(inventory.ContentPreview), CMA: opens(inventory.ContentManagement),
		RoleID: t.Role.ID, RoleReason: fmt.Sprintf("the plan deletes the role %s", role.address),
	}
	if role.after != nil && role.keeps() {
		d.Role, d.RoleReason = w.declaredRole(role)
	}
	environments, incomplete := w.projectEnvironments(source)
	d.Describe(t, environments, incomplete)
}
