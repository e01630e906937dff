// Package suggest finds the word that somebody probably meant.
package suggest

import (
	"fmt"
	"strings"

	"github.com/agnivade/levenshtein"
)

// longest is how long a word may be that is looked at, in bytes: nobody mistypes one
// that is longer, and comparing takes as long as both words together.
const longest = 256

// Nearest returns the candidate that word was probably meant to be: the first that
// begins with it, or the one with the fewest edits, at most a third of it; empty if
// none is near enough.
func Nearest(word string, candidates []string) string {
	if len(word) > longest {
		return ""
	}
	word = strings.ToLower(word)
	best, distance := "", max(2, len(word)/3)+1
	for _, c := range candidates {
		if len(word) >= 3 && strings.HasPrefix(c, word) {
			return c
		}
		// A word that would be written anew as a whole is another one.
		if d := levenshtein.ComputeDistance(word, c); d < min(distance, len(c)) {
			best, distance = c, d
		}
	}
	return best
}

// Some lists the first words, and says how many more there are.
func Some(words []string, most int) string {
	more := ""
	if n := len(words) - most; n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(words[:min(len(words), most)], ", ") + more
}

// DidYouMean ends an error message about an unknown word with the candidate that was
// probably meant; it is empty where none is near enough.
func DidYouMean(word string, candidates []string) string {
	if near := Nearest(word, candidates); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}
