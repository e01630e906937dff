package policies

import "github.com/agnivade/levenshtein"

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
