package datocms

import (
	"context"
	"fmt"

	"github.com/sourcegraph/conc/pool"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// Probe implements collectors.Prober: five checks for each project. The lists
// are asked for as a scan does, because no smaller request shows whether they
// may be read.
func (c *collector) Probe(ctx context.Context) []collectors.Check {
	checks := make([][]collectors.Check, len(c.projects))
	workers := pool.New().WithMaxGoroutines(projectsAtOnce)
	for i, p := range c.projects {
		workers.Go(func() { checks[i] = c.probe(ctx, p) })
	}
	workers.Wait()
	var all []collectors.Check
	for _, some := range checks {
		all = append(all, some...)
	}
	return all
}

func (c *collector) probe(ctx context.Context, p configured) []collectors.Check {
	found := p.ask(ctx)
	checks := []collectors.Check{{Name: p.name + ": project", Status: collectors.CheckOK}}
	if found.err != nil {
		checks[0].Status, checks[0].Class = collectors.CheckFailed, found.err.Class
		checks[0].Detail, checks[0].Hint = found.err.Error(), found.err.Hint
		return checks
	}
	source := c.skeleton(found)
	checks[0].Detail = fmt.Sprintf("%q, id %s", source.Name, found.site.ID.Value)
	source.CollectedAt = c.run.Now().UTC()
	source = collect(source, found, p.read(ctx, source.ID))
	names := map[string]string{
		listTokens.unit: "list API tokens", listRoles.unit: "list roles", listEnvironments.unit: "list environments",
	}
	counts := map[string]int{listTokens.unit: len(source.Tokens), listEnvironments.unit: len(source.Environments)}
	for _, u := range source.Units {
		name, listed := names[u.Name]
		if !listed {
			continue
		}
		check := collectors.Check{Name: p.name + ": " + name, Status: collectors.CheckOK, Detail: "can be read"}
		if n, counted := counts[u.Name]; counted {
			check.Detail = fmt.Sprintf("%d read", n)
		}
		if u.Status != inventory.UnitComplete {
			check.Status, check.Class, check.Detail, check.Hint = collectors.CheckFailed, u.Error, u.Detail, u.Hint
		}
		checks = append(checks, check)
	}
	return append(checks, rightsCheck(p.name, source.Auditor))
}

// rightsCheck says whether the credential could do more than it must.
func rightsCheck(name string, a inventory.Auditor) collectors.Check {
	check := collectors.Check{Name: name + ": rights of the credential", Status: collectors.CheckOK, Detail: a.Detail}
	switch {
	case a.Necessary == inventory.No:
		check.Status = collectors.CheckWarning
		check.Hint = "A credential that can only list is enough: `tokenaudit doctor` prints how to make one."
	case a.ReadsSecrets == inventory.Yes:
		check.Status = collectors.CheckWarning
		check.Hint = "DatoCMS sends this credential the secret of every token. Try a role without can_manage_access_tokens: if the list can still be read, keep it that way."
	case a.Writes != inventory.No:
		check.Status = collectors.CheckWarning
		check.Hint = "Use an API token whose role can only read."
	}
	return check
}
