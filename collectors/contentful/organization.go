package contentful

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	"github.com/sourcegraph/conc"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// tokenKinds are the kinds of tokens that an organization's list holds.
func tokenKinds() []inventory.Kind {
	return []inventory.Kind{inventory.Personal, inventory.OAuth, inventory.CLI}
}

// tokenOrder makes new tokens come on the last page, so that no token slips
// from one page to another while they are read. No filter is used: what the
// filters do with null is not what the documentation says.
func tokenOrder() url.Values { return url.Values{"order": {"sys.createdAt"}} }

// collectOrganization reads the personal, CLI and OAuth tokens of all members.
// Where the credential may not, it reads those of its own user.
func (c *collector) collectOrganization(ctx context.Context, source inventory.Source) inventory.Source {
	var (
		all, own cmsapi.Listing[accessToken]
		people   directory
		me       user
		meErr    error
		itself   auditor
		worker   conc.WaitGroup
	)
	worker.Go(func() {
		path := cmsapi.Path("/organizations/{}/access_tokens", c.organization)
		all = list[accessToken](ctx, c.client, request{what: "access tokens", path: path, query: tokenOrder()})
	})
	worker.Go(func() { own = c.ownTokens(ctx) })
	worker.Go(func() { people = c.people(ctx, source) })
	worker.Go(func() { me, meErr = c.whoAmI(ctx) })
	worker.Go(func() { itself = c.self(ctx) })
	worker.Wait()
	if all.Err != nil && all.Err.Class == inventory.ErrNotFound {
		if _, member := c.ownOrganization(ctx); member == inventory.No {
			// Most likely a slip in the configuration. The caller's own tokens are
			// no tokens of that organization.
			all.Err.Message, all.Err.Hint = "the credential's user is not a member of such an organization", hintNotFound
			own.Items = nil
		}
	}
	lacking := lackingOf(all, own.Items, itself.tokenID)
	all.Err = doubtTokens(all, lacking, people.role(me.id())).At(cmsapi.Path("/organizations/{}/access_tokens", c.organization))

	items := slices.Concat(all.Items, lacking)
	if needsRights(items, people) {
		people.rights = c.readRights(ctx, people)
	}
	x := tokenContext{
		source: source, people: people, me: me.id(), own: map[string]accessToken{},
		ownPage: c.page("/account/profile/cma_tokens"),
	}
	for _, t := range own.Items {
		x.own[t.id()] = t
	}
	source.Tokens = []inventory.Token{}
	for _, t := range items {
		source.Tokens = append(source.Tokens, x.token(t))
	}
	source.Units = append(c.spaceList(people.role(me.id())),
		c.tokensUnit(ctx, all, own),
		c.explain(ctx, own.Unit(unitOwnAccessTokens)),
		c.explain(ctx, cmsapi.UnitOf(unitIdentity, nil, false, meErr)),
	)
	for _, u := range people.units() {
		source.Units = append(source.Units, c.explain(ctx, u))
	}
	source.Auditor = itself.inOrganization()
	if id := accessTokenID(c.organization, itself.tokenID); itself.tokenID != "" && holds(source.Tokens, id) {
		source.Auditor.Token = id
	}
	return source
}

// ownTokens returns the tokens of the caller, asked for once.
func (c *collector) ownTokens(ctx context.Context) cmsapi.Listing[accessToken] {
	own, err := c.own.Do(ctx, "", func(ctx context.Context) (cmsapi.Listing[accessToken], error) {
		r := request{what: "own access tokens", path: "/users/me/access_tokens", query: tokenOrder()}
		return list[accessToken](ctx, c.client, r), ctx.Err()
	})
	if err != nil && own.Err == nil {
		own.Err = cmsapi.AsError(err)
	}
	return own
}

// lackingOf returns the caller's own tokens that the organization's list lacks. One
// that was read to its end and has the scan's own token, if that is known, lacks none:
// the others may not be authorized for the organization.
func lackingOf(all cmsapi.Listing[accessToken], own []accessToken, itself string) []accessToken {
	listed := make(map[string]bool, len(all.Items))
	for _, t := range all.Items {
		listed[t.id()] = true
	}
	if all.Err == nil && listed[itself] {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(own), func(t accessToken) bool { return listed[t.id()] })
}

// tokensUnit names the gap that the organization's list leaves.
func (c *collector) tokensUnit(ctx context.Context, all, own cmsapi.Listing[accessToken]) inventory.Unit {
	some := len(all.Items) > 0 || len(own.Items) > 0
	u := inventory.CompleteUnit(unitAccessTokens, tokenKinds()...)
	if all.Err != nil {
		u = cmsapi.UnitOf(unitAccessTokens, tokenKinds(), some, all.Err)
	}
	if all.Err != nil && some && len(all.Items) == 0 {
		u.Detail = fmt.Sprintf("only the %s of the credential's own user could be read: %s", plural(len(own.Items), "token"), u.Detail)
	}
	return c.explain(ctx, u)
}

// needsRights reports whether the level of some token depends on what its
// owner may do in the spaces, and whether that can be read.
func needsRights(items []accessToken, people directory) bool {
	if !people.whole {
		return false
	}
	return slices.ContainsFunc(items, func(t accessToken) bool {
		role := people.role(t.sys().User.Value.id())
		return role != "" && !isAdminRole(role)
	})
}

// units are those of the lists of people that were read.
func (d directory) units() []inventory.Unit {
	units := []inventory.Unit{d.memberships.Unit(unitMemberships)}
	if d.users != nil {
		units = append(units, d.users.Unit(unitUsers))
	}
	if d.rights != nil {
		units = append(units, d.rights.units()...)
	}
	return units
}

func holds(tokens []inventory.Token, id string) bool {
	return slices.ContainsFunc(tokens, func(t inventory.Token) bool { return t.ID == id })
}
