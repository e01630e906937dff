package inventory

import "testing"

func TestMatchGlob(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true},
		{"", "a", false},
		{"a", "a", true},
		{"a", "ab", false},
		{"*", "", true},
		{"*", "a/b", true},
		{"a*", "a/b/c", true},
		{"a*", "ba", false},
		{"*c", "a/b/c", true},
		{"*c", "a/b/cd", false},
		{"a*c", "abc", true},
		{"a*c", "ac", true},
		{"a*a", "a", false},
		{"a*b*c", "a-b-b-c", true},
		{"a*b*c", "a-c-b", false},
		{"a**c", "abc", true},
		{"*ab*ab*", "abab", true},
		{"*ab*ab*", "aab", false},
		{"a?c", "abc", false},
		{"[ab]", "a", false},
	} {
		if got := MatchGlob(test.pattern, test.s); got != test.want {
			t.Errorf("MatchGlob(%q, %q) = %v", test.pattern, test.s, got)
		}
	}
}
