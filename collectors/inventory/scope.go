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
// point to an alias; a circle counts as one.
func effective(items []ScopeItem) int {
	target := make(map[string]string, len(items))
	for _, item := range items {
		target[item.ID] = item.AliasOf
	}
	ends := make(map[string]struct{}, len(items))
	for _, item := range items {
		ends[resolve(target, item.ID)] = struct{}{}
	}
	return len(ends)
}

func resolve(target map[string]string, id string) string {
	seen := map[string]struct{}{}
	for target[id] != "" {
		if _, circle := seen[id]; circle {
			return smallestInCircle(target, id)
		}
		seen[id] = struct{}{}
		id = target[id]
	}
	return id
}

// smallestInCircle names a circle of aliases the same from wherever it is entered.
func smallestInCircle(target map[string]string, id string) string {
	least := id
	for next := target[id]; next != id; next = target[next] {
		least = min(least, next)
	}
	return least
}
