package contentful

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/sourcegraph/conc"
	"github.com/sourcegraph/conc/pool"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// spacesAtOnce bounds the requests for spaces that are listed by id.
const spacesAtOnce = 8

// foundSpace is what discovery has learnt of a space.
type foundSpace struct {
	space space
	// organization owns the space; empty if that is not known.
	organization string
	// asked is set for a space that was asked for by itself, not found in a list.
	asked bool
	// err is set for a listed space that could not be read.
	err *cmsapi.Error
}

// Discover implements collectors.Collector: the organization, if one is
// configured, and its spaces, or the listed ones.
func (c *collector) Discover(ctx context.Context) ([]inventory.Source, error) {
	var (
		name   string
		found  map[string]foundSpace
		gap    *collectors.DiscoveryError
		worker conc.WaitGroup
	)
	if c.organization != "" {
		worker.Go(func() { name, _ = c.ownOrganization(ctx) })
	}
	if len(c.spaces) > 0 {
		found = c.listedSpaces(ctx)
	} else {
		found, gap = c.organizationSpaces(ctx)
	}
	worker.Wait()
	if err := ctx.Err(); err != nil && c.organization != "" {
		own := c.skeleton(inventory.KindOrganization, c.organization, name, c.organization)
		return nil, &collectors.DiscoveryError{Source: own, Unit: inventory.Unit{Name: unitSpaces}, Err: err}
	}
	var sources []inventory.Source
	for id, f := range found {
		source := c.skeleton(inventory.KindSpace, id, string(f.space.Name.Value), f.organization)
		c.remember(source.ID, f)
		sources = append(sources, source)
	}
	slices.SortFunc(sources, func(a, b inventory.Source) int { return cmp.Compare(a.ID, b.ID) })
	if c.organization != "" {
		own := c.skeleton(inventory.KindOrganization, c.organization, name, c.organization)
		sources = append([]inventory.Source{own}, sources...)
		if gap != nil {
			gap.Source = own
			return sources, gap
		}
	}
	return sources, nil
}

// spaceList returns the unit of the list of spaces, if there was one to read. An
// empty one is believed only to owners and admins, if role, which is that of the
// credential's user in the organization, is known.
func (c *collector) spaceList(role string) []inventory.Unit {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.spacesUnit == nil {
		return nil
	}
	u := *c.spacesUnit
	if u.Status == inventory.UnitComplete && len(c.found) == 0 && role != "" && !isAdminRole(role) {
		u = cmsapi.UnitOf(unitSpaces, keyKinds(), false, hiddenSpaces(role))
		u.Sources = true
	}
	return []inventory.Unit{u}
}

func (c *collector) rememberList(u inventory.Unit) {
	c.mu.Lock()
	defer c.mu.Unlock()
	u.Sources = true
	c.spacesUnit = &u
}

func (c *collector) remember(sourceID string, f foundSpace) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.found[sourceID] = f
}

func (c *collector) recall(sourceID string) foundSpace {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.found[sourceID]
}

// ownOrganization looks the organization up in the caller's list, which
// everybody may read, unlike the organization itself. It returns its name, and
// whether the caller is a member. A list that cannot be read is not a gap.
func (c *collector) ownOrganization(ctx context.Context) (name string, member inventory.Ternary) {
	mine, err := c.organizations.Do(ctx, "", func(ctx context.Context) (cmsapi.Listing[organization], error) {
		return list[organization](ctx, c.client, request{what: "organizations", path: "/organizations"}), ctx.Err()
	})
	for _, o := range mine.Items {
		if o.id() == c.organization {
			return string(o.Name.Value), inventory.Yes
		}
	}
	if err != nil || mine.Err != nil {
		return "", inventory.Unknown
	}
	return "", inventory.No
}

// listedSpaces asks for each listed space, to learn its name and organization.
// A space that cannot be read stays a source: its units tell what is wrong.
func (c *collector) listedSpaces(ctx context.Context) map[string]foundSpace {
	asked := make([]foundSpace, len(c.spaces))
	workers := pool.New().WithMaxGoroutines(spacesAtOnce)
	for i, id := range c.spaces {
		workers.Go(func() { asked[i] = c.askSpace(ctx, id) })
	}
	workers.Wait()
	found := make(map[string]foundSpace, len(asked))
	for i, f := range asked {
		found[c.spaces[i]] = f
	}
	return found
}

func (c *collector) askSpace(ctx context.Context, id string) foundSpace {
	path := cmsapi.Path("/spaces/{}", id)
	var s cmsapi.Field[space]
	if _, err := c.client.Get(ctx, cmsapi.Request{Path: path}, &s); err != nil {
		return foundSpace{asked: true, err: cmsapi.AsError(err)}
	}
	f := foundSpace{asked: true, space: s.Value, organization: s.Value.sys().Organization.Value.id()}
	if f.space.id() == "" {
		f.err = &cmsapi.Error{Class: inventory.ErrUnreadable, Path: path, Message: "the response is not a space"}
	}
	if c.organization != "" && f.organization != "" && f.organization != c.organization {
		f.err = &cmsapi.Error{Class: inventory.ErrNotFound, Path: path,
			Message: "the space belongs to a different organization than the configured one",
			Hint:    "Audit it in a separate entry, or correct organization."}
	}
	return f
}

// organizationSpaces lists all spaces of the organization. Only owners and
// admins may; for others the spaces they are members of are all that can be
// found, and the gap says so.
func (c *collector) organizationSpaces(ctx context.Context) (map[string]foundSpace, *collectors.DiscoveryError) {
	found := map[string]foundSpace{}
	all := list[space](ctx, c.client, request{what: "spaces", path: cmsapi.Path("/organizations/{}/spaces", c.organization)})
	for _, s := range all.Items {
		found[s.id()] = foundSpace{space: s, organization: c.organization}
	}
	if all.Err == nil && len(all.Items) == 0 {
		all.Err = c.doubtNoSpaces(ctx).At(cmsapi.Path("/organizations/{}/spaces", c.organization))
	}
	if all.Err == nil {
		c.rememberList(inventory.CompleteUnit(unitSpaces, keyKinds()...))
		return found, nil
	}
	// The caller's own list can hold public spaces of strangers, and spaces of
	// which it does not say whose they are.
	mine := list[space](ctx, c.client, request{what: "spaces", path: "/spaces"})
	for _, s := range mine.Items {
		if s.sys().Organization.Value.id() == c.organization {
			found[s.id()] = foundSpace{space: s, organization: c.organization}
		}
	}
	unit := c.explain(ctx, cmsapi.UnitOf(unitSpaces, keyKinds(), len(found) > 0, all.Err))
	if unit.Status == inventory.UnitPartial {
		unit.Detail += fmt.Sprintf("; found %s by other lists", plural(len(found), "space"))
	}
	if ctx.Err() == nil {
		c.rememberList(unit)
	}
	return found, &collectors.DiscoveryError{Unit: unit, Err: all.Err}
}

// keyKinds are the kinds of tokens that a space holds: they are what is missing
// with it.
func keyKinds() []inventory.Kind { return []inventory.Kind{inventory.Delivery, inventory.Preview} }

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
