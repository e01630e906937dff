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
	a := c.read(ctx, nil)
	source := c.collect(c.Stamp(c.Source()), a, nil)
	identity := ""
	for _, t := range source.Tokens {
		if t.ID == source.Auditor.Token {
			identity = fmt.Sprintf("%q, %s, id %s", t.Owner.Name, t.Owner.Role, t.Owner.ID)
		}
	}
	read := fmt.Sprintf("%d read", len(a.integrations.Items))
	checks := instance.Checks(source.Units, []instance.Line{
		{Unit: readMe.unit, Name: "identity", Detail: identity},
		{Unit: listIntegrations.unit, Name: keysCheck, Detail: read},
		{Unit: listRoles.unit, Name: "list roles", Detail: fmt.Sprintf("%d read", len(a.roles.Items))},
		{Unit: listUsers.unit, Name: staffCheck, Detail: "the scan's own, and nobody else can have one"},
	})
	for i := range checks {
		switch check := &checks[i]; {
		case check.Name == keysCheck && check.Class == "":
			check.Status, check.Detail = collectors.CheckOK, read+"; "+check.Detail
		case check.Name == staffCheck && source.Auditor.Token != "" && a.users.Err == nil && check.Class == inventory.ErrPermissionDenied:
			// Nothing that could be granted closes this gap.
			check.Status = collectors.CheckWarning
		}
	}
	return append(checks, instance.RightsCheck(source.Auditor, hintCredential))
}

const (
	keysCheck  = "list integrations"
	staffCheck = "list staff access tokens"
)
