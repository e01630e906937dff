package labels_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/labels"
)

func selector(t *testing.T, wanted ...string) labels.Selector {
	t.Helper()
	s, err := labels.Parse(wanted)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSelectorMatches(t *testing.T) {
	have := map[string]string{"team": "web", "env": "prod", "note": "a=b", "empty": ""}
	for _, c := range []struct {
		wanted []string
		want   bool
	}{
		{nil, true},
		{[]string{"team=web"}, true},
		{[]string{"team=ops"}, false},
		{[]string{"team=ops", "team=web"}, true}, // the same key twice means or
		{[]string{"team=web", "env=prod"}, true},
		{[]string{"team=web", "env=test"}, false}, // two keys mean and
		{[]string{"team=web", "team=ops", "env=test", "env=prod"}, true},
		{[]string{"owner=web"}, false},
		{[]string{"note=a=b"}, true},
		{[]string{"TEAM=web"}, false},
	} {
		if got := selector(t, c.wanted...).Matches(have); got != c.want {
			t.Errorf("%v matches: %v, want %v", c.wanted, got, c.want)
		}
	}
	if selector(t, "team=web").Matches(nil) {
		t.Error("a source without labels has none of them")
	}
}

func TestSelectorAnd(t *testing.T) {
	for _, c := range []struct{ first, second, want string }{
		{"", "", ""},
		{"team=web", "", "team=web"},
		{"", "team=web", "team=web"},
		{"team=web", "env=prod", "env=prod team=web"},
		{"team=ops team=web", "team=web", "team=web"},
		{"team=web", "team=web team=x", "team=web"},
		{"team=web", "team=ops", "team=ops"},
	} {
		got := selector(t, strings.Fields(c.first)...).And(selector(t, strings.Fields(c.second)...))
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q and %q: %v, want %q", c.first, c.second, got, c.want)
		}
	}
}

func TestParseSelectorRefuses(t *testing.T) {
	for _, label := range []string{"", "team", "=web", "team=", "="} {
		_, err := labels.Parse([]string{"env=prod", label})
		if err == nil || !strings.Contains(err.Error(), "expected KEY=VALUE, for example team=web") {
			t.Errorf("%q: %v", label, err)
		}
	}
	if got := selector(t, "b=1", "a=1", "b=1"); !slices.Equal(got, labels.Selector{"a=1", "b=1"}) {
		t.Errorf("got %v, want them sorted and each once", got)
	}
}
