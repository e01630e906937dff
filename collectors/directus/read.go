package directus

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/sourcegraph/conc/pool"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
)

// resource is one list that has to be read of a server.
type resource struct {
	// unit is the name of its unit.
	unit, path string
	// collection is what the credential needs read for, with fields.
	collection string
	fields     []string
	// filter are the parameters besides fields.
	filter url.Values
}

var (
	listUsers = resource{
		unit: "users", path: "/users", collection: "directus_users",
		fields: []string{"id", "first_name", "last_name", "email", "description", "status", "token", "last_access", "role"},
		filter: url.Values{"filter[token][_nnull]": {"true"}},
	}
	listRoles = resource{
		unit: "roles", path: "/roles", collection: "directus_roles",
		fields: []string{"id", "name", "parent"},
	}
	listPolicies = resource{
		unit: "policies", path: "/policies", collection: "directus_policies",
		fields: []string{"id", "name", "admin_access", "app_access", "ip_access"},
	}
	listAccess = resource{
		unit: "access", path: "/access", collection: "directus_access",
		fields: []string{"id", "role", "user", "policy"},
	}
	listPermissions = resource{
		unit: "permissions", path: "/permissions", collection: "directus_permissions",
		fields: []string{"id", "policy", "collection", "action", "fields", "permissions"},
	}
	// logDeeds, logCreations and logUpdates are views of one log. Each is grouped by
	// one field and sorted by it alone: of a log that a permission filters, Directus
	// 11.17 sorts nothing else on PostgreSQL.
	logDeeds = resource{
		unit: "activity", path: "/activity", collection: "directus_activity",
		fields: []string{"action", "user", "timestamp", "collection", "item"},
		filter: url.Values{
			"aggregate[max]": {"timestamp"}, "groupBy[]": {"user"}, "sort": {"user"},
			"filter[action][_neq]": {"login"}, "filter[user][_nnull]": {"true"},
		},
	}
	logCreations = logOfUsers(actionCreate)
	logUpdates   = logOfUsers(actionUpdate)
)

// logOfUsers is what was done to each user last, of one action.
func logOfUsers(action string) resource {
	return resource{
		unit: logDeeds.unit, path: logDeeds.path, collection: logDeeds.collection, fields: logDeeds.fields,
		filter: url.Values{
			"aggregate[max]": {"timestamp"}, "groupBy[]": {"item"}, "sort": {"item"},
			"filter[collection][_eq]": {listUsers.collection}, "filter[action][_eq]": {action},
		},
	}
}

// The paths that say who the caller is, and how much it is shown. They need no
// permission.
const (
	unitAuditor = "auditor"
	pathMe      = "/users/me"
	pathSights  = "/permissions/me"
)

// needed are the lists whose permissions make the weakest credential.
func needed() []resource {
	return []resource{listUsers, listRoles, listPolicies, listAccess, listPermissions, logDeeds}
}

// answers are what was read of a server. The errors are nil for what was read.
type answers struct {
	// me has an id and a role only.
	me    document[user]
	meErr error
	// sights say by collection how much of it the credential is shown.
	sights      document[cmsapi.Map[sight]]
	sightsErr   error
	users       cmsapi.Listing[user]
	roles       cmsapi.Listing[role]
	policies    cmsapi.Listing[policy]
	access      cmsapi.Listing[attachment]
	permissions cmsapi.Listing[permission]
	deeds       cmsapi.Listing[deed]
	creations   cmsapi.Listing[change]
	updates     cmsapi.Listing[change]
}

// read asks for everything at once: none of it needs another.
func (c *collector) read(ctx context.Context) answers {
	var a answers
	workers := pool.New().WithMaxGoroutines(burst)
	workers.Go(func() { a.meErr = c.get(ctx, pathMe, url.Values{"fields": {"id,role"}}, &a.me) })
	workers.Go(func() { a.sightsErr = c.get(ctx, pathSights, nil, &a.sights) })
	workers.Go(func() { a.users = list[user]{listUsers, nil}.read(ctx, c) })
	workers.Go(func() { a.roles = list[role]{listRoles, nil}.read(ctx, c) })
	workers.Go(func() { a.policies = list[policy]{listPolicies, nil}.read(ctx, c) })
	workers.Go(func() { a.access = list[attachment]{listAccess, nil}.read(ctx, c) })
	workers.Go(func() { a.permissions = list[permission]{listPermissions, permission.added}.read(ctx, c) })
	workers.Go(func() {
		a.deeds = list[deed]{logDeeds, nil}.read(ctx, c)
		a.creations = list[change]{logCreations, nil}.read(ctx, c)
		a.updates = list[change]{logUpdates, nil}.read(ctx, c)
	})
	workers.Wait()
	return a
}

func (c *collector) get(ctx context.Context, path string, query url.Values, out any) error {
	if _, err := c.Client.Get(ctx, cmsapi.Request{Path: path, Query: query}, out); err != nil {
		return explain(err)
	}
	return nil
}

// list says how to read a list of items.
type list[T interface{ key() string }] struct {
	resource
	// ignore picks items that are not part of the list; nil for none.
	ignore func(T) bool
}

func (u user) key() string       { return u.ID.Value }
func (r role) key() string       { return r.ID.Value }
func (p policy) key() string     { return p.ID.Value }
func (a attachment) key() string { return a.ID.Value }
func (p permission) key() string { return string(p.ID.Value) }
func (d deed) key() string       { return d.User.Value }
func (c change) key() string     { return c.Item.Value }

// read reads the list page by page, and compares its length with what the server
// counts. Groups of the activity log are not counted: they end with an empty page.
func (l list[T]) read(ctx context.Context, c *collector) cmsapi.Listing[T] {
	read := cmsapi.ReadPages(ctx, cmsapi.Paging[T]{
		Name:     l.unit,
		MaxPages: c.Client.MaxPages(),
		Key:      T.key,
		Fetch: func(ctx context.Context, skip int) (cmsapi.Page[T], error) {
			var body listing[T]
			if _, err := c.Client.Get(ctx, cmsapi.Request{Path: l.path, Query: l.query(skip), Secrets: l.secrets(c.Source().ID)}, &body); err != nil {
				return cmsapi.Page[T]{}, err
			}
			return l.page(body)
		},
	})
	if read.Err != nil {
		read.Err = explain(read.Err).At(c.Asked(l.path))
	}
	return read
}

// query asks for the items from skip on. It names no limit: a server may be set
// up to refuse a large one, or to cut it without a word, and the length of the
// pages shows in what comes.
func (l list[T]) query(skip int) url.Values {
	query := url.Values{}
	maps.Copy(query, l.filter)
	if !l.grouped() {
		query.Set("fields", strings.Join(l.fields, ","))
		query.Set("sort", "id")
		query.Set("meta", "filter_count")
	}
	if skip > 0 {
		query.Set("offset", strconv.Itoa(skip))
	}
	return query
}

func (l list[T]) grouped() bool { return l.filter.Has("groupBy[]") }

// page takes out of a page what is not part of the list.
func (l list[T]) page(body listing[T]) (cmsapi.Page[T], error) {
	count := body.Meta.Value.FilterCount
	p, err := cmsapi.PageOf(l.unit, body.Data, count, cmsapi.Field[cmsapi.Integer]{})
	if !l.grouped() && count.Missing() {
		p.Uncounted = count.Reason("meta.filter_count")
	}
	if l.ignore != nil {
		p.Items = slices.DeleteFunc(p.Items, l.ignore)
	}
	return p, err
}

// added: Directus has put the row on the list for a caller who may use its app,
// and does not count it.
func (p permission) added() bool {
	return p.ID.State == cmsapi.FieldAbsent && p.Policy.State == cmsapi.FieldNull
}
