package format

import (
	"strings"

	"github.com/tokenaudit/tokenaudit/report"
)

// NotRead are the lists of one source that could not be read for one reason, and that
// nobody accepted to miss.
type NotRead struct {
	// UnreadUnit is the first of them.
	report.UnreadUnit
	// Lists names all of them.
	Lists []string
}

// NotRead returns what nobody accepted to miss, in the order of the sources. Lists of one
// source that failed alike are joined.
func (v *View) NotRead() []NotRead {
	type failure struct{ source, status, class, detail, hint string }
	index := map[failure]int{}
	var joined []NotRead
	for _, unit := range v.Unread {
		if unit.Accepted != nil {
			continue
		}
		key := failure{unit.Source, string(unit.Status), string(unit.Error), reason(unit.Detail), unit.Hint}
		at, ok := index[key]
		if !ok {
			at = len(joined)
			index[key] = at
			joined = append(joined, NotRead{UnreadUnit: unit})
		}
		joined[at].Lists = append(joined[at].Lists, unit.Name)
	}
	return joined
}

// Problem says what failed. The request of the first list is left out where there are
// several, as the others were asked for by another one.
func (n NotRead) Problem() string {
	unit := n.UnreadUnit
	if len(n.Lists) > 1 {
		unit.Detail = reason(unit.Detail)
	}
	return unit.Problem()
}

// reason is what a detail says besides the request that failed.
func reason(detail string) string {
	if request, rest, ok := strings.Cut(detail, ": "); ok && strings.HasPrefix(request, "GET ") {
		return rest
	}
	return detail
}
