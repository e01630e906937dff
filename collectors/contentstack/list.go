package contentstack

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/exposure"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

const (
	// pageSize is the largest page that the API gives.
	pageSize = 100
	// tinyPage is shorter than any cap that a server would put on its pages.
	tinyPage = 10
)

// listing is a list to read.
type listing[T any] struct {
	path   string
	header http.Header
	// member is the name of the array in the answer.
	member string
	pick   func(*page) cmsapi.List[T]
	id     func(T) string
	// secrets say where the secrets of the entries are; nil where there are none.
	secrets []exposure.Layout
}

// readList reads all pages of a list, without repetitions.
//
// The page size of the token lists is published nowhere, and an excessive limit
// is cut without a word, so a short page alone does not end a list: the
// server's own count reports whether there is more. Where it gives none, one more
// page is asked for, unless the short one is shorter than any cap.
func readList[T any](ctx context.Context, client *cmsapi.Client, l listing[T]) cmsapi.Listing[T] {
	var first firstPage
	result := cmsapi.ReadPages(ctx, cmsapi.Paging[T]{
		Name: l.member, Limit: pageSize, MaxPages: client.MaxPages(), Key: l.id,
		Fetch: func(ctx context.Context, skip int) (cmsapi.Page[T], error) {
			var p page
			query := cmsapi.Offset(skip, pageSize)
			query.Set("include_count", "true")
			if _, err := client.Get(ctx, cmsapi.Request{Path: l.path, Header: l.header, Query: query, Secrets: l.secrets}, &p); err != nil {
				return cmsapi.Page[T]{}, err
			}
			got, err := cmsapi.PageOf(l.member, l.pick(&p), p.Count, cmsapi.Field[cmsapi.Integer]{})
			if err != nil {
				return got, err
			}
			n := len(got.Items) + got.Broken
			switch {
			case skip == 0:
				first.keep(n, keys(got.Items, l.id))
			case got.Total == nil && first.is(keys(got.Items, l.id)):
				// The server overlooks skip, and has shown the whole list at once.
				return cmsapi.Page[T]{}, nil
			}
			if got.Total == nil && n < tinyPage {
				// Saying how long pages are makes this one the last.
				got.Limit = pageSize
			}
			return got, nil
		},
	})
	result.Err = result.Err.At(l.path)
	return result
}

func keys[T any](items []T, id func(T) string) map[string]bool {
	found := map[string]bool{}
	for _, item := range items {
		found[id(item)] = true
	}
	return found
}

// firstPage remembers a first page that was short.
type firstPage struct {
	mu    sync.Mutex
	known map[string]bool
}

func (f *firstPage) keep(n int, known map[string]bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n < pageSize {
		f.known = known
	}
}

// is reports whether a page is the first one again.
func (f *firstPage) is(known map[string]bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(known) == 0 || len(known) != len(f.known) {
		return false
	}
	for key := range known {
		if !f.known[key] {
			return false
		}
	}
	return true
}

// peek asks for one entry of a list.
func peek[T any](ctx context.Context, client *cmsapi.Client, l listing[T]) (cmsapi.Page[T], error) {
	var p page
	_, err := client.Get(ctx, cmsapi.Request{Path: l.path, Header: l.header, Query: url.Values{
		"limit": {"1"}, "include_count": {"true"},
	}}, &p)
	if err != nil {
		return cmsapi.Page[T]{}, err
	}
	got, err := cmsapi.PageOf(l.member, l.pick(&p), p.Count, cmsapi.Field[cmsapi.Integer]{})
	if err != nil {
		return got, cmsapi.AsError(err).At(l.path)
	}
	if got.Broken > 0 {
		return got, &cmsapi.Error{Class: inventory.ErrUnreadable, Path: l.path,
			Message: fmt.Sprintf("%s cannot be read: %s", l.member, got.Reason)}
	}
	return got, nil
}
