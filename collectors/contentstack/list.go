package contentstack

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

const (
	// pageSize is the largest page that the API gives.
	pageSize = 100
	// maxPages bounds a list; no stack has a hundred thousand tokens.
	maxPages = 1000
)

// listing is a list to read.
type listing[T any] struct {
	path   string
	header http.Header
	// member is the name of the array in the answer.
	member string
	pick   func(*page) *list[object[T]]
	id     func(T) string
}

// readList reads all pages of a list, without repetitions. What was read until
// something went wrong is valid.
//
// The page size of the token lists is published nowhere, and an excessive limit
// is silently cut; so a short page ends a list only where the server's own
// count agrees. Without a count, an empty page ends it, and after a full page
// two of them do.
func readList[T any](ctx context.Context, client *cmsapi.Client, l listing[T]) ([]T, *gap) {
	r := reader[T]{listing: l, seen: map[string]bool{}}
	for range maxPages {
		var p page
		_, err := client.Get(ctx, cmsapi.Request{Path: l.path, Header: l.header, Query: url.Values{
			"limit":         {strconv.Itoa(pageSize)},
			"skip":          {strconv.Itoa(r.skip)},
			"include_count": {"true"},
		}}, &p)
		if err != nil {
			return r.items, gapOf(err)
		}
		end, g := r.add(&p)
		if end || g != nil {
			return r.items, g
		}
	}
	return r.items, r.cut(fmt.Sprintf("did not end after %d pages", maxPages))
}

// reader gathers the pages of one list.
type reader[T any] struct {
	listing[T]
	items []T
	seen  map[string]bool
	// skip is how many entries have come, repetitions included.
	skip int
	// nameless entries have no uid, and cannot be told apart.
	nameless int
	count    number
	// last is the number of entries on the page before.
	last int
}

// add takes a page, and tells whether it was the last one.
func (r *reader[T]) add(p *page) (end bool, g *gap) {
	l := r.pick(p)
	if l.shape != good {
		return true, r.noList(l)
	}
	if p.Count.shape == good {
		r.count = p.Count
	}
	fresh := 0
	for _, o := range l.items {
		switch id := r.id(o.value); {
		case o.shape != good || id == "":
			r.nameless++
		case !r.seen[id]:
			r.seen[id] = true
			r.items = append(r.items, o.value)
			fresh++
		}
	}
	n, last := len(l.items), r.last
	r.skip, r.last = r.skip+n, n
	agreed := r.count.shape == good && r.count.value == len(r.items)+r.nameless
	switch {
	case n == 0 && last == pageSize && r.count.shape != good:
		r.skip += pageSize
		return false, nil
	case n > 0 && fresh == 0 && last >= pageSize && !agreed:
		return true, r.cut("repeats itself")
	case n == 0, fresh == 0, agreed && n < pageSize:
		return true, r.verdict()
	}
	return false, nil
}

// verdict says what is wrong with a list that has ended.
func (r *reader[T]) verdict() *gap {
	have := len(r.items) + r.nameless
	switch {
	case r.nameless > 0:
		return &gap{class: inventory.ErrUnreadable,
			detail: fmt.Sprintf("GET %s: %d of %d entries have no uid", r.path, r.nameless, have)}
	case r.count.shape == good && r.count.value > have:
		return r.cut(fmt.Sprintf("has %d entries by its own count, and gave %d", r.count.value, have))
	}
	return nil
}

func (r *reader[T]) cut(what string) *gap {
	return &gap{class: inventory.ErrTruncated, detail: "GET " + r.path + ": the list " + what}
}

// noList: the answer is a success without the list. It must not look like an
// empty one.
func (r *reader[T]) noList(l *list[object[T]]) *gap {
	detail := fmt.Sprintf("GET %s: the answer has no list of %s", r.path, r.member)
	if l.counted.shape == good {
		detail = fmt.Sprintf("GET %s: the answer counts %d %s and lists none", r.path, l.counted.value, r.member)
	}
	return &gap{class: inventory.ErrUnreadable, detail: detail}
}
