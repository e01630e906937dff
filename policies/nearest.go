package policies

import (
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/suggest"
)

// DidYouMeanRule ends an error message about the id of a rule that is not among
// ids; it is empty where none is near enough. A custom rule is found by its name
// alone, too.
func DidYouMeanRule(id string, ids []string) string {
	if custom := customPrefix + id; slices.Contains(ids, custom) {
		return "; did you mean " + custom + "?"
	}
	return suggest.DidYouMean(id, ids)
}
