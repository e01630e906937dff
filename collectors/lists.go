package collectors

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// unitUnlisted stands for the lists of tokens that a source says nothing about.
const unitUnlisted = "unlisted_tokens"

// Listed returns the source with a failed unit for the kinds of tokens that it must
// have, by the definition of its CMS, and no unit lists: what nobody says was read was
// not read. A source of a CMS that has no definition is returned as it is.
func (r Registry) Listed(s inventory.Source) inventory.Source {
	definition, _ := r.Lookup(s.CMS)
	return definition.listed(s)
}

func (d Definition) listed(s inventory.Source) inventory.Source {
	missing := slices.Clone(d.Kinds[s.Kind])
	for i := range s.Units {
		if s.Units[i].Name == unitUnlisted {
			return s
		}
		missing = slices.DeleteFunc(missing, func(k inventory.Kind) bool { return slices.Contains(s.Units[i].Kinds, k) })
	}
	if len(missing) == 0 {
		return s
	}
	names := make([]string, len(missing))
	for i, kind := range missing {
		names[i] = string(kind)
	}
	s.Units = append(slices.Clone(s.Units), inventory.FailedUnit(unitUnlisted, inventory.ErrUnreadable,
		fmt.Sprintf("no list of the %s contains its tokens of these kinds: %s", s.Kind, strings.Join(names, ", ")),
		"Collect the source again, with `tokenaudit collect`.", missing...))
	return s
}
