package cmsapi

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"testing/synctest"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// shelf is a list that a server gives in pages, as misbehaved as a test wants.
type shelf struct {
	items   int
	limit   int                  // the server's page size
	total   func(skip int) *int  // nil for an honest one
	limitTo func(skip int) int   // the limit the server tells; nil for an honest one
	page    func(skip int) []int // nil for an honest one
	fail    map[int]error        // by skip
	broken  map[int]int          // by skip
	// uncounted is why no page can be held against its total.
	uncounted string
	mu        sync.Mutex
	asked     []int
}

func (s *shelf) fetch(_ context.Context, skip int) (Page[int], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, skip)
	if err := s.fail[skip]; err != nil {
		return Page[int]{}, err
	}
	p := Page[int]{Total: &s.items, Limit: s.limit, Broken: s.broken[skip], Reason: "element 1 is a string", Uncounted: s.uncounted}
	for i := skip; i < min(skip+s.limit, s.items); i++ {
		p.Items = append(p.Items, i)
	}
	if s.page != nil {
		p.Items = s.page(skip)
	}
	if s.total != nil {
		p.Total = s.total(skip)
	}
	if s.limitTo != nil {
		p.Limit = s.limitTo(skip)
	}
	return p, nil
}

func (s *shelf) read(ctx context.Context) Listing[int] {
	return ReadPages(ctx, Paging[int]{Name: "API keys", Limit: 100, Key: func(i int) string { return fmt.Sprint(i % 10_000) }, Fetch: s.fetch})
}

func says(n int) func(int) *int { return func(int) *int { return &n } }

// onlyFirst says first once, and then always the other.
func onlyFirst(first, then int) func(int) *int {
	asked := 0
	return func(int) *int {
		if asked++; asked == 1 {
			return &first
		}
		return &then
	}
}

func unknownTotal(int) *int { return nil }

func TestReadPages(t *testing.T) {
	t.Parallel()
	span := func(from, to int) []int {
		var all []int
		for i := from; i < to; i++ {
			all = append(all, i)
		}
		return all
	}
	tests := map[string]struct {
		shelf *shelf
		read  int
		asked int // at most
		err   string
	}{
		"empty":                         {&shelf{items: 0, limit: 100}, 0, 1, ""},
		"one page":                      {&shelf{items: 7, limit: 100}, 7, 1, ""},
		"one full page":                 {&shelf{items: 100, limit: 100}, 100, 1, ""},
		"several pages":                 {&shelf{items: 1500, limit: 100}, 1500, 15, ""},
		"the server's limit":            {&shelf{items: 103, limit: 25}, 103, 5, ""},
		"no limit told":                 {&shelf{items: 103, limit: 25, limitTo: func(int) int { return 0 }}, 103, 5, ""},
		"a limit too large":             {&shelf{items: 250, limit: 100, limitTo: func(int) int { return 1000 }}, 250, 3, ""},
		"no total":                      {&shelf{items: 103, limit: 25, total: unknownTotal}, 103, 5, ""},
		"no total, full last page":      {&shelf{items: 50, limit: 25, total: unknownTotal}, 50, 3, ""},
		"no total and no limit":         {&shelf{items: 103, limit: 25, total: unknownTotal, limitTo: func(int) int { return 0 }}, 103, 6, ""},
		"a total too large":             {&shelf{items: 3, limit: 100, total: says(9999)}, 3, 8, "the server reports 9999 API keys but returned 3"},
		"a total of a billion":          {&shelf{items: 3, limit: 1, total: says(1 << 30)}, 3, 12, "the server reports 1073741824 API keys but returned 3"},
		"a total too small":             {&shelf{items: 250, limit: 100, total: says(10)}, 250, 3, "the server reports 10 API keys but returned 250"},
		"a total of none":               {&shelf{items: 3, limit: 100, total: says(0)}, 3, 1, "the server reports 0 API keys but returned 3"},
		"a total that grows":            {&shelf{items: 250, limit: 100, total: func(skip int) *int { n := 150 + min(skip, 100); return &n }}, 250, 6, "the list of API keys changed while it was being read: its length was 150, and then 250"},
		"a total that means nothing":    {&shelf{items: 103, limit: 25, total: unknownTotal, uncounted: "total is a boolean"}, 103, 5, "could not check whether all API keys were read: total is a boolean"},
		"empty, with such a total":      {&shelf{items: 0, limit: 25, total: unknownTotal, uncounted: "total is a boolean"}, 0, 1, "could not check whether all API keys were read: total is a boolean"},
		"a total that changes for once": {&shelf{items: 250, limit: 100, total: onlyFirst(249, 250)}, 250, 6, ""},
		"an empty page amid": {&shelf{items: 300, limit: 100, page: func(skip int) []int {
			if skip == 100 {
				return nil
			}
			return span(skip, skip+100)
		}}, 200, 3, "the server reports 300 API keys but returned 200"},
		"an empty first page": {&shelf{items: 300, limit: 100, page: func(skip int) []int {
			if skip == 0 {
				return nil
			}
			return span(skip, skip+100)
		}}, 200, 3, "the server reports 300 API keys but returned 200"},
		"the same page for ever":                {&shelf{items: 900, limit: 100, page: func(int) []int { return span(0, 100) }}, 100, 7, "the server repeated API keys that it had already sent instead of the page at 100"},
		"the same page, no total":               {&shelf{items: 900, limit: 100, total: unknownTotal, page: func(int) []int { return span(0, 100) }}, 100, 2, "the server repeated API keys that it had already sent instead of the page at 100"},
		"pages that overlap":                    {&shelf{items: 200, limit: 100, page: func(skip int) []int { return span(max(skip-1, 0), min(skip+100, 200)) }}, 200, 2, ""},
		"an item twice in a page, counted once": {&shelf{items: 2, limit: 100, page: func(int) []int { return []int{1, 2, 10_001} }}, 2, 1, "the list of API keys has duplicate ids (1)"},
		"the same item twice, counted once":     {&shelf{items: 2, limit: 100, page: func(int) []int { return []int{1, 2, 1} }}, 2, 1, ""},
		"an item twice, no total":               {&shelf{items: 2, limit: 100, total: unknownTotal, page: func(int) []int { return []int{1, 2, 10_001} }}, 2, 1, "the list of API keys has duplicate ids (1)"},
		"items that moved away": {&shelf{items: 200, limit: 100, page: func(skip int) []int {
			if skip == 0 {
				return span(0, 100)
			}
			return span(99, 199)
		}}, 199, 2, "the server reports 200 API keys but returned 199"},
		"a page that fails":         {&shelf{items: 500, limit: 100, fail: map[int]error{200: &Error{Class: inventory.ErrTimeout, Message: "too late"}}}, 200, 5, "too late"},
		"a first page that fails":   {&shelf{items: 500, limit: 100, fail: map[int]error{0: &Error{Class: inventory.ErrPermissionDenied, Message: "no"}}}, 0, 1, "no"},
		"items that are broken":     {&shelf{items: 200, limit: 100, broken: map[int]int{100: 1}, page: func(skip int) []int { return span(skip, skip+99+(100-skip)/100) }}, 199, 2, "1 of 200 API keys cannot be read: element 1 is a string"},
		"only broken items, no end": {&shelf{limit: 100, total: unknownTotal, broken: map[int]int{0: 5, 5: 5, 10: 5, 15: 5}, limitTo: func(int) int { return 0 }, page: func(int) []int { return nil }}, 0, 3, "15 of 15 API keys cannot be read: element 1 is a string"},
		"a list without end":        {&shelf{items: 1 << 40, limit: 1, total: unknownTotal}, 1000, 1000, "the list of API keys does not end: reading stopped after 1000 pages"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := test.shelf.read(t.Context())
			message := ""
			if got.Err != nil {
				message = got.Err.Message
			}
			if len(got.Items) != test.read || message != test.err {
				t.Errorf("read %d, %q; want %d, %q", len(got.Items), message, test.read, test.err)
			}
			if len(test.shelf.asked) > test.asked {
				t.Errorf("asked %d pages: %v", len(test.shelf.asked), test.shelf.asked)
			}
			unit := got.Unit("api_keys", inventory.Delivery)
			want := inventory.UnitComplete
			if test.err != "" {
				want = inventory.UnitPartial
				if test.read == 0 {
					want = inventory.UnitFailed
				}
			}
			if unit.Status != want || (unit.Detail != "") != (test.err != "") {
				t.Errorf("unit %+v, want %s", unit, want)
			}
		})
	}
}

// Pages after the first need nothing of each other.
func TestPagesAreAskedAtOnceAndKeepTheirOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		list := &shelf{items: 1300, limit: 100}
		began := time.Now()
		got := ReadPages(t.Context(), Paging[int]{Name: "keys", Limit: 100, Key: func(i int) string { return fmt.Sprint(i % 10_000) },
			Fetch: func(ctx context.Context, skip int) (Page[int], error) {
				time.Sleep(time.Second + time.Duration(2000-skip)*time.Microsecond)
				return list.fetch(ctx, skip)
			}})
		if took := time.Since(began); took > 4*time.Second {
			t.Errorf("13 pages of a second took %v", took)
		}
		for i, item := range got.Items {
			if i != item {
				t.Fatalf("item %d is at %d", item, i)
			}
		}
	})
}

func TestReadCursor(t *testing.T) {
	t.Parallel()
	page := func(next string, items ...int) Page[int] { return Page[int]{Items: items, Next: next} }
	two, five := 2, 5
	tests := map[string]struct {
		pages map[string]Page[int]
		read  int
		err   string
	}{
		"all":                  {map[string]Page[int]{"": page("a", 1, 2), "a": page("b"), "b": page("", 3)}, 3, ""},
		"in a circle":          {map[string]Page[int]{"": page("a", 1), "a": page("", 2), "b": page("a", 3)}, 2, ""},
		"back to itself":       {map[string]Page[int]{"": page("a", 1), "a": page("a", 2)}, 2, "the pages of apps form a loop: reading stopped after 2"},
		"repeated":             {map[string]Page[int]{"": page("a", 1), "a": page("b", 1), "b": page("c", 1)}, 1, "the pages of apps form a loop: reading stopped after 2"},
		"fewer than told":      {map[string]Page[int]{"": {Items: []int{1}, Total: &five}}, 1, "the server reports 5 apps but returned 1"},
		"a total that changes": {map[string]Page[int]{"": {Items: []int{1}, Total: &five, Next: "a"}, "a": {Items: []int{2}, Total: &two}}, 2, "the list of apps changed while it was being read: its length was 5, and then 2"},
		"twice in a page":      {map[string]Page[int]{"": page("a", 1, 10_001), "a": page("", 2)}, 2, "the list of apps has duplicate ids (1)"},
		"no length":            {map[string]Page[int]{"": {Items: []int{1}, Uncounted: "total is a boolean"}}, 1, "could not check whether all apps were read: total is a boolean"},
		"an unknown page":      {map[string]Page[int]{"": page("x", 1)}, 1, "no such page"},
	}
	for name, test := range tests {
		got := ReadCursor(t.Context(), Paging[int]{Name: "apps", Key: func(i int) string { return fmt.Sprint(i % 10_000) }}, func(_ context.Context, cursor string) (Page[int], error) {
			p, ok := test.pages[cursor]
			if !ok {
				return p, &Error{Class: inventory.ErrNotFound, Message: "no such page"}
			}
			return p, nil
		})
		message := ""
		if got.Err != nil {
			message = got.Err.Message
		}
		if len(got.Items) != test.read || message != test.err {
			t.Errorf("%s: read %d, %q", name, len(got.Items), message)
		}
	}
}

func TestPageOf(t *testing.T) {
	t.Parallel()
	for document, want := range map[string]string{
		`{"items":[1,2],"total":9,"limit":2}`:        "2 of 9, limit 2, 0 broken",
		`{"items":[1,"x"],"total":"9","limit":null}`: "1 of 9, limit 0, 1 broken",
		`{"items":[],"total":null}`:                  "0 of unknown, limit 0, 0 broken",
		`{"items":[],"limit":true}`:                  "0 of unknown, limit 0, 0 broken",
		`{"items":[],"total":2147483647}`:            "0 of 2147483647, limit 0, 0 broken",
		`{"items":[],"total":-1,"limit":-1}`:         "uncounted: the length of the list in the CMS's response is negative",
		`{"items":[],"total":5000000000}`:            "uncounted: the length of the list in the CMS's response is implausibly large",
		`{"items":[],"total":1e18,"limit":1e18}`:     "uncounted: the length of the list in the CMS's response is a number that is not a whole number",
		`{"items":[],"total":9.5}`:                   "uncounted: the length of the list in the CMS's response is a number that is not a whole number",
		`{"items":[],"total":true}`:                  "uncounted: the length of the list in the CMS's response is a boolean that is not a whole number",
		`{"items":[],"total":"many"}`:                "uncounted: the length of the list in the CMS's response is a string that is not a whole number",
		`{"items":[],"total":{}}`:                    "uncounted: the length of the list in the CMS's response is an object that is not a whole number",
		`{"items":{},"total":1}`:                     "items in the CMS's response is an object",
		`{"total":1}`:                                "the CMS's response has no items",
	} {
		var c struct {
			Items List[int]      `json:"items"`
			Total Field[Integer] `json:"total"`
			Limit Field[Integer] `json:"limit"`
		}
		if err := json.Unmarshal([]byte(document), &c); err != nil {
			t.Fatal(err)
		}
		var got string
		p, err := PageOf("items", c.Items, c.Total, c.Limit)
		switch {
		case err != nil:
			got = AsError(err).Message
		case p.Uncounted != "":
			got = "uncounted: " + p.Uncounted
			if p.Err("items") == nil {
				t.Errorf("%s: nothing is wrong with the page", document)
			}
		case p.Total == nil:
			got = fmt.Sprintf("%d of unknown, limit %d, %d broken", len(p.Items), p.Limit, p.Broken)
		default:
			got = fmt.Sprintf("%d of %d, limit %d, %d broken", len(p.Items), *p.Total, p.Limit, p.Broken)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", document, got, want)
		}
	}
}
