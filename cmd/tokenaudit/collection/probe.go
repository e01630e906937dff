package collection

import (
	"context"
	"fmt"
	"slices"

	"github.com/sourcegraph/conc/pool"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// maxProbes bounds how many entries are probed at once.
const maxProbes = 16

// Diagnosis is what was found out about one entry.
type Diagnosis struct {
	Entry  collectors.Entry
	Checks []collectors.Check
}

// Probe checks all entries at once; the result is in the order of the file.
func (r *Collection) Probe(ctx context.Context) ([]Diagnosis, error) {
	ctx, cancel := r.limit(ctx)
	defer cancel()
	entries, err := r.entries(ctx)
	if err != nil {
		return nil, err
	}
	session, err := r.session(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	probers := make([]collectors.Prober, len(entries))
	for i, e := range entries {
		if probers[i], err = r.prober(e, session); err != nil {
			return nil, err
		}
	}
	diagnoses := make([]Diagnosis, len(entries))
	probes := pool.New().WithMaxGoroutines(maxProbes)
	for i, e := range entries {
		diagnoses[i].Entry = e
		if probers[i] != nil {
			probes.Go(func() { diagnoses[i].Checks = r.check(ctx, e, probers[i]) })
		}
	}
	probes.Wait()
	return diagnoses, nil
}

// check probes an entry. While an id is still the placeholder, every other check
// would fail for it alone.
func (r *Collection) check(ctx context.Context, e collectors.Entry, p collectors.Prober) []collectors.Check {
	definition, _ := r.Host.Registry.Lookup(e.CMS)
	if checks := checkPlaceholders(ctx, definition, e, p); len(checks) > 0 {
		return checks
	}
	return reached(p.Probe(ctx))
}

// reached leaves out the advice on credentials and rights where nothing was reached: it
// rests on no answer, and the checks that failed say what to do.
func reached(checks []collectors.Check) []collectors.Check {
	failed := false
	for _, c := range checks {
		if c.Status == collectors.CheckOK || c.Status == collectors.CheckFailed && c.Class != inventory.ErrUnavailable && c.Class != inventory.ErrTimeout {
			return checks
		}
		failed = failed || c.Status == collectors.CheckFailed
	}
	for i := range checks {
		if c := &checks[i]; failed && c.Status == collectors.CheckWarning && c.Class == "" {
			c.Hint = ""
		}
	}
	return checks
}

// Count is how many checks ended like this.
func (d Diagnosis) Count(status collectors.CheckStatus) int {
	n := 0
	for _, c := range d.Checks {
		if c.Status == status {
			n++
		}
	}
	return n
}

// LacksPermission reports whether a check failed that another credential might
// pass.
func (d Diagnosis) LacksPermission() bool {
	return slices.ContainsFunc(d.Checks, func(c collectors.Check) bool {
		switch c.Class {
		case inventory.ErrUnauthorized, inventory.ErrPermissionDenied, inventory.ErrNotFound, inventory.ErrTruncated, inventory.ErrDoubtedEmpty:
			return c.Status == collectors.CheckFailed
		}
		return false
	})
}

// Outcome says in a few words how the checks ended.
func (d Diagnosis) Outcome() string {
	failed, warned := d.Count(collectors.CheckFailed), d.Count(collectors.CheckWarning)
	switch {
	case len(d.Checks) == 0:
		return "nothing to check: it has no credential"
	case failed > 0:
		return fmt.Sprintf("%d of %d checks failed", failed, len(d.Checks))
	case warned > 0:
		return "every check passed, with a warning"
	}
	return "every check passed"
}
