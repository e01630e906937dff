package contentful

import (
	"context"
	"maps"
	"net/url"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/exposure"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// pageSize is the largest page that spaces, keys, members and tokens come in;
// without it the server's default is 25.
const pageSize = 100

// request is a list to read.
type request struct {
	// what the items are called in messages: "API keys".
	what  string
	path  string
	query url.Values
	// secrets say where the secrets of the items are; nil where there are none.
	secrets []exposure.Layout
}

type identified interface{ id() string }

// list reads a list to its end.
func list[T identified](ctx context.Context, client *cmsapi.Client, r request) cmsapi.Listing[T] {
	return listEach(ctx, client, r, func(collection[T]) {})
}

// listEach reads a list to its end. each sees every page; it is called
// concurrently.
func listEach[T identified](ctx context.Context, client *cmsapi.Client, r request, each func(collection[T])) cmsapi.Listing[T] {
	return cmsapi.ReadPages(ctx, cmsapi.Paging[T]{
		Name:     r.what,
		Limit:    pageSize,
		MaxPages: client.MaxPages(),
		Key:      T.id,
		Fetch: func(ctx context.Context, skip int) (cmsapi.Page[T], error) {
			query := cmsapi.Offset(skip, pageSize)
			maps.Copy(query, r.query)
			var c cmsapi.Field[collection[T]]
			if _, err := client.Get(ctx, cmsapi.Request{Path: r.path, Query: query, Secrets: r.secrets}, &c); err != nil {
				return cmsapi.Page[T]{}, err
			}
			if reason := c.Reason(r.what); reason != "" {
				return cmsapi.Page[T]{}, &cmsapi.Error{Class: inventory.ErrUnreadable, Path: r.path, Message: reason}
			}
			each(c.Value)
			return c.Value.page(r.what)
		},
	})
}
