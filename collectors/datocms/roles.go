package datocms

import (
	"fmt"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// roleView is a role as far as it could be read.
type roleView struct {
	id, name string
	rights   rights
	// reason says why rights are not known; empty if they are.
	reason string
}

// viewRole reads one role.
func viewRole(r role) roleView {
	v := roleView{id: string(r.ID.Value), name: r.Attributes.Value.Name.Value}
	final := r.Meta.Value.FinalPermissions
	if final.State != cmsapi.FieldGiven {
		v.reason = final.Reason("final_permissions")
		return v
	}
	if v.rights, v.reason = readRights(final.Value); v.reason != "" {
		v.reason = fmt.Sprintf("the permissions of role %s cannot be read: %s", v.id, v.reason)
	}
	return v
}

// level is what the role alone allows.
func (v roleView) level(envs environments) inventory.Level {
	if v.reason != "" {
		return inventory.LevelUnknown
	}
	least, most := v.rights.level(envs)
	level, _ := decided(least, most, "")
	return level
}

// roles are the roles of a project.
type roles struct {
	byID map[string]roleView
	// scopes are the environments that roles open for reading, of those that tokens
	// have asked for: many tokens may share one.
	scopes map[string]inventory.Scope
	// reason says why a role that is not in byID may exist nevertheless.
	reason string
}

// newRoles reads the list of roles. err is why the list was not read.
func newRoles(list cmsapi.List[role], err error) (roles, *cmsapi.Error) {
	rs := roles{byID: map[string]roleView{}, scopes: map[string]inventory.Scope{}}
	failed := cmsapi.AsError(err)
	if failed == nil {
		failed = list.Err("roles")
	}
	var broken []string
	for _, r := range list.Items {
		v := viewRole(r)
		if _, repeated := rs.byID[v.id]; repeated {
			v.reason = fmt.Sprintf("role %s is listed twice", v.id)
		}
		if v.reason != "" {
			broken = append(broken, v.reason)
		}
		rs.byID[v.id] = v
	}
	if failed == nil && len(broken) > 0 {
		failed = inParts(len(broken), len(list.Items), "roles", broken)
	}
	if failed != nil {
		rs.reason = "the roles could not be read: " + failed.Message
	}
	return rs, failed
}

// lookup returns a role by id.
func (rs roles) lookup(id string) roleView {
	if v, ok := rs.byID[id]; ok {
		return v
	}
	v := roleView{id: id, reason: rs.reason}
	if v.reason == "" {
		v.reason = fmt.Sprintf("role %s is not in the list of roles", id)
	}
	return v
}

// scope returns the environments that a role opens for reading.
func (rs roles) scope(v roleView, envs environments) inventory.Scope {
	if v.reason != "" {
		return inventory.UnknownScope(v.reason)
	}
	scope, known := rs.scopes[v.id]
	if !known {
		scope = v.rights.readable(envs)
		rs.scopes[v.id] = scope
	}
	return scope
}

// newEnvironments reads the list of environments. err is why it was not read.
func newEnvironments(list cmsapi.List[environment], err error) (environments, *cmsapi.Error) {
	var envs environments
	failed := cmsapi.AsError(err)
	if failed == nil {
		failed = list.Err("environments")
	}
	byID := map[string]inventory.Environment{}
	var broken []string
	for _, e := range list.Items {
		env := inventory.Environment{ID: string(e.ID.Value), Primary: inventory.Unknown}
		if primary, ok := e.Meta.Value.Primary.Get(); ok {
			env.Primary = inventory.TernaryOf(primary)
		}
		_, repeated := byID[env.ID]
		switch {
		case repeated:
			broken = append(broken, fmt.Sprintf("environment %s is listed twice", env.ID))
			env.Primary = inventory.Unknown
		case env.Primary == inventory.Unknown:
			broken = append(broken, fmt.Sprintf("environment %s does not say whether it is the primary one", env.ID))
		}
		byID[env.ID] = env
	}
	for _, env := range byID {
		envs.list = append(envs.list, env)
	}
	slices.SortFunc(envs.list, func(a, b inventory.Environment) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	if failed == nil && !slices.ContainsFunc(list.Items, environment.mayBePrimary) {
		failed = &cmsapi.Error{Class: inventory.ErrTruncated, Hint: listEnvironments.hint,
			Message: "the list lacks the primary environment, which every project has"}
	}
	if failed != nil {
		envs.reason = "the environments could not be read: " + failed.Message
	} else if len(broken) > 0 {
		failed = inParts(len(broken), len(list.Items), "environments", broken)
	}
	return envs, failed
}

// mayBePrimary: nothing says that it is not the primary environment.
func (e environment) mayBePrimary() bool {
	primary, told := e.Meta.Value.Primary.Get()
	return primary || !told
}

// inParts is the error of a list of which some elements could not be read whole.
func inParts(broken, all int, name string, reasons []string) *cmsapi.Error {
	return &cmsapi.Error{
		Class:   inventory.ErrUnreadable,
		Message: fmt.Sprintf("%d of %d %s cannot be read completely: %s", broken, all, name, reasons[0]),
	}
}
