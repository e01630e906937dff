package terraform

import (
	"cmp"
	"fmt"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/datocms"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// The types of resources of davispalomino/datocms.
const (
	typeAccessToken = "datocms_access_token"
	typeRole        = "datocms_role"
)

// inheritance is the attribute of a role that names those it inherits from.
const inheritance = "inherits_permissions_from"

// rolePermissions lists the attributes of a role that say what it allows.
func rolePermissions() []string { return datocms.Permissions() }

// accessToken makes the token of a DatoCMS API token.
func (w *planState) accessToken(c change) []inventory.Token {
	o := c.values(w.after)
	t := w.skeleton(c, cmsDatoCMS)
	id := w.identity(c, "id")
	t.Ref, t.ID = cmp.Or(id, c.address), w.plannedID(c)
	t.Name = o["name"].orText(c.address)
	t.Expiry = inventory.NeverExpires(false)
	live := w.liveByRef(cmsDatoCMS, id)
	d := datocms.Declared{
		CDA: o["can_access_cda"].flag(), Preview: o["can_access_cda_preview"].flag(), CMA: o["can_access_cma"].flag(),
	}
	var listed *inventory.Source
	if live != nil {
		listed = w.live[live.Source]
	} else if project := w.projectOf(c); project != nil {
		listed, t.Source = project, project.ID
		if id != "" {
			t.ID = cmsapi.Path(project.ID+"/access_tokens/{}", id)
		}
	}
	role, mine := w.roleOf(c, &d)
	environments, incomplete := w.projectEnvironments(listed)
	d.Describe(&t, environments, incomplete)
	if !mine && role != nil {
		borrow(&t, role)
	}
	w.adopt(&t, live)
	return []inventory.Token{t}
}

// roleOf finds the role of a token: in the plan, by its id or by what the
// configuration refers to; else on a live token that has the same role.
func (w *planState) roleOf(c change, d *datocms.Declared) (like *inventory.Token, mine bool) {
	id, told := c.values(w.after)["role_id"].text()
	d.RoleID = id
	var candidates []change
	if told {
		candidates = w.roles[id]
	} else if w.after {
		candidates = w.plan.refersTo(c, "role_id", typeRole)
	}
	switch {
	case len(candidates) == 1:
		d.Role, d.RoleReason = w.declaredRole(candidates[0])
		return nil, true
	case !told:
		d.RoleReason = c.values(w.after)["role_id"].reason("role_id")
		return nil, true
	}
	d.RoleReason = fmt.Sprintf("the plan does not hold role %s", id)
	return w.liveWithRole(id), false
}

func (w *planState) declaredRole(r change) (*datocms.DeclaredRole, string) {
	o := r.values(w.after)
	if parents, reason := o[inheritance].texts(inheritance); len(parents) > 0 || reason != "" && o[inheritance].state >= known {
		return nil, fmt.Sprintf("the role %s inherits permissions from others, and a plan does not show the combined result", r.address)
	}
	permissions, reason := permissionsOf(o)
	if reason != "" {
		return nil, fmt.Sprintf("the permissions of %s are not known: %s", r.address, reason)
	}
	return &datocms.DeclaredRole{ID: w.identity(r, "id"), Name: o["name"].orText(r.address), Permissions: permissions}, ""
}

// borrow takes what a live token with the same role tells about the role.
func borrow(t *inventory.Token, like *inventory.Token) {
	t.Role = like.Role
	if like.Kind == t.Kind && !like.Access.Assumed && len(t.APIs) == len(like.APIs) {
		t.Access, t.Environments = like.Access, like.Environments
	}
}

// projectEnvironments returns the environments of a DatoCMS project, and why
// there may be others.
func (w *planState) projectEnvironments(s *inventory.Source) ([]inventory.Environment, string) {
	if s == nil {
		return nil, "the plan does not show which environments the project has"
	}
	if reason := unread(s, "environments"); reason != "" {
		return s.Environments, reason
	}
	return s.Environments, ""
}
