package cmsapi

import (
	"context"
	"fmt"
	"net/url"
	"reflect"
	"slices"

	"github.com/sourcegraph/conc/pool"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

const (
	maxItems = 1_000_000
	// maxTotal is the greatest length of a list that is believed. No CMS holds so
	// many tokens, and an int of 32 bits holds it.
	maxTotal = 1<<31 - 1
	// maxEmpty is how many pages in a row may bring nothing new before a list
	// counts as broken off. Lists that are filtered after they were cut into
	// pages have empty ones in the middle.
	maxEmpty = 3
	// pagesAtOnce are asked at once after the first has told the total.
	pagesAtOnce = 6
)

// Page is one page of a list.
type Page[T any] struct {
	Items []T
	// Total is how many items the list has; nil if the server does not say.
	Total *int
	// Uncounted says why the list cannot be held against its total: the server
	// gives one that means nothing, or none where its API documents one. A list
	// with such a page is never complete.
	Uncounted string
	// Limit is the page size that the server says it has used; 0 if it does not
	// say.
	Limit int
	// Next is the cursor of the next page; empty on the last, and for lists that
	// are read by offset.
	Next string
	// Broken counts the items that could not be read, and Reason says why for
	// the first of them.
	Broken int
	Reason string
}

// PageOf makes a page of what was decoded. A list that is not a list is an error.
// A total that is absent or null is none; any other that is not a length a list
// can have makes the page Uncounted.
func PageOf[T any](name string, l List[T], total Field[Integer], limit Field[Integer]) (Page[T], error) {
	if l.State != FieldGiven {
		return Page[T]{}, l.Err(name)
	}
	p := Page[T]{Items: l.Items, Broken: l.Broken, Reason: l.first()}
	const lengthOf = "the length of the list in the CMS's response"
	switch n, ok := total.Get(); {
	case ok && n < 0:
		p.Uncounted = lengthOf + " is negative"
	case ok && n > maxTotal:
		p.Uncounted = lengthOf + " is implausibly large"
	case ok:
		t := int(n)
		p.Total = &t
	case total.State == FieldWrong:
		p.Uncounted = lengthOf + " is " + *total.wrong
	}
	if n, ok := limit.Get(); ok && n > 0 && n < 1<<31 {
		p.Limit = int(n)
	}
	return p, nil
}

// Err says what one page shows to be wrong with a list: nil if nothing. Name is
// what the items are called in messages.
func (p Page[T]) Err(name string) *Error {
	switch {
	case p.Broken > 0:
		return brokenError(name, p.Broken, len(p.Items)+p.Broken, p.Reason)
	case p.Uncounted != "":
		return uncountedError(name, p.Uncounted)
	case p.Total != nil && *p.Total < len(p.Items):
		return countError(name, *p.Total, len(p.Items))
	}
	return nil
}

// Counted says why a list that does not come in pages is not whole, if its answer counts
// it: nil for a total that agrees or is not told.
func Counted[T any](name string, l List[T], total Field[Integer]) *Error {
	if read := len(l.Items) + l.Broken; total.State == FieldGiven && int64(total.Value) != int64(read) {
		return countError(name, int(total.Value), read)
	}
	return nil
}

func countError(name string, total, read int) *Error {
	return &Error{Class: inventory.ErrTruncated, Message: fmt.Sprintf("the server reports %d %s but returned %d", total, name, read)}
}

func uncountedError(name, reason string) *Error {
	return &Error{Class: inventory.ErrTruncated, Message: fmt.Sprintf("could not check whether all %s were read: %s", name, reason)}
}

// Paging says how to read a list that comes in pages.
type Paging[T any] struct {
	// Name is what the items are called in messages: "API keys".
	Name string
	// Limit is the page size that is asked for.
	Limit int
	// Key identifies an item. Items of the same key are kept once; items with an
	// empty key are all kept.
	Key func(T) string
	// MaxPages is how many pages are read; 0 means 1000.
	MaxPages int
	// MaxEmpty is how many pages in a row may bring nothing new; 0 means 3.
	MaxEmpty int
	// Fetch asks for the page that begins at skip. It is called concurrently.
	Fetch func(ctx context.Context, skip int) (Page[T], error)
}

// Listing is what could be read of a list.
type Listing[T any] struct {
	// Items are in the server's order, each once.
	Items []T
	// Err says why the list is not complete; nil if it is.
	Err *Error
}

// Unit makes the unit that stands for the list: complete, or partial if some
// items were read, else failed.
func (l Listing[T]) Unit(name string, kinds ...inventory.Kind) inventory.Unit {
	return UnitOf(name, kinds, len(l.Items) > 0, l.Err)
}

// UnitOf makes the unit of a list that was read with err, of which some items
// may have been read nevertheless. It is complete if err is nil, or a nil *Error.
func UnitOf(name string, kinds []inventory.Kind, some bool, err error) inventory.Unit {
	u := inventory.Unit{Name: name, Kinds: kinds, Status: inventory.UnitComplete}
	e := AsError(err)
	if e == nil {
		return u
	}
	u.Status, u.Error, u.Detail, u.Hint = inventory.UnitFailed, e.Class, oneLine(e.Error(), maxMessage), e.Hint
	if some {
		u.Status = inventory.UnitPartial
	}
	return u
}

// ReadPages reads a list by offset. It ends whatever the server does: lists
// that repeat themselves, lie about their total or never end are cut and come
// with an error of class truncated.
//
// A list whose total changes while it is read may have let an item slip from one
// page to another, even if as many items came as it has in the end. It is read
// once more, and is not complete if it changes again.
func ReadPages[T any](ctx context.Context, p Paging[T]) Listing[T] {
	r := readPages(ctx, p)
	if r.err == nil && r.changed != "" {
		if again := readPages(ctx, p); again.err == nil {
			r = again
		}
	}
	return r.listing()
}

func readPages[T any](ctx context.Context, p Paging[T]) *reader[T] {
	r := newReader(p)
	for !r.done {
		skips := r.next()
		pages := fetchPages(ctx, p, skips)
		for i, page := range pages {
			if r.done {
				break
			}
			if page.err != nil {
				r.fail(page.err)
				break
			}
			r.add(skips[i], page.Page)
		}
	}
	return r
}

type fetched[T any] struct {
	Page[T]
	err error
}

// fetchPages asks for several pages at once; the results are in order.
func fetchPages[T any](ctx context.Context, p Paging[T], skips []int) []fetched[T] {
	pages := make([]fetched[T], len(skips))
	if len(skips) == 1 {
		pages[0].Page, pages[0].err = p.Fetch(ctx, skips[0])
		return pages
	}
	workers := pool.New().WithMaxGoroutines(pagesAtOnce)
	for i, skip := range skips {
		workers.Go(func() { pages[i].Page, pages[i].err = p.Fetch(ctx, skip) })
	}
	workers.Wait()
	return pages
}

// reader collects the pages of one list.
type reader[T any] struct {
	paging Paging[T]
	items  []T
	seen   map[string]sighting
	// skip is where the next page begins, step how far one page reaches.
	skip, step int
	total      *int
	// uncounted is the first Page.Uncounted, changed how the total changed.
	uncounted, changed string
	// doubled is how many items a page had once more, and not the same. Which of the two
	// is true, nobody can tell; what moves from one page to another meanwhile is another
	// matter.
	doubled int
	pages   int
	empty   int // pages in a row that brought nothing new
	broken  int
	reason  string
	err     *Error
	done    bool
}

// A sighting is where an item was first: on which page, counted from 1, and where
// among the items.
type sighting struct{ page, item int }

func newReader[T any](p Paging[T]) *reader[T] {
	if p.MaxEmpty == 0 {
		p.MaxEmpty = maxEmpty
	}
	if p.MaxPages == 0 {
		p.MaxPages = defaultMaxPages
	}
	return &reader[T]{paging: p, seen: map[string]sighting{}}
}

// next returns the offsets that are worth asking for now.
func (r *reader[T]) next() []int {
	if r.pages == 0 || r.total == nil || r.step == 0 {
		return []int{r.skip}
	}
	var skips []int
	for skip := r.skip; skip < *r.total && len(skips) < min(pagesAtOnce, r.paging.MaxPages-r.pages); skip += r.step {
		skips = append(skips, skip)
	}
	if len(skips) == 0 {
		return []int{r.skip}
	}
	return skips
}

// add takes a page in and decides whether the list goes on.
func (r *reader[T]) add(skip int, p Page[T]) {
	r.pages++
	fresh := r.keep(p)
	r.count(p)
	got := len(p.Items) + p.Broken
	r.advance(skip, got, p.Limit)
	read := len(r.items) + r.broken
	if r.empty++; fresh > 0 {
		r.empty = 0
	}
	full := got > 0 && got >= r.step
	switch {
	case r.broken >= maxBroken:
		r.done = true
	case fresh == 0 && len(p.Items) > 0:
		r.done = true
		if r.total == nil || read < *r.total {
			r.truncated("the server repeated %s that it had already sent instead of the page at %d", skip)
		}
	case r.empty >= r.paging.MaxEmpty:
		r.done = true
	case r.total == nil:
		r.done = got == 0 || p.Limit > 0 && got < min(p.Limit, r.paging.limit())
	case r.skip >= *r.total:
		// A server that has given more than its total, and a full page, may have more.
		r.done = read <= *r.total || !full
	}
	if !r.done && (r.pages >= r.paging.MaxPages || len(r.items) >= maxItems) {
		r.done = true
		r.truncated("the list of %s does not end: reading stopped after %d pages", r.pages)
	}
}

// keep takes the new items of a page, and tells how many there were.
func (r *reader[T]) keep(p Page[T]) int {
	fresh := 0
	r.items = slices.Grow(r.items, len(p.Items))
	for _, item := range p.Items {
		key := r.paging.Key(item)
		if first, again := r.seen[key]; key != "" && again {
			if first.page == r.pages && !reflect.DeepEqual(item, r.items[first.item]) {
				r.doubled++
			}
			continue
		}
		r.seen[key] = sighting{page: r.pages, item: len(r.items)}
		r.items = append(r.items, item)
		fresh++
	}
	if r.broken += p.Broken; r.reason == "" {
		r.reason = p.Reason
	}
	return fresh
}

// count takes in what a page says of the length of the list.
func (r *reader[T]) count(p Page[T]) {
	if r.uncounted == "" {
		r.uncounted = p.Uncounted
	}
	if p.Total == nil {
		return
	}
	if r.total != nil && *r.total != *p.Total && r.changed == "" {
		r.changed = fmt.Sprintf("%d, and then %d", *r.total, *p.Total)
	}
	r.total = p.Total
}

// advance moves on by what the server says a page holds, because that may be
// less than what was asked for; it is not believed if it says more.
func (r *reader[T]) advance(skip, got, limit int) {
	step := got
	if limit > 0 {
		step = min(limit, r.paging.limit())
	}
	if step == 0 {
		step = max(r.step, 1)
		if r.step == 0 {
			step = min(r.paging.limit(), 100)
		}
	}
	r.step = step
	r.skip = skip + step
}

func (p Paging[T]) limit() int {
	if p.Limit > 0 {
		return p.Limit
	}
	return maxItems
}

func (r *reader[T]) fail(err error) {
	r.err, r.done = AsError(err), true
}

// truncated notes why the list was cut; the format takes the name of the items
// and n.
func (r *reader[T]) truncated(format string, n int) {
	r.err = &Error{Class: inventory.ErrTruncated, Message: fmt.Sprintf(format, r.paging.Name, n)}
}

// listing judges whether what was read is all there is.
func (r *reader[T]) listing() Listing[T] {
	read := len(r.items) + r.broken
	switch {
	case r.err != nil:
	case r.broken > 0:
		r.err = brokenError(r.paging.Name, r.broken, read, r.reason)
	case r.doubled > 0:
		r.err = &Error{Class: inventory.ErrUnreadable, Message: fmt.Sprintf("the list of %[2]s has duplicate ids (%[1]d)", r.doubled, r.paging.Name)}
	case r.total != nil && read != *r.total:
		r.err = countError(r.paging.Name, *r.total, read)
	case r.uncounted != "":
		r.err = uncountedError(r.paging.Name, r.uncounted)
	case r.changed != "":
		r.err = &Error{Class: inventory.ErrTruncated,
			Message: fmt.Sprintf("the list of %s changed while it was being read: its length was %s", r.paging.Name, r.changed)}
	}
	return Listing[T]{Items: r.items, Err: r.err}
}

// ReadCursor reads a list whose pages name the next one. Paging.Limit, MaxEmpty
// and Fetch do not apply; the cursor of the first page is empty.
func ReadCursor[T any](ctx context.Context, p Paging[T], fetch func(ctx context.Context, cursor string) (Page[T], error)) Listing[T] {
	r := newReader(p)
	asked := map[string]bool{}
	for cursor := ""; !r.done; {
		page, err := fetch(ctx, cursor)
		if err != nil {
			r.fail(err)
			break
		}
		r.pages++
		asked[cursor] = true
		fresh := r.keep(page)
		r.count(page)
		cursor = page.Next
		switch {
		case cursor == "", r.broken >= maxBroken:
			r.done = true
		case asked[cursor], fresh == 0 && len(page.Items) > 0:
			r.done = true
			r.truncated("the pages of %s form a loop: reading stopped after %d", r.pages)
		case r.pages >= r.paging.MaxPages || len(r.items) >= maxItems:
			r.done = true
			r.truncated("the list of %s does not end: reading stopped after %d pages", r.pages)
		}
	}
	return r.listing()
}

// Offset returns the query of a page that is asked for by skip and limit.
func Offset(skip, limit int) url.Values {
	return url.Values{"skip": {fmt.Sprint(skip)}, "limit": {fmt.Sprint(limit)}}
}
