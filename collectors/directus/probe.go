package directus

import (
	"context"
	"fmt"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/instance"
)

// Probe implements collectors.Prober. It asks for the lists as a scan does,
// because no smaller request shows whether all of their fields may be read.
func (c *collector) Probe(ctx context.Context) []collectors.Check {
	a := c.read(ctx)
	source := c.collect(c.Stamp(c.Source()), a)
	read := func(n int) string { return fmt.Sprintf("%d read", n) }
	checks := instance.Checks(source.Units, []instance.Line{
		{Unit: unitAuditor, Name: "identity", Detail: "user " + a.me.Data.Value.ID.Value},
		{Unit: listUsers.unit, Name: "list users with a static token", Detail: read(len(a.users.Items))},
		{Unit: listRoles.unit, Name: "list roles", Detail: read(len(a.roles.Items))},
		{Unit: listPolicies.unit, Name: "list policies", Detail: read(len(a.policies.Items))},
		{Unit: listAccess.unit, Name: "list who has which policy", Detail: read(len(a.access.Items))},
		{Unit: listPermissions.unit, Name: "list permissions", Detail: read(len(a.permissions.Items))},
		{Unit: logDeeds.unit, Name: "read the activity log", Detail: fmt.Sprintf("%d users active, %d made, %d changed", len(a.deeds.Items), len(a.creations.Items), len(a.updates.Items))},
	})
	return append(checks, instance.RightsCheck(source.Auditor,
		"Use a user whose only policy is the one that `tokenaudit doctor` prints below."))
}
