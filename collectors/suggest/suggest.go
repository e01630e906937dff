// Package suggest finds the word that somebody probably meant.
package suggest

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"
)

// longest is how long a word may be that is looked at, in bytes: nobody mistypes one
// that is longer, and comparing takes as long as both words together.
const longest = 256

// Nearest returns the candidate that word was probably meant to be: the first that
// begins with it, or the one with the fewest edits, at most a third of it; empty if
// none is near enough.
func Nearest(word string, candidates []string) string {
	search := NewSearch(word)
	for _, c := range candidates {
		search.Offer(c, c)
	}
	return search.Best()
}

// A Search looks for the word that was probably meant among many that come one by one.
type Search struct {
	word string
	// length is that of the word in runes, and distance one more than the edits that a
	// candidate may be away.
	length, distance int
	best             string
	begins           bool
}

// NewSearch returns a search for what word was meant to be.
func NewSearch(word string) *Search {
	s := &Search{word: strings.ToLower(word), distance: max(2, len(word)/3) + 1}
	s.length = utf8.RuneCountInString(s.word)
	return s
}

// Offer takes a candidate, and what Best returns where it is the nearest.
func (s *Search) Offer(candidate, answer string) {
	if s.begins || len(s.word) > longest {
		return
	}
	candidate = strings.ToLower(candidate)
	if len(s.word) >= 3 && strings.HasPrefix(candidate, s.word) {
		s.best, s.begins = answer, true
		return
	}
	// A word that would be written anew as a whole is another one.
	bound := min(s.distance, len(candidate))
	n := utf8.RuneCountInString(candidate)
	if max(n-s.length, s.length-n) >= bound {
		return // at least so many edits
	}
	if d := levenshtein.ComputeDistance(s.word, candidate); d < bound {
		s.best, s.distance = answer, d
	}
}

// Best returns what came with the nearest candidate; empty if none was near enough.
func (s *Search) Best() string { return s.best }

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
	return didYouMean(Nearest(word, candidates))
}

// DidYouMean is what ends an error message about the word that is searched for.
func (s *Search) DidYouMean() string { return didYouMean(s.best) }

func didYouMean(near string) string {
	if near == "" {
		return ""
	}
	return "; did you mean " + near + "?"
}
