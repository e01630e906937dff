package contentstack

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// mainBranch is the branch that every stack begins with.
const mainBranch = "main"

// places are the environments and branches that a stack has.
type places struct {
	// environments maps uid to name; complete only if environmentsKnown.
	environments      map[string]string
	environmentsKnown bool
	// branches are the branches that exist; complete only if branchesKnown.
	branches      map[string]bool
	branchesKnown bool
	// aliases maps an alias to its branch; complete only if aliasesKnown.
	aliases      map[string]string
	aliasesKnown bool
	// branchless: the stack does not use branches.
	branchless bool
}

// environmentNamed finds an environment by uid or name, the two ways in which a
// scope can name one.
func (p *places) environmentNamed(word string) (uid string, ok bool) {
	if _, ok := p.environments[word]; ok {
		return word, true
	}
	for _, uid := range slices.Sorted(maps.Keys(p.environments)) {
		if p.environments[uid] == word {
			return uid, true
		}
	}
	return "", false
}

// environmentScope reads the environments of a delivery token from all its
// scope entries: the API takes several environments in one entry, several
// entries, and gives them as objects or as plain names.
func (p *places) environmentScope(scope list[object[scopeEntry]]) inventory.Scope {
	refs, state := refsOf(scope, moduleEnvironment)
	// An object teaches the name that a plain string elsewhere may use.
	named := map[string]string{}
	for _, r := range refs {
		if r.uid != "" && r.name != "" {
			named[r.name] = r.uid
		}
	}
	s := inventory.Scope{State: state.state, Reason: state.reason}
	for _, r := range refs {
		s.Items = append(s.Items, p.environmentItem(r, named))
	}
	return finish(s, func() []inventory.ScopeItem { return p.allEnvironments() }, p.environmentsKnown,
		"the token opens every environment, and the list of environments could not be read")
}

func (p *places) environmentItem(r ref, named map[string]string) inventory.ScopeItem {
	item := inventory.ScopeItem{ID: r.uid, Name: r.name, Primary: inventory.No, Exists: inventory.Unknown}
	for _, word := range []string{r.uid, r.name, r.word} {
		if word == "" {
			continue
		}
		if uid, ok := p.environmentNamed(word); ok {
			item.ID, item.Name, item.Exists = uid, p.environments[uid], inventory.Yes
			return item
		}
	}
	if word := cmp.Or(r.word, r.name); item.ID == "" {
		item.ID = cmp.Or(named[word], word)
		if item.ID != word {
			item.Name = word
		}
	}
	if p.environmentsKnown {
		item.Exists = inventory.No
	}
	return item
}

func (p *places) allEnvironments() []inventory.ScopeItem {
	items := []inventory.ScopeItem{}
	for uid, name := range p.environments {
		items = append(items, inventory.ScopeItem{ID: uid, Name: name, Primary: inventory.No, Exists: inventory.Yes})
	}
	return items
}

// everyEnvironment is the scope of a management token: nothing in it narrows
// the environments.
func (p *places) everyEnvironment() inventory.Scope {
	return finish(inventory.Scope{State: inventory.ScopeAll}, p.allEnvironments, p.environmentsKnown,
		"the token opens every environment, and the list of environments could not be read")
}

// branchScope reads the branches and branch aliases of a token; nil where the
// stack does not use branches.
func (p *places) branchScope(scope list[object[scopeEntry]]) *inventory.Scope {
	branches, state := refsOf(scope, moduleBranch)
	aliases, aliasState := refsOf(scope, moduleAlias)
	if p.branchless && len(branches) == 0 && len(aliases) == 0 {
		return nil
	}
	state = state.and(aliasState)
	if state.state == inventory.ScopeListed && len(branches) == 0 && len(aliases) == 0 {
		state = scopeReading{inventory.ScopeUnknown, "the scope of the token names no branch and no alias"}
	}
	s := inventory.Scope{State: state.state, Reason: state.reason}
	for _, r := range branches {
		s.Items = append(s.Items, p.branchItem(cmp.Or(r.uid, r.word, r.name)))
	}
	for _, r := range aliases {
		s.Items = append(s.Items, p.aliasItem(cmp.Or(r.word, r.name, r.uid)))
	}
	s = finish(s, p.allBranches, p.branchesKnown,
		"the token opens every branch, and the list of branches could not be read")
	return &s
}

func (p *places) branchItem(uid string) inventory.ScopeItem {
	item := inventory.ScopeItem{ID: uid, Primary: inventory.TernaryOf(uid == mainBranch), Exists: inventory.Unknown}
	switch {
	case p.branches[uid]:
		item.Exists = inventory.Yes
	case p.branchesKnown:
		item.Exists = inventory.No
	}
	return item
}

// aliasItem: an alias exists as long as the branch does that it points to.
func (p *places) aliasItem(alias string) inventory.ScopeItem {
	target, found := p.aliases[alias]
	if !found {
		exists := inventory.Unknown
		if p.aliasesKnown {
			exists = inventory.No
		}
		return inventory.ScopeItem{ID: alias, Primary: inventory.No, Exists: exists}
	}
	item := p.branchItem(target)
	item.ID, item.AliasOf = alias, target
	return item
}

func (p *places) allBranches() []inventory.ScopeItem {
	items := []inventory.ScopeItem{}
	for uid := range p.branches {
		items = append(items, p.branchItem(uid))
	}
	for alias := range p.aliases {
		items = append(items, p.aliasItem(alias))
	}
	return items
}

// scopeReading is how far a scope could be read.
type scopeReading struct {
	state  inventory.ScopeState
	reason string
}

// and joins the readings of two modules: one that cannot be read leaves the
// whole open, else one that opens everything opens the whole.
func (a scopeReading) and(b scopeReading) scopeReading {
	for _, state := range []inventory.ScopeState{inventory.ScopeUnknown, inventory.ScopeAll} {
		for _, r := range []scopeReading{a, b} {
			if r.state == state {
				return r
			}
		}
	}
	return a
}

// refsOf collects what all scope entries of a module name.
func refsOf(scope list[object[scopeEntry]], module string) ([]ref, scopeReading) {
	reading := scopeReading{state: inventory.ScopeListed}
	if scope.shape != good {
		return nil, scopeReading{inventory.ScopeUnknown, "Contentstack gave no scope for the token"}
	}
	unread := scopeReading{inventory.ScopeUnknown, "a scope entry of the token cannot be read"}
	var refs []ref
	for _, o := range scope.items {
		entry := o.value
		if o.shape != good || entry.Module.shape != good {
			// It could be an entry of this module.
			reading = reading.and(unread)
			continue
		}
		if entry.Module.value != module {
			continue
		}
		names := entry.names()
		if names.shape != good {
			reading = reading.and(unread)
		}
		for _, r := range names.items {
			switch {
			case r.empty():
				reading = reading.and(unread)
			case r.word == wildcard:
				reading = reading.and(scopeReading{state: inventory.ScopeAll})
			default:
				refs = append(refs, r)
			}
		}
	}
	return refs, reading
}

// names is the array that belongs to the entry's module.
func (e scopeEntry) names() list[ref] {
	switch e.Module.value {
	case moduleEnvironment:
		return e.Environments
	case moduleBranch:
		return e.Branches
	default:
		return e.Aliases
	}
}

// finish completes a scope: distinct items, sorted, counted. For a scope that
// opens all, they are what exists now; if that is not known, neither is how
// much the token opens.
func finish(s inventory.Scope, all func() []inventory.ScopeItem, known bool, reason string) inventory.Scope {
	if s.State == inventory.ScopeAll {
		s.Items = append(s.Items, all()...)
		if !known {
			s.State, s.Reason = inventory.ScopeUnknown, reason
		}
	}
	slices.SortFunc(s.Items, func(a, b inventory.ScopeItem) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.AliasOf, b.AliasOf))
	})
	s.Items = slices.CompactFunc(s.Items, func(a, b inventory.ScopeItem) bool { return a.ID == b.ID && a.AliasOf == b.AliasOf })
	if s.Items == nil {
		s.Items = []inventory.ScopeItem{}
	}
	if s.State == inventory.ScopeUnknown {
		return s
	}
	distinct := map[string]bool{}
	for _, item := range s.Items {
		if s.State == inventory.ScopeAll && item.Exists != inventory.Yes {
			continue
		}
		distinct[cmp.Or(item.AliasOf, item.ID)] = true
	}
	s.Effective = len(distinct)
	return s
}
