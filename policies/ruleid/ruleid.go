// Package ruleid finds the rules that people name.
package ruleid

import (
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/suggest"
)

// Custom begins the ids of custom rules.
const Custom = "custom/"

// Find returns the id of the rule that a command line names: one of ids, or that of the
// custom rule of this name; empty if there is none.
func Find(name string, ids []string) string {
	for _, id := range []string{name, Custom + name} {
		if slices.Contains(ids, id) {
			return id
		}
	}
	return ""
}

// DidYouMean ends an error message about a rule that is not among ids; it is empty where
// none is near enough. A custom rule is found by its name alone, too.
func DidYouMean(id string, ids []string) string {
	if custom := Find(id, ids); custom != "" {
		return "; did you mean " + custom + "?"
	}
	near := suggest.NewSearch(id)
	for _, known := range ids {
		near.Offer(known, known)
		near.Offer(strings.TrimPrefix(known, Custom), known)
	}
	return near.DidYouMean()
}
