package inventory

import (
	"strings"
	"testing"
)

// A chain of aliases is followed once, and a circle is refused.
func TestChainsOfAliases(t *testing.T) {
	item := func(id, alias string) ScopeItem {
		return ScopeItem{ID: id, Name: id, Primary: No, Exists: Yes, AliasOf: alias}
	}
	for name, tt := range map[string]struct {
		items     []ScopeItem
		effective int
		circle    string
	}{
		"a chain":                  {[]ScopeItem{item("a", "b"), item("b", "c"), item("c", "")}, 1, ""},
		"two ends":                 {[]ScopeItem{item("a", "b"), item("b", ""), item("c", "")}, 2, ""},
		"an end that is not there": {[]ScopeItem{item("a", "x"), item("b", "x")}, 1, ""},
		"a circle":                 {[]ScopeItem{item("a", "b"), item("b", "a"), item("c", "a")}, 1, "a"},
		"itself":                   {[]ScopeItem{item("a", "a")}, 1, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			s := NewScope(tt.items...)
			if s.Effective != tt.effective {
				t.Errorf("effective %d, want %d", s.Effective, tt.effective)
			}
			var p problems
			s.check(&p)
			refused := len(p.found) > 0 && strings.Contains(p.found[0].Message, "leads back to itself")
			if refused != (tt.circle != "") || aliasCircle(s.Items) != tt.circle {
				t.Errorf("problems %v, circle %q", p.found, aliasCircle(s.Items))
			}
		})
	}
}
