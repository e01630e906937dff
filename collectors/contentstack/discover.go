package contentstack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
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
		return nil, c.interrupted(err, found)
	}
	if len(c.keys) > 0 {
		return c.keep(found), nil
	}
	found = lists.merge(c)
	sources := c.keep(found)
	e := lists.gap(c.caller.administers(c.organization)).At(c.everyStackPath())
	if len(found) == 0 && (e == nil || lists.shared.Err == nil && lists.every.Err == nil) {
		e = cmsapi.DoubtedEmpty("the organization has no stack that the scan's credential can see", hintStacks)
	}
	if e != nil {
		return sources, c.discoveryError(len(sources) > 0, e)
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
	if err == nil && str(answer.User.Value.UID) == "" {
		err = &cmsapi.Error{Class: inventory.ErrUnreadable, Path: "/v3/user", Message: "the response has no user"}
	}
	return answer.User.Value, err
}

// administers reports whether the caller is owner or admin of an organization.
func (who caller) administers(uid string) inventory.Ternary {
	for _, o := range who.Organizations.Items {
		if str(o.UID) != uid || uid == "" {
			continue
		}
		if yes(o.IsOwner) {
			return inventory.Yes
		}
		legible := len(o.Roles.Items) > 0 && o.Roles.Broken == 0
		for _, role := range o.Roles.Items {
			if yes(role.Admin) {
				return inventory.Yes
			}
			legible = legible && role.Admin.State == cmsapi.FieldGiven
		}
		if legible {
			return inventory.No
		}
	}
	return inventory.Unknown
}

// stackLists are the two lists that an organization's stacks can be taken from.
type stackLists struct {
	// shared are the stacks that the caller owns or that are shared with the
	// caller: all that most credentials can open.
	shared cmsapi.Listing[stack]
	// every are all stacks of the organization, which only its owner and admins
	// can list. They show what is not shared with the caller.
	every cmsapi.Listing[stack]
}

func (c *collector) listStacks(ctx context.Context) stackLists {
	var (
		l  stackLists
		wg conc.WaitGroup
	)
	wg.Go(func() { l.shared = readList(ctx, c.client, c.stackListing("/v3/stacks")) })
	wg.Go(func() { l.every = readList(ctx, c.client, c.stackListing(c.everyStackPath())) })
	wg.Wait()
	return l
}

func (c *collector) stackListing(path string) listing[stack] {
	return listing[stack]{
		path: path, header: organizationHeader(c.organization), member: "stacks",
		pick: func(p *page) cmsapi.List[stack] { return p.Stacks.List },
		id:   func(s stack) string { return str(s.UID) },
	}
}

func (c *collector) everyStackPath() string {
	return cmsapi.Path("/v3/organizations/{}/stacks", c.organization)
}

// merge opens the stacks of both lists. One that comes without its api_key
// cannot be asked for anything. A server that overlooks the header of the
// request returns the stacks of all organizations.
func (l stackLists) merge(c *collector) []*openStack {
	var found []*openStack
	at := map[string]int{}
	for _, s := range slices.Concat(l.shared.Items, l.every.Items) {
		if org := str(s.Organization); org != "" && org != c.organization {
			continue
		}
		open := c.open(s, cmsapi.NewSecret(str(s.APIKey)))
		if open.apiKey.Empty() {
			open.err = &cmsapi.Error{
				Class:   inventory.ErrPermissionDenied,
				Message: "the organization lists this stack without its api_key: it is not shared with the scan's credential",
				Hint:    "Add the scan's user to the stack as an admin (stack > Settings > Users), or list its api_key under stacks.",
			}
		}
		i, again := at[str(s.UID)]
		switch {
		case !again:
			at[str(s.UID)] = len(found)
			found = append(found, open)
		case found[i].err != nil && open.err == nil:
			found[i] = open
		}
	}
	return found
}

const hintStacks = "Make the scan's user an admin of the organization (Org Admin > Users), list the api_keys of the stacks to audit under stacks, or accept the gap."

// gap says why stacks may be missing. An admin of the organization sees them
// all, and has them all in the shared list if there is no other. What somebody
// else is answered is not documented: to somebody known to be no admin, even a
// list that comes may be of the shared stacks alone.
func (l stackLists) gap(admin inventory.Ternary) *cmsapi.Error {
	const unseen = "stacks that are not shared with the scan's credential cannot be seen: "
	switch {
	case l.every.Err == nil && admin != inventory.No:
		return nil
	case l.shared.Err != nil:
		return hinted(l.shared.Err, hintStacks)
	case l.every.Err == nil:
		return &cmsapi.Error{Class: inventory.ErrPermissionDenied, Hint: hintStacks,
			Message: unseen + "only the organization's owner and admins can list them, and the credential's user is a member"}
	case l.every.Err.Status == http.StatusNotFound && admin == inventory.Yes:
		return nil
	}
	e := *denied(l.every.Err, hintStacks)
	e.Message = unseen + e.Message
	if e.Status == http.StatusNotFound {
		e.Class, e.Hint = inventory.ErrPermissionDenied, hintStacks
	}
	return hinted(&e, hintStacks)
}

// interrupted names what the entry is known to reach, as it is named where it cannot be
// opened.
func (c *collector) interrupted(err error, asked []*openStack) error {
	if len(c.keys) == 0 {
		e := cmsapi.AsError(err)
		return c.discoveryError(false, e)
	}
	lost := make([]error, len(asked))
	for i, s := range asked {
		lost[i] = &collectors.DiscoveryError{Source: s.source, Err: err}
	}
	return errors.Join(lost...)
}

func (c *collector) discoveryError(some bool, e *cmsapi.Error) error {
	name := c.organization
	for _, o := range c.caller.Organizations.Items {
		if str(o.UID) == c.organization {
			name = cmp.Or(str(o.Name), name)
		}
	}
	source := c.newSource(cmsapi.Path(CMS+"/organizations/{}", c.organization), inventory.KindOrganization, name)
	source.Organization = c.organization
	return &collectors.DiscoveryError{
		Source: source,
		Unit:   unit("stacks", some, e, inventory.Delivery, inventory.Preview, inventory.Management),
		Err:    e,
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
	s, ok := answer.Stack.Get()
	open := c.open(s, key)
	switch org := str(s.Organization); {
	case err != nil:
		open.err = hinted(cmsapi.AsError(err), hintSupport)
	case !ok:
		open.err = &cmsapi.Error{Class: inventory.ErrUnreadable, Path: "/v3/stacks", Message: answer.Stack.Reason("stack"), Hint: hintAgain}
	case str(s.UID) == "":
		open.err = &cmsapi.Error{Class: inventory.ErrUnreadable, Path: "/v3/stacks", Message: s.UID.Reason("uid"), Hint: hintAgain}
	case c.organization != "" && org != "" && org != c.organization:
		open.err = &cmsapi.Error{
			Class:   inventory.ErrNotFound,
			Message: "the stack belongs to a different organization than the configured one",
			Hint:    "Correct organization, or leave it out: listed stacks do not need it.",
		}
	}
	if open.err != nil {
		open.source.Name = cmp.Or(str(s.Name), fmt.Sprintf("%s[%d]", optionStacks, i))
	} else {
		open.people = collaboratorsOf(s)
	}
	return open
}

// open makes the source of a stack. One that could not be opened has no uid, and
// one could have its api_key for it; both get an id that is as stable and gives
// nothing away.
func (c *collector) open(s stack, key cmsapi.Secret) *openStack {
	uid := str(s.UID)
	nameless := uid == "" || uid == key.Reveal()
	if nameless {
		uid = "key-" + key.Fingerprint()
	}
	open := &openStack{
		nameless: nameless,
		source:   c.newSource(cmsapi.Path(CMS+"/stacks/{}", uid), inventory.KindStack, cmp.Or(str(s.Name), uid)),
		apiKey:   key,
		client:   c.client,
		owner:    str(s.Owner),
		branches: ternary(s.Settings.Value.Branches),
		roles:    s.SystemACL.Value.Roles.Items,
	}
	if org := cmp.Or(str(s.Organization), c.organization); org != "" {
		open.source.Organization = org
		open.client = c.client.WithLimit(organizationLimit(org))
	}
	return open
}

// newSource makes a source with what all sources of the entry have in common.
// Its page is the web application itself: the addresses below it are made of
// api_keys.
func (c *collector) newSource(id string, kind inventory.SourceKind, name string) inventory.Source {
	return inventory.Source{
		ID: id, CMS: CMS, Kind: kind, Name: name,
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
