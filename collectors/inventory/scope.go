package inventory

import (
	"cmp"
	"slices"
)

// NewScope is a scope that opens exactly items. Items with the same ID are one.
func NewScope(items ...ScopeItem) Scope {
	s := Scope{State: ScopeListed, Items: distinct(items)}
	s.Effective = effective(s.Items)
	return s
}

// AllScope is a scope that opens everything that exists now, which is items,
// and whatever comes later.
func AllScope(items ...ScopeItem) Scope {
	s := NewScope(items...)
	s.State = ScopeAll
	s.Effective = effective(slices.DeleteFunc(slices.Clone(s.Items), func(i ScopeItem) bool { return i.Exists == No }))
	return s
}

// UnknownScope is a scope that could not be decided, for reason. items are
// those that are known.
func UnknownScope(reason string, items ...ScopeItem) Scope {
	return Scope{State: ScopeUnknown, Reason: reason, Items: distinct(items)}
}

// distinct sorts a copy of items by ID and drops repetitions.
func distinct(items []ScopeItem) []ScopeItem {
	sorted := append(make([]ScopeItem, 0, len(items)), items...)
	slices.SortFunc(sorted, func(a, b ScopeItem) int {
		return cmp.Or(
			cmp.Compare(a.ID, b.ID), cmp.Compare(a.AliasOf, b.AliasOf), cmp.Compare(a.Name, b.Name),
			cmp.Compare(a.Exists, b.Exists), cmp.Compare(a.Primary, b.Primary),
		)
	})
	return slices.CompactFunc(sorted, func(a, b ScopeItem) bool { return a.ID == b.ID })
}

// effective counts the distinct items after aliases are resolved. An alias may
// point to an alias; a circle, which no CMS has, counts as one.
func effective(items []ScopeItem) int {
	target := make(map[string]string, len(items))
	for _, item := range items {
		target[item.ID] = item.AliasOf
	}
	end := make(map[string]string, len(items))
	ends := make(map[string]struct{}, len(items))
	for _, item := range items {
		ends[resolve(target, end, item.ID)] = struct{}{}
	}
	return len(ends)
}

// resolve returns what an id stands for, and remembers in end what it has found
// out, so that each alias is followed once.
func resolve(target, end map[string]string, id string) string {
	var path []string
	on := map[string]bool{}
	at := id
	for end[at] == "" && target[at] != "" && !on[at] {
		on[at] = true
		path = append(path, at)
		at = target[at]
	}
	final := cmp.Or(end[at], at)
	if on[at] {
		final = slices.Min(path[slices.Index(path, at):])
	}
	for _, alias := range path {
		end[alias] = final
	}
	return final
}

// aliasCircle returns an alias that leads back to itself, or "".
func aliasCircle(items []ScopeItem) string {
	target := make(map[string]string, len(items))
	for _, item := range items {
		target[item.ID] = item.AliasOf
	}
	done := make(map[string]bool, len(items))
	for _, item := range items {
		on := map[string]bool{}
		at := item.ID
		for ; target[at] != "" && !done[at]; at = target[at] {
			if on[at] {
				return at
			}
			on[at] = true
		}
		for alias := range on {
			done[alias] = true
		}
	}
	return ""
}
