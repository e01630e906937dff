package builtin_test

import (
	"slices"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/builtin"
)

// What names the user's own systems, and what init therefore cannot know, is told
// from a value that was filled in.
func TestExamplesOfIDsArePlaceholders(t *testing.T) {
	for _, d := range builtin.Definitions() {
		for _, o := range d.Options {
			named := o.Key == "base_url" || slices.ContainsFunc(d.AnyOf, func(group []string) bool { return slices.Contains(group, o.Key) })
			if text := o.Type == collectors.OptionString || o.Type == collectors.OptionStrings; named && text && !o.Placeholder {
				t.Errorf("%s: %s has an example that is not marked as a placeholder", d.CMS, o.Key)
			}
		}
	}
}
