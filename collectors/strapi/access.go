package strapi

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// The types of content API tokens.
const (
	typeRead   = "read-only"
	typeFull   = "full-access"
	typeCustom = "custom"
)

// contentAccess is what a content API token can do. None reaches an admin
// route, so none manages tokens.
func contentAccess(t token) inventory.Access {
	switch kind, given := t.Type.Get(); {
	case !given:
		return inventory.AssumedAccess(t.Type.Reason("type"), inventory.No)
	case kind == typeRead:
		return inventory.NewAccess(inventory.LevelRead, inventory.No, typeRead)
	case kind == typeFull:
		return inventory.NewAccess(inventory.LevelWrite, inventory.No, typeFull)
	case kind == typeCustom:
		return listedAccess(t.Permissions, contentLevel)
	default:
		return inventory.AssumedAccess(fmt.Sprintf("the type %s is not documented", cmsapi.Word(kind)), inventory.No)
	}
}

// transferAccess is what a transfer token can do: push replaces the data of the
// whole server, pull reads it. Neither moves admins or tokens.
func transferAccess(t token) inventory.Access {
	return listedAccess(t.Permissions, func(permission string) (inventory.Level, bool) {
		switch permission {
		case "push":
			return inventory.LevelWrite, true
		case "pull":
			return inventory.LevelRead, true
		}
		return inventory.LevelUnknown, false
	})
}

// listedAccess is the union of a list of permissions.
func listedAccess(list cmsapi.List[string], levelOf func(string) (inventory.Level, bool)) inventory.Access {
	if err := list.Err("permissions"); err != nil {
		return inventory.AssumedAccess(err.Message, inventory.No, list.Items...)
	}
	highest := inventory.LevelNone
	for _, permission := range list.Items {
		level, known := levelOf(permission)
		if !known {
			return inventory.AssumedAccess(fmt.Sprintf("the permission %s is not documented", cmsapi.Word(permission)), inventory.No, list.Items...)
		}
		highest = higher(highest, level)
	}
	return inventory.NewAccess(highest, inventory.No, list.Items...)
}

func higher(a, b inventory.Level) inventory.Level {
	if b.Compare(a) > 0 {
		return b
	}
	return a
}

// contentLevel is what one permission of a custom token allows. The routes of an
// application can have any name: what is not named like reading counts as
// writing.
func contentLevel(permission string) (inventory.Level, bool) {
	action := permission[strings.LastIndex(permission, ".")+1:]
	switch {
	case permission == "plugin::email.email.send":
		return inventory.LevelTrigger, true
	case startsWithWord(action, "find"), startsWithWord(action, "get"), startsWithWord(action, "list"):
		return inventory.LevelRead, true
	case strings.HasPrefix(permission, "plugin::content-type-builder."):
		return inventory.LevelSchema, true
	}
	return inventory.LevelWrite, true
}

// startsWithWord: "findOne" starts with the word "find", "finder" does not.
func startsWithWord(name, word string) bool {
	rest, ok := strings.CutPrefix(name, word)
	if !ok {
		return false
	}
	next, _ := utf8.DecodeRuneInString(rest)
	return rest == "" || !unicode.IsLower(next)
}

// The actions of the admin API that reach tokens.
const (
	apiTokens      = "admin::api-tokens"
	adminTokens    = "admin::admin-tokens"
	transferTokens = "admin::transfer.tokens"
)

// adminAccess is what an admin token can do at most: its permissions alone
// decide. An owner who is not a super admin narrows them, which the list does not
// tell.
func adminAccess(t token) inventory.Access {
	manages, highest := inventory.No, inventory.LevelNone
	var grants []string
	broken := ""
	if err := t.AdminPermissions.Err("adminPermissions"); err != nil {
		broken = err.Message
	}
	for _, p := range t.AdminPermissions.Items {
		action := p.Action.Value
		grants = append(grants, strings.TrimSpace(action+" "+p.Subject.Value))
		highest = higher(highest, adminLevel(action))
		switch managed := managesTokens(action); {
		case managed == inventory.Yes:
			manages = inventory.Yes
		case managed == inventory.Unknown && manages == inventory.No:
			manages = inventory.Unknown
		}
	}
	if broken != "" {
		if manages == inventory.No {
			manages = inventory.Unknown
		}
		return inventory.AssumedAccess(broken, manages, grants...)
	}
	access := inventory.NewAccess(highest, manages, grants...)
	if manages == inventory.Unknown {
		access.Reason = reasonSecretsShown
	}
	return access
}

// adminLevel is what one action of the admin API allows.
func adminLevel(action string) inventory.Level {
	at := strings.LastIndex(action, ".")
	if at < 0 {
		return inventory.LevelWrite
	}
	subject, verb := action[:at], action[at+1:]
	switch verb {
	case "read", "access", "download", "copy-link":
		return inventory.LevelRead
	}
	switch {
	case subject == apiTokens, subject == adminTokens, subject == transferTokens,
		subject == "admin::users", subject == "admin::roles", subject == "admin::provider-login":
		return inventory.LevelAdmin
	case strings.HasPrefix(subject, "plugin::content-type-builder"):
		return inventory.LevelSchema
	}
	return inventory.LevelWrite
}

// managesTokens: creating and regenerating give a new secret. Reading content
// API tokens does where the server has an encryption key, which is not told.
func managesTokens(action string) inventory.Ternary {
	for _, subject := range []string{apiTokens, adminTokens, transferTokens} {
		switch action {
		case subject + ".create", subject + ".regenerate", subject + ".update":
			return inventory.Yes
		}
	}
	if action == apiTokens+".read" {
		return inventory.Unknown
	}
	return inventory.No
}
