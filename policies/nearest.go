package policies

import (
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/suggest"
)

// FindRule returns the id of the rule that a command line names: one of ids, or that of
// the custom rule of this name; empty if there is none.
func FindRule(name string, ids []string) string {
	for _, id := range []string{name, customPrefix + name} {
		if slices.Contains(ids, id) {
			return id
		}
	}
	return ""
}

// DidYouMeanRule ends an error message about the id of a rule that is not among
// ids; it is empty where none is near enough. A custom rule is found by its name
// alone, too.
func DidYouMeanRule(id string, ids []string) string {
	if custom := FindRule(id, ids); custom != "" {
		return "; did you mean " + custom + "?"
	}
	near := suggest.NewSearch(id)
	for _, known := range ids {
		near.Offer(known, known)
		near.Offer(strings.TrimPrefix(known, customPrefix), known)
	}
	return near.DidYouMean()
}
