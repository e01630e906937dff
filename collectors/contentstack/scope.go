package contentstack

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// mainBranch is the branch that every stack begins with.
const mainBranch = "main"

// places are the environments and branches that a stack has.
type places struct {
	// environments maps uid to name; complete only if environmentsKnown.
	environments      map[string]string
	environmentsKnown bool
	// named maps names to uids; nil until it is needed.
	named map[string]string
	// every is the scope that opens all environments, which many tokens share; nil
	// until it is needed.
	every *inventory.Scope
	// nameless: the names of some environments could not be read.
	nameless bool
	// branches tells which branches exist; complete only if branchesKnown.
	branches      map[string]inventory.Ternary
	branchesKnown bool
	// aliases maps an alias to its branch; complete only if aliasesKnown.
	aliases      map[string]string
	aliasesKnown bool
	// branchless: the stack does not use branches.
	branchless bool
}

// environmentScope reads the environments of a delivery token from all its
// scope entries: the API takes several environments in one entry, several
// entries, and returns them as objects or as plain names.
func (p *places) environmentScope(s scope) inventory.Scope {
	named := readScope(s, moduleEnvironment)
	// An object teaches the uid of the name that a plain word elsewhere may use.
	uids := map[string]string{}
	for _, r := range named.refs {
		if r.uid != "" && r.name != "" {
			uids[r.name] = r.uid
		}
	}
	var items []inventory.ScopeItem
	for _, r := range named.refs {
		items = append(items, p.environmentItem(r, uids))
	}
	if named.all {
		items = append(items, p.allEnvironments()...)
		if !p.environmentsKnown {
			named.unread = reasonAllEnvironments
		}
	}
	return named.scope(items)
}

const (
	reasonAllEnvironments = "the token opens every environment, and the list of environments could not be read"
	reasonAllBranches     = "the token opens every branch, and the list of branches could not be read"
)

// everyEnvironment is the scope of a management token: nothing narrows it, as
// the management API knows no borders between environments.
func (p *places) everyEnvironment() inventory.Scope {
	switch {
	case p.every != nil:
	case p.environmentsKnown:
		all := inventory.AllScope(p.allEnvironments()...)
		p.every = &all
	default:
		some := inventory.UnknownScope(reasonAllEnvironments, p.allEnvironments()...)
		p.every = &some
	}
	return *p.every
}

func (p *places) environmentItem(r ref, uids map[string]string) inventory.ScopeItem {
	for _, word := range []string{r.uid, r.name, r.word} {
		if uid, ok := p.environmentCalled(word); ok {
			return p.environment(uid)
		}
	}
	item := inventory.ScopeItem{ID: r.uid, Name: r.name, Primary: inventory.No, Exists: inventory.Unknown}
	if word := cmp.Or(r.word, r.name); item.ID == "" {
		item.ID = cmp.Or(uids[word], word)
		item.Name = word
	}
	if p.environmentsKnown && (r.uid != "" || !p.nameless) {
		item.Exists = inventory.No
	}
	return item
}

// environmentCalled finds an environment by uid or name, the two ways in which
// a scope can name one.
func (p *places) environmentCalled(word string) (uid string, ok bool) {
	if word == "" {
		return "", false
	}
	if _, ok := p.environments[word]; ok {
		return word, true
	}
	if p.named == nil {
		p.named = map[string]string{}
		for uid, name := range p.environments {
			if other, taken := p.named[name]; !taken || uid < other {
				p.named[name] = uid
			}
		}
	}
	uid, ok = p.named[word]
	return uid, ok
}

func (p *places) environment(uid string) inventory.ScopeItem {
	return inventory.ScopeItem{ID: uid, Name: p.environments[uid], Primary: inventory.No, Exists: inventory.Yes}
}

// allEnvironments are those that exist, sorted by uid.
func (p *places) allEnvironments() []inventory.ScopeItem {
	var items []inventory.ScopeItem
	for _, uid := range slices.Sorted(maps.Keys(p.environments)) {
		items = append(items, p.environment(uid))
	}
	return items
}

// branchScope reads the branches and branch aliases of a token; nil where the
// stack does not use branches.
func (p *places) branchScope(s scope) *inventory.Scope {
	branches, aliases := readScope(s, moduleBranch), readScope(s, moduleAlias)
	named := branches.with(aliases)
	if p.branchless && len(named.refs) == 0 && !named.all {
		return nil
	}
	var items []inventory.ScopeItem
	for _, r := range branches.refs {
		items = append(items, p.branch(cmp.Or(r.uid, r.word, r.name)))
	}
	for _, r := range aliases.refs {
		items = append(items, p.alias(aliasName(r)))
	}
	switch {
	case named.all:
		items = append(items, p.allBranches()...)
		if !p.branchesKnown || !p.aliasesKnown {
			named.unread = reasonAllBranches
		}
	case len(items) > 1 && slices.ContainsFunc(aliases.refs, p.unresolved):
		named.unread = "the scope of the token names an alias along with other branches, and the target of the alias could not be read"
	case len(items) == 0 && len(s.Items) > 0 && named.unread == "":
		// Tokens from before the stack had branches may be so.
		named.unread = "the scope of the token names no branch and no alias"
	}
	scope := named.scope(items)
	return &scope
}

func (p *places) branch(uid string) inventory.ScopeItem {
	item := inventory.ScopeItem{ID: uid, Primary: inventory.TernaryOf(uid == mainBranch), Exists: inventory.Unknown}
	if exists, listed := p.branches[uid]; listed {
		item.Exists = exists
	} else if p.branchesKnown {
		item.Exists = inventory.No
	}
	return item
}

// alias returns the item of an alias, which exists as long as the branch does
// that it points to.
func (p *places) alias(name string) inventory.ScopeItem {
	target, listed := p.aliases[name]
	if target == "" {
		item := inventory.ScopeItem{ID: name, Primary: inventory.Unknown, Exists: inventory.Unknown}
		if p.aliasesKnown && !listed {
			item.Primary, item.Exists = inventory.No, inventory.No
		}
		return item
	}
	item := p.branch(target)
	item.ID, item.AliasOf = name, target
	return item
}

// unresolved reports whether it is not known where an alias points to. The
// branch may be one that the token names, too.
func (p *places) unresolved(r ref) bool {
	target, listed := p.aliases[aliasName(r)]
	return target == "" && (listed || !p.aliasesKnown)
}

func aliasName(r ref) string { return cmp.Or(r.word, r.name, r.uid) }

// allBranches are the branches that exist and the aliases, sorted by name.
func (p *places) allBranches() []inventory.ScopeItem {
	var items []inventory.ScopeItem
	for _, uid := range slices.Sorted(maps.Keys(p.branches)) {
		if p.branches[uid] != inventory.No {
			items = append(items, p.branch(uid))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.aliases)) {
		items = append(items, p.alias(name))
	}
	return items
}

// scopeNames is what the entries of one module name.
type scopeNames struct {
	refs []ref
	// all: one of them names everything.
	all bool
	// unread is why not all that they name could be read; empty if it could.
	unread string
}

// readScope collects what all entries of a module name.
func readScope(s scope, module string) scopeNames {
	var n scopeNames
	if s.State != cmsapi.FieldGiven || s.Broken > 0 {
		n.unread = s.Err("scope").Message
	}
	for _, entry := range s.Items {
		switch str(entry.Module) {
		case module:
			n.add(entry.names())
		case "":
			// It could be an entry of this module.
			n.unread = entry.unnamed()
		}
	}
	return n
}

func (n *scopeNames) add(names cmsapi.List[ref], member string) {
	if e := names.Err(member); e != nil {
		n.unread = e.Message
	}
	for _, r := range names.Items {
		if r.word == wildcard || r.uid == wildcard || r.name == wildcard {
			n.all = true
			continue
		}
		n.refs = append(n.refs, r)
	}
}

// names is the array that belongs to the entry's module.
func (e scopeEntry) names() (names cmsapi.List[ref], member string) {
	switch str(e.Module) {
	case moduleEnvironment:
		return e.Environments, "environments"
	case moduleBranch:
		return e.Branches, "branches"
	default:
		return e.Aliases, "branch_aliases"
	}
}

func (n scopeNames) with(m scopeNames) scopeNames {
	return scopeNames{slices.Concat(n.refs, m.refs), n.all || m.all, cmp.Or(n.unread, m.unread)}
}

// scope makes the scope of what was read.
func (n scopeNames) scope(items []inventory.ScopeItem) inventory.Scope {
	switch {
	case n.unread != "":
		return inventory.UnknownScope(n.unread, items...)
	case n.all:
		return inventory.AllScope(items...)
	default:
		return inventory.NewScope(items...)
	}
}
