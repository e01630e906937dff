package policies

import (
	"slices"

	"github.com/agnivade/levenshtein"
)

// nearest gives the candidate that is most like word, or "" if none is near
// enough to be what was meant.
func nearest(word string, candidates []string) string {
	best, distance := "", len(word)/2+1
	for _, candidate := range candidates {
		if d := levenshtein.ComputeDistance(word, candidate); d < distance {
			best, distance = candidate, d
		}
	}
	return best
}

// didYouMean ends an error message about a word that is unknown.
func didYouMean(word string, candidates []string) string {
	if near := nearest(word, candidates); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

// DidYouMeanRule ends an error message about the id of a rule that is not among
// ids; it is empty where none is near enough. A custom rule is found by its name
// alone, too.
func DidYouMeanRule(id string, ids []string) string {
	if custom := customPrefix + id; slices.Contains(ids, custom) {
		return "; did you mean " + custom + "?"
	}
	return didYouMean(id, ids)
}
