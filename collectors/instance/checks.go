package instance

import (
	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// Line is what `tokenaudit doctor` says of a unit.
type Line struct {
	Unit string
	// Name is the name of the check.
	Name string
	// Detail is what was found, where all of the unit was read.
	Detail string
}

// Checks makes the checks of a source's units, in the order of the lines.
func Checks(units []inventory.Unit, lines []Line) []collectors.Check {
	byName := make(map[string]inventory.Unit, len(units))
	for _, u := range units {
		byName[u.Name] = u
	}
	checks := make([]collectors.Check, len(lines))
	for i, l := range lines {
		check := collectors.Check{Name: l.Name, Status: collectors.CheckOK, Detail: l.Detail}
		switch u, read := byName[l.Unit]; {
		case !read:
			check.Status, check.Class, check.Detail = collectors.CheckFailed, inventory.ErrUnavailable, "it was not requested"
		case u.Status != inventory.UnitComplete:
			check.Status, check.Class, check.Detail, check.Hint = collectors.CheckFailed, u.Error, u.Detail, u.Hint
		case u.Detail != "":
			check.Status, check.Detail = collectors.CheckWarning, u.Detail
		}
		checks[i] = check
	}
	return checks
}

// RightsCheck says whether the credential could do more than it must. hint says
// what would do.
func RightsCheck(a inventory.Auditor, hint string) collectors.Check {
	check := collectors.Check{Name: "rights of the credential", Status: collectors.CheckOK, Detail: a.Detail}
	if a.Necessary != inventory.Yes {
		check.Status, check.Hint = collectors.CheckWarning, hint
	}
	return check
}
