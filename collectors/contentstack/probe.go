package contentstack

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// The checks of Probe, in their order.
const (
	checkIdentity     = "identity"
	checkOrganization = "organization"
	checkStacks       = "list stacks"
	checkEveryStack   = "list every stack of the organization"
	checkDelivery     = "list delivery tokens"
	checkManagement   = "list management tokens"
	checkEnvironments = "list environments"
	checkBranches     = "list branches"
	checkUsers        = "list organization users"
)

// Probe implements collectors.Prober. It asks for one entry of each list, of
// the first stack that it finds.
func (c *collector) Probe(ctx context.Context) []collectors.Check {
	who, err := c.whoAmI(ctx)
	checks := []collectors.Check{c.checkIdentity(who, err)}
	if err != nil && !c.oauth {
		// Nothing else can work without a user.
		return checks
	}
	c.caller = who
	if c.organization != "" {
		checks = append(checks, c.checkOrganization(who))
	}
	found, s := c.checkStacks(ctx)
	checks = append(checks, found...)
	if s == nil {
		return checks
	}
	header := c.stackHeader(s)
	for _, l := range []struct {
		name, path, hint string
		pick             func(*page) listState
	}{
		{checkDelivery, "/v3/stacks/delivery_tokens", hintDelivery, func(p *page) listState { return stateOf(p.tokens(), p) }},
		{checkManagement, "/v3/stacks/management_tokens", hintManagement, func(p *page) listState { return stateOf(p.tokens(), p) }},
		{checkEnvironments, "/v3/environments", hintSupport, func(p *page) listState { return stateOf(&p.Environments, p) }},
		{checkBranches, "/v3/stacks/branches", hintSupport, func(p *page) listState { return stateOf(&p.Branches, p) }},
	} {
		if l.name == checkBranches && s.branches == inventory.No {
			continue
		}
		state, g := c.peek(ctx, s.client, l.path, header, l.pick)
		checks = append(checks, state.check(l.name, "of stack "+s.source.Name, g.withHint(l.hint)))
	}
	if s.organization != nil {
		state, g := c.peek(ctx, s.organization.client, cmsapi.Path("/v3/organizations/{}/share", s.organization.uid),
			c.organizationHeader(s.organization.uid), func(p *page) listState { return stateOf(&p.Shares, p) })
		check := state.check(checkUsers, "of organization "+s.organization.uid, g.withHint(hintOrganization))
		if g != nil {
			// Only the state of tokens' creators hangs on it.
			check.Status = collectors.CheckWarning
		}
		checks = append(checks, check)
	}
	return checks
}

func (c *collector) checkIdentity(who caller, err error) collectors.Check {
	check := collectors.Check{Name: checkIdentity, Status: collectors.CheckOK}
	if err == nil {
		credential := "an authtoken"
		if c.oauth {
			credential = "an OAuth token"
		}
		check.Detail = fmt.Sprintf("%s of %s (%s)", credential, cmp.Or(who.displayName(), "a user without a name"), who.UID.value)
		return check
	}
	e := cmsapi.AsError(err)
	check.Status, check.Class, check.Detail, check.Hint = collectors.CheckFailed, e.Class, e.Error(), e.Hint
	if c.oauth {
		check.Status = collectors.CheckWarning
		check.Hint = "An app token has no user; the lists below tell whether it works. " + e.Hint
	}
	return check
}

func (c *collector) checkOrganization(who caller) collectors.Check {
	check := collectors.Check{Name: checkOrganization, Status: collectors.CheckOK}
	switch who.administers(c.organization) {
	case inventory.Yes:
		check.Detail = "owner or admin of " + c.organization
	case inventory.No:
		check.Status = collectors.CheckWarning
		check.Detail = "a member of " + c.organization + ", not an admin"
		check.Hint = "Stacks that are not shared with this user stay unseen. " + hintOrganization
	default:
		check.Status = collectors.CheckWarning
		check.Detail = "the API does not tell the role in " + c.organization
		check.Hint = "Check the organization's uid (Org Admin > Info) and that this credential belongs to it."
	}
	return check
}

// checkStacks checks that stacks can be found, and gives one of them.
func (c *collector) checkStacks(ctx context.Context) ([]collectors.Check, *openStack) {
	if len(c.keys) > 0 {
		return c.checkListed(ctx)
	}
	header := c.organizationHeader(c.organization)
	var first *openStack
	pick := func(p *page) listState {
		for _, o := range p.Stacks.items {
			if first == nil && o.value.APIKey.value != "" {
				first = c.open(o.value, cmsapi.NewSecret(o.value.APIKey.value))
			}
		}
		return stateOf(&p.Stacks, p)
	}
	where := "of organization " + c.organization
	shared, g := c.peek(ctx, c.client, "/v3/stacks", header, pick)
	checks := []collectors.Check{shared.check(checkStacks, where, g)}
	every, g := c.peek(ctx, c.client, cmsapi.Path("/v3/organizations/{}/stacks", c.organization), header, pick)
	check := every.check(checkEveryStack, where, g.withHint("Make this user an admin of the organization (Org Admin > Users), so that stacks nobody shares with it are seen."))
	switch {
	case g != nil:
		check.Status = collectors.CheckWarning
	case shared.counted && every.counted && shared.count < every.count:
		check.Status = collectors.CheckWarning
		check.Detail = fmt.Sprintf("%d of %d stacks are shared with this credential", shared.count, every.count)
		check.Hint = "The tokens of the others cannot be listed: add this user to them as an admin (stack > Settings > Users)."
	}
	return append(checks, check), first
}

func (c *collector) checkListed(ctx context.Context) ([]collectors.Check, *openStack) {
	var checks []collectors.Check
	var first *openStack
	for _, s := range c.lookUp(ctx) {
		check := collectors.Check{Name: checkStacks, Status: collectors.CheckOK, Detail: "opened " + s.source.Name}
		if s.gap != nil {
			check.Status, check.Class, check.Hint = collectors.CheckFailed, s.gap.class, s.gap.hint
			check.Detail = s.source.Name + ": " + s.gap.detail
		} else if first == nil {
			first = s
		}
		checks = append(checks, check)
	}
	return checks, first
}

// listState is what one page tells of a list.
type listState struct {
	// readable: there is a list.
	readable bool
	entries  int
	// count is the server's own count of the whole list, if counted.
	count   int
	counted bool
}

func stateOf[T any](l *list[T], p *page) listState {
	return listState{l.shape == good, len(l.items), p.Count.value, p.Count.shape == good}
}

// peek asks for one entry of a list.
func (c *collector) peek(ctx context.Context, client *cmsapi.Client, path string, header http.Header, pick func(*page) listState) (listState, *gap) {
	var p page
	_, err := client.Get(ctx, cmsapi.Request{Path: path, Header: header, Query: url.Values{
		"limit": {"1"}, "include_count": {"true"},
	}}, &p)
	if err != nil {
		return listState{}, gapOf(err)
	}
	state := pick(&p)
	if !state.readable {
		return state, &gap{class: inventory.ErrUnreadable, detail: "GET " + path + ": the answer has no list"}
	}
	return state, nil
}

// check makes a check of a list.
func (s listState) check(name, where string, g *gap) collectors.Check {
	check := collectors.Check{Name: name, Status: collectors.CheckOK}
	switch {
	case g != nil:
		check.Status, check.Class, check.Detail, check.Hint = collectors.CheckFailed, g.class, g.detail, g.hint
	case s.counted:
		check.Detail = fmt.Sprintf("%d %s", s.count, where)
	case s.entries == 0:
		check.Detail = "none " + where
	default:
		check.Detail = "some " + where
	}
	return check
}
