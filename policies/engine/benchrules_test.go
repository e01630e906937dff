//go:build benchrules

package engine

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
)

// TestBenchRules compares tokenaudit with opa eval, conftest and plain Go, on the
// same rules and tokens, and prints which targets are met. `make bench-rules`
// runs it; it builds the programs and names them in the environment.
func TestBenchRules(t *testing.T) {
	b := &bench{
		T: t, dir: t.TempDir(), engine: load(t, LoadOptions{Settings: unasked()}),
		tokenaudit: os.Getenv("BENCH_TOKENAUDIT"), opa: os.Getenv("BENCH_OPA"), conftest: os.Getenv("BENCH_CONFTEST"),
	}
	for _, rule := range b.engine.rules {
		if _, ok := oracleRules[rule.ID]; !ok {
			t.Fatalf("plain Go lacks the rule %s: write it into oracleRules", rule.ID)
		}
	}
	rules := filepath.Join(b.dir, "rules")
	if err := os.Mkdir(rules, 0o700); err != nil {
		t.Fatal(err)
	}
	savePolicies(t, rules, b.engine)
	models := b.demo()
	fmt.Printf("%d rules, tokens like those of the demo; load of the machine: %s\n", len(b.engine.rules), loadAverage())
	b.compare(newCrowd(10_000, models), rules, 5)
	if !testing.Short() {
		b.compare(newCrowd(100_000, models), rules, 1)
		b.million(newCrowd(1_000_000, models))
	}
	b.first(models)
	b.printTargets()
}

// demo returns the sources of the demo's company.
func (b *bench) demo() []inventory.Source {
	path := filepath.Join(b.dir, "demo.json")
	b.run(os.DevNull, b.tokenaudit, "demo", "-q", "--at", auditTime.Format(time.RFC3339), "--save-inventory", path)
	sources, _ := b.load(path)
	return sources
}

// row is one line of a table.
type row struct {
	name string
	measurement
}

// compare runs all contestants on one crowd.
func (b *bench) compare(c crowd, rules string, runs int) {
	inv, document := filepath.Join(b.dir, "inventory.json"), filepath.Join(b.dir, "document.json")
	c.save(b.T, inv)
	saveDocument(b.T, document, c, b.engine.rules)

	loading, judged, plain := b.inMemory(inv, runs)
	ours := b.evaluate(runs, inv)
	ours.judging = judged.judging
	opa := b.evalOPA(runs, document, rules)
	conftest := b.evalConftest(runs, document, rules)

	fmt.Printf("\n%d tokens in %d sources, %d findings; the fastest of %d\n\n", c.size, len(c.sources), total(ours.fails), runs)
	b.agree(ours, judged, plain, opa, conftest)
	b.table(row{"tokenaudit evaluate", ours}, row{"opa eval", opa}, row{"conftest test", conftest}, row{"plain Go, in memory", plain})
	fmt.Printf("tokenaudit loads (decodes and checks, as a stream) in %s s and judges in %s s: %.1f and %.1f µs of CPU a token\n",
		seconds(loading.wall), seconds(judged.judging), perToken(loading.cpu, c), perToken(judged.cpu, c))
	b.ratio(fmt.Sprintf("judging %d tokens, against opa eval", c.size), opa.judging, ours.judging, 3, opa.skipped)
	b.ratio(fmt.Sprintf("the whole command on %d tokens, against opa eval", c.size), opa.wall, ours.wall, 4, opa.skipped)
	b.ratio(fmt.Sprintf("the whole command on %d tokens, against conftest", c.size), conftest.wall, ours.wall, 4, conftest.skipped)
}

// inMemory measures loading and judging apart, and the judging in plain Go.
func (b *bench) inMemory(inv string, runs int) (loading, judged, plain measurement) {
	b.Helper()
	sources, loading := b.load(inv)
	for range runs {
		judged = faster(judged, b.judging(sources, func(s *inventory.Source) map[string]policies.Counts { return evaluate(b, b.engine, *s).Counts }))
		plain = faster(plain, b.judging(sources, func(s *inventory.Source) map[string]policies.Counts {
			counts := newOracleSource(s, auditTime, defaultOracleParams()).counts()
			maps.DeleteFunc(counts, func(id string, _ policies.Counts) bool { return !slices.Contains(idsOf(b.engine.rules), id) })
			return counts
		}))
	}
	return loading, judged, plain
}

func faster(a, b measurement) measurement {
	if a.judging == 0 || b.judging < a.judging {
		return b
	}
	return a
}

// perToken is in microseconds.
func perToken(d time.Duration, c crowd) float64 {
	return float64(d.Nanoseconds()) / 1000 / float64(c.size)
}

func total(fails map[string]int) int {
	n := 0
	for _, count := range fails {
		n += count
	}
	return n
}

// agree fails unless all say the same: a comparison would mean nothing else.
func (b *bench) agree(want measurement, others ...measurement) {
	b.Helper()
	for _, got := range others {
		if got.skipped != "" {
			continue
		}
		for _, rule := range slices.Sorted(maps.Keys(want.fails)) {
			if want.fails[rule] != got.fails[rule] {
				b.Errorf("%s: %d findings, not %d: the contestants do not do the same work", rule, got.fails[rule], want.fails[rule])
			}
		}
	}
}

func (b *bench) table(rows ...row) {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(out, "\tjudging s\tx\twhole s\tx\tCPU s\tx\tpeak MiB\t")
	first := rows[0]
	for _, r := range rows {
		if r.skipped != "" {
			fmt.Fprintf(out, "%s\t%s\t\t\t\t\t\t\t\n", r.name, r.skipped)
			continue
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", r.name, seconds(r.judging), times(r.judging, first.judging),
			seconds(r.wall), times(r.wall, first.wall), seconds(r.cpu), times(r.cpu, first.cpu), mebibytes(r.peak))
	}
	if err := out.Flush(); err != nil {
		b.Fatal(err)
	}
}

func seconds(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", d.Seconds())
}

func times(a, b time.Duration) string {
	if a == 0 || b == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", a.Seconds()/b.Seconds())
}

func mebibytes(bytes int64) string {
	if bytes == 0 {
		return "-"
	}
	return fmt.Sprint(bytes >> 20)
}

// million evaluates more tokens than the others can be given.
func (b *bench) million(c crowd) {
	inv := filepath.Join(b.dir, "inventory.json")
	c.save(b.T, inv)
	fmt.Printf("\n%d tokens in %d sources, the largest of %d\n\n", c.size, len(c.sources), largestSource)
	table := b.run(filepath.Join(b.dir, "report.txt"), b.tokenaudit, "evaluate", "-q", "--no-fail", "--at", auditTime.Format(time.RFC3339), inv)
	b.table(row{"tokenaudit evaluate", table})
	if table.skipped != "" {
		b.targets = append(b.targets, target{what: "1,000,000 tokens", got: table.skipped, want: "less than 1024 MiB"})
		return
	}
	b.targets = append(b.targets, target{
		what: fmt.Sprintf("memory for %d tokens", c.size), got: mebibytes(table.peak) + " MiB", want: "less than 1024 MiB", met: table.peak < 1<<30,
	})
}

// first measures the time from the start of the program to the verdict on one token.
func (b *bench) first(models []inventory.Source) {
	inv := filepath.Join(b.dir, "inventory.json")
	one := newCrowd(1, models)
	one.sources = slices.DeleteFunc(one.sources, func(s crowdSource) bool { return s.count == 0 })
	one.save(b.T, inv)
	const runs = 21
	walls := make([]time.Duration, runs)
	for i := range walls {
		walls[i] = b.run(filepath.Join(b.dir, "report.txt"), b.tokenaudit, "evaluate", "-q", "--no-fail", inv).wall
	}
	slices.Sort(walls)
	median := walls[runs/2]
	b.targets = append(b.targets, target{
		what: fmt.Sprintf("program start to the verdict on one token, median of %d", runs),
		got:  fmt.Sprintf("%d ms", median.Milliseconds()), want: "under 150 ms", met: median < 150*time.Millisecond,
	})
}

// A target is what the library has to reach.
type target struct {
	what, got, want string
	met             bool
}

func (b *bench) ratio(what string, theirs, ours time.Duration, want float64, skipped string) {
	t := target{what: what, want: fmt.Sprintf("%.0f x less wall time", want)}
	switch {
	case skipped != "":
		t.got = "not measured: " + skipped
	default:
		ratio := theirs.Seconds() / ours.Seconds()
		t.got, t.met = fmt.Sprintf("%.1f x", ratio), ratio >= want
	}
	b.targets = append(b.targets, t)
}

func (b *bench) printTargets() {
	fmt.Printf("\nTargets; load of the machine: %s\n\n", loadAverage())
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, t := range b.targets {
		state := "MISSED"
		if t.met {
			state = "met"
		}
		fmt.Fprintf(out, "%s\t%s\t%s\twanted: %s\n", state, t.what, t.got, t.want)
	}
	if err := out.Flush(); err != nil {
		b.Fatal(err)
	}
}

// loadAverage is what Linux tells; "unknown" elsewhere.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil || len(text) < 14 {
		return "unknown"
	}
	return cmp.Or(string(text[:14]), "unknown")
}
