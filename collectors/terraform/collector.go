package terraform

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/terraform/code"
)

// collector reads the plan of one entry of the configuration.
type collector struct {
	root, plan, dir string
	now             func() time.Time
}

// Open reads a plan from a file, until ctx ends.
func Open(ctx context.Context, file, root string) (*Plan, error) {
	f, err := interruptible.Open(ctx, file)
	if err != nil {
		return nil, fmt.Errorf("read the plan: %w", err)
	}
	defer f.Close() //nolint:errcheck // opened for reading only
	p, err := Read(f, root)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	p.File = file
	return p, nil
}

// Discover returns the plan. It is not read yet.
func (c *collector) Discover(context.Context) ([]inventory.Source, error) {
	p := Plan{Root: c.root}
	return []inventory.Source{{ID: p.sourceID(), CMS: CMS, Kind: inventory.KindPlan, Name: c.root}}, nil
}

// Collect reads the plan, as it would be applied now. What stands in the code is
// there, whatever the plan lacks.
func (c *collector) Collect(ctx context.Context, source inventory.Source) (inventory.Source, error) {
	p := c.read(ctx)
	if err := ctx.Err(); err != nil {
		return source, err
	}
	return p.Source(c.now().UTC().Truncate(time.Second)), nil
}

// read reads the plan and its code. What cannot be read is a failed unit.
func (c *collector) read(ctx context.Context) *Plan {
	p, err := Open(ctx, c.plan, c.root)
	if err != nil {
		p = &Plan{Root: c.root, File: c.plan, units: []inventory.Unit{
			inventory.FailedUnit(unitPlan, inventory.ErrUnreadable, oneLine(err), "Print the plan with terraform show -json PLANFILE.", kinds()...),
		}}
	}
	if c.dir == "" {
		return p
	}
	if err := p.Locate(ctx, c.dir, nil); err != nil {
		p.units = append(p.units, inventory.FailedUnit(code.UnitName, inventory.ErrUnreadable, oneLine(err), "Name the folder of the code that the plan was made from."))
	}
	return p
}

// Probe reports whether the plan and its code can be read.
func (c *collector) Probe(ctx context.Context) []collectors.Check {
	p := c.read(ctx)
	var checks []collectors.Check
	for _, u := range p.units {
		if u.Status != inventory.UnitComplete {
			checks = append(checks, collectors.Check{Name: u.Name, Status: collectors.CheckFailed, Detail: u.Detail, Class: u.Error, Hint: u.Hint})
		}
	}
	if len(checks) > 0 {
		return checks
	}
	tokens := len(p.Source(c.now()).Tokens)
	return []collectors.Check{{Name: unitPlan, Status: collectors.CheckOK, Detail: fmt.Sprintf("can be read; tokens: %d", tokens)}}
}

// oneLine leaves the line breaks out of an error.
func oneLine(err error) string {
	if format, ok := errors.AsType[*FormatError](err); ok {
		return format.Error()
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}

// Domain is a domain of its own: nothing is asked over a network.
func (c *collector) Domain(inventory.Source) string { return CMS + "/" + c.root }

// EntryDomain implements collectors.EntryDomainer.
func (c *collector) EntryDomain() string { return CMS + "/" + c.root }

var (
	_ collectors.Collector     = (*collector)(nil)
	_ collectors.DomainNamer   = (*collector)(nil)
	_ collectors.EntryDomainer = (*collector)(nil)
	_ collectors.Prober        = (*collector)(nil)
)
