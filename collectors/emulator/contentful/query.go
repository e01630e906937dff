package contentful

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
)

const (
	defaultPage = 25
	pageCap     = 100
)

// page answers a list: the filters of the query, then its order, then the page.
func (call *request) page(items []emulator.Object) emulator.Reply {
	query := call.r.URL.Query()
	skip, err := number(query, "skip", 0)
	if err != nil {
		return problem(http.StatusBadRequest, "InvalidQuery", err.Error())
	}
	limit, err := number(query, "limit", defaultPage)
	if err != nil {
		return problem(http.StatusBadRequest, "InvalidQuery", err.Error())
	}
	if limit > pageCap && call.options.RejectLargePages {
		return problem(http.StatusBadRequest, "InvalidQuery",
			fmt.Sprintf("The value provided for %q is too large. The maximum is %d", "limit", pageCap))
	}
	limit = min(limit, pageCap)
	items = call.filter(items, query)
	sortItems(items, query.Get("order"))
	total := len(items)
	items = items[min(skip, total):min(skip+limit, total)]
	body := emulator.Object{
		"sys": emulator.Object{"type": "Array"}, "total": total, "skip": skip, "limit": limit, "items": emulator.List(items),
	}
	if includes := call.includes(items, query.Get("include")); includes != nil {
		body["includes"] = includes
	}
	return emulator.OK(body)
}

func number(query url.Values, key string, standard int) (int, error) {
	text := query.Get(key)
	if text == "" {
		return standard, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("The value provided for %q is invalid. Please provide a valid number value", key) //nolint:staticcheck // the service's words
	}
	return n, nil
}

var filterKey = regexp.MustCompile(`^([A-Za-z][\w.]*)(?:\[(\w+)\])?$`)

// filter keeps the items that match every filter of the query. A field may be
// written with or without its "sys." prefix; one that no item has is ignored.
func (call *request) filter(items []emulator.Object, query url.Values) []emulator.Object {
	for key, values := range query {
		parts := filterKey.FindStringSubmatch(key)
		if parts == nil || slices.Contains([]string{"skip", "limit", "order", "query", "include", "access_token"}, key) {
			continue
		}
		has := func(item emulator.Object) bool { _, known := field(item, parts[1]); return known }
		if !slices.ContainsFunc(items, has) {
			continue
		}
		items = slices.DeleteFunc(slices.Clone(items), func(item emulator.Object) bool {
			value, known := field(item, parts[1])
			return !known || !call.matches(value, parts[2], values[0])
		})
	}
	return items
}

// field looks a dotted path up, with and without the prefix "sys.".
func field(item emulator.Object, path string) (value any, known bool) {
	alternative, prefixed := strings.CutPrefix(path, "sys.")
	if !prefixed {
		alternative = "sys." + path
	}
	for _, p := range []string{path, alternative} {
		if value, known = lookup(item, p); known {
			return value, true
		}
	}
	return nil, false
}

func lookup(item emulator.Object, path string) (any, bool) {
	var value any = item
	for name := range strings.SplitSeq(path, ".") {
		o, isObject := value.(emulator.Object)
		if !isObject {
			return nil, false
		}
		if value, isObject = o[name]; !isObject {
			return nil, false
		}
	}
	return value, true
}

func (call *request) matches(value any, operator, operand string) bool {
	if value == nil {
		switch operator {
		case "":
			return isNull(operand)
		case "gt", "gte":
			return call.options.GreaterIncludesNull
		case "exists":
			return operand == "false"
		default:
			return operator == "ne" || operator == "nin"
		}
	}
	text := fmt.Sprint(value)
	operands := strings.Split(operand, ",")
	switch operator {
	case "", "eq":
		return compareTexts(text, operand) == 0
	case "ne":
		return compareTexts(text, operand) != 0
	case "in":
		return slices.Contains(operands, text)
	case "nin":
		return !slices.Contains(operands, text)
	case "exists":
		return operand != "false"
	case "gt":
		return compareTexts(text, operand) > 0
	case "gte":
		return compareTexts(text, operand) >= 0
	case "lt":
		return compareTexts(text, operand) < 0
	case "lte":
		return compareTexts(text, operand) <= 0
	default:
		return true
	}
}

func isNull(operand string) bool { return operand == "" || strings.EqualFold(operand, "null") }

// compareTexts compares times as times and all else as text.
func compareTexts(a, b string) int {
	at, errA := time.Parse(time.RFC3339, a)
	bt, errB := time.Parse(time.RFC3339, b)
	if errA == nil && errB == nil {
		return at.Compare(bt)
	}
	return cmp.Compare(a, b)
}

// sortItems orders by a comma list of paths; "-" reverses one. Null comes last.
func sortItems(items []emulator.Object, order string) {
	if order == "" {
		return
	}
	slices.SortStableFunc(items, func(a, b emulator.Object) int {
		for path := range strings.SplitSeq(order, ",") {
			path, reverse := strings.CutPrefix(path, "-")
			va, _ := field(a, path)
			vb, _ := field(b, path)
			if c := compareValues(va, vb, reverse); c != 0 {
				return c
			}
		}
		return 0
	})
}

func compareValues(a, b any, reverse bool) int {
	if a == nil || b == nil {
		return cmp.Compare(btoi(a == nil), btoi(b == nil))
	}
	c := compareTexts(fmt.Sprint(a), fmt.Sprint(b))
	if reverse {
		return -c
	}
	return c
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// includes resolves the links at a comma list of paths to whole objects, by type.
func (call *request) includes(items []emulator.Object, paths string) emulator.Object {
	if paths == "" {
		return nil
	}
	out, seen := emulator.Object{}, map[string]bool{}
	for path := range strings.SplitSeq(paths, ",") {
		for _, item := range items {
			value, _ := field(item, path)
			for _, l := range links(value) {
				linkType, id := linkTarget(l)
				entity := call.resolve(linkType, id)
				if entity == nil || seen[linkType+"/"+id] {
					continue
				}
				seen[linkType+"/"+id] = true
				known, _ := out[linkType].([]emulator.Object)
				out[linkType] = append(known, entity)
			}
		}
	}
	return out
}

func links(value any) []emulator.Object {
	switch v := value.(type) {
	case emulator.Object:
		return []emulator.Object{v}
	case []emulator.Object:
		return v
	default:
		return nil
	}
}

func link(linkType, id string) emulator.Object {
	return emulator.Object{"sys": emulator.Object{"type": "Link", "linkType": linkType, "id": id}}
}

func linkTarget(l emulator.Object) (linkType, id string) {
	sys, _ := l["sys"].(emulator.Object)
	linkType, _ = sys["linkType"].(string)
	id, _ = sys["id"].(string)
	return linkType, id
}

// resolve renders the entity a link points to; nil for what cannot be included.
func (call *request) resolve(linkType, id string) emulator.Object {
	switch linkType {
	case "User":
		if u := call.userByID(id); u != nil {
			return call.renderUser(u)
		}
	case "Space":
		if s := emulator.Find(call.state.Spaces, func(s *Space) bool { return s.ID == id }); s != nil {
			return call.renderSpace(s)
		}
	case "Role":
		for _, s := range call.state.Spaces {
			if role := emulator.Find(s.Roles, func(r *Role) bool { return r.ID == id }); role != nil {
				return call.renderRole(s, role)
			}
		}
	}
	return nil
}
