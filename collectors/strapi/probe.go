package strapi

import (
	"context"
	"fmt"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// Probe implements collectors.Prober. It asks for the lists as a scan does,
// because no smaller request shows whether they may be read.
func (c *collector) Probe(ctx context.Context) []collectors.Check {
	a := c.read(ctx)
	source := c.skeleton()
	source.CollectedAt = c.run.Now().UTC()
	source = c.collect(source, a)
	counts := map[string]int{}
	for _, t := range []struct {
		unit string
		n    int
	}{{listAPI.unit, len(a.api.Data.Items)}, {listAdmin.unit, len(a.admin.Data.Items)}, {listTransfer.unit, len(a.transfer.Data.Items)}} {
		counts[t.unit] = t.n
	}
	names := map[string]string{
		listAPI.unit: "list content API tokens", listAdmin.unit: "list admin tokens",
		listTransfer.unit: "list transfer tokens", listMe.unit: "identity",
	}
	var checks []collectors.Check
	for _, u := range source.Units {
		check := collectors.Check{Name: names[u.Name], Status: collectors.CheckOK, Detail: fmt.Sprintf("%d read", counts[u.Name])}
		switch {
		case u.Status != inventory.UnitComplete:
			check.Status, check.Class, check.Detail, check.Hint = collectors.CheckFailed, u.Error, u.Detail, u.Hint
		case u.Name == listMe.unit:
			check.Detail = fmt.Sprintf("%q, id %s", a.me.Data.Value.name(), a.me.Data.Value.ID.Value)
		case u.Detail != "":
			check.Status, check.Detail = collectors.CheckWarning, u.Detail
		}
		checks = append(checks, check)
	}
	// Who the credential is comes first.
	last := len(checks) - 1
	checks = append([]collectors.Check{checks[last]}, checks[:last]...)
	return append(checks, rightsCheck(source.Auditor))
}

// rightsCheck says whether the credential could do more than it must.
func rightsCheck(a inventory.Auditor) collectors.Check {
	check := collectors.Check{Name: "rights of the credential", Status: collectors.CheckOK, Detail: a.Detail}
	if a.Necessary == inventory.No || a.Writes != inventory.No {
		check.Status = collectors.CheckWarning
		check.Hint = "Use an admin token with the three permissions that listing needs and no other."
	}
	return check
}
