package strapi

import (
	"context"
	"fmt"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/instance"
)

// Probe implements collectors.Prober. It asks for the lists as a scan does,
// because no smaller request shows whether they may be read.
func (c *collector) Probe(ctx context.Context) []collectors.Check {
	a := c.read(ctx, nil)
	source := c.collect(c.Stamp(c.Source()), a, nil)
	count := func(l listing[token]) string { return fmt.Sprintf("%d read", len(l.Data.Items)) }
	me := a.me.Data.Value
	checks := instance.Checks(source.Units, []instance.Line{
		{Unit: listMe.unit, Name: "identity", Detail: fmt.Sprintf("%q, id %s", me.name(), me.ID.Value)},
		{Unit: listAPI.unit, Name: "list content API tokens", Detail: count(a.api)},
		{Unit: listAdmin.unit, Name: "list admin tokens", Detail: count(a.admin)},
		{Unit: listTransfer.unit, Name: "list transfer tokens", Detail: count(a.transfer)},
	})
	return append(checks, instance.RightsCheck(source.Auditor,
		"Use an admin token with the three permissions that listing needs and no other."))
}
