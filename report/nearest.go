package report

import "github.com/agnivade/levenshtein"

// nearest gives the candidate with the fewest edits from s, or "" if none is
// close enough to be meant.
func nearest(s string, candidates []string) string {
	best, bestDistance := "", 3
	for _, candidate := range candidates {
		if d := levenshtein.ComputeDistance(s, candidate); d < bestDistance && d < len(candidate) {
			best, bestDistance = candidate, d
		}
	}
	return best
}
