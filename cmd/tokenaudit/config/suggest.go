package config

import (
	"regexp"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/redact"
	"github.com/tokenaudit/tokenaudit/collectors/suggest"
)

// didYouMean ends an error message with the nearest candidate, else with all of them.
func didYouMean(key string, candidates []string) string {
	if c := suggest.Nearest(key, candidates); c != "" {
		return "; did you mean " + c + "?"
	}
	return "; the keys here are " + list(candidates, "and")
}

// list joins words as prose: "a, b or c".
func list(words []string, conjunction string) string {
	switch len(words) {
	case 0:
		return "none"
	case 1:
		return words[0]
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " " + conjunction + " " + words[last]
}

var plainKey = regexp.MustCompile(`^[A-Za-z][A-Za-z_./*-]{0,39}[0-9]{0,3}$`)

// shownKey returns a key for an error message, unless it might be a secret that
// slipped into the place of a key, as in `token: {abc123}`.
func shownKey(key string) string {
	if plainKey.MatchString(key) && redact.Text(key) == key {
		return key
	}
	return "(a key not shown here)"
}
