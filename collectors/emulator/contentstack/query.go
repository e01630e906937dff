package contentstack

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
)

// page answers a list. A negative skip is refused; a limit of any size is
// accepted and means at most the cap.
func (call *request) page(name string, items []emulator.Object) emulator.Reply {
	query := call.r.URL.Query()
	skip, limit := 0, call.options.PageCap
	if text := query.Get("skip"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return problem(http.StatusUnprocessableEntity, codeInvalid, "Invalid request parameters.", "skip", "is not valid.")
		}
		skip = n
	}
	if n, err := strconv.Atoi(query.Get("limit")); err == nil && n > 0 {
		limit = min(n, call.options.PageCap)
	}
	items = matchQuery(items, query.Get("query"))
	total := len(items)
	if query.Get("count") == "true" && name != "delivery_tokens" {
		return emulator.OK(emulator.Object{envelope(name): total}) // the array becomes a number
	}
	body := emulator.Object{envelope(name): emulator.List(items[min(skip, total):min(skip+limit, total)])}
	if query.Get("include_count") == "true" {
		body["count"] = total
	}
	return emulator.OK(body)
}

// envelope is the member that holds a list: both lists of tokens say "tokens".
func envelope(name string) string {
	if name == "delivery_tokens" || name == "management_tokens" {
		return "tokens"
	}
	return name
}

// matchQuery keeps the items whose members equal those of a JSON object. Of
// text that is not JSON, and of members that no item has, nothing is asked.
func matchQuery(items []emulator.Object, query string) []emulator.Object {
	var wanted map[string]any
	if query == "" || json.Unmarshal([]byte(query), &wanted) != nil {
		return items
	}
	return slices.DeleteFunc(slices.Clone(items), func(item emulator.Object) bool {
		for name, value := range wanted {
			if has, known := item[name]; known && fmt.Sprint(has) != fmt.Sprint(value) {
				return true
			}
		}
		return false
	})
}

func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// stamp adds who made and changed an object, and when.
func stamp(item emulator.Object, createdBy, updatedBy string, createdAt, updatedAt time.Time) emulator.Object {
	if updatedBy == "" {
		updatedBy = createdBy
	}
	if updatedAt.IsZero() {
		updatedAt = createdAt
	}
	item["created_by"], item["updated_by"] = createdBy, updatedBy
	item["created_at"], item["updated_at"] = timestamp(createdAt), timestamp(updatedAt)
	return item
}
