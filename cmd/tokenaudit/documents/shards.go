package documents

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
	"github.com/tokenaudit/tokenaudit/collectors/labels"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/parts"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// Shards is what the files hold: only one of the two is filled.
type Shards struct {
	inventories []inventory.Inventory
	Reports     []parts.Part
	// names runs parallel to whichever is filled, shards too; an unsharded
	// document has the zero Shard.
	names  []string
	shards []collectors.Shard
}

// Add adds a document.
func (p *Shards) Add(ctx context.Context, path string, from io.Reader) error {
	in := bufio.NewReaderSize(from, 4096)
	begin, err := in.Peek(4096)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	var shard collectors.Shard
	if report.IsInventory(begin) {
		inv, err := codec.ReadAll(ctx, in, codec.Limits{})
		if err != nil {
			return err
		}
		if inv.Shard != nil {
			shard = collectors.Shard{Index: inv.Shard.Index, Count: inv.Shard.Count}
		}
		p.inventories = append(p.inventories, inv)
	} else {
		r, err := report.Read(in)
		if err != nil {
			return err
		}
		if r.Scope != nil && r.Scope.Shard != "" {
			if shard, err = collectors.ParseShard(r.Scope.Shard); err != nil {
				return err
			}
		}
		p.Reports = append(p.Reports, parts.Part{Name: path, Report: r})
	}
	if len(p.inventories) > 0 && len(p.Reports) > 0 {
		return errors.New("inventories and reports cannot be merged with each other")
	}
	p.add(path, shard)
	return nil
}

func (p *Shards) add(name string, shard collectors.Shard) {
	p.names, p.shards = append(p.names, name), append(p.shards, shard)
}

// Check makes sure that every shard of the run is there once.
func (p *Shards) Check() error {
	count := p.shards[0].Count
	at := map[int]string{}
	for i, shard := range p.shards {
		switch other, ok := at[shard.Index]; {
		case shard.Count != count:
			return fmt.Errorf("%s is %s and %s is %s: they are not of one run",
				p.names[0], describeShard(p.shards[0]), p.names[i], describeShard(shard))
		case count > 0 && (shard.Index < 1 || shard.Index > count):
			return fmt.Errorf("%s says that it is shard %d of %d", p.names[i], shard.Index, count)
		case count > 0 && ok:
			return fmt.Errorf("%s and %s are both shard %s", other, p.names[i], shard)
		}
		at[shard.Index] = p.names[i]
	}
	var missing []string
	for i := 1; i <= count; i++ {
		if _, ok := at[i]; !ok {
			missing = append(missing, fmt.Sprintf("%d/%d", i, count))
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%d of %d shards are missing: %s", len(missing), count, strings.Join(missing, ", "))
	}
	return nil
}

func describeShard(s collectors.Shard) string {
	if s.Count == 0 {
		return "of an unsharded run"
	}
	return "shard " + s.String()
}

// MergeInventories joins the inventories into one.
func (p *Shards) MergeInventories() (inventory.Inventory, error) {
	merged := inventory.Inventory{Schema: inventory.Schema, Sources: []inventory.Source{}}
	type place struct{ file, source int }
	from := map[string]place{}
	var only []part
	for _, inv := range p.inventories {
		only = append(only, part{inv.Only, inv.OnlyLabels})
	}
	joined := joinParts(only)
	merged.Only, merged.OnlyLabels = joined.sources, joined.labels
	for i, inv := range p.inventories {
		if first := p.inventories[0]; inv.Shard != nil && inv.Shard.Config != first.Shard.Config {
			return merged, fmt.Errorf("%s and %s were read with different configurations", p.names[0], p.names[i])
		}
		for _, s := range inv.Sources {
			first, ok := from[s.ID]
			if !ok {
				from[s.ID] = place{i, len(merged.Sources)}
				merged.Sources = append(merged.Sources, s)
				continue
			}
			have := &merged.Sources[first.source]
			if inv.Shard == nil || !standsForGap(*have) || !standsForGap(s) {
				return merged, fmt.Errorf("the source %s is in both %s and %s", safetext.OneLine(s.ID), p.names[first.file], p.names[i])
			}
			have.Units = joinUnits(have.Units, s.Units)
		}
	}
	merged.SourcesDigest = commonDigest(p.inventories)
	merged.CollectedUntil = inventory.CollectedUntil(merged.Sources)
	return merged, nil
}

// commonDigest returns the digest of the sources' configuration that all inventories share;
// empty where they do not.
func commonDigest(inventories []inventory.Inventory) string {
	digest := inventories[0].SourcesDigest
	if slices.ContainsFunc(inventories, func(inv inventory.Inventory) bool { return inv.SourcesDigest != digest }) {
		return ""
	}
	return digest
}

// part is what an inventory is restricted to.
type part struct {
	sources []string
	labels  labels.Selector
}

// joinParts returns what inventories together are restricted to, which is nothing as
// soon as one of them is whole. Of parts of several kinds it names all there are:
// that something was left out counts, not what.
func joinParts(all []part) (joined part) {
	for _, p := range all {
		if len(p.sources)+len(p.labels) == 0 {
			return part{}
		}
		joined.sources = append(joined.sources, p.sources...)
		joined.labels = append(joined.labels, p.labels...)
	}
	slices.Sort(joined.sources)
	slices.Sort(joined.labels)
	return part{slices.Compact(joined.sources), slices.Compact(joined.labels)}
}

// standsForGap tells a source that only says what could not be read: every
// shard that met the same failure has one.
func standsForGap(s inventory.Source) bool {
	return len(s.Tokens) == 0 && len(s.Units) > 0 &&
		!slices.ContainsFunc(s.Units, func(u inventory.Unit) bool { return u.Status == inventory.UnitComplete })
}

// joinUnits adds the units that are not there by name.
func joinUnits(have, more []inventory.Unit) []inventory.Unit {
	have = slices.Clone(have)
	for _, u := range more {
		if !slices.ContainsFunc(have, func(h inventory.Unit) bool { return h.Name == u.Name }) {
			have = append(have, u)
		}
	}
	return have
}
