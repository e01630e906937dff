package wordpress

import (
	"context"
	"fmt"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// probedUsers are how many users Probe asks for, beside the scan's own.
const probedUsers = 5

// Probe implements collectors.Prober. It reads all users, because only all of
// them together show whether one is left out, and the application passwords of
// the first few.
func (c *collector) Probe(ctx context.Context) []collectors.Check {
	all := 0
	a := c.read(ctx, func(place int, u user) bool {
		all++
		return place < probedUsers || strings.EqualFold(u.Username.Value, c.entry.String(optionUsername))
	})
	source := c.skeleton()
	source.CollectedAt = c.run.Now().UTC()
	source = c.collect(source, a)
	names := map[string]string{
		unitSite: "site", unitUsers: "list users", unitPasswords: "list application passwords", unitAuditor: "identity",
	}
	details := map[string]string{
		unitSite:      fmt.Sprintf("%q", a.index.Name.Value),
		unitUsers:     fmt.Sprintf("%d read", all),
		unitPasswords: fmt.Sprintf("%d of %d users read, %d application passwords", len(a.users.Items), all, len(source.Tokens)),
		unitAuditor:   fmt.Sprintf("application password %q", a.own.Name.Value),
	}
	var checks []collectors.Check
	for _, u := range source.Units {
		check := collectors.Check{Name: names[u.Name], Status: collectors.CheckOK, Detail: details[u.Name]}
		switch {
		case u.Status != inventory.UnitComplete:
			check.Status, check.Class, check.Detail, check.Hint = collectors.CheckFailed, u.Error, u.Detail, u.Hint
		case u.Detail != "":
			check.Status, check.Detail = collectors.CheckWarning, u.Detail
		}
		checks = append(checks, check)
	}
	return append(checks, rightsCheck(source.Auditor))
}

// rightsCheck says whether the credential could do more than it must.
func rightsCheck(a inventory.Auditor) collectors.Check {
	check := collectors.Check{Name: "rights of the credential", Status: collectors.CheckOK, Detail: a.Detail}
	if a.Necessary != inventory.Yes {
		check.Status = collectors.CheckWarning
		check.Hint = "Use a user whose only capabilities are read, list_users and edit_users."
	}
	return check
}
