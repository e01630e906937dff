package ghost

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"

	"github.com/sourcegraph/conc/pool"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// resource is one thing that has to be read of a site.
type resource struct {
	// unit is the name of its unit, name what its items are called.
	unit, name, path string
	query            url.Values
}

var (
	readMe = resource{
		unit: "auditor", name: "users", path: "/ghost/api/admin/users/me/", query: url.Values{"include": {"roles"}},
	}
	listIntegrations = resource{
		unit: "integrations", name: "integrations", path: "/ghost/api/admin/integrations/",
		query: url.Values{"include": {"api_keys"}, "limit": {"all"}},
	}
	listUsers = resource{
		unit: "staff_tokens", name: "staff users", path: "/ghost/api/admin/users/", query: url.Values{"limit": {"all"}},
	}
	listRoles = resource{unit: "roles", name: "roles", path: "/ghost/api/admin/roles/"}
)

// answers are what was read of a site. The errors are nil for what was read.
type answers struct {
	integrations cmsapi.Listing[integration]
	users        cmsapi.Listing[user]
	roles        cmsapi.Listing[role]
	// me is the credential's own user, with an id, or nobody.
	me cmsapi.Listing[user]
}

// skips reports whether a list is not asked for: one of skip, or the roles, to which keys
// alone refer.
func skips(skip []string, unit string) bool {
	return slices.Contains(skip, unit) || unit == listRoles.unit && slices.Contains(skip, listIntegrations.unit)
}

// read asks for everything that a site has to tell, but for the lists skip.
func (c *collector) read(ctx context.Context, skip []string) answers {
	return readWith(ctx, c.Client.MaxPages(), skip, c.fetch)
}

// readWith asks for everything at once: none of it needs another.
func readWith(ctx context.Context, maxPages int, skip []string, from func(resource) fetch) answers {
	var a answers
	workers := pool.New().WithMaxGoroutines(burst)
	ask := func(list resource, read func()) {
		if !skips(skip, list.unit) {
			workers.Go(read)
		}
	}
	ask(listIntegrations, func() {
		a.integrations = readPages(ctx, maxPages, from(listIntegrations), listIntegrations,
			func(d document) cmsapi.List[integration] { return d.Integrations },
			func(i integration) string { return string(i.ID.Value) })
	})
	ask(listUsers, func() {
		a.users = readPages(ctx, maxPages, from(listUsers), listUsers,
			func(d document) cmsapi.List[user] { return d.Users },
			func(u user) string { return string(u.ID.Value) })
	})
	ask(listRoles, func() { a.roles = readRoles(ctx, from(listRoles)) })
	ask(readMe, func() { a.me = readUser(ctx, from(readMe)) })
	workers.Wait()
	return a
}

// fetch asks for a page of one resource; an empty one is the first.
type fetch func(ctx context.Context, page string) (document, error)

func (c *collector) fetch(l resource) fetch {
	return func(ctx context.Context, page string) (document, error) {
		query := maps.Clone(l.query)
		if page != "" {
			query.Set("page", page)
		}
		var d document
		_, err := c.Client.Get(ctx, cmsapi.Request{Path: l.path, Query: query, Secrets: l.secrets(c.Source().ID)}, &d)
		return d, err
	}
}

// readPages reads a list that comes in pages. limit=all gives all of it before
// Ghost 6, and then pages of 100. Of integrations Ghost 6 gives the first page
// whichever is asked for, so that what comes after it cannot be read.
func readPages[T any](ctx context.Context, maxPages int, get fetch, l resource, items func(document) cmsapi.List[T], id func(T) string) cmsapi.Listing[T] {
	var doubt *cmsapi.Error
	list := cmsapi.ReadCursor(ctx, cmsapi.Paging[T]{Name: l.name, MaxPages: maxPages, Key: id},
		func(ctx context.Context, cursor string) (cmsapi.Page[T], error) {
			d, err := get(ctx, cursor)
			if err != nil {
				return cmsapi.Page[T]{}, err
			}
			where := d.Meta.Value.Pagination.Value
			doubt = cmp.Or(doubt, where.doubt(l, cursor))
			page, err := cmsapi.PageOf(l.name, items(d), where.Total, cmsapi.Field[cmsapi.Integer]{})
			if next, more := where.Next.Get(); more {
				page.Next = strconv.FormatInt(int64(next), 10)
			}
			return page, err
		})
	if list.Err = cmp.Or(doubt, list.Err); list.Err != nil {
		list.Err = explain(list.Err)
	}
	return list
}

// doubt says why the pages do not report whether the list is whole; nil if they do.
func (p pagination) doubt(l resource, cursor string) *cmsapi.Error {
	total, counted := p.Total.Get()
	page, told := p.Page.Get()
	switch {
	case !counted || total < 0, p.Next.State == cmsapi.FieldAbsent, p.Next.State == cmsapi.FieldWrong:
		return unreadable("the response does not say how many " + l.name + " there are, so whether the list is complete is not known")
	case cursor != "" && told && strconv.FormatInt(int64(page), 10) != cursor:
		return &cmsapi.Error{Class: inventory.ErrTruncated, Hint: hintLimit, Message: fmt.Sprintf(
			"Ghost reports %d %s, but returns the first page whichever page is requested", total, l.name)}
	}
	return nil
}

// readRoles reads the roles. Their list is not paged.
func readRoles(ctx context.Context, get fetch) cmsapi.Listing[role] {
	d, err := get(ctx, "")
	failed := cmsapi.AsError(err)
	if failed == nil {
		failed = d.Roles.Err(listRoles.name)
	}
	if failed != nil {
		failed = explain(failed)
	}
	return cmsapi.Listing[role]{Items: d.Roles.Items, Err: failed}
}

// readUser reads whom the credential belongs to: one user, or nobody.
func readUser(ctx context.Context, get fetch) cmsapi.Listing[user] {
	d, err := get(ctx, "")
	failed := cmsapi.AsError(err)
	if failed == nil {
		failed = d.Users.Err(readMe.name)
	}
	if n := len(d.Users.Items); failed == nil && n != 1 {
		failed = unreadable(fmt.Sprintf("the response has %d users instead of the credential's own", n))
	}
	if failed != nil {
		return cmsapi.Listing[user]{Err: explain(failed)}
	}
	list := cmsapi.Listing[user]{Items: d.Users.Items}
	if reason := list.Items[0].rolesReason(); reason != "" {
		list.Err = explain(unreadable(reason))
	}
	return list
}

func unreadable(message string) *cmsapi.Error {
	return &cmsapi.Error{Class: inventory.ErrUnreadable, Message: message}
}

// rolesReason says why the roles of a user are not known; empty if they are.
func (u user) rolesReason() string {
	if err := u.Roles.Err("roles"); err != nil {
		return err.Message
	}
	if len(u.Roles.Items) != 1 {
		return fmt.Sprintf("the user has %d roles instead of one", len(u.Roles.Items))
	}
	return u.Roles.Items[0].Name.Reason("name")
}
