package datocms

import (
	"net/http"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
)

// identify finds the project and the token that the bearer belongs to.
func (call *request) identify() {
	secret, _ := strings.CutPrefix(call.r.Header.Get("Authorization"), "Bearer ")
	if secret == "" {
		return
	}
	for _, p := range call.state.Projects {
		token := emulator.Find(p.Tokens, func(t *Token) bool { return t.Secret == secret })
		if token == nil && p.OwnerSecret != secret {
			continue
		}
		call.project, call.token = p, token
		call.permissions = p.inForce(token)
		call.environment = p.primary()
	}
}

// checkToken refuses an unknown token, and one without access to this API.
func (call *request) checkToken() *emulator.Reply {
	if call.project == nil || (call.token != nil && !call.token.CMA) {
		failure := call.fail(http.StatusUnauthorized, "INVALID_AUTHORIZATION_HEADER")
		return &failure
	}
	if call.project.Deactivated {
		failure := call.fail(http.StatusForbidden, "DEACTIVATED_SITE")
		return &failure
	}
	if call.token != nil {
		call.uses.Record(call.token, call.now)
	}
	return nil
}

func (call *request) checkHeaders() *emulator.Reply {
	var failure emulator.Reply
	version := call.r.Header.Get("X-Api-Version")
	switch {
	case version != "3" && (version != "" || !call.project.LegacyVersion):
		failure = call.fail(http.StatusUnprocessableEntity, "INVALID_API_VERSION")
	case !strings.Contains(call.r.Header.Get("Accept"), "json"):
		failure = call.fail(http.StatusNotAcceptable, "INVALID_ACCEPT_HEADER")
	default:
		return nil
	}
	return &failure
}

// checkEnvironment resolves X-Environment; without it the primary one is meant.
func (call *request) checkEnvironment() *emulator.Reply {
	id := call.r.Header.Get("X-Environment")
	if id == "" {
		return nil
	}
	call.environment = emulator.Find(call.project.Environments, func(e *Environment) bool { return e.ID == id })
	if call.environment == nil {
		failure := call.fail(http.StatusNotFound, "INVALID_ENVIRONMENT")
		return &failure
	}
	if !call.permissions.enters(call.environment) {
		return call.insufficient()
	}
	return nil
}

func (call *request) insufficient() *emulator.Reply {
	failure := call.fail(call.options.PermissionStatus, "INSUFFICIENT_PERMISSIONS")
	return &failure
}

func (call *request) checkFlag(flag string) *emulator.Reply {
	optional := (flag == "can_manage_access_tokens" && !call.options.TokensNeedPermission) ||
		(flag == "can_manage_users" && strings.HasPrefix(call.r.URL.Path, "/roles") && !call.options.RolesNeedPermission)
	if flag == "" || optional || call.permissions.Flags[flag] {
		return nil
	}
	return call.insufficient()
}

func (p *Project) primary() *Environment {
	return emulator.Find(p.Environments, func(e *Environment) bool { return e.Primary })
}

func (p *Project) role(id string) *Role {
	return emulator.Find(p.Roles, func(r *Role) bool { return r.ID == id })
}

// inForce returns the permissions of a token; the owner of the project (nil) and
// a hardcoded "admin" token have all.
func (p *Project) inForce(t *Token) Permissions {
	environment := ""
	if e := p.primary(); e != nil {
		environment = e.ID
	}
	switch {
	case t == nil || (t.Role == "" && t.Hardcoded == "admin"):
		return Admin("", environment).Permissions
	case t.Role == "":
		permissions := ReadOnly("", environment).Permissions
		permissions.Environments = AllEnvironments
		return permissions
	}
	if role := p.role(t.Role); role != nil {
		return p.finalPermissions(role)
	}
	return Permissions{}
}

// finalPermissions are a role's own and those of all roles it inherits from.
// No source says how flags and environments combine: here the wider one wins.
func (p *Project) finalPermissions(role *Role) Permissions {
	return p.inherit(role, map[string]bool{})
}

func (p *Project) inherit(role *Role, seen map[string]bool) Permissions {
	seen[role.ID] = true
	final := role.Permissions.clone()
	for _, id := range role.InheritsFrom {
		if parent := p.role(id); parent != nil && !seen[id] {
			final = final.union(p.inherit(parent, seen))
		}
	}
	return final
}

func (a Permissions) clone() Permissions {
	return Permissions{Environments: a.Environments}.union(a)
}

func (a Permissions) union(b Permissions) Permissions {
	flags := map[string]bool{}
	for _, name := range Flags() {
		flags[name] = a.Flags[name] || b.Flags[name]
	}
	return Permissions{
		Flags:        flags,
		Environments: widerEnvironments(a.Environments, b.Environments),
		Items:        slices.Concat(a.Items, b.Items), NotItems: slices.Concat(a.NotItems, b.NotItems),
		Uploads: slices.Concat(a.Uploads, b.Uploads), NotUploads: slices.Concat(a.NotUploads, b.NotUploads),
		BuildTriggers:    slices.Concat(a.BuildTriggers, b.BuildTriggers),
		NotBuildTriggers: slices.Concat(a.NotBuildTriggers, b.NotBuildTriggers),
		SearchIndexes:    slices.Concat(a.SearchIndexes, b.SearchIndexes),
		NotSearchIndexes: slices.Concat(a.NotSearchIndexes, b.NotSearchIndexes),
	}
}

func widerEnvironments(a, b string) string {
	switch {
	case a == b, b == "", b == "none":
		return a
	case a == "", a == "none":
		return b
	default:
		return AllEnvironments
	}
}

// enters reports whether an environment is open to these permissions.
func (a Permissions) enters(e *Environment) bool {
	switch a.Environments {
	case AllEnvironments:
		return true
	case "primary_only":
		return e.Primary
	case "sandbox_only":
		return !e.Primary
	default:
		return false
	}
}
