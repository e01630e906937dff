//go:build benchrules

package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sourcegraph/conc/pool"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
	"github.com/tokenaudit/tokenaudit/policies"
)

// longestRun bounds one run of one program.
const longestRun = 20 * time.Minute

// A measurement is what one way of judging took.
type measurement struct {
	// judging is the evaluation of the rules alone; 0 where a program does not tell.
	judging time.Duration
	// wall and cpu are of the whole program, from start to end.
	wall, cpu time.Duration
	// peak is the most memory that it held, in bytes.
	peak int64
	// fails counts the subjects that fail, by rule.
	fails map[string]int
	// skipped says why there is no measurement; empty if there is one.
	skipped string
}

// bench is one run of all comparisons.
type bench struct {
	*testing.T
	dir    string
	engine *Engine
	// tokenaudit, opa and conftest are the paths of the programs.
	tokenaudit, opa, conftest string
	targets                   []target
}

// measure runs a program, its output to a file, and takes the fastest of the runs.
func (b *bench) measure(runs int, output, program string, args ...string) measurement {
	b.Helper()
	var best measurement
	for range runs {
		m := b.run(output, program, args...)
		if m.skipped != "" {
			return m
		}
		if best.wall == 0 || m.wall < best.wall {
			best = m
		}
	}
	return best
}

func (b *bench) run(output, program string, args ...string) measurement {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), longestRun)
	defer cancel()
	out, err := os.Create(output)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = b.dir, out, os.Stderr
	runtime.GC() // what this process leaves behind is not to be collected with it
	start := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	peak := watchPeak(cmd.Process.Pid)
	err = cmd.Wait()
	m := measurement{wall: time.Since(start), peak: peak()}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return measurement{skipped: fmt.Sprintf("stopped: not done after %s", longestRun)}
	}
	if err != nil {
		b.Fatalf("%s %v: %v", filepath.Base(program), args, err)
	}
	m.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return m
}

// watchPeak follows the memory that a process holds, until the function it gives
// is called, which tells the most. What the kernel tells of an ended process
// would include what this one holds, from which it was forked.
func watchPeak(pid int) (peak func() int64) {
	done, most := make(chan struct{}), make(chan int64)
	go func() {
		var last int64
		for {
			if held := highWater(pid); held > 0 {
				last = held
			}
			select {
			case <-done:
				most <- last
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return func() int64 {
		close(done)
		return <-most
	}
}

// highWater is the most memory that a process has held so far, in bytes, as
// Linux tells it; 0 where it does not.
func highWater(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	var kibibytes int64
	if _, err := fmt.Sscan(rest, &kibibytes); err != nil {
		return 0
	}
	return kibibytes << 10
}

// evaluate is `tokenaudit evaluate` with a JSON report of all findings. It leaves out the
// risk of tokens, which the others are not asked for.
func (b *bench) evaluate(runs int, inv string) measurement {
	report, config := filepath.Join(b.dir, "report.json"), filepath.Join(b.dir, "tokenaudit.yaml")
	save(b.T, config, []byte("version: 1\npolicies: {rules: {risk: off}}\n"))
	m := b.measure(runs, report, b.tokenaudit, "evaluate", "-q", "--no-fail", "--no-inventory", "-c", config,
		"--at", auditTime.Format(time.RFC3339), "-o", "json", inv)
	var said struct {
		Rules []struct {
			ID       string
			Statuses policies.Counts
		}
	}
	b.decode(report, &said)
	m.fails = map[string]int{}
	for _, rule := range said.Rules {
		m.fails[rule.ID] = rule.Statuses.Fail
	}
	return m
}

// evalOPA is `opa eval` of the same rules over one document.
func (b *bench) evalOPA(runs int, document, rules string) measurement {
	answer := filepath.Join(b.dir, "said-by-opa.json")
	m := b.measure(runs, answer, b.opa, "eval", "--metrics", "--format", "json", "--data", rules, "--input", document,
		"findings := data.bench.findings; gaps := data.bench.gaps; allowed := data.bench.allowed")
	if m.skipped != "" {
		return m
	}
	var said struct {
		Result []struct {
			Bindings struct{ Findings []asked }
		}
		Metrics struct {
			Eval int64 `json:"timer_rego_query_eval_ns"`
		}
	}
	b.decode(answer, &said)
	m.judging = time.Duration(said.Metrics.Eval)
	m.fails = failing(b.engine, said.Result[0].Bindings.Findings)
	return m
}

// evalConftest is `conftest test` of the same rules over the same document.
func (b *bench) evalConftest(runs int, document, rules string) measurement {
	answer := filepath.Join(b.dir, "said-by-conftest.json") // conftest.json would be its configuration
	m := b.measure(runs, answer, b.conftest, "test", "--no-fail", "--output", "json",
		"--policy", rules, "--data", filepath.Join(rules, "data.json"), document)
	if m.skipped != "" {
		return m
	}
	var said []struct {
		Failures []struct{ Metadata asked }
	}
	b.decode(answer, &said)
	var all []asked
	for _, failure := range said[0].Failures {
		if failure.Metadata.Finding != nil {
			all = append(all, failure.Metadata)
		}
	}
	m.fails = failing(b.engine, all)
	return m
}

func (b *bench) decode(path string, into any) {
	b.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		b.Fatalf("%s: %v", filepath.Base(path), err)
	}
}

// load reads and checks an inventory as the program does, and tells how long that took.
func (b *bench) load(path string) ([]inventory.Source, measurement) {
	b.Helper()
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var sources []inventory.Source
	before, start := ownCPU(), time.Now()
	err = codec.Read(b.Context(), f, codec.Limits{}, func(s inventory.Source) error {
		sources = append(sources, s)
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return sources, measurement{wall: time.Since(start), cpu: ownCPU() - before}
}

// ownCPU is the processor time that this process has used; 0 where it cannot be told.
func ownCPU() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// judging tells how long judging the sources takes, as many at once as there
// are processors, and what fails.
func (b *bench) judging(sources []inventory.Source, judge func(*inventory.Source) map[string]policies.Counts) measurement {
	runtime.GC()
	counts := make([]map[string]policies.Counts, len(sources))
	before, start := ownCPU(), time.Now()
	judges := pool.New().WithMaxGoroutines(runtime.GOMAXPROCS(0))
	for i := range sources {
		judges.Go(func() { counts[i] = judge(&sources[i]) })
	}
	judges.Wait()
	m := measurement{judging: time.Since(start), cpu: ownCPU() - before, fails: map[string]int{}}
	for _, of := range counts {
		for rule, c := range of {
			m.fails[rule] += c.Fail
		}
	}
	return m
}
