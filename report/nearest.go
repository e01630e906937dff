package report

import "github.com/agnivade/levenshtein"

// Nearest gives the candidate with the fewest edits from s, or "" if none is
// close enough to be meant.
func Nearest(s string, candidates []string) string {
	best, bestDistance := "", 3
	for _, candidate := range candidates {
		if d := levenshtein.ComputeDistance(s, candidate); d < bestDistance && d < len(candidate) {
			best, bestDistance = candidate, d
		}
	}
	return best
}

// DidYouMean ends an error message about an unknown word with the candidate that
// was probably meant; it is empty where none is close enough.
func DidYouMean(word string, candidates []string) string {
	if near := Nearest(word, candidates); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}
