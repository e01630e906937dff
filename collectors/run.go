package collectors

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sourcegraph/conc"
	"github.com/sourcegraph/conc/pool"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/labels"
	"github.com/tokenaudit/tokenaudit/collectors/suggest"
)

const (
	// defaultConcurrency is how many sources of one domain are read at once:
	// enough that a limiter of 10 requests per second never idles behind an API
	// that takes two seconds to answer.
	defaultConcurrency = 8
	// maxSources and maxEntries bound how many sources and entries are worked on
	// at once, over all domains.
	maxSources = 256
	maxEntries = 64
)

// Options say what a run reads.
type Options struct {
	Registry Registry
	// Entries are in the order of the configuration.
	Entries []Entry
	Run     Run
	// Concurrency is how many sources of one rate-limit domain are read at once;
	// 0 means 8.
	Concurrency int
	// Sources are globs on ids and names of sources; a glob with a / is only
	// compared with ids. Empty takes all.
	Sources []string
	// Labels are those that an entry must have; an entry that has them not is not
	// opened, so a source that a later entry reaches too is then that one's.
	Labels labels.Selector
	// Shard limits the run to some rate-limit domains; the zero value takes all.
	Shard Shard
	// Resume are the sources of an earlier run of the same entries, options and shard. What
	// of them was read whole is handed on as it is, and everything else is read again: a
	// source of which a list is missing as a whole, as its lists refer to each other, unless
	// its collector says that they do not: see [Separable].
	Resume []inventory.Source
	// Progress, if set, is kept up to date.
	Progress *Progress
}

// Result is what a run comes to, besides the sources it has handed on.
type Result struct {
	// Sources and Tokens count what the sink got.
	Sources, Tokens int
	// Kept counts those of them that an earlier run had read, and Joined those of which it had
	// read some of the lists.
	Kept, Joined int
	// Incomplete counts the sources of which something could not be read.
	Incomplete int
	// LeftOut counts the sources that were found and left out: excluded, not
	// asked for, or of another shard.
	LeftOut int
	// Interrupted is set if ctx ended before everything was read. What was not
	// read is in the sources as failed units.
	Interrupted bool
	// Warnings are sorted.
	Warnings []string
}

// Collect reads all sources that the entries reach, and hands each to sink as
// soon as it is done: in any order, one at a time, so that a run holds only the
// sources it is reading. Each is normalised, checked and valid; what could not
// be read is in its units. Sources of different rate-limit domains never wait
// for each other.
//
// When ctx ends, what was read is kept, and every source that was found and not
// read is handed on with a failed unit. The error is non-nil if an entry is not
// valid, and then nothing was sent; or if sink fails, which ends the run.
func Collect(ctx context.Context, o Options, sink func(inventory.Source) error) (Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &run{options: o, sink: sink, cancel: cancel, claimed: map[string]*claim{}, matched: map[string]bool{},
		pools: map[string]*pool.Pool{}, slots: make(chan struct{}, maxSources), earlier: earlierOf(o.Resume)}
	if r.options.Concurrency <= 0 {
		r.options.Concurrency = defaultConcurrency
	}
	if r.options.Run.Now == nil {
		r.options.Run.Now = time.Now
	}
	entries, err := r.open()
	if err != nil {
		return Result{}, err
	}
	r.discoverAll(ctx, entries)
	for _, p := range r.pools {
		p.Wait()
	}
	r.rest()
	return r.result(ctx)
}

// run is the state of one call of Collect.
type run struct {
	options Options
	sink    func(inventory.Source) error
	cancel  context.CancelCauseFunc
	earlier earlier
	// slots bounds the sources that are read at once.
	slots chan struct{}

	mu sync.Mutex
	// claimed are the sources that were found, by ID.
	claimed map[string]*claim
	// pools are one for each rate-limit domain.
	pools map[string]*pool.Pool
	// gaps are what could not be discovered.
	gaps     []gap
	warnings []string
	leftOut  int
	// joined counts as Result.Joined does.
	joined int
	// matched are the globs of Options.Sources that a source has matched.
	matched map[string]bool
	// systems are globs of what the entries can reach.
	systems []string
	// seen are the ids of all sources that were found.
	seen []string
	// labels looks for Options.Labels among those of the entries.
	labels labels.Search

	// delivery serialises the sink, and guards what follows.
	delivery sync.Mutex
	totals   Result
	sinkErr  error
}

// claim is a source that belongs to the first entry that reaches it.
type claim struct {
	entry *openEntry
	// units are lists of which the discovery found out that they cannot be read;
	// they join the source's own.
	units []inventory.Unit
}

// openEntry is an entry with its collector.
type openEntry struct {
	Entry
	index      int
	definition Definition
	collector  Collector
	// before is done when the entry before it of the same CMS has claimed its
	// sources; done when this one has.
	before, done chan struct{}
}

// open makes the collectors of all entries. Nothing is sent before all are
// valid.
func (r *run) open() ([]*openEntry, error) {
	var entries []*openEntry
	r.labels.Selector = r.options.Labels
	last := map[string]chan struct{}{}
	for i, e := range r.options.Entries {
		d, ok := r.options.Registry.Lookup(e.CMS)
		if !ok {
			return nil, fmt.Errorf("%s: %q is not a supported CMS", place(e.Origin), e.CMS)
		}
		shared := r.options.Run
		shared.Owns = r.options.Shard.Owns
		c, err := d.New(e, shared)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", place(e.Origin), e.CMS, err)
		}
		cms := cmsOf(e, c)
		r.systems = append(r.systems, cms+"/*")
		if !r.labels.Wants(e.Labels) || !r.mayReach(cms, c) {
			continue
		}
		entry := &openEntry{Entry: e, index: i, definition: d, collector: c, before: last[e.CMS], done: make(chan struct{})}
		last[e.CMS] = entry.done
		entries = append(entries, entry)
		r.options.Progress.update(e.CMS, func(p *CMSProgress) { p.Entries++ })
	}
	return entries, nil
}

// cmsOf returns with what the ids of an entry's sources begin: those of a program are of a
// CMS that the user has named.
func cmsOf(e Entry, c Collector) string {
	if d, ok := c.(EntryDomainer); ok {
		cms, _, _ := strings.Cut(d.EntryDomain(), "/")
		return cms
	}
	return e.CMS
}

// mayReach reports whether an entry can reach a source that is asked for and in
// this shard, as far as that is known without asking.
func (r *run) mayReach(cms string, c Collector) bool {
	if d, ok := c.(EntryDomainer); ok && !r.options.Shard.Owns(d.EntryDomain()) {
		return false
	}
	return len(r.options.Sources) == 0 || slices.ContainsFunc(r.options.Sources, func(glob string) bool {
		head, _, _ := strings.Cut(glob, "*")
		return !strings.Contains(glob, "/") || strings.HasPrefix(head, cms+"/") || strings.HasPrefix(cms+"/", head)
	})
}

// discoverAll searches all entries at once, and starts to read the sources of
// each as soon as it is clear that no earlier entry reaches them.
func (r *run) discoverAll(ctx context.Context, entries []*openEntry) {
	searches := pool.New().WithMaxGoroutines(maxEntries)
	var queues conc.WaitGroup
	for _, e := range entries {
		searches.Go(func() {
			found, gaps := r.discover(ctx, e)
			if e.before != nil {
				<-e.before
			}
			mine := r.claim(e, found, gaps)
			close(e.done)
			for domain, sources := range mine {
				p := r.pool(domain)
				queues.Go(func() {
					for _, s := range sources {
						p.Go(func() { r.read(ctx, e, s) })
					}
				})
			}
		})
	}
	searches.Wait()
	queues.Wait()
}

// claim takes those of the sources for an entry that no earlier one has, and
// that the run wants, grouped by the pool that reads them.
func (r *run) claim(e *openEntry, found []inventory.Source, gaps []gap) map[string][]inventory.Source {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.SortStableFunc(found, func(a, b inventory.Source) int { return strings.Compare(a.ID, b.ID) })
	mine := map[string][]inventory.Source{}
	n := 0
	for _, s := range found {
		r.seen = append(r.seen, s.ID)
		if !r.wanted(e, s) {
			r.leftOut++
			continue
		}
		if first := r.claimed[s.ID]; first != nil {
			r.warnings = append(r.warnings, twice(s.ID, first.entry.Origin, e.Origin))
			continue
		}
		r.claimed[s.ID] = &claim{entry: e}
		key := poolKey(e, s)
		mine[key] = append(mine[key], s)
		n++
	}
	for _, g := range gaps {
		if c := r.claimed[g.source.ID]; c != nil && c.entry == e {
			c.units = append(c.units, g.source.Units...)
			continue
		}
		r.gaps = append(r.gaps, g)
	}
	r.options.Progress.update(e.CMS, func(p *CMSProgress) { p.Discovered++; p.Sources += n })
	return mine
}

// wanted reports whether a source is asked for, not excluded, and of this shard.
// It is called with the lock held.
func (r *run) wanted(e *openEntry, s inventory.Source) bool {
	for _, glob := range e.Exclude {
		if inventory.MatchGlob(glob, s.ID) || inventory.MatchGlob(glob, s.Name) {
			return false
		}
	}
	asked := len(r.options.Sources) == 0
	for _, glob := range r.options.Sources {
		if inventory.MatchGlob(glob, s.ID) || !strings.Contains(glob, "/") && inventory.MatchGlob(glob, s.Name) {
			asked, r.matched[glob] = true, true
		}
	}
	return asked && r.options.Shard.Owns(domainOf(e, s))
}

// domainOf names the rate-limit domain of a source: by default all of a CMS on
// one host.
func domainOf(e *openEntry, s inventory.Source) string {
	if d, ok := e.collector.(DomainNamer); ok {
		return d.Domain(s)
	}
	return e.CMS + "/" + s.Host
}

// poolKey names the pool that reads a source. Without a domain of its own, each
// entry counts as one, so that two credentials do not wait for each other.
func poolKey(e *openEntry, s inventory.Source) string {
	if _, ok := e.collector.(DomainNamer); ok {
		return domainOf(e, s)
	}
	return fmt.Sprintf("%s#%d", domainOf(e, s), e.index)
}

func (r *run) pool(domain string) *pool.Pool {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.pools[domain]
	if p == nil {
		p = pool.New().WithMaxGoroutines(r.options.Concurrency)
		r.pools[domain] = p
	}
	return p
}

// twice warns of a source that two entries reach.
func twice(id string, first, second inventory.Origin) string {
	if first == second {
		return fmt.Sprintf("source %s is reached twice by the entry at %s: it is collected once", id, place(first))
	}
	return fmt.Sprintf("source %s is reached by the entries at %s and %s: it is collected once, by the first", id, place(first), place(second))
}

// place writes an origin as file:line.
func place(o inventory.Origin) string {
	switch {
	case o.File == "":
		return "an entry"
	case o.Line == 0:
		return o.File
	default:
		return fmt.Sprintf("%s:%d", o.File, o.Line)
	}
}

// deliver hands a finished source to the sink. It was kept if an earlier run had read it.
func (r *run) deliver(s inventory.Source, kept bool) {
	r.delivery.Lock()
	defer r.delivery.Unlock()
	if r.sinkErr != nil {
		return
	}
	if err := r.sink(s); err != nil {
		r.sinkErr = err
		r.cancel(err)
		return
	}
	r.totals.Sources++
	r.totals.Tokens += len(s.Tokens)
	if kept {
		r.totals.Kept++
	}
	missing := incomplete(s)
	if missing {
		r.totals.Incomplete++
	}
	r.options.Progress.update(s.CMS, func(p *CMSProgress) {
		p.Done++
		p.Tokens += len(s.Tokens)
		if missing {
			p.Incomplete++
		}
	})
}

// maxInstead is how many sources a warning names.
const maxInstead = 5

// instead says which sources there are, as far as they were looked for: a CMS that no
// glob can mean is not asked.
func (r *run) instead() string {
	slices.Sort(r.seen)
	seen := slices.Compact(r.seen)
	if len(seen) == 0 {
		slices.Sort(r.systems)
		return "; the configuration has " + strings.Join(slices.Compact(r.systems), ", ")
	}
	return "; the sources are " + suggest.Some(seen, maxInstead)
}

// result is called when every goroutine has ended.
func (r *run) result(ctx context.Context) (Result, error) {
	if r.sinkErr != nil {
		return r.totals, r.sinkErr
	}
	t := r.totals
	t.LeftOut, t.Joined = r.leftOut, r.joined
	t.Interrupted = ctx.Err() != nil
	for _, glob := range r.options.Sources {
		// A shard does not see the sources of the others.
		if !r.matched[glob] && r.options.Shard.Count <= 1 {
			r.warnings = append(r.warnings, fmt.Sprintf("no source matches %q%s", glob, r.instead()))
		}
	}
	r.warnings = append(r.warnings, r.labels.Warnings()...)
	slices.Sort(r.warnings)
	t.Warnings = slices.Compact(r.warnings)
	return t, nil
}
