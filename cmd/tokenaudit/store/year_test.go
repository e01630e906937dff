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
// and says how large the file is, and what a run with the store costs next to its judging: by
// the clock, and by the time of all cores, of which judging uses as many as there are. The
// shares are of the latter. Identifying the run counts as observing it, closing the store as
// writing.
func BenchmarkYear(b *testing.B) {
	const nights = 365
	e, err := engine.Load(b.Context(), engine.LoadOptions{})
	if err != nil {
		b.Fatal(err)
	}
	sources := estateOf(50, 200)
	at := time.Date(2026, 1, 1, 3, 0, 0, 0, time.UTC)
	place := Place{File: filepath.Join(b.TempDir(), "store.db")}
	s, err := Open(b.Context(), place)
	if err != nil {
		b.Fatal(err)
	}
	observation := func(r *report.Report) *Observation {
		o, err := Observe(Input{Report: r, Sources: sources, Definitions: e.Definitions()})
		if err != nil {
			b.Fatal(err)
		}
		return o
	}
	spend := func(on string, fn func()) time.Duration {
		begin, used := time.Now(), cpuTime(b)
		fn()
		b.ReportMetric(time.Since(begin).Seconds()*1000, on+"-ms")
		used = cpuTime(b) - used
		b.ReportMetric(used.Seconds()*1000, on+"-cpu-ms")
		return used
	}
	put := func(o *Observation) {
		if err := o.Identify(); err != nil {
			b.Fatal(err)
		}
		if _, err := s.Write(b.Context(), o); err != nil {
			b.Fatal(err)
		}
	}
	var r *report.Report
	o := observation(judged(b, e, sources, at))
	all := o.Findings
	b.ReportMetric(float64(len(all)), "findings")
	spend("first-write", func() { put(o) })
	random := rand.New(rand.NewPCG(1, 1))
	for range nights - 1 {
		at = at.AddDate(0, 0, 1)
		o = later(o, random, at, all)
		put(o)
	}
	b.ReportMetric(float64(size(b, place.File))/1e6, "MB")

	at = at.AddDate(0, 0, 1)
	judging := spend("judge", func() { r = judged(b, e, sources, at) })
	storing := spend("past", func() {
		if _, err := s.Past(b.Context(), at); err != nil {
			b.Fatal(err)
		}
	})
	storing += spend("observe", func() { _ = observation(r) })
	o = later(o, random, at, all)
	asReported(r, o)
	storing += spend("compare", func() {
		known, err := s.Known(b.Context(), r)
		if err == nil {
			_, err = known.Compare(r, o)
		}
		if err != nil {
			b.Fatal(err)
		}
	})
	if err := o.Identify(); err != nil {
		b.Fatal(err)
	}
	writing := spend("write", func() {
		if _, err := s.Write(b.Context(), o); err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	})
	b.ReportMetric(100*writing.Seconds()/judging.Seconds(), "write-%-of-judging")
	b.ReportMetric(100*(storing+writing).Seconds()/judging.Seconds(), "store-%-of-judging")
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
