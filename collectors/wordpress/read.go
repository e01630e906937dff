package wordpress

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"

	"github.com/sourcegraph/conc/pool"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

const (
	// usersPerPage is the most that WordPress gives.
	usersPerPage = 100
	// usersAtOnce bounds how many users are asked for at once, within the limiter.
	usersAtOnce = 8
	// hopeless is after how many users in a row without an answer the rest is not
	// asked for: each of them may cost a minute.
	hopeless = 20
)

// answers are what was read of a site. The errors are nil for what was read.
type answers struct {
	// routes is how the API is reached; nil if it is not.
	routes   router
	index    index
	indexErr error
	users    cmsapi.Listing[user]
	// all are the users that could be read, where users are only some of them.
	all []user
	// sampled is set if nothing was read of the others.
	sampled bool
	// kept are the tokens of the others, as an earlier run has read them.
	kept []inventory.Token
	// passwords are one for each of users.Items.
	passwords []passwords
	own       applicationPassword
	ownErr    error
}

// passwords are the application passwords of one user.
type passwords struct {
	list cmsapi.List[applicationPassword]
	err  *cmsapi.Error
}

// read asks for all of a site: the application passwords of every user that
// wanted picks, by place in the list; nil picks all.
func (c *collector) read(ctx context.Context, wanted func(place int, u user) bool) answers {
	var a answers
	if a.routes, a.indexErr = c.route(ctx, &a.index); a.indexErr != nil {
		return a
	}
	a.users = c.users(ctx, a.routes)
	if wanted != nil {
		var some []user
		for i, u := range a.users.Items {
			if wanted(i, u) {
				some = append(some, u)
			}
		}
		a.sampled = len(some) < len(a.users.Items)
		a.all, a.users.Items = a.users.Items, some
	}
	workers := pool.New().WithMaxGoroutines(usersAtOnce)
	workers.Go(func() {
		_, err := c.Client.Get(ctx, a.routes(routeOwn, nil), &a.own)
		if err != nil {
			a.ownErr = explain(err)
		}
	})
	a.passwords = make([]passwords, len(a.users.Items))
	var silent atomic.Int64
	for i, u := range a.users.Items {
		workers.Go(func() { a.passwords[i] = c.passwords(ctx, a.routes, string(u.ID.Value), &silent) })
	}
	workers.Wait()
	return a
}

// The routes of the REST API that are asked for.
const (
	routeIndex = "/"
	routeUsers = "/wp/v2/users"
	routeOwn   = routeUsers + "/me/application-passwords/introspect"
)

// routeOf is the route of a user's application passwords.
func routeOf(user string) string {
	return cmsapi.Path(routeUsers+"/{}/application-passwords", user)
}

// router makes the request of a route of the REST API.
type router func(route string, query url.Values) cmsapi.Request

// pretty is the router of sites with pretty permalinks.
func pretty(route string, query url.Values) cmsapi.Request {
	return cmsapi.Request{Path: "/wp-json" + route, Query: query}
}

// plain is the router of sites without.
func plain(route string, query url.Values) cmsapi.Request {
	all := url.Values{"rest_route": {route}}
	maps.Copy(all, query)
	return cmsapi.Request{Path: "/index.php", Query: all}
}

// route finds out how the REST API is reached, and reads its index. A site
// without pretty permalinks answers the pretty path with its own pages or 404.
func (c *collector) route(ctx context.Context, out *index) (router, error) {
	query := url.Values{"_fields": {"name,authentication"}}
	_, err := c.Client.Get(ctx, pretty(routeIndex, query), out)
	if err == nil {
		return pretty, nil
	}
	first := cmsapi.AsError(err)
	if first.Class == inventory.ErrNotFound || first.Class == inventory.ErrUnreadable {
		if _, err := c.Client.Get(ctx, plain(routeIndex, query), out); err == nil {
			return plain, nil
		}
	}
	return nil, explain(err)
}

// users reads the list of users. A caller who may not edit a user is not given
// it, while the headers count it: so the pages go by X-WP-TotalPages, an empty
// one is not the end, and the number of users is compared with X-WP-Total.
func (c *collector) users(ctx context.Context, routes router) cmsapi.Listing[user] {
	var lastPage atomic.Int64
	list := cmsapi.ReadPages(ctx, cmsapi.Paging[user]{
		Name:     "users",
		Limit:    usersPerPage,
		MaxPages: c.Client.MaxPages(),
		Key:      func(u user) string { return string(u.ID.Value) },
		MaxEmpty: 1 << 20,
		Fetch: func(ctx context.Context, skip int) (cmsapi.Page[user], error) {
			page := skip/usersPerPage + 1
			if last := lastPage.Load(); last > 0 && int64(page) > last {
				return cmsapi.Page[user]{}, &cmsapi.Error{Class: inventory.ErrTruncated,
					Message: fmt.Sprintf("the site reports more users than its %d pages contain", last)}
			}
			p, pages, err := c.usersPage(ctx, routes, page)
			lastPage.Store(int64(pages))
			return p, err
		},
	})
	if list.Err != nil {
		if list.Err.Class == inventory.ErrTruncated && list.Err.Hint == "" {
			list.Err.Hint = "WordPress leaves out the users that the caller may not edit. " + hintEditUsers
		}
		list.Err = explain(list.Err)
	}
	return list
}

// usersPage reads one page of users, and how many pages there are.
func (c *collector) usersPage(ctx context.Context, routes router, page int) (cmsapi.Page[user], int, error) {
	var body usersPage
	response, err := c.Client.Get(ctx, routes(routeUsers, url.Values{
		"context": {"edit"}, "per_page": {strconv.Itoa(usersPerPage)}, "page": {strconv.Itoa(page)},
		"orderby": {"id"}, "order": {"asc"}, "_fields": {userFields},
	}), &body)
	if err != nil {
		return cmsapi.Page[user]{}, 0, err
	}
	pages := headerNumber(response.Header, "X-WP-TotalPages").Or(1)
	total := headerNumber(response.Header, "X-WP-Total")
	p, err := cmsapi.PageOf("users", body.List, total, cmsapi.Given[cmsapi.Integer](usersPerPage))
	if total.Missing() {
		p.Uncounted = "the CMS's response has no valid X-WP-Total header"
	}
	return p, int(pages), err
}

// headerNumber reads a count of at most a billion.
func headerNumber(h http.Header, name string) cmsapi.Field[cmsapi.Integer] {
	n, err := strconv.ParseUint(h.Get(name), 10, 31)
	if err != nil {
		return cmsapi.Field[cmsapi.Integer]{}
	}
	return cmsapi.Given(cmsapi.Integer(n))
}

// passwords reads the application passwords of a user. silent counts the users
// in a row for whom the site has given no answer.
func (c *collector) passwords(ctx context.Context, routes router, id string, silent *atomic.Int64) passwords {
	if silent.Load() >= hopeless {
		return passwords{err: &cmsapi.Error{Class: inventory.ErrUnavailable, Message: "not asked for, because the site had stopped answering"}}
	}
	var p passwords
	_, err := c.Client.Get(ctx, routes(routeOf(id), nil), &p.list)
	if err == nil {
		silent.Store(0)
		if broken := p.list.Err("application passwords"); broken != nil {
			p.err = explain(broken)
		}
		return p
	}
	p.err = explain(err)
	switch {
	case p.err.Class == inventory.ErrTimeout, p.err.Class == inventory.ErrUnavailable && p.err.Status != http.StatusNotImplemented:
		silent.Add(1)
	default:
		silent.Store(0)
	}
	return p
}
