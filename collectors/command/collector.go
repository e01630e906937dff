package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// unitInventory is the one list of such a CMS: what its program prints.
const unitInventory = "inventory"

// collector reads the sources that one program prints.
type collector struct {
	program program
	name    string
	// read holds what the program printed, by ID; it is written by Discover and
	// only read after it.
	read map[string]inventory.Source
}

// Discover runs the program, once for the whole run.
func (c *collector) Discover(ctx context.Context) ([]inventory.Source, error) {
	inv, err := c.program.inventory(ctx)
	if err == nil {
		err = c.check(inv)
	}
	if err != nil {
		return nil, c.undiscovered(err)
	}
	c.read = make(map[string]inventory.Source, len(inv.Sources))
	found := make([]inventory.Source, 0, len(inv.Sources))
	for _, s := range inv.Sources {
		c.read[s.ID] = s
		s.Tokens = nil
		found = append(found, s)
	}
	return found, nil
}

// Collect returns the source as the program printed it.
func (c *collector) Collect(_ context.Context, source inventory.Source) (inventory.Source, error) {
	s, ok := c.read[source.ID]
	if !ok {
		return source, fmt.Errorf("the program did not print the source %s", source.ID)
	}
	return s, nil
}

// EntryDomain is a domain of its own: the program makes its own requests.
func (c *collector) EntryDomain() string { return c.name + "/program" }

// Domain is that of the entry.
func (c *collector) Domain(inventory.Source) string { return c.EntryDomain() }

// Probe reports whether the program can be run and prints an inventory.
func (c *collector) Probe(ctx context.Context) []collectors.Check {
	inv, err := c.program.inventory(ctx)
	if err == nil {
		err = c.check(inv)
	}
	if e := cmsapi.AsError(err); e != nil {
		return []collectors.Check{{Name: "program", Status: collectors.CheckFailed, Detail: e.Message, Hint: e.Hint, Class: e.Class}}
	}
	tokens := 0
	for _, s := range inv.Sources {
		tokens += len(s.Tokens)
	}
	return []collectors.Check{{
		Name: "program", Status: collectors.CheckOK,
		Detail: fmt.Sprintf("printed an inventory; sources: %d, tokens: %d", len(inv.Sources), tokens),
	}}
}

// check refuses sources that pose as those of another CMS: their verdicts, and
// the waivers that name them, would be mixed up.
func (c *collector) check(inv inventory.Inventory) error {
	if len(inv.Sources) == 0 {
		return c.program.failed(inventory.ErrUnreadable, "printed no source; for a CMS without tokens, print a source with an empty list", nil)
	}
	for _, s := range inv.Sources {
		if s.CMS != c.name || !strings.HasPrefix(s.ID, c.name+"/") {
			return c.program.failed(inventory.ErrUnreadable,
				fmt.Sprintf("printed source %q of cms %q; the cms must be %q, and the id must begin with it", s.ID, s.CMS, c.name), nil)
		}
		for _, t := range s.Tokens {
			if t.CMS != c.name || !strings.HasPrefix(t.ID, s.ID+"/") {
				return c.program.failed(inventory.ErrUnreadable,
					fmt.Sprintf("printed token %q of cms %q; the cms must be %q, and the id must begin with the source's", t.ID, t.CMS, c.name), nil)
			}
		}
	}
	return nil
}

// undiscovered makes the program's failure a source of its own, so that it does
// not vanish.
func (c *collector) undiscovered(err error) error {
	e := cmsapi.AsError(err)
	return &collectors.DiscoveryError{
		Source: inventory.Source{ID: c.name + "/program", CMS: c.name, Kind: inventory.KindInstance, Name: c.name},
		Unit:   inventory.FailedUnit(unitInventory, e.Class, e.Message, e.Hint, inventory.AllKinds()...),
		Err:    err,
	}
}

var (
	_ collectors.Collector     = (*collector)(nil)
	_ collectors.DomainNamer   = (*collector)(nil)
	_ collectors.EntryDomainer = (*collector)(nil)
	_ collectors.Prober        = (*collector)(nil)
)
