package datocms

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// auditor is what the scan's own credential could do in a project.
type auditor struct {
	// token is the inventory ID of its own token; empty where it is none, or not known.
	token        string
	readsSecrets inventory.Ternary
	writes       inventory.Ternary
	necessary    inventory.Ternary
	detail       string
}

func (a auditor) describe() inventory.Auditor {
	return inventory.Auditor{
		Token: a.token, ReadsSecrets: a.readsSecrets, Writes: a.writes, Necessary: a.necessary, Detail: a.detail,
	}
}

// unknownAuditor is a credential of which nothing was told, for reason.
func unknownAuditor(reason string) auditor {
	return auditor{
		readsSecrets: inventory.Unknown, writes: inventory.Unknown, necessary: inventory.Unknown, detail: reason,
	}
}

// newAuditor judges the answer of /users/me. roles and tokens help where the
// answer does not bring the role along. The reason says why the answer could
// not be understood; empty if it could.
func newAuditor(sourceID string, me identity, rs roles, envs environments, tokens cmsapi.List[accessToken]) (a auditor, reason string) {
	who, given := me.Data.Get()
	if !given {
		reason = me.Data.Reason("data")
	}
	id, roleID := string(who.ID.Value), ""
	switch who.Type.Value {
	case "access_token", "user", "sso_user":
		if roleID, reason = (accessToken{Relationships: who.Relationships}).role(); reason == "" && id == "" {
			reason = who.ID.Reason("id")
		}
	case "account", "organization":
		return auditor{
			readsSecrets: inventory.Yes, writes: inventory.Yes, necessary: inventory.No,
			detail: "the credential is a session of the project's owner, which may do everything",
		}, ""
	default:
		reason = cmp.Or(reason, who.Type.Reason("type"), fmt.Sprintf("the credential is of the type %s, which is not documented", cmsapi.Word(who.Type.Value)))
	}
	switch {
	case reason != "":
		return unknownAuditor("DatoCMS does not say who the credential is: " + reason), reason
	case roleID == "":
		a = legacyAuditor(id, tokens)
	default:
		a = roleAuditor(includedRole(me, roleID, rs), envs)
	}
	if who.Type.Value == "access_token" {
		a.token = tokenID(sourceID, id)
		a.detail += "; its last use is this scan"
	}
	return a, ""
}

// includedRole returns the role that came with the answer, else the one of the list.
func includedRole(me identity, id string, rs roles) roleView {
	for _, r := range me.Included.Items {
		if r.Type.Or("role") == "role" && string(r.ID.Value) == id {
			if v := viewRole(r); v.reason == "" {
				return v
			}
		}
	}
	return rs.lookup(id)
}

// legacyAuditor is a credential without a role: its type stands in the list.
func legacyAuditor(id string, tokens cmsapi.List[accessToken]) auditor {
	for _, t := range tokens.Items {
		if id == "" || string(t.ID.Value) != id {
			continue
		}
		switch t.Attributes.Value.HardcodedType.Value {
		case hardcodedReadOnly:
			return auditor{
				readsSecrets: inventory.No, writes: inventory.No, necessary: inventory.Yes,
				detail: "the credential is the read-only token that DatoCMS made with the project",
			}
		case hardcodedAdmin:
			return auditor{
				readsSecrets: inventory.Yes, writes: inventory.Yes, necessary: inventory.No,
				detail: "the credential is the full-access token that DatoCMS made with the project",
			}
		}
	}
	return unknownAuditor("the credential has no role, and DatoCMS does not document what it may do")
}

// tolerated are the flags that listing may need: DatoCMS does not document
// whether it does.
func tolerated() []string { return []string{flagManageTokens, "can_manage_users"} }

// roleAuditor is a credential with a role.
func roleAuditor(v roleView, envs environments) auditor {
	if v.reason != "" {
		return unknownAuditor(v.reason)
	}
	least, most := v.rights.level(envs)
	a := auditor{
		readsSecrets: inventory.TernaryOf(v.rights.flags[flagManageTokens]),
		writes:       inventory.Unknown,
		detail:       fmt.Sprintf("the credential has the role %q", v.name),
	}
	if level, open := decided(least, most, envs.why()); open == "" {
		a.writes = inventory.TernaryOf(level.AtLeast(inventory.LevelWrite))
	}
	rest := v.rights
	rest.flags = map[string]bool{}
	needed := false
	for name, set := range v.rights.flags {
		if slices.Contains(tolerated(), name) {
			needed = needed || set
			continue
		}
		rest.flags[name] = set
	}
	_, beyond := rest.level(envs)
	switch {
	case beyond.AtLeast(inventory.LevelTrigger):
		a.necessary = inventory.No
		a.detail += ", which allows more than reading lists"
	case needed:
		a.necessary = inventory.Unknown
		a.detail += "; DatoCMS does not document whether listing needs the rights to manage tokens and users"
	default:
		a.necessary = inventory.Yes
	}
	return a
}
