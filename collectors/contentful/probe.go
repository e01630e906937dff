package contentful

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sourcegraph/conc/pool"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// Probe implements collectors.Prober.
func (c *collector) Probe(ctx context.Context) []collectors.Check {
	checks := []collectors.Check{c.probeIdentity(ctx)}
	if checks[0].Class == inventory.ErrUnauthorized {
		// Nothing else can work.
		return checks
	}
	checks = append(checks, c.probeCredential(ctx))
	if c.organization == "" {
		return append(checks, c.probeSpaces(ctx, c.spaces, "")...)
	}
	standing, role := c.probeRole(ctx)
	checks = append(checks, c.probeGrant(ctx), standing)
	tokens := c.probeList(ctx, "list organization tokens", unitAccessTokens, cmsapi.Path("/organizations/{}/access_tokens", c.organization))
	spaces := c.probeList(ctx, "list spaces", unitSpaces, cmsapi.Path("/organizations/{}/spaces", c.organization))
	first := spaces.first
	c.doubtOrganization(ctx, &tokens, &spaces, role)
	checks = append(checks, tokens.Check, spaces.Check)
	checks = append(checks, c.probeSpaces(ctx, c.spaces, role)...)
	if len(c.spaces) > 0 {
		return checks
	}
	found, _ := c.organizationSpaces(ctx)
	others := slices.Sorted(maps.Keys(found))
	if first == "" && len(others) > 0 {
		first = others[0]
	}
	if first != "" {
		checks = append(checks, c.probeSpaces(ctx, []string{first}, role)...)
	}
	others = slices.DeleteFunc(others, func(id string) bool { return id == first })
	if len(others) > 0 {
		checks = append(checks, c.probeOthers(ctx, others, role))
	}
	return checks
}

// probeOthers asks each of the other spaces for its keys, which a role may hide
// in one space and show in the next. One check tells of them all.
func (c *collector) probeOthers(ctx context.Context, ids []string, role string) collectors.Check {
	asked := make([]collectors.Check, len(ids))
	workers := pool.New().WithMaxGoroutines(spacesAtOnce)
	for i, id := range ids {
		workers.Go(func() {
			delivery, preview := c.probeKeys(ctx, id, id, id, role)
			if asked[i] = delivery; delivery.Status == collectors.CheckOK {
				asked[i] = preview
			}
		})
	}
	workers.Wait()
	return collectors.SummaryCheck("list keys of the other spaces", "space", asked)
}

// Sees implements collectors.Viewer.
func (c *collector) Sees(ctx context.Context, option string) ([]string, error) {
	switch option {
	case optionOrganization:
		all := list[organization](ctx, c.client, request{what: "organizations", path: "/organizations"})
		return seen(all, func(o organization) string { return collectors.Seen(o.id(), string(o.Name.Value)) })
	case optionSpaces:
		name := func(s space) string { return collectors.Seen(s.id(), string(s.Name.Value)) }
		if c.organization != "" {
			all := list[space](ctx, c.client, request{what: "spaces", path: cmsapi.Path("/organizations/{}/spaces", c.organization)})
			if all.Err == nil {
				return seen(all, name)
			}
		}
		// Those that the user is a member of.
		return seen(list[space](ctx, c.client, request{what: "spaces", path: "/spaces"}), name)
	}
	return nil, fmt.Errorf("option %s has no list to choose from", option)
}

func seen[T any](all cmsapi.Listing[T], name func(T) string) ([]string, error) {
	if all.Err != nil {
		return nil, all.Err
	}
	names := make([]string, len(all.Items))
	for i, item := range all.Items {
		names[i] = name(item)
	}
	return names, nil
}

func (c *collector) failed(ctx context.Context, name, unit string, err error) collectors.Check {
	e := cmsapi.AsError(err)
	return collectors.Check{
		Name: name, Status: collectors.CheckFailed, Detail: e.Error(), Class: e.Class,
		Hint: cmp.Or(e.Hint, c.hint(ctx, unit, e.Class)),
	}
}

func (c *collector) probeIdentity(ctx context.Context) collectors.Check {
	const name = "identity"
	me, err := c.whoAmI(ctx)
	if err != nil {
		return c.failed(ctx, name, unitIdentity, err)
	}
	detail := "user " + me.id()
	if called := displayName(me); called != "" {
		detail = fmt.Sprintf("%s (user %s)", called, me.id())
	}
	return collectors.Check{Name: name, Status: collectors.CheckOK, Detail: detail}
}

// probeCredential describes the credential itself, as far as it can be
// recognised.
func (c *collector) probeCredential(ctx context.Context) collectors.Check {
	check := collectors.Check{Name: "credential", Status: collectors.CheckOK}
	own := c.ownTokens(ctx)
	if own.Err != nil {
		return c.failed(ctx, check.Name, unitOwnAccessTokens, own.Err)
	}
	itself := c.self(ctx)
	check.Detail = itself.reason
	for _, t := range own.Items {
		if t.id() != itself.tokenID {
			continue
		}
		lifetime := "expiry unknown"
		switch expires, dated := t.sys().ExpiresAt.Get(); {
		case dated:
			lifetime = "expires " + expires.Time.Format(time.DateOnly)
		case t.sys().ExpiresAt.State == cmsapi.FieldNull:
			lifetime = "never expires"
			check.Status, check.Hint = collectors.CheckWarning, "Replace the token with one that expires: an expiry cannot be added to an existing token."
		}
		check.Detail = fmt.Sprintf("%q, %s, %s", string(t.Name.Value), strings.Join(t.Scopes.Items, " and "), lifetime)
	}
	if itself.writes == inventory.Yes {
		check.Status = collectors.CheckWarning
		check.Hint = "The audit only reads: make a token with the scope " + scopeRead + " alone, with an expiry date, and use that."
	}
	return check
}

func (c *collector) probeGrant(ctx context.Context) collectors.Check {
	check := collectors.Check{Name: "authorization", Status: collectors.CheckOK, Detail: "nothing says that the token is not authorized for the organization"}
	refused, err := c.refusedGrant(ctx)
	e := cmsapi.AsError(err)
	switch {
	case refused:
		check.Status, check.Class = collectors.CheckFailed, inventory.ErrUnauthorized
		check.Detail, check.Hint = "the token is not authorized for the organization", hintNotAuthorised
	case e != nil && (e.Class == inventory.ErrUnavailable || e.Class == inventory.ErrTimeout || e.Class == inventory.ErrRateLimited):
		// Other refusals are usual: not every organization has this answer.
		check.Status, check.Detail, check.Hint = collectors.CheckWarning, e.Error(), cmp.Or(e.Hint, c.hint(ctx, "", e.Class))
	}
	return check
}

// probeRole tells the user's standing in the organization, on which depends
// what may be listed. The role is empty if it is not known.
func (c *collector) probeRole(ctx context.Context) (check collectors.Check, role string) {
	const name = "organization role"
	me, err := c.whoAmI(ctx)
	if err != nil {
		return c.failed(ctx, name, unitIdentity, err), ""
	}
	mine := list[membership](ctx, c.client, request{
		what: "organization memberships", path: cmsapi.Path("/organizations/{}/organization_memberships", c.organization),
		query: url.Values{"query": {me.id()}},
	})
	for _, m := range mine.Items {
		if m.userID() != me.id() {
			continue
		}
		role := string(m.Role.Value)
		check := collectors.Check{Name: name, Status: collectors.CheckOK, Detail: role}
		if !isAdminRole(role) {
			check.Status, check.Hint = collectors.CheckWarning, hintOwnerOrAdmin
		}
		return check, role
	}
	if mine.Err != nil {
		return c.failed(ctx, name, unitMemberships, mine.Err), ""
	}
	return collectors.Check{
		Name: name, Status: collectors.CheckFailed, Class: inventory.ErrNotFound,
		Detail: "the credential's user is not a member of organization " + c.organization, Hint: hintNotFound,
	}, ""
}

// probed is the check of a list of which one item was asked for.
type probed struct {
	collectors.Check
	// first is the id of the item.
	first string
	// empty is set for a list that was read and has no items.
	empty bool
}

// doubt makes the check of a list that came without a refusal that of one that
// may not be whole.
func (p *probed) doubt(e *cmsapi.Error) {
	if e != nil && p.Status == collectors.CheckOK {
		p.Status, p.Class, p.Detail, p.Hint = collectors.CheckFailed, e.Class, e.Error(), e.Hint
	}
}

// doubtOrganization doubts the lists of an organization as a scan does, as far as
// one item of each shows it.
func (c *collector) doubtOrganization(ctx context.Context, tokens, spaces *probed, role string) {
	all, lacking := cmsapi.Listing[accessToken]{Items: make([]accessToken, 1)}, []accessToken(nil)
	if tokens.empty {
		all.Items, lacking = nil, c.ownTokens(ctx).Items
	}
	tokens.doubt(doubtTokens(all, lacking, role))
	switch {
	case spaces.empty && role != "" && !isAdminRole(role):
		spaces.doubt(hiddenSpaces(role))
	case spaces.empty:
		spaces.doubt(c.doubtNoSpaces(ctx))
	}
}

// probeList asks for one item of a list.
func (c *collector) probeList(ctx context.Context, name, unit, path string) probed {
	var page cmsapi.Field[collection[item]]
	if _, err := c.client.Get(ctx, cmsapi.Request{Path: path, Query: cmsapi.Offset(0, 1)}, &page); err != nil {
		return probed{Check: c.failed(ctx, name, unit, err)}
	}
	got, err := page.Value.page("items")
	if err == nil && got.Err("items") != nil {
		err = got.Err("items").At(path)
	}
	if err != nil {
		return probed{Check: c.failed(ctx, name, unit, err)}
	}
	check := collectors.Check{Name: name, Status: collectors.CheckOK, Detail: fmt.Sprintf("%d in total", *got.Total)}
	if len(got.Items) == 0 {
		return probed{Check: check, empty: true}
	}
	return probed{Check: check, first: got.Items[0].id()}
}

// probeKeys checks the two lists of keys of a space. Where both are empty it
// doubts them as a scan does.
func (c *collector) probeKeys(ctx context.Context, id, deliveryName, previewName, role string) (delivery, preview collectors.Check) {
	d := c.probeList(ctx, deliveryName, unitAPIKeys, cmsapi.Path("/spaces/{}/api_keys", id))
	p := c.probeList(ctx, previewName, unitPreviewAPIKeys, cmsapi.Path("/spaces/{}/preview_api_keys", id))
	if d.empty && p.empty {
		hidden := c.hiddenKeys(ctx, id, func(string) string { return role })
		d.doubt(hidden)
		p.doubt(hidden)
	}
	return d.Check, p.Check
}

// probeSpaces checks all lists of some spaces. role is that of the credential's
// user in the organization.
func (c *collector) probeSpaces(ctx context.Context, ids []string, role string) []collectors.Check {
	var checks []collectors.Check
	for _, id := range ids {
		checks = append(checks, c.probeSpace(ctx, id, role)...)
	}
	return checks
}

func (c *collector) probeSpace(ctx context.Context, id, role string) []collectors.Check {
	delivery, preview := c.probeKeys(ctx, id, "list API keys of space "+id, "list preview keys of space "+id, role)
	environments := c.probeList(ctx, "list environments of space "+id, unitEnvironments, cmsapi.Path("/spaces/{}/environments", id))
	if environments.empty {
		environments.doubt(noEnvironments())
	}
	aliases := c.probeList(ctx, "list environment aliases of space "+id, unitEnvironmentAliases, cmsapi.Path("/spaces/{}/environment_aliases", id))
	if aliases.Status == collectors.CheckFailed {
		aliases.Check = c.refusedAliases(ctx, id, aliases.Check)
	}
	return []collectors.Check{delivery, preview, environments.Check, aliases.Check}
}

// refusedAliases is the check of a list of aliases that failed, unless the list of
// environments makes up for it.
func (c *collector) refusedAliases(ctx context.Context, id string, check collectors.Check) collectors.Check {
	rows := list[environment](ctx, c.client, request{what: "environments", path: cmsapi.Path("/spaces/{}/environments", id)})
	why := aliasesKnown(rows, cmsapi.Listing[alias]{Err: &cmsapi.Error{Class: check.Class}})
	switch {
	case why != "":
		return collectors.Check{Name: check.Name, Status: collectors.CheckOK, Detail: why}
	case check.Class == inventory.ErrNotFound:
		check.Status, check.Class = collectors.CheckWarning, ""
		check.Hint = "A space without aliases may respond like this, which is not a gap."
	}
	return check
}
