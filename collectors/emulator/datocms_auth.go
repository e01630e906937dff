package emulator

import (
	"net/http"
	"slices"
	"strings"
)

// identify finds the project and the token that the bearer belongs to.
func (call *datoCMSCall) identify() {
	secret, _ := strings.CutPrefix(call.r.Header.Get("Authorization"), "Bearer ")
	if secret == "" {
		return
	}
	for _, p := range call.state.Projects {
		token := find(p.Tokens, func(t *DatoCMSToken) bool { return t.Secret == secret })
		if token == nil && p.OwnerSecret != secret {
			continue
		}
		call.project, call.token = p, token
		call.permissions = p.inForce(token)
		call.environment = p.primary()
	}
}

// checkToken refuses an unknown token, and one without access to this API.
func (call *datoCMSCall) checkToken() *reply {
	if call.project == nil || (call.token != nil && !call.token.CMA) {
		failure := call.fail(http.StatusUnauthorized, "INVALID_AUTHORIZATION_HEADER")
		return &failure
	}
	if call.project.Deactivated {
		failure := call.fail(http.StatusForbidden, "DEACTIVATED_SITE")
		return &failure
	}
	if call.token != nil {
		call.uses.record(call.token, call.now)
	}
	return nil
}

func (call *datoCMSCall) checkHeaders() *reply {
	var failure reply
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
func (call *datoCMSCall) checkEnvironment() *reply {
	id := call.r.Header.Get("X-Environment")
	if id == "" {
		return nil
	}
	call.environment = find(call.project.Environments, func(e *DatoCMSEnvironment) bool { return e.ID == id })
	if call.environment == nil {
		failure := call.fail(http.StatusNotFound, "INVALID_ENVIRONMENT")
		return &failure
	}
	if !call.permissions.enters(call.environment) {
		return call.insufficient()
	}
	return nil
}

func (call *datoCMSCall) insufficient() *reply {
	failure := call.fail(call.options.PermissionStatus, "INSUFFICIENT_PERMISSIONS")
	return &failure
}

func (call *datoCMSCall) checkFlag(flag string) *reply {
	optional := (flag == "can_manage_access_tokens" && !call.options.TokensNeedPermission) ||
		(flag == "can_manage_users" && strings.HasPrefix(call.r.URL.Path, "/roles") && !call.options.RolesNeedPermission)
	if flag == "" || optional || call.permissions.Flags[flag] {
		return nil
	}
	return call.insufficient()
}

func (p *DatoCMSProject) primary() *DatoCMSEnvironment {
	return find(p.Environments, func(e *DatoCMSEnvironment) bool { return e.Primary })
}

func (p *DatoCMSProject) role(id string) *DatoCMSRole {
	return find(p.Roles, func(r *DatoCMSRole) bool { return r.ID == id })
}

// inForce gives the permissions of a token; the owner of the project (nil) and
// a hardcoded "admin" token have all.
func (p *DatoCMSProject) inForce(t *DatoCMSToken) DatoCMSPermissions {
	environment := ""
	if e := p.primary(); e != nil {
		environment = e.ID
	}
	switch {
	case t == nil || (t.Role == "" && t.Hardcoded == "admin"):
		return DatoCMSAdmin("", environment).Permissions
	case t.Role == "":
		permissions := DatoCMSReadOnly("", environment).Permissions
		permissions.Environments = datoCMSAll
		return permissions
	}
	if role := p.role(t.Role); role != nil {
		return p.finalPermissions(role)
	}
	return DatoCMSPermissions{}
}

// finalPermissions are a role's own and those of all roles it inherits from.
// No source says how flags and environments combine: here the wider one wins.
func (p *DatoCMSProject) finalPermissions(role *DatoCMSRole) DatoCMSPermissions {
	return p.inherit(role, map[string]bool{})
}

func (p *DatoCMSProject) inherit(role *DatoCMSRole, seen map[string]bool) DatoCMSPermissions {
	seen[role.ID] = true
	final := role.Permissions.clone()
	for _, id := range role.InheritsFrom {
		if parent := p.role(id); parent != nil && !seen[id] {
			final = final.union(p.inherit(parent, seen))
		}
	}
	return final
}

func (a DatoCMSPermissions) clone() DatoCMSPermissions {
	return DatoCMSPermissions{Environments: a.Environments}.union(a)
}

func (a DatoCMSPermissions) union(b DatoCMSPermissions) DatoCMSPermissions {
	flags := map[string]bool{}
	for _, name := range DatoCMSFlags() {
		flags[name] = a.Flags[name] || b.Flags[name]
	}
	return DatoCMSPermissions{
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
		return datoCMSAll
	}
}

// enters reports whether an environment is open to these permissions.
func (a DatoCMSPermissions) enters(e *DatoCMSEnvironment) bool {
	switch a.Environments {
	case datoCMSAll:
		return true
	case "primary_only":
		return e.Primary
	case "sandbox_only":
		return !e.Primary
	default:
		return false
	}
}
