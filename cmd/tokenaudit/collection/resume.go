package collection

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// maxAge is how old what is kept may be: it is judged as of now, with what is read now.
const maxAge = 366 * 24 * time.Hour

// Resume goes on with an inventory, which file holds: what of it was read whole is kept. It
// refuses one that this run would not have come to.
func (r *Collection) Resume(file string, inv inventory.Inventory) error {
	if err := r.resumable(inv); err != nil {
		return fmt.Errorf("--resume %s: %w", places.Name(file), err)
	}
	r.earlier = inv.Sources
	return nil
}

func (r *Collection) resumable(inv inventory.Inventory) error {
	switch same := r.Inventory(nil); {
	case inv.SourcesDigest == "":
		return errors.New("the inventory does not say with which configuration it was read; scan everything")
	case inv.SourcesDigest != r.Config.SourcesDigest:
		return fmt.Errorf("the sources of %s are not those it was read with; scan everything", r.Config.File)
	case !sameShard(inv.Shard, same.Shard):
		return fmt.Errorf("it is shard %s of a run, and this is shard %s; give the same --shard", shardOf(inv.Shard), shardOf(same.Shard))
	case !sameWords(inv.Only, same.Only) || !sameWords(inv.OnlyLabels, same.OnlyLabels):
		return errors.New("it was read with another --source or --label; give the same")
	}
	now := r.Now()
	for _, s := range inv.Sources {
		switch {
		case s.CollectedAt.After(now):
			return fmt.Errorf("source %s was read at %s, which lies in the future: the clock is wrong, here or there; scan everything", s.ID, s.CollectedAt.UTC().Format(time.RFC3339))
		case now.Sub(s.CollectedAt) > maxAge:
			return fmt.Errorf("source %s was read at %s, more than a year ago; scan everything", s.ID, s.CollectedAt.UTC().Format(time.RFC3339))
		}
		if slices.ContainsFunc(s.Tokens, func(t inventory.Token) bool { return t.Exposure != nil }) {
			return errors.New("it was read with --leaks: secrets of what was read cannot be compared again; scan everything")
		}
	}
	return nil
}

// Unended makes the document of what was read while the reading goes on: each entry has a
// source that says so, which --resume takes no notice of.
func (r *Collection) Unended(sources []inventory.Source) inventory.Inventory {
	sources = slices.Clone(sources)
	now := r.Now()
	for i, s := range r.Config.Sources {
		unit := inventory.FailedUnit("sources", inventory.ErrTimeout, "the run had not ended when this was written", "Go on with it by --resume.", inventory.AllKinds()...)
		unit.Sources = true
		definition, _ := r.Host.Registry.Lookup(s.Entry.CMS)
		stands := inventory.Source{
			ID: fmt.Sprintf("%s/entries/%d", s.Entry.CMS, i+1), CMS: s.Entry.CMS, Kind: inventory.KindOrganization, CollectedAt: now, Origin: s.Entry.Origin,
			Units: []inventory.Unit{unit}, Facts: definition.Facts, Tokens: []inventory.Token{},
			Auditor: inventory.Auditor{ReadsSecrets: inventory.Unknown, Writes: inventory.Unknown, Necessary: inventory.Unknown},
		}
		sources = append(sources, stands)
	}
	slices.SortFunc(sources, func(a, b inventory.Source) int { return strings.Compare(a.ID, b.ID) })
	return r.Inventory(sources)
}

func sameShard(a, b *inventory.Shard) bool {
	return shardOf(a) == shardOf(b)
}

func shardOf(s *inventory.Shard) string {
	if s == nil {
		return collectors.Shard{}.String()
	}
	return collectors.Shard{Index: s.Index, Count: s.Count}.String()
}

// sameWords reports whether two restrictions are the same: their order is of no account.
func sameWords(a, b []string) bool {
	return slices.Equal(slices.Compact(slices.Sorted(slices.Values(a))), slices.Compact(slices.Sorted(slices.Values(b))))
}

// tellResumed says how much of the result is from when.
func (r *Collection) tellResumed(result collectors.Result) {
	if r.Options.Resume == "" {
		return
	}
	var first, last time.Time
	for _, s := range r.earlier {
		if first.IsZero() || s.CollectedAt.Before(first) {
			first = s.CollectedAt
		}
		if s.CollectedAt.After(last) {
			last = s.CollectedAt
		}
	}
	some := ""
	if result.Joined > 0 {
		some = fmt.Sprintf(", and so are the lists that had been read of %d more", result.Joined)
	}
	r.Host.Console.Note("resumed %s, which was read from %s to %s: %d of %d sources are kept as they were read then%s, the others were read again",
		places.Name(r.Options.Resume), first.UTC().Format(time.RFC3339), last.UTC().Format(time.RFC3339), result.Kept, result.Sources, some)
}
