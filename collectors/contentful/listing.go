package contentful

import (
	"context"
	"fmt"
	"maps"
	"net/url"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
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
}

type identified interface{ id() string }

// list reads a list to its end.
func list[T identified](ctx context.Context, client *cmsapi.Client, r request) cmsapi.Listing[T] {
	return listEach(ctx, client, r, func(collection[T]) {})
}

// listEach reads a list to its end. each sees every page; it is called
// concurrently.
func listEach[T identified](ctx context.Context, client *cmsapi.Client, r request, each func(collection[T])) cmsapi.Listing[T] {
	return withIDs(r, cmsapi.ReadPages(ctx, cmsapi.Paging[T]{
		Name:  r.what,
		Limit: pageSize,
		Key:   T.id,
		Fetch: func(ctx context.Context, skip int) (cmsapi.Page[T], error) {
			query := cmsapi.Offset(skip, pageSize)
			maps.Copy(query, r.query)
			var c cmsapi.Field[collection[T]]
			if _, err := client.Get(ctx, cmsapi.Request{Path: r.path, Query: query}, &c); err != nil {
				return cmsapi.Page[T]{}, err
			}
			if reason := c.Reason(r.what); reason != "" {
				return cmsapi.Page[T]{}, &cmsapi.Error{Class: inventory.ErrUnreadable, Path: r.path, Message: reason}
			}
			each(c.Value)
			return c.Value.page(r.what)
		},
	}))
}

// withIDs leaves out what cannot be told apart or referred to: an item whose
// id cannot be read. The list is not complete then.
func withIDs[T identified](r request, l cmsapi.Listing[T]) cmsapi.Listing[T] {
	var kept []T
	for _, item := range l.Items {
		if item.id() != "" {
			kept = append(kept, item)
		}
	}
	if nameless := len(l.Items) - len(kept); nameless > 0 && l.Err == nil {
		l.Err = &cmsapi.Error{Class: inventory.ErrUnreadable, Path: r.path,
			Message: fmt.Sprintf("%d of %d %s have no id that can be read", nameless, len(l.Items), r.what)}
	}
	l.Items = kept
	return l
}
