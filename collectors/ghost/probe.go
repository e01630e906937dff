package ghost

import (
	"context"
	"fmt"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/instance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// Probe implements collectors.Prober. It asks for the lists as a scan does,
// because no smaller request shows whether they may be read.
func (c *collector) Probe(ctx context.Context) []collectors.Check {
	a := c.read(ctx)
	source := c.collect(c.Stamp(c.Source()), a)
	identity := ""
	for _, t := range source.Tokens {
		if t.ID == source.Auditor.Token {
			identity = fmt.Sprintf("%q, %s, id %s", t.Owner.Name, t.Owner.Role, t.Owner.ID)
		}
	}
	checks := instance.Checks(source.Units, []instance.Line{
		{Unit: readMe.unit, Name: "identity", Detail: identity},
		{Unit: listIntegrations.unit, Name: "list integrations", Detail: fmt.Sprintf("%d read", len(a.integrations.Items))},
		{Unit: listRoles.unit, Name: "list roles", Detail: fmt.Sprintf("%d read", len(a.roles.Items))},
		{Unit: listUsers.unit, Name: staffCheck, Detail: "the scan's own, and nobody else can have one"},
	})
	for i, check := range checks {
		// Nothing that could be granted closes this gap.
		if check.Name == staffCheck && check.Class == inventory.ErrPermissionDenied && source.Auditor.Token != "" && a.users.Err == nil {
			checks[i].Status = collectors.CheckWarning
		}
	}
	return append(checks, instance.RightsCheck(source.Auditor, hintCredential))
}

const staffCheck = "list staff access tokens"
