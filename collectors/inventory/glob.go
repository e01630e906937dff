package inventory

import "strings"

// MatchGlob reports whether s matches the pattern. Only * is special: it stands
// for any text, also the empty one, and crosses /.
func MatchGlob(pattern, s string) bool {
	head, rest, starred := strings.Cut(pattern, "*")
	if !starred {
		return pattern == s
	}
	s, ok := strings.CutPrefix(s, head)
	for ok {
		if head, pattern, starred = strings.Cut(rest, "*"); !starred {
			return strings.HasSuffix(s, head)
		}
		rest = pattern
		// The leftmost place leaves the most for what follows.
		_, s, ok = strings.Cut(s, head)
	}
	return false
}
