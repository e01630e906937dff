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
	// me has an id if it could be read at all.
	me    user
	meErr *cmsapi.Error
}

// read asks for everything that a site has to tell.
func (c *collector) read(ctx context.Context) answers { return readWith(ctx, c.fetch) }

// readWith asks for everything at once: none of it needs another.
func readWith(ctx context.Context, from func(resource) fetch) answers {
	var a answers
	workers := pool.New().WithMaxGoroutines(burst)
	workers.Go(func() {
		a.integrations = readPages(ctx, from(listIntegrations), listIntegrations,
			func(d document) cmsapi.List[integration] { return d.Integrations },
			func(i integration) cmsapi.Field[cmsapi.Text] { return i.ID })
		overLimit(&a.integrations)
	})
	workers.Go(func() {
		a.users = readPages(ctx, from(listUsers), listUsers,
			func(d document) cmsapi.List[user] { return d.Users },
			func(u user) cmsapi.Field[cmsapi.Text] { return u.ID })
	})
	workers.Go(func() { a.roles = readRoles(ctx, from(listRoles)) })
	workers.Go(func() { a.me, a.meErr = readUser(ctx, from(readMe)) })
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
		_, err := c.Client.Get(ctx, cmsapi.Request{Path: l.path, Query: query}, &d)
		return d, err
	}
}

// readPages reads a list that comes in pages. limit=all gives all of it before
// Ghost 6, and then pages of 100.
func readPages[T any](ctx context.Context, get fetch, l resource, items func(document) cmsapi.List[T], id func(T) cmsapi.Field[cmsapi.Text]) cmsapi.Listing[T] {
	var unsure *cmsapi.Error
	list := cmsapi.ReadCursor(ctx, l.name, func(item T) string { return string(id(item).Value) },
		func(ctx context.Context, cursor string) (cmsapi.Page[T], error) {
			d, err := get(ctx, cursor)
			if err != nil {
				return cmsapi.Page[T]{}, err
			}
			where := d.Meta.Value.Pagination.Value
			page, err := cmsapi.PageOf(l.name, items(d), where.Total, cmsapi.Field[cmsapi.Integer]{})
			page.Items = slices.DeleteFunc(page.Items, func(item T) bool {
				if id(item).Value != "" {
					return false
				}
				page.Broken++
				page.Reason = cmp.Or(page.Reason, id(item).Reason("id"), "an id is empty")
				return true
			})
			if next, more := where.Next.Get(); more {
				page.Next = strconv.FormatInt(int64(next), 10)
			}
			if page.Total == nil || where.Next.State == cmsapi.FieldAbsent || where.Next.State == cmsapi.FieldWrong {
				unsure = cmp.Or(unsure, unreadable("the answer does not say how many "+l.name+" there are, so whether the list is whole is not known"))
			}
			return page, err
		})
	if list.Err = cmp.Or(list.Err, unsure); list.Err != nil {
		list.Err = explain(l, list.Err)
	}
	return list
}

// overLimit says of a list that was cut off what Ghost does: it caps limit, and
// ignores page in this list, so that what comes after the first page cannot be
// asked for.
func overLimit(list *cmsapi.Listing[integration]) {
	if list.Err == nil || list.Err.Class != inventory.ErrTruncated || len(list.Items) == 0 {
		return
	}
	list.Err.Message = fmt.Sprintf("Ghost gives the first %d integrations and no others (%s)", len(list.Items), list.Err.Message)
	list.Err.Hint = "Delete integrations that nobody needs, or set optimization.maxLimit in Ghost's configuration to more than there are, for example by the environment variable optimization__maxLimit."
}

// readRoles reads the roles. Their list is not paged.
func readRoles(ctx context.Context, get fetch) cmsapi.Listing[role] {
	d, err := get(ctx, "")
	failed := cmsapi.AsError(err)
	if failed == nil {
		failed = d.Roles.Err(listRoles.name)
	}
	for _, r := range d.Roles.Items {
		if reason := cmp.Or(r.ID.Reason("id"), r.Name.Reason("name")); reason != "" {
			failed = cmp.Or(failed, unreadable("a role cannot be read: "+reason))
		}
	}
	if failed != nil {
		failed = explain(listRoles, failed)
	}
	return cmsapi.Listing[role]{Items: d.Roles.Items, Err: failed}
}

// readUser reads whom the credential belongs to. The user has an id even if the error
// says that something else of it could not be read; otherwise none.
func readUser(ctx context.Context, get fetch) (user, *cmsapi.Error) {
	d, err := get(ctx, "")
	if err != nil {
		return user{}, explain(readMe, err)
	}
	if err := d.Users.Err("users"); err != nil {
		return user{}, explain(readMe, err)
	}
	if n := len(d.Users.Items); n != 1 {
		return user{}, explain(readMe, unreadable(fmt.Sprintf("the answer has %d users instead of the credential's own", n)))
	}
	me := d.Users.Items[0]
	if me.ID.Value == "" {
		return user{}, explain(readMe, unreadable(cmp.Or(me.ID.Reason("id"), "id is empty")))
	}
	if reason := me.rolesReason(); reason != "" {
		return me, explain(readMe, unreadable(reason))
	}
	return me, nil
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
