package contentstack

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/sourcegraph/conc/pool"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// Probe implements collectors.Prober. It asks for one entry of each list of the
// first stack that it finds, and of the token lists of all others, because the
// right to see these is given stack by stack.
func (c *collector) Probe(ctx context.Context) []collectors.Check {
	who, err := c.whoAmI(ctx)
	c.caller = who
	checks := []collectors.Check{c.checkIdentity(who, err)}
	if e := cmsapi.AsError(err); e != nil && !c.oauth && e.Class == inventory.ErrUnauthorized {
		// Nothing else can work without a valid session.
		return checks
	}
	if c.organization != "" {
		checks = append(checks, checkOrganization(who.administers(c.organization), c.organization))
	}
	found, stacks := c.checkStacks(ctx)
	checks = append(checks, found...)
	if len(stacks) > 0 {
		checks = append(checks, c.checkLists(ctx, stacks[0], err == nil)...)
	}
	if len(stacks) > 1 {
		checks = append(checks, c.checkOthers(ctx, stacks[1:])...)
	}
	return checks
}

// Sees implements collectors.Viewer.
func (c *collector) Sees(ctx context.Context, option string) ([]string, error) {
	if option != optionOrganization {
		return nil, fmt.Errorf("option %s has no list to choose from", option)
	}
	who, err := c.whoAmI(ctx)
	if err != nil {
		return nil, err
	}
	var seen []string
	for _, o := range who.Organizations.Items {
		seen = append(seen, collectors.Seen(str(o.UID), str(o.Name)))
	}
	return seen, nil
}

// checkOthers checks the token lists of all stacks but the first, with a check
// for each of the two. That stacks were found at all says that the credential
// is valid, so a list that it is refused needs a right.
func (c *collector) checkOthers(ctx context.Context, stacks []*openStack) []collectors.Check {
	delivery, management := make([]collectors.Check, len(stacks)), make([]collectors.Check, len(stacks))
	p := pool.New().WithMaxGoroutines(maxLookups)
	for i, s := range stacks {
		ask := func(path, hint string) (collectors.Check, cmsapi.Page[token]) {
			tokens, err := peek(ctx, s.client, tokenListing(path, c.stackHeader(s)))
			if e := cmsapi.AsError(err); e != nil {
				err = denied(e, hint)
			}
			return counted(s.source.Name, "of the stack", tokens, err, hint), tokens
		}
		p.Go(func() { delivery[i], _ = ask("/v3/stacks/delivery_tokens", hintDelivery) })
		p.Go(func() {
			check, tokens := ask("/v3/stacks/management_tokens", hintManagement)
			management[i] = c.doubted(check, s, tokens)
		})
	}
	p.Wait()
	return []collectors.Check{
		collectors.SummaryCheck("list delivery tokens of the other stacks", "stack", delivery),
		collectors.SummaryCheck("list management tokens of the other stacks", "stack", management),
	}
}

func (c *collector) checkIdentity(who caller, err error) collectors.Check {
	check := collectors.Check{Name: "identity", Status: collectors.CheckOK}
	if err == nil {
		credential := "an authtoken"
		if c.oauth {
			credential = "an OAuth token"
		}
		check.Detail = fmt.Sprintf("%s of %s (%s)", credential, cmp.Or(who.displayName(), "a user without a name"), str(who.UID))
		return check
	}
	check = failed(check.Name, err, c.hintCredential())
	if c.oauth {
		check.Status = collectors.CheckWarning
		check.Hint = "An app token has no user; the lists below show whether it works. " + check.Hint
	}
	return check
}

func checkOrganization(admin inventory.Ternary, uid string) collectors.Check {
	check := collectors.Check{Name: "organization", Status: collectors.CheckWarning}
	switch admin {
	case inventory.Yes:
		check.Status, check.Detail = collectors.CheckOK, "owner or admin of "+uid
	case inventory.No:
		check.Detail = "a member of " + uid + ", not an admin"
		check.Hint = "Stacks that are not shared with this user are not seen. " + hintStacks
	default:
		check.Detail = "the API does not report the role of this credential in " + uid
		check.Hint = "Check the uid of the organization (Org Admin > Info), and that this credential belongs to it."
	}
	return check
}

const checkStackList = "list stacks"

// checkStacks checks that stacks can be found, and returns those that can be
// opened, in the order in which the API has them.
func (c *collector) checkStacks(ctx context.Context) ([]collectors.Check, []*openStack) {
	if len(c.keys) > 0 {
		return c.checkListed(ctx)
	}
	where := "of organization " + c.organization
	shared, err := peek(ctx, c.client, c.stackListing("/v3/stacks"))
	checks := []collectors.Check{counted(checkStackList, where, shared, err, hintStacks)}
	every, everyErr := peek(ctx, c.client, c.stackListing(c.everyStackPath()))
	check := counted("list every stack of the organization", where, every, everyErr, hintStacks)
	switch {
	case everyErr != nil:
		check.Status = collectors.CheckWarning
	case shared.Total != nil && every.Total != nil && *shared.Total < *every.Total:
		check.Status = collectors.CheckWarning
		check.Detail = fmt.Sprintf("%d of %d stacks are shared with this credential", *shared.Total, *every.Total)
		check.Hint = "The tokens of the others cannot be listed: add this user to them as an admin (stack > Settings > Users)."
	}
	checks = append(checks, check)
	if len(shared.Items)+len(every.Items) == 0 {
		return checks, nil
	}
	found := c.listStacks(ctx).merge(c)
	return checks, slices.DeleteFunc(found, func(s *openStack) bool { return s.err != nil })
}

func (c *collector) checkListed(ctx context.Context) ([]collectors.Check, []*openStack) {
	var (
		checks []collectors.Check
		opened []*openStack
	)
	for _, s := range c.lookUp(ctx) {
		check := collectors.Check{Name: checkStackList, Status: collectors.CheckOK, Detail: "opened " + s.source.Name}
		if s.err != nil {
			check = failed(checkStackList, s.err, "")
			check.Detail = s.source.Name + ": " + check.Detail
		} else {
			opened = append(opened, s)
		}
		checks = append(checks, check)
	}
	return checks, opened
}

// checkLists checks the lists of one stack, and that of its organization's
// users. valid: the credential is known to be valid, so a list that it is
// refused needs a right.
func (c *collector) checkLists(ctx context.Context, s *openStack, valid bool) []collectors.Check {
	header, where := c.stackHeader(s), "of stack "+s.source.Name
	judge := func(err error, hint string) error {
		if e := cmsapi.AsError(err); valid && e != nil {
			return denied(e, hint)
		}
		return err
	}
	delivery, err := peek(ctx, s.client, tokenListing("/v3/stacks/delivery_tokens", header))
	checks := []collectors.Check{counted("list delivery tokens", where, delivery, judge(err, hintDelivery), hintDelivery)}
	management, err := peek(ctx, s.client, tokenListing("/v3/stacks/management_tokens", header))
	checks = append(checks, c.doubted(counted("list management tokens", where, management, judge(err, hintManagement), hintManagement), s, management))
	environments, err := peek(ctx, s.client, environmentListing(header))
	checks = append(checks, counted("list environments", where, environments, judge(err, hintSupport), hintSupport))
	if s.branches != inventory.No {
		branches, err := peek(ctx, s.client, branchListing(header))
		check := counted("list branches", where, branches, judge(err, hintSupport), hintSupport)
		if s.branches == inventory.Unknown && notThere(cmsapi.AsError(err)) {
			check = collectors.Check{Name: check.Name, Status: collectors.CheckOK, Detail: "the stack does not use branches"}
		}
		checks = append(checks, check)
	}
	if org := s.source.Organization; org != "" {
		users, err := peek(ctx, s.client, userListing(org))
		check := counted("list organization users", "of organization "+org, users, judge(err, hintOrganization), hintOrganization)
		if err != nil {
			// Only what became of the tokens' creators hangs on it.
			check.Status = collectors.CheckWarning
		}
		checks = append(checks, check)
	}
	return checks
}

// doubted is the check of a list of management tokens: one that came empty to
// somebody who is not known to be an admin may have been emptied for them.
func (c *collector) doubted(check collectors.Check, s *openStack, got cmsapi.Page[token]) collectors.Check {
	l := contents{management: cmsapi.Listing[token]{Items: got.Items}}
	if check.Status == collectors.CheckOK && c.suspectsEmptiness(s, &l) {
		check.Status, check.Hint = collectors.CheckWarning, hintManagement
		check.Detail += "; only admins of the stack are shown any"
	}
	return check
}

// counted makes the check of a list of which one entry was asked for.
func counted[T any](name, where string, p cmsapi.Page[T], err error, hint string) collectors.Check {
	check := collectors.Check{Name: name, Status: collectors.CheckOK}
	switch {
	case err != nil:
		return failed(name, err, hint)
	case p.Total != nil:
		check.Detail = fmt.Sprintf("%d %s", *p.Total, where)
	case len(p.Items) == 0:
		check.Detail = "none " + where
	default:
		check.Detail = "some " + where
	}
	return check
}

// failed makes the check of something that did not work.
func failed(name string, err error, hint string) collectors.Check {
	e := hinted(cmsapi.AsError(err), hint)
	return collectors.Check{Name: name, Status: collectors.CheckFailed, Class: e.Class, Detail: e.Error(), Hint: e.Hint}
}
