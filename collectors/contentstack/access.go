package contentstack

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/redact"
)

// The modules that narrow a token to environments or branches.
const (
	moduleEnvironment = "environment"
	moduleBranch      = "branch"
	moduleAlias       = "branch_alias"
)

// wildcard stands for all modules and, as other parts of the API have it, for
// all branches.
const wildcard = "$all"

// changesStructure reports whether writing to a module changes what content is
// or how the stack is set up, and not content alone. $all is one of them: a
// management token that may write everything may write content types, roles
// and webhooks. It is not an administrator: the vendor keeps users, tokens, the
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
// any entry outside the branch modules, which only narrow the others. An entry
// whose right to write cannot be read makes write assumed, unless another entry
// grants it.
func managementAccess(s scope) inventory.Access {
	level, unread := inventory.LevelNone, ""
	if s.State != cmsapi.FieldGiven {
		unread = s.Err("scope").Message
	} else if s.Broken > 0 {
		unread = "a scope entry of the token cannot be read"
	}
	for _, entry := range s.Items {
		module := str(entry.Module)
		if module == moduleBranch || module == moduleAlias {
			continue
		}
		granted, reason := entry.level()
		if granted.Compare(level) > 0 {
			level = granted
		}
		if reason != "" {
			unread = reason
		}
	}
	if unread != "" && !level.AtLeast(inventory.LevelWrite) {
		return inventory.AssumedAccess(unread, inventory.No, grants(s)...)
	}
	return inventory.NewAccess(level, inventory.No, grants(s)...)
}

// level is what one entry grants at most. The set of modules is open, because
// the vendor's own sources disagree on it; an unknown one counts as content.
// The reason is set if the right to write cannot be read. Where the right to
// read is named and the one to write is not, it is not given, as in all samples
// of read-only scopes.
func (e scopeEntry) level() (level inventory.Level, unread string) {
	switch {
	case str(e.Module) == "":
		return inventory.LevelNone, e.unnamed()
	case e.ACL.State != cmsapi.FieldGiven:
		return inventory.LevelNone, e.ACL.Reason("the acl of a scope entry")
	}
	write := e.ACL.Members[rightWrite]
	read, named := e.ACL.Members[rightRead].Get()
	switch {
	case yes(write) && changesStructure(str(e.Module)):
		return inventory.LevelSchema, ""
	case yes(write):
		return inventory.LevelWrite, ""
	case unreadable(write):
		return inventory.LevelNone, write.Reason("the right to write of a scope entry")
	}
	if right := e.mayWrite(); right != "" {
		return inventory.LevelNone, fmt.Sprintf("the right %s of a scope entry may write", cmsapi.Word(right))
	}
	switch {
	case !named && write.State == cmsapi.FieldAbsent:
		return inventory.LevelNone, "the acl of a scope entry names no right that can be read"
	case bool(read) || !named:
		return inventory.LevelRead, ""
	}
	return inventory.LevelNone, ""
}

// The rights that the vendor documents. Any other one counts as one to write,
// which is not certain.
const (
	rightRead  = "read"
	rightWrite = "write"
)

// mayWrite is the first right, by name, that is given, or is neither given nor
// denied, and is not known to read only; empty if there is none.
func (e scopeEntry) mayWrite() string {
	for _, right := range slices.Sorted(maps.Keys(e.ACL.Members)) {
		if right == rightRead || right == rightWrite {
			continue
		}
		if given, known := e.ACL.Members[right].Get(); bool(given) || !known {
			return right
		}
	}
	if len(e.ACL.Broken) > 0 {
		return e.ACL.Broken[0]
	}
	return ""
}

// unnamed is why an entry has no module.
func (e scopeEntry) unnamed() string {
	return cmp.Or(e.Module.Reason("the module of a scope entry"), "a scope entry of the token names no module")
}

// unreadable: the right is named, but not by a yes or no.
func unreadable(f boolean) bool { return f.State == cmsapi.FieldNull || f.State == cmsapi.FieldWrong }

// deliveryAccess reads what a delivery token, or the preview token next to it,
// can do: both reach read-only APIs, whatever their scope says. Without an
// environment there is nothing to read.
func deliveryAccess(s scope, environments inventory.Scope) inventory.Access {
	if environments.State == inventory.ScopeListed && len(environments.Items) == 0 {
		return inventory.NewAccess(inventory.LevelNone, inventory.No, grants(s)...)
	}
	return inventory.NewAccess(inventory.LevelRead, inventory.No, grants(s)...)
}

// grants are the rights of a scope in Contentstack's own words, such as
// "$all:write" and "branch:read", sorted within an entry. A right is a word of the API, so
// one that looks like a credential is not shown.
func grants(s scope) []string {
	var words []string
	for _, entry := range s.Items {
		for _, right := range slices.Sorted(maps.Keys(entry.ACL.Members)) {
			if yes(entry.ACL.Members[right]) {
				words = append(words, str(entry.Module)+":"+redact.Text(right))
			}
		}
	}
	return words
}
