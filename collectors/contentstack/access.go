package contentstack

import (
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// The modules that narrow a token to branches; what they allow is no right of
// its own.
const (
	moduleEnvironment = "environment"
	moduleBranch      = "branch"
	moduleAlias       = "branch_alias"
)

// wildcard stands for all modules, and, by what other parts of the API accept,
// for all branches.
const wildcard = "$all"

// changesStructure reports whether writing to a module changes what content is
// or how the stack is set up, and not content alone. $all is one of them: a
// management token that may write everything may write content types, roles
// and webhooks. It is no administrator: the vendor keeps users, tokens, the
// stack and its organization out of reach of any management token.
func changesStructure(module string) bool {
	switch module {
	case wildcard, "content_type", "global_field", "taxonomy", "extension", "environment", "locale",
		"webhook", "workflow", "role", "publish_rule":
		return true
	}
	return false
}

// managementAccess reads what a management token can do: the strongest right of
// any entry outside the branch modules. The list of modules is open, because
// the vendor's own sources disagree on it; an unknown one counts as content.
// Entries whose rights cannot be read make write assumed, unless another one
// shows it.
func managementAccess(scope list[object[scopeEntry]]) inventory.Access {
	a := inventory.Access{Level: inventory.LevelNone, ManagesTokens: inventory.No, Grants: grants(scope)}
	reason := ""
	if scope.shape != good {
		reason = "Contentstack gave no scope for the token"
	}
	for _, o := range scope.items {
		entry, acl := o.value, o.value.ACL.value
		module := entry.Module.value
		if module == moduleBranch || module == moduleAlias {
			continue
		}
		switch {
		case acl.Write.shape == good && acl.Write.value && changesStructure(module):
			a.Level, a.Write = inventory.LevelSchema, true
		case acl.Write.shape == good && acl.Write.value:
			a.Write = true
			if a.Level != inventory.LevelSchema {
				a.Level = inventory.LevelWrite
			}
		case o.shape != good || entry.ACL.shape != good || unreadable(acl.Write):
			reason = "the rights of a scope entry of the token cannot be read"
		case a.Level == inventory.LevelNone && (acl.Read.value || unreadable(acl.Read)):
			a.Level = inventory.LevelRead
		}
	}
	if reason != "" && !a.Write {
		a.Level, a.Write, a.Assumed, a.Reason = inventory.LevelUnknown, true, true, reason
	}
	return a
}

// unreadable: the right is named, but not by a yes or no. One that is not named
// is not given.
func unreadable(f flag) bool { return f.shape == odd || f.shape == null }

// deliveryAccess reads what a delivery token, or the preview token beside it,
// can do: both reach read-only APIs, whatever their scope says. Without an
// environment there is nothing to read.
func deliveryAccess(scope list[object[scopeEntry]], environments inventory.Scope) inventory.Access {
	a := inventory.Access{Level: inventory.LevelRead, ManagesTokens: inventory.No, Grants: grants(scope)}
	if environments.State == inventory.ScopeListed && len(environments.Items) == 0 {
		a.Level = inventory.LevelNone
	}
	return a
}

// grants are the rights of a scope in Contentstack's own words, such as
// "$all:write" and "branch:read".
func grants(scope list[object[scopeEntry]]) []string {
	words := []string{}
	for _, o := range scope.items {
		module, acl := o.value.Module.value, o.value.ACL.value
		if acl.Read.value {
			words = append(words, module+":read")
		}
		if acl.Write.value {
			words = append(words, module+":write")
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}
