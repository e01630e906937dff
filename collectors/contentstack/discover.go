package contentstack

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"

	"github.com/sourcegraph/conc"
	"github.com/sourcegraph/conc/pool"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// maxLookups bounds the listed stacks that are looked up at once.
const maxLookups = 8

// Discover implements collectors.Collector. A stack that cannot be opened
// becomes a source whose token lists have failed, so that each shows its own
// reason; only the stacks of an organization can be unknown altogether.
func (c *collector) Discover(ctx context.Context) ([]inventory.Source, error) {
	var (
		found []*openStack
		lists stackLists
		wg    conc.WaitGroup
	)
	wg.Go(func() { c.caller = c.identify(ctx) })
	if len(c.keys) > 0 {
		wg.Go(func() { found = c.lookUp(ctx) })
	} else {
		wg.Go(func() { lists = c.listStacks(ctx) })
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(c.keys) > 0 {
		return c.keep(found), nil
	}
	sources := c.keep(lists.merge(c))
	if g := lists.gap(c.caller.administers(c.organization)); g != nil {
		return sources, c.discoveryError(len(sources), g)
	}
	return sources, nil
}

// identify asks whose credential this is. The answer only adds to what is known:
// without it a scan is as complete as with it. App tokens of OAuth have no user.
func (c *collector) identify(ctx context.Context) caller {
	who, err := c.whoAmI(ctx)
	if err != nil {
		return caller{}
	}
	return who
}

func (c *collector) whoAmI(ctx context.Context) (caller, error) {
	var answer userAnswer
	_, err := c.client.Get(ctx, cmsapi.Request{Path: "/v3/user", Query: url.Values{"include_orgs_roles": {"true"}}}, &answer)
	if err == nil && answer.User.value.UID.value == "" {
		err = &cmsapi.Error{Class: inventory.ErrUnreadable, Path: "/v3/user", Message: "the answer has no user"}
	}
	return answer.User.value, err
}

// administers tells whether the caller is owner or admin of an organization.
func (who caller) administers(uid string) inventory.Ternary {
	for _, o := range who.Organizations.items {
		if o.value.UID.value != uid || uid == "" {
			continue
		}
		if o.value.IsOwner.value {
			return inventory.Yes
		}
		for _, role := range o.value.Roles.items {
			if role.value.Admin.value {
				return inventory.Yes
			}
		}
		if len(o.value.Roles.items) > 0 {
			return inventory.No
		}
	}
	return inventory.Unknown
}

// stackLists are the two lists that an organization's stacks can be taken from.
type stackLists struct {
	// shared are the stacks that the caller owns or that are shared with the
	// caller: all that most credentials can open.
	shared    []stack
	sharedGap *gap
	// every are all stacks of the organization, which only its owner and admins
	// can list. They show what is not shared with the caller.
	every    []stack
	everyGap *gap
}

func (c *collector) listStacks(ctx context.Context) stackLists {
	var l stackLists
	read := func(path string) ([]stack, *gap) {
		stacks, g := readList(ctx, c.client, listing[stack]{
			path: path, header: c.organizationHeader(c.organization), member: "stacks",
			pick: func(p *page) *list[object[stack]] { return &p.Stacks },
			id:   func(s stack) string { return cmp.Or(s.UID.value, s.APIKey.value) },
		})
		// A server that overlooks the header would give those of all organizations.
		return slices.DeleteFunc(stacks, func(s stack) bool {
			return s.Organization.value != "" && s.Organization.value != c.organization
		}), g
	}
	var wg conc.WaitGroup
	wg.Go(func() { l.shared, l.sharedGap = read("/v3/stacks") })
	wg.Go(func() { l.every, l.everyGap = read(cmsapi.Path("/v3/organizations/{}/stacks", c.organization)) })
	wg.Wait()
	return l
}

// merge opens the stacks of both lists. One that comes without its api_key
// cannot be asked for anything.
func (l stackLists) merge(c *collector) []*openStack {
	var found []*openStack
	at := map[string]int{}
	for _, s := range slices.Concat(l.shared, l.every) {
		id := cmp.Or(s.UID.value, s.APIKey.value)
		i, again := at[id]
		if again && (found[i].gap == nil || s.APIKey.value == "") {
			continue
		}
		open := c.open(s, cmsapi.NewSecret(s.APIKey.value))
		if s.APIKey.value == "" {
			open.gap = &gap{
				class:  inventory.ErrPermissionDenied,
				detail: "the organization lists this stack without its api_key: it is not shared with the scan's credential",
				hint:   "Add the scan's user to the stack as an admin (stack > Settings > Users), or list its api_key under stacks.",
			}
		}
		if again {
			found[i] = open
			continue
		}
		at[id] = len(found)
		found = append(found, open)
	}
	return found
}

// gap says why stacks may be missing. An admin of the organization sees them
// all; for others nothing tells of the stacks that are not shared with them,
// and a list that does not exist is no sign of either.
func (l stackLists) gap(admin inventory.Ternary) *gap {
	const hint = "Make the scan's user an admin of the organization (Org Admin > Users), list the api_keys of the stacks to audit under stacks, or accept the gap."
	switch {
	case l.everyGap == nil:
		return nil
	case l.sharedGap != nil:
		return l.sharedGap.withHint(hint)
	case l.everyGap.class == inventory.ErrNotFound && admin != inventory.No:
		return nil
	}
	g := *l.everyGap
	g.detail = "stacks that are not shared with the scan's credential cannot be seen: " + g.detail
	g.hint = cmp.Or(g.withHint(hint).hint, hint)
	return &g
}

func (c *collector) discoveryError(found int, g *gap) error {
	name := c.organization
	for _, o := range c.caller.Organizations.items {
		if o.value.UID.value == c.organization {
			name = cmp.Or(o.value.Name.value, name)
		}
	}
	source := c.newSource(cms+"/organizations/"+url.PathEscape(c.organization), inventory.KindOrganization, name)
	source.Organization = c.organization
	return &collectors.DiscoveryError{
		Source: source,
		Unit:   unit("stacks", found, g, inventory.Delivery, inventory.Preview, inventory.Management),
	}
}

// lookUp opens the listed stacks.
func (c *collector) lookUp(ctx context.Context) []*openStack {
	found := make([]*openStack, len(c.keys))
	p := pool.New().WithMaxGoroutines(maxLookups)
	for i, key := range c.keys {
		p.Go(func() { found[i] = c.lookUpOne(ctx, i, key) })
	}
	p.Wait()
	return found
}

func (c *collector) lookUpOne(ctx context.Context, i int, key cmsapi.Secret) *openStack {
	asked := &openStack{apiKey: key}
	asked.source.Organization = c.organization
	var answer stackAnswer
	_, err := c.client.Get(ctx, cmsapi.Request{
		Path: "/v3/stacks", Header: c.stackHeader(asked), Query: url.Values{"include_collaborators": {"true"}},
	}, &answer)
	s := answer.Stack.value
	open := c.open(s, key)
	switch {
	case err != nil:
		open.gap = gapOf(err).withHint(hintSupport)
	case answer.Stack.shape != good:
		open.gap = &gap{class: inventory.ErrUnreadable, detail: "GET /v3/stacks: the answer has no stack"}
	case c.organization != "" && s.Organization.value != "" && s.Organization.value != c.organization:
		open.gap = &gap{class: inventory.ErrNotFound,
			detail: "the stack belongs to another organization than the configured one",
			hint:   "Correct organization, or leave it out: listed stacks do not need it."}
	}
	if open.gap != nil {
		open.source.Name = cmp.Or(s.Name.value, fmt.Sprintf("%s[%d]", optionStacks, i))
		return open
	}
	if s.Collaborators.shape == good {
		p := collaboratorsOf(s)
		open.people = &p
	}
	return open
}

// open makes the source of a stack. A stack without a uid, or with its api_key
// for one, gets an id that is as stable and gives nothing away.
func (c *collector) open(s stack, key cmsapi.Secret) *openStack {
	uid := s.UID.value
	if uid == "" || uid == key.Reveal() {
		uid = "key-" + key.Fingerprint()
	}
	org := cmp.Or(s.Organization.value, c.organization)
	open := &openStack{
		source:       c.newSource(cms+"/stacks/"+url.PathEscape(uid), inventory.KindStack, cmp.Or(s.Name.value, uid)),
		apiKey:       key,
		client:       c.client,
		owner:        s.Owner.value,
		branches:     ternary(s.Settings.value.Branches),
		roles:        s.SystemACL.value.Roles.items,
		organization: c.organizationOf(org),
	}
	open.source.Organization = org
	if open.organization != nil {
		open.client = open.organization.client
	}
	return open
}

// newSource makes a source with what all sources of the entry have in common.
// Its page is the web application itself: the addresses below it are made of
// api_keys.
func (c *collector) newSource(id string, kind inventory.SourceKind, name string) inventory.Source {
	return inventory.Source{
		ID: id, CMS: cms, Kind: kind, Name: name,
		Host: c.client.Host(), Region: c.region.id,
		Labels: maps.Clone(c.entry.Labels), URL: c.region.app,
		Facts: facts(), Limits: limits(),
		Auditor:    inventory.Auditor{ReadsSecrets: inventory.Unknown, Writes: inventory.Unknown, Necessary: inventory.Unknown},
		NeverAfter: c.entry.NeverAfter, Origin: c.entry.Origin,
		Units: []inventory.Unit{}, Tokens: []inventory.Token{},
	}
}

// keep remembers the stacks for Collect, each once.
func (c *collector) keep(found []*openStack) []inventory.Source {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.stacks)
	sources := []inventory.Source{}
	for _, s := range found {
		if _, twice := c.stacks[s.source.ID]; twice {
			continue
		}
		c.stacks[s.source.ID] = s
		sources = append(sources, s.source)
	}
	slices.SortFunc(sources, func(a, b inventory.Source) int { return cmp.Compare(a.ID, b.ID) })
	return sources
}
