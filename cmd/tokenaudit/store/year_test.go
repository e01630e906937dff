//go:build unix

package store

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/sample"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/engine"
	"github.com/tokenaudit/tokenaudit/report"
)

// estateOf returns sources with tokens of which many have findings.
func estateOf(sources, tokens int) []inventory.Source {
	all := make([]inventory.Source, sources)
	for i := range all {
		all[i] = sample.Source(fmt.Sprintf("datocms/projects/%03d", i), tokens)
		for j := range all[i].Tokens {
			t := &all[i].Tokens[j]
			t.Planned, t.Address, t.Origin, t.Exposure = "", "", inventory.Origin{}, nil
			switch j % 12 {
			case 0:
				t.Expiry = inventory.Expiry{State: inventory.ExpiryNever, Supported: true}
			case 1, 2, 3:
				t.Owner = inventory.Owner{}
			}
		}
	}
	return all
}

// judged judges sources as a scan does.
func judged(b *testing.B, e *engine.Engine, sources []inventory.Source, at time.Time) *report.Report {
	b.Helper()
	builder := report.NewBuilder(report.BuildOptions{At: at, Rules: e.Rules(), PolicyDigest: e.Digest(), OPAVersion: engine.OPAVersion()})
	var all sync.WaitGroup
	next := make(chan inventory.Source)
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for s := range next {
				result, err := e.Evaluate(b.Context(), s, at)
				if err != nil {
					b.Error(err)
				}
				builder.Add(s, result)
			}
		})
	}
	for _, s := range sources {
		next <- s
	}
	close(next)
	all.Wait()
	return builder.Report()
}

// later returns what the run of another day saw: 1 % of the tokens have changed, and what was found of them.
func later(o *Observation, random *rand.Rand, at time.Time, all []Finding) *Observation {
	next := &Observation{Run: o.Run, Sources: slices.Clone(o.Sources), Tokens: slices.Clone(o.Tokens)}
	next.Run.At = at
	for i := range next.Sources {
		next.Sources[i].CollectedAt = at
	}
	open := map[string]bool{}
	for _, f := range o.Findings {
		open[f.Fingerprint] = true
	}
	changed := map[string]bool{}
	for range len(o.Tokens) / 100 {
		t := &next.Tokens[random.IntN(len(next.Tokens))]
		changed[t.ID] = true
		t.Facts = strings.Replace(t.Facts, `"name":"`, fmt.Sprintf(`"name":"%x`, random.IntN(256)), 1)
		used := time.Unix(-int64(random.IntN(86400)), 0).UTC()
		t.LastUse = fmt.Sprintf(`{"last_used":{"state":"between","earliest":%q,"latest":%q,"evidence":"cms"}}`, used.Add(-24*time.Hour).Format(time.RFC3339), used.Format(time.RFC3339))
	}
	for _, f := range all {
		if open[f.Fingerprint] != (changed[f.Token] && random.IntN(2) == 0) {
			next.Findings = append(next.Findings, f)
		}
	}
	next.Sort()
	return next
}

// asReported puts what a run found into a report.
func asReported(r *report.Report, o *Observation) {
	r.Findings = nil
	for i := range o.Findings {
		f := &o.Findings[i]
		r.Findings = append(r.Findings, &report.Finding{
			Fingerprint: f.Fingerprint, Rule: f.Rule, Source: f.Source, CMS: f.CMS, Token: f.Token, Kind: f.Kind, Key: f.Key,
			Severity: f.Severity, Status: policies.Fail, Message: f.Message,
		})
	}
}

// BenchmarkYear writes a year of nightly runs over 10,000 tokens of which 1 % change a day,
// and says how large the file is, and what a run with the store costs next to its judging, in
// the time of all cores: the medians of the last nights, each of which opens the store and
// closes it, as a process does. Identifying the run counts as observing it.
func BenchmarkYear(b *testing.B) {
	const nights, measured = 365, 15
	e, err := engine.Load(b.Context(), engine.LoadOptions{})
	if err != nil {
		b.Fatal(err)
	}
	n := newNights(b, e)
	n.spend("first-write", func() { n.put() })
	for range nights - measured - 1 {
		n.next()
		n.put()
	}
	b.ReportMetric(float64(len(n.all)), "findings")
	n.try(n.store.Close())
	for range measured {
		n.whole(e)
	}
	b.ReportMetric(float64(size(b, n.place.File))/1e6, "MB")
	spent := map[string]float64{}
	for on, all := range n.spent {
		slices.Sort(all)
		spent[on] = all[len(all)/2].Seconds() * 1000
		b.ReportMetric(spent[on], on+"-cpu-ms")
	}
	b.ReportMetric(100*spent["write"]/spent["judge"], "write-%-of-judging")
	b.ReportMetric(100*(spent["past"]+spent["observe"]+spent["compare"]+spent["write"])/spent["judge"], "store-%-of-judging")
}

// nights are the nightly runs of a benchmark.
type nights struct {
	b       *testing.B
	place   Place
	store   *Store
	sources []inventory.Source
	at      time.Time
	random  *rand.Rand
	// seen is what the last run saw; all are the findings that come and go.
	seen *Observation
	all  []Finding
	// spent is the time of all cores by what it was spent on, of each night.
	spent map[string][]time.Duration
}

func newNights(b *testing.B, e *engine.Engine) *nights {
	b.Helper()
	n := &nights{
		b: b, place: Place{File: filepath.Join(b.TempDir(), "store.db")}, sources: estateOf(50, 200), at: time.Date(2026, 1, 1, 3, 0, 0, 0, time.UTC),
		random: rand.New(rand.NewPCG(1, 1)), spent: map[string][]time.Duration{},
	}
	n.open()
	n.seen = n.observe(e, judged(b, e, n.sources, n.at))
	n.all = n.seen.Findings
	return n
}

// try ends the benchmark where something failed.
func (n *nights) try(err error) {
	n.b.Helper()
	if err != nil {
		n.b.Fatal(err)
	}
}

func (n *nights) open() {
	n.b.Helper()
	var err error
	n.store, err = Open(n.b.Context(), n.place)
	n.try(err)
}

func (n *nights) observe(e *engine.Engine, r *report.Report) *Observation {
	n.b.Helper()
	o, err := Observe(Input{Report: r, Sources: n.sources, Definitions: e.Definitions()})
	n.try(err)
	return o
}

func (n *nights) next() {
	n.at = n.at.AddDate(0, 0, 1)
	n.seen = later(n.seen, n.random, n.at, n.all)
}

// put writes what was seen.
func (n *nights) put() {
	n.b.Helper()
	n.try(n.seen.Identify())
	_, err := n.store.Write(n.b.Context(), n.seen)
	n.try(err)
}

func (n *nights) spend(on string, fn func()) {
	runtime.GC() // what was left before is not its cost
	used := cpuTime(n.b)
	fn()
	n.spent[on] = append(n.spent[on], cpuTime(n.b)-used)
}

// whole is a night of which each part is measured, with a store that is closed before and after.
func (n *nights) whole(e *engine.Engine) {
	n.b.Helper()
	n.next()
	var r *report.Report
	n.spend("judge", func() { r = judged(n.b, e, n.sources, n.at) })
	n.spend("past", func() {
		n.open()
		_, err := n.store.Past(n.b.Context(), n.at)
		n.try(err)
	})
	n.spend("observe", func() { n.try(n.observe(e, r).Identify()) })
	asReported(r, n.seen)
	n.spend("compare", func() {
		known, err := n.store.Known(n.b.Context(), r)
		n.try(err)
		_, err = known.Compare(r, n.seen)
		n.try(err)
	})
	n.try(n.seen.Identify())
	n.spend("write", func() {
		_, err := n.store.Write(n.b.Context(), n.seen)
		n.try(err)
		n.try(n.store.Close())
	})
}

// cpuTime is what the program has used of all cores, in its code and in the system.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// size is that of a file and of what SQLite keeps next to it, in bytes.
func size(b *testing.B, path string) (bytes int64) {
	b.Helper()
	for _, name := range []string{path, path + "-wal"} {
		if info, err := os.Stat(name); err == nil {
			bytes += info.Size()
		}
	}
	return bytes
}
