package conformance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

var (
	unreadableClasses = classes{inventory.ErrUnreadable, inventory.ErrTruncated, inventory.ErrNotFound}
	truncatedClasses  = classes{inventory.ErrTruncated}
)

// pagingFaults are lists whose pages do not add up.
func pagingFaults(sc scope) []fault {
	p := sc.endpoint.Paging
	if p == nil {
		return nil
	}
	n := p.count(sc.body)
	total := func(change func(int) any) func(http.ResponseWriter, *http.Request, exchange) {
		return func(w http.ResponseWriter, r *http.Request, x exchange) {
			a := x.healthy(r)
			p.serve(w, a.Header(), a.Body.Bytes(), nil, change)
		}
	}
	var all []fault
	if n > 0 {
		all = append(all, fault{name: "a list without end", expect: bounded, classes: truncatedClasses, serve: p.endless})
	}
	if p.Total != "" || p.TotalHeader != "" {
		all = append(all,
			fault{name: "a total that is too large", classes: truncatedClasses, serve: total(func(n int) any { return n + 1000 })},
			fault{name: "a total that is absurd", classes: truncatedClasses, serve: total(func(int) any { return 1 << 30 })},
			fault{name: "a total of none", expect: honest, serve: total(func(int) any { return 0 })})
		if n > 0 {
			all = append(all, fault{name: "a total that is too small", classes: truncatedClasses, serve: total(func(n int) any { return n - 1 })})
		}
		all = append(all, totalFaults(p)...)
	}
	if n >= 2 && p.Limit != "" && !p.PageNumbers {
		all = append(all, fault{name: "pages of one item", expect: healed, serve: func(w http.ResponseWriter, r *http.Request, x exchange) {
			a := x.healthy(smaller(r, p))
			pass(w, a, a.Body.Bytes())
		}})
	}
	// With pages of one item each fixture has a middle.
	if n >= 3 && !p.PageNumbers {
		all = append(all,
			fault{name: "an empty page in the middle", classes: truncatedClasses, serve: func(w http.ResponseWriter, r *http.Request, x exchange) {
				a := x.healthy(smaller(r, p))
				if r.URL.Query().Get(p.Skip) == "1" {
					p.serve(w, a.Header(), a.Body.Bytes(), []any{}, nil)
					return
				}
				pass(w, a, a.Body.Bytes())
			}},
			fault{name: "the first page again and again", classes: truncatedClasses, serve: func(w http.ResponseWriter, r *http.Request, x exchange) {
				a := x.healthy(smaller(at(r, p, 0), p))
				pass(w, a, a.Body.Bytes())
			}},
			fault{name: "an item again instead of the last", classes: truncatedClasses, serve: func(w http.ResponseWriter, r *http.Request, x exchange) {
				small := smaller(r, p)
				if r.URL.Query().Get(p.Skip) == strconv.Itoa(n-1) {
					small = smaller(at(r, p, n-2), p)
				}
				a := x.healthy(small)
				pass(w, a, a.Body.Bytes())
			}})
	}
	return all
}

// totalFaults are lengths that no list can have, of the healthy list and of one
// that came empty: whatever was read, it may not be all.
func totalFaults(p *Paging) []fault {
	var all []fault
	add := func(name string, items []any, total any) {
		all = append(all, fault{name: name, classes: unreadableClasses, serve: func(w http.ResponseWriter, r *http.Request, x exchange) {
			a := x.healthy(r)
			p.serve(w, a.Header(), a.Body.Bytes(), items, func(int) any { return total })
		}})
	}
	for _, total := range []any{5_000_000_000, -1, 9.5, true, "many", map[string]any{}} {
		add(fmt.Sprintf("a total of %v", total), nil, total)
		add(fmt.Sprintf("a total of %v and no items", total), []any{}, total)
	}
	if !p.TotalOptional {
		add("a total of null", nil, nil)
		add("no total", nil, removed{})
		add("no total and no items", []any{}, removed{})
	}
	if testing.Short() {
		return everyFifth(all)
	}
	return all
}

// endless serves a page of one item that was not there before, and says that there
// are more.
func (p *Paging) endless(w http.ResponseWriter, r *http.Request, x exchange) {
	first := 0
	if p.PageNumbers {
		first = 1
	}
	a := x.healthy(at(r, p, first))
	document, _ := parsed(a.Body.Bytes())
	var item any
	walk("", document, func(field string, v any) {
		if item == nil && field == p.Items+"[]" {
			item = v
		}
	})
	item = rewrite("", item, func(field string, v any) any {
		if isID(field, v) {
			return fmt.Sprint(v, "-", x.n)
		}
		return v
	})
	if p.Next != "" {
		page, _ := strconv.Atoi(r.URL.Query().Get(p.Skip))
		document = rewrite("", document, func(field string, v any) any {
			if field == p.Next {
				return max(page, 1) + 1
			}
			return v
		})
	}
	body, _ := json.Marshal(document)
	p.serve(w, a.Header(), body, []any{item}, func(int) any { return 1 << 30 })
}

// count returns the number of items in a body.
func (p *Paging) count(body []byte) int {
	document, _ := parsed(body)
	if p.Items == "" {
		list, _ := document.([]any)
		return len(list)
	}
	n := 0
	walk("", document, func(field string, _ any) {
		if field == p.Items+"[]" {
			n++
		}
	})
	return n
}

// serve writes a page with other items, unless they are nil, and another total,
// unless change is nil.
func (p *Paging) serve(w http.ResponseWriter, h http.Header, body []byte, items []any, change func(int) any) {
	document, ok := parsed(body)
	if !ok {
		_, _ = w.Write(body)
		return
	}
	if items != nil && p.Items == "" {
		document = items
	}
	document = rewrite("", document, func(field string, v any) any {
		switch {
		case items != nil && p.Items != "" && field == p.Items:
			return items
		case change != nil && p.Total != "" && field == p.Total:
			if n, isNumber := v.(json.Number); isNumber {
				total, _ := n.Int64()
				return change(int(total))
			}
		}
		return v
	})
	for name, values := range h {
		w.Header()[name] = slices.Clone(values)
	}
	w.Header().Del("Content-Length")
	if change != nil && p.TotalHeader != "" {
		n, _ := strconv.Atoi(h.Get(p.TotalHeader))
		w.Header().Set(p.TotalHeader, fmt.Sprint(change(n)))
	}
	changed, _ := json.Marshal(document)
	_, _ = w.Write(changed)
}

// smaller asks for one item.
func smaller(r *http.Request, p *Paging) *http.Request { return withQuery(r, p.Limit, "1") }

// at asks for the page that begins at an item.
func at(r *http.Request, p *Paging, skip int) *http.Request {
	return withQuery(r, p.Skip, strconv.Itoa(skip))
}

func withQuery(r *http.Request, name, value string) *http.Request {
	if name == "" {
		return r
	}
	changed := r.Clone(r.Context())
	query := changed.URL.Query()
	query.Set(name, value)
	changed.URL.RawQuery = query.Encode()
	changed.RequestURI = changed.URL.RequestURI()
	changed.RequestURI = strings.TrimPrefix(changed.RequestURI, baseURL)
	return changed
}
