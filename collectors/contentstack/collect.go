package contentstack

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/sourcegraph/conc"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// The lists of a stack, in the order of its units.
const (
	unitDelivery      = "delivery_tokens"
	unitManagement    = "management_tokens"
	unitEnvironments  = "environments"
	unitBranches      = "branches"
	unitAliases       = "branch_aliases"
	unitCollaborators = "collaborators"
	unitUsers         = "organization_users"
)

// contents are the lists of one stack as they came.
type contents struct {
	delivery, management                                             []token
	environments                                                     []environment
	branches                                                         []branch
	aliases                                                          []branchAlias
	deliveryGap, managementGap, environmentsGap, branchGap, aliasGap *gap
	// users are those of the organization; nil if it is not known.
	users *people
}

// Collect implements collectors.Collector.
func (c *collector) Collect(ctx context.Context, source inventory.Source) (inventory.Source, error) {
	c.mu.Lock()
	s := c.stacks[source.ID]
	c.mu.Unlock()
	source.CollectedAt = c.run.Now().UTC()
	source.Units, source.Tokens = []inventory.Unit{}, []inventory.Token{}
	if s == nil {
		return source, fmt.Errorf("collect %s: the stack was not discovered", source.ID)
	}
	if s.gap != nil {
		source.Units = []inventory.Unit{
			unit(unitDelivery, 0, s.gap, inventory.Delivery, inventory.Preview),
			unit(unitManagement, 0, s.gap, inventory.Management),
		}
		return source, nil
	}
	lists := c.read(ctx, s)
	lists.judgeRefusals()
	p := lists.places(s)
	people := c.count(ctx, s, &lists)
	n := normalizer{
		source: source, places: p, census: people,
		never: horizon(source.NeverAfter, source.CollectedAt),
	}
	for _, t := range lists.delivery {
		source.Tokens = append(source.Tokens, n.delivery(t)...)
	}
	for _, t := range lists.management {
		source.Tokens = append(source.Tokens, n.management(t))
	}
	slices.SortFunc(source.Tokens, func(a, b inventory.Token) int { return cmp.Compare(a.ID, b.ID) })
	for _, item := range p.allEnvironments() {
		source.Environments = append(source.Environments, inventory.Environment{ID: item.ID, Name: item.Name, Primary: item.Primary})
	}
	slices.SortFunc(source.Environments, func(a, b inventory.Environment) int { return cmp.Compare(a.ID, b.ID) })
	c.judgeEmptiness(s, people, &lists)
	source.Auditor = c.auditor(s, people, lists)
	source.Units = lists.units(p, people)
	return source, ctx.Err()
}

// read asks for all lists at once; none needs anything of another.
func (c *collector) read(ctx context.Context, s *openStack) contents {
	var (
		l      contents
		wg     conc.WaitGroup
		header = c.stackHeader(s)
	)
	wg.Go(func() {
		l.delivery, l.deliveryGap = readList(ctx, s.client, tokenListing("/v3/stacks/delivery_tokens", header))
		l.deliveryGap = l.deliveryGap.withHint(hintDelivery)
	})
	wg.Go(func() {
		l.management, l.managementGap = readList(ctx, s.client, tokenListing("/v3/stacks/management_tokens", header))
		l.managementGap = l.managementGap.withHint(hintManagement)
	})
	wg.Go(func() {
		l.environments, l.environmentsGap = readList(ctx, s.client, listing[environment]{
			path: "/v3/environments", header: header, member: "environments",
			pick: func(p *page) *list[object[environment]] { return &p.Environments },
			id:   func(e environment) string { return e.UID.value },
		})
		l.environmentsGap = l.environmentsGap.withHint(hintSupport)
	})
	if s.branches != inventory.No {
		wg.Go(func() {
			l.branches, l.branchGap = readList(ctx, s.client, listing[branch]{
				path: "/v3/stacks/branches", header: header, member: "branches",
				pick: func(p *page) *list[object[branch]] { return &p.Branches },
				id:   func(b branch) string { return b.UID.value },
			})
			l.branchGap = l.branchGap.withHint(hintSupport)
		})
		wg.Go(func() {
			l.aliases, l.aliasGap = readList(ctx, s.client, listing[branchAlias]{
				path: "/v3/stacks/branch_aliases", header: header, member: "branch_aliases",
				pick: func(p *page) *list[object[branchAlias]] { return &p.Aliases },
				id:   func(a branchAlias) string { return a.Alias.value },
			})
			l.aliasGap = l.aliasGap.withHint(hintSupport)
		})
	}
	if s.organization != nil {
		wg.Go(func() {
			users := s.organization.members(ctx, c)
			l.users = &users
		})
	}
	wg.Wait()
	return l
}

func tokenListing(path string, header http.Header) listing[token] {
	return listing[token]{
		path: path, header: header, member: "tokens",
		pick: (*page).tokens,
		id:   func(t token) string { return t.UID.value },
	}
}

// judgeRefusals corrects the class of refusals: the API refuses a list with the
// same 401 as a credential that is not valid. Where another list of the stack
// was read, the credential is valid, and a right is missing.
func (l *contents) judgeRefusals() {
	refused := func(g *gap) bool { return g != nil && g.class == inventory.ErrUnauthorized }
	if l.deliveryGap != nil && l.managementGap != nil && l.environmentsGap != nil {
		return
	}
	for _, r := range []struct {
		gap  **gap
		hint string
	}{
		{&l.deliveryGap, hintDelivery}, {&l.managementGap, hintManagement}, {&l.environmentsGap, hintSupport},
		{&l.branchGap, hintSupport}, {&l.aliasGap, hintSupport},
	} {
		if g := *r.gap; refused(g) {
			*r.gap = &gap{class: inventory.ErrPermissionDenied, detail: g.detail, hint: r.hint, status: g.status}
		}
	}
}

// places resolves what the stack has. Branches are a feature of the plan: where
// the stack's settings do not promise them, no token names one, and the lists
// are not there, the stack has none, and nothing is missing.
func (l *contents) places(s *openStack) places {
	p := places{
		environments: map[string]string{}, environmentsKnown: l.environmentsGap == nil,
		branches: map[string]bool{}, aliases: map[string]string{},
		branchless: s.branches == inventory.No,
	}
	for _, e := range l.environments {
		p.environments[e.UID.value] = e.Name.value
	}
	if p.branchless {
		return p
	}
	if s.branches != inventory.Yes && !l.namesBranches() && featureOff(l.branchGap) {
		p.branchless, l.branchGap, l.aliasGap = true, nil, nil
		return p
	}
	for _, b := range l.branches {
		if !b.Deleted {
			p.branches[b.UID.value] = true
		}
	}
	for _, a := range l.aliases {
		p.aliases[a.Alias.value] = a.UID.value
	}
	p.branchesKnown, p.aliasesKnown = l.branchGap == nil, l.aliasGap == nil
	return p
}

// featureOff reports whether a list was refused in a way that says it does not
// exist here, and not that it may not be read or could not be.
func featureOff(g *gap) bool {
	if g == nil {
		return false
	}
	switch g.status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// namesBranches reports whether any token is limited to branches.
func (l *contents) namesBranches() bool {
	for _, t := range slices.Concat(l.delivery, l.management) {
		for _, o := range t.Scope.items {
			if m := o.value.Module.value; m == moduleBranch || m == moduleAlias {
				return true
			}
		}
	}
	return false
}

// count finds the people who made the tokens. The organization's users are
// read once for all stacks, and know nearly everybody; the stack's own users
// are asked for only where somebody is missing there.
func (c *collector) count(ctx context.Context, s *openStack, l *contents) census {
	people := census{owner: s.owner, caller: c.caller.person, organization: l.users, collaborators: s.people}
	creators := map[string]bool{}
	for _, t := range slices.Concat(l.delivery, l.management) {
		if uid := t.CreatedBy.value; uid != "" {
			creators[uid] = true
		}
	}
	needed := people.missing(creators) || c.suspectsEmptiness(s, l)
	if needed && people.collaborators == nil {
		p := c.collaborators(ctx, s)
		people.collaborators = &p
	}
	// A list that could not be read is no gap if nobody had to be looked up in it.
	if !needed && people.collaborators != nil && people.collaborators.gap != nil {
		people.collaborators = nil
	}
	if people.organization != nil && people.organization.gap != nil && !people.missing(creators) {
		people.organization = nil
	}
	return people
}

// units reports on the lists. Those that were not needed are left out.
func (l *contents) units(p places, people census) []inventory.Unit {
	units := []inventory.Unit{
		unit(unitDelivery, len(l.delivery), l.deliveryGap, inventory.Delivery, inventory.Preview),
		unit(unitManagement, len(l.management), l.managementGap, inventory.Management),
		unit(unitEnvironments, len(l.environments), l.environmentsGap),
	}
	if !p.branchless {
		units = append(units,
			unit(unitBranches, len(l.branches), l.branchGap),
			unit(unitAliases, len(l.aliases), l.aliasGap))
	}
	if people.collaborators != nil {
		units = append(units, unit(unitCollaborators, len(people.collaborators.known), people.collaborators.gap))
	}
	if people.organization != nil {
		units = append(units, unit(unitUsers, len(people.organization.known), people.organization.gap))
	}
	return units
}
