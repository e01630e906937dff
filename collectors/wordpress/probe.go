package wordpress

import (
	"context"
	"fmt"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/instance"
)

// probedUsers are how many users Probe asks for, besides the scan's own.
const probedUsers = 5

// Probe implements collectors.Prober. It reads all users, because only all of
// them together show whether one is left out, and the application passwords of
// the first few.
func (c *collector) Probe(ctx context.Context) []collectors.Check {
	all := 0
	a := c.read(ctx, func(place int, u user) bool {
		all++
		return place < probedUsers || strings.EqualFold(u.Username.Value, c.Entry.String(optionUsername))
	})
	source := c.collect(c.Stamp(c.Source()), a)
	checks := instance.Checks(source.Units, []instance.Line{
		{Unit: unitSite, Name: "site", Detail: fmt.Sprintf("%q", a.index.Name.Value)},
		{Unit: unitUsers, Name: "list users", Detail: fmt.Sprintf("%d read", all)},
		{
			Unit: unitPasswords, Name: "list application passwords",
			Detail: fmt.Sprintf("%d of %d users read, %d application passwords", len(a.users.Items), all, len(source.Tokens)),
		},
		{Unit: unitAuditor, Name: "identity", Detail: fmt.Sprintf("application password %q", a.own.Name.Value)},
	})
	return append(checks, instance.RightsCheck(source.Auditor,
		"Use a user whose only capabilities are read, list_users and edit_users."))
}
