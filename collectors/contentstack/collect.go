package contentstack

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/sourcegraph/conc"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
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
	delivery, management cmsapi.Listing[token]
	environments         cmsapi.Listing[environment]
	branches             cmsapi.Listing[branch]
	aliases              cmsapi.Listing[branchAlias]
	// remark is what has to be said of the list of management tokens although it
	// was read; usually empty.
	remark string
	// users are those of the organization; nil if it is not known.
	users *people
	// skip are the lists of tokens that are not asked for.
	skip []string
}

// skips reports whether a list of tokens is not asked for.
func (l *contents) skips(unit string) bool { return slices.Contains(l.skip, unit) }

// Collect implements collectors.Collector.
func (c *collector) Collect(ctx context.Context, source inventory.Source) (inventory.Source, error) {
	return c.CollectWithout(ctx, source, nil)
}

// Separate implements collectors.Separable. Either list holds tokens of its own kind; the
// places and people that they name are asked for again.
func (c *collector) Separate() map[string]string {
	return map[string]string{unitDelivery: tokenID("", unitDelivery, ""), unitManagement: tokenID("", unitManagement, "")}
}

// CollectWithout implements collectors.Separable.
func (c *collector) CollectWithout(ctx context.Context, source inventory.Source, skip []string) (inventory.Source, error) {
	source.CollectedAt = c.run.Now().UTC()
	source.Units, source.Tokens = []inventory.Unit{}, []inventory.Token{}
	c.mu.Lock()
	s := c.stacks[source.ID]
	c.mu.Unlock()
	if s == nil {
		return source, fmt.Errorf("collect %s: the stack was not discovered by this collector", source.ID)
	}
	if s.err != nil {
		lost := contents{delivery: cmsapi.Listing[token]{Err: s.err}, management: cmsapi.Listing[token]{Err: s.err}, skip: skip}
		source.Units = lost.tokenUnits()
		for i := range source.Units {
			source.Units[i].Sources = s.nameless
		}
		return source, ctx.Err()
	}
	lists := c.read(ctx, s, skip)
	lists.judgeRefusals()
	where := lists.places(s)
	who := c.census(ctx, s, &lists)
	c.judgeEmptiness(s, who, &lists)
	n := normaliser{source: source, places: &where, census: who, horizon: source.Horizon()}
	source.Tokens = make([]inventory.Token, 0, len(lists.delivery.Items)+len(lists.management.Items))
	for _, t := range lists.delivery.Items {
		source.Tokens = append(source.Tokens, n.delivery(t)...)
	}
	for _, t := range lists.management.Items {
		source.Tokens = append(source.Tokens, n.management(t))
	}
	for _, e := range where.allEnvironments() {
		source.Environments = append(source.Environments, inventory.Environment{ID: e.ID, Name: e.Name, Primary: e.Primary})
	}
	source.Auditor = c.auditor(s, who, lists)
	source.Units = lists.units(where, who)
	source.Normalise()
	return source, ctx.Err()
}

// read asks for all lists at once; none needs anything of another.
func (c *collector) read(ctx context.Context, s *openStack, skip []string) contents {
	var (
		l      = contents{skip: skip}
		wg     conc.WaitGroup
		header = c.stackHeader(s)
	)
	if !l.skips(unitDelivery) {
		wg.Go(func() {
			list := tokenListing("/v3/stacks/delivery_tokens", header)
			list.secrets = deliverySecrets(s.source.ID)
			l.delivery = readList(ctx, s.client, list)
			l.delivery.Err = hinted(l.delivery.Err, hintDelivery)
		})
	}
	if !l.skips(unitManagement) {
		wg.Go(func() {
			l.management = readList(ctx, s.client, tokenListing("/v3/stacks/management_tokens", header))
			l.management.Err = hinted(l.management.Err, hintManagement)
		})
	}
	wg.Go(func() {
		l.environments = readList(ctx, s.client, environmentListing(header))
		l.environments.Err = hinted(l.environments.Err, hintSupport)
	})
	if s.branches != inventory.No {
		wg.Go(func() {
			l.branches = readList(ctx, s.client, branchListing(header))
			l.branches.Err = hinted(l.branches.Err, hintSupport)
		})
		wg.Go(func() {
			l.aliases = readList(ctx, s.client, listing[branchAlias]{
				path: "/v3/stacks/branch_aliases", header: header, member: "branch_aliases",
				pick: func(p *page) cmsapi.List[branchAlias] { return p.Aliases.List },
				id:   func(a branchAlias) string { return str(a.Alias) },
			})
			l.aliases.Err = hinted(l.aliases.Err, hintSupport)
		})
	}
	if org := s.source.Organization; org != "" {
		wg.Go(func() { l.users = c.organizationUsers(ctx, org, s.client) })
	}
	wg.Wait()
	return l
}

func tokenListing(path string, header http.Header) listing[token] {
	return listing[token]{
		path: path, header: header, member: "tokens",
		pick: (*page).tokens,
		id:   func(t token) string { return str(t.UID) },
	}
}

func environmentListing(header http.Header) listing[environment] {
	return listing[environment]{
		path: "/v3/environments", header: header, member: "environments",
		pick: func(p *page) cmsapi.List[environment] { return p.Environments.List },
		id:   func(e environment) string { return str(e.UID) },
	}
}

func branchListing(header http.Header) listing[branch] {
	return listing[branch]{
		path: "/v3/stacks/branches", header: header, member: "branches",
		pick: func(p *page) cmsapi.List[branch] { return p.Branches.List },
		id:   func(b branch) string { return str(b.UID) },
	}
}

// judgeRefusals corrects the class of refusals where any of the lists that every
// stack has was read.
func (l *contents) judgeRefusals() {
	if l.delivery.Err != nil && l.management.Err != nil && l.environments.Err != nil {
		return
	}
	l.delivery.Err = denied(l.delivery.Err, hintDelivery)
	l.management.Err = denied(l.management.Err, hintManagement)
	l.environments.Err = denied(l.environments.Err, hintSupport)
	l.branches.Err = denied(l.branches.Err, hintSupport)
	l.aliases.Err = denied(l.aliases.Err, hintSupport)
	if l.users != nil {
		l.users = &people{known: l.users.known, err: denied(l.users.err, hintOrganization)}
	}
}

// places resolves what the stack has. Branches are a feature of the plan: where
// the stack's settings do not promise them, no token names one, and the lists
// are not there, the stack has none, and nothing is missing.
func (l *contents) places(s *openStack) places {
	p := places{
		environments: map[string]string{}, environmentsKnown: l.environments.Err == nil,
		branches: map[string]inventory.Ternary{}, aliases: map[string]string{},
		branchless: s.branches == inventory.No ||
			s.branches == inventory.Unknown && notThere(l.branches.Err) && !l.namesBranches(),
	}
	for _, e := range l.environments.Items {
		p.environments[str(e.UID)] = str(e.Name)
		p.nameless = p.nameless || str(e.Name) == ""
	}
	if p.branchless {
		return p
	}
	for _, b := range l.branches.Items {
		p.branches[str(b.UID)] = b.Exists.ternary()
	}
	for _, a := range l.aliases.Items {
		p.aliases[str(a.Alias)] = str(a.UID)
	}
	p.branchesKnown, p.aliasesKnown = l.branches.Err == nil, l.aliases.Err == nil
	return p
}

// notThere reports whether a list was refused in a way that says it does not
// exist here, and not that it may not be read or could not be.
func notThere(e *cmsapi.Error) bool {
	if e == nil || e.Code == codeStackNotFound {
		return false
	}
	switch e.Status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// namesBranches reports whether any token is limited to branches.
func (l *contents) namesBranches() bool {
	for _, t := range slices.Concat(l.delivery.Items, l.management.Items) {
		for _, entry := range t.Scope.Items {
			if m := str(entry.Module); m == moduleBranch || m == moduleAlias {
				return true
			}
		}
	}
	return false
}

// census finds the people who made the tokens. The users of the organization
// are read once for all stacks, and know nearly everybody; the stack's own are
// asked for only where somebody is missing there. A list that could not be read
// is not a gap if nobody had to be looked up in it.
func (c *collector) census(ctx context.Context, s *openStack, l *contents) census {
	who := census{owner: s.owner, caller: c.caller.person, organization: l.users}
	var creators []string
	for _, t := range slices.Concat(l.delivery.Items, l.management.Items) {
		creators = append(creators, str(t.CreatedBy))
	}
	if who.missing(creators) || c.suspectsEmptiness(s, l) && str(c.caller.UID) != "" {
		if who.collaborators = s.people; who.collaborators == nil {
			who.collaborators = c.collaborators(ctx, s)
		}
	}
	whole := l.delivery.Err == nil && l.management.Err == nil
	if whole && who.organization.incomplete() && !who.missing(creators) {
		who.organization = nil
	}
	return who
}

// tokenUnits reports on the lists of tokens that were asked for.
func (l *contents) tokenUnits() []inventory.Unit {
	delivery := unit(unitDelivery, len(l.delivery.Items) > 0, l.delivery.Err, inventory.Delivery, inventory.Preview)
	management := unit(unitManagement, len(l.management.Items) > 0, l.management.Err, inventory.Management)
	if l.management.Err == nil {
		management.Detail = l.remark
	}
	return slices.DeleteFunc([]inventory.Unit{delivery, management}, func(u inventory.Unit) bool { return l.skips(u.Name) })
}

// units reports on the lists. Those that were not needed are left out.
func (l *contents) units(where places, who census) []inventory.Unit {
	units := append(l.tokenUnits(), unit(unitEnvironments, len(l.environments.Items) > 0, l.environments.Err))
	if !where.branchless {
		units = append(units,
			unit(unitBranches, len(l.branches.Items) > 0, l.branches.Err),
			unit(unitAliases, len(l.aliases.Items) > 0, l.aliases.Err))
	}
	if who.collaborators != nil {
		units = append(units, unit(unitCollaborators, len(who.collaborators.known) > 0, who.collaborators.err))
	}
	if who.organization != nil {
		units = append(units, unit(unitUsers, len(who.organization.known) > 0, who.organization.err))
	}
	return units
}
