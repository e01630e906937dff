//go:build benchcollect

package builtin

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/emulator"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/demo"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// granted are the published limits in requests per second: of a Contentful
// credential, a Contentstack organization, and each DatoCMS project.
var granted = map[string]float64{"contentful": 7, "contentstack": 10, "datocms": 20}

// TestBenchCollect prints how close collecting comes to what the published
// limits allow, over real HTTP. `make bench-collect` runs it.
func TestBenchCollect(t *testing.T) {
	size := demo.Size{Spaces: 100, KeysPerSpace: 4, PersonalTokens: 1500, Stacks: 200, TokensPerStack: 4, Projects: 60, TokensPerProject: 6}
	fmt.Printf("published limits, 40 ms latency: %d spaces with %d personal tokens, %d stacks, %d projects\n\n",
		size.Spaces, size.PersonalTokens, size.Stacks, size.Projects)
	run := measure(t, size, emulator.Options{Clock: time.Now, Latency: 40 * time.Millisecond}, false)
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(out, "CMS\tdomains\ttokens\trequests\tper token\t429s\twall s\tslowest domain: bound s\tratio\t")
	for _, cms := range []string{"contentful", "contentstack", "datocms"} {
		run.row(out, cms)
	}
	_ = out.Flush()
	fmt.Printf("\nwhole run %.1f s, its slowest domain %.1f s (%+.1f %%), %d sources, %d incomplete, live heap at most %.1f MiB\n\n",
		run.took.Seconds(), run.slowest().Seconds(), 100*(run.took.Seconds()/run.slowest().Seconds()-1),
		run.result.Sources, run.result.Incomplete, float64(run.heap)/(1<<20))
}

// TestBenchGrowth prints how the cost grows with the number of sources, with
// the limits off on both sides.
func TestBenchGrowth(t *testing.T) {
	fmt.Println("no limits, no latency: a third of the sources each CMS")
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(out, "sources\ttokens\trequests\twall s\tms per source\tlive heap MiB\t")
	for _, n := range []int{10, 100, 1000} {
		third := n / 3
		size := demo.Size{Spaces: third, KeysPerSpace: 4, PersonalTokens: 10, Stacks: third, TokensPerStack: 4, Projects: n - 2*third, TokensPerProject: 6}
		run := measure(t, size, emulator.Options{Clock: time.Now, NoLimits: true, NoGzip: true}, true)
		requests := 0
		for _, u := range run.uses {
			requests += u.requests
		}
		fmt.Fprintf(out, "%d\t%d\t%d\t%.2f\t%.2f\t%.1f\t\n", run.result.Sources, run.result.Tokens, requests,
			run.took.Seconds(), 1000*run.took.Seconds()/float64(run.result.Sources), float64(run.heap)/(1<<20))
	}
	_ = out.Flush()
}

// measurement is one run over a generated company.
type measurement struct {
	took time.Duration
	// heap is the live heap at most, above that before the run.
	heap   uint64
	result collectors.Result
	uses   map[domainName]domainUse
	tokens map[string]int
}

func (m measurement) slowest() time.Duration {
	var slowest time.Duration
	for _, u := range m.uses {
		slowest = max(slowest, u.last)
	}
	return slowest
}

func (m measurement) row(out *tabwriter.Writer, cms string) {
	var all domainUse
	domains, ratio, bound := 0, 0.0, 0.0
	for name, u := range m.uses {
		if name.cms != cms {
			continue
		}
		domains++
		all.requests += u.requests
		all.limited += u.limited
		all.last = max(all.last, u.last)
		if b := float64(u.requests) / granted[cms]; b > bound {
			bound, ratio = b, u.last.Seconds()/b
		}
	}
	fmt.Fprintf(out, "%s\t%d\t%d\t%d\t%.2f\t%d\t%.1f\t%.1f\t%.3f\t\n", cms, domains, m.tokens[cms], all.requests,
		float64(all.requests)/float64(m.tokens[cms]), all.limited, all.last.Seconds(), bound, ratio)
}

func measure(t *testing.T, size demo.Size, options emulator.Options, unpaced bool) measurement {
	t.Helper()
	company := demo.Generate(size, time.Now(), options)
	urls := make([]string, 3)
	for i, h := range []http.Handler{company.Contentful, company.Contentstack, company.DatoCMS} {
		server, err := emulator.Serve(t.Context(), h)
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		urls[i] = server.URL()
	}
	m := measurement{tokens: map[string]int{}}
	uses := domainUses{of: map[domainName]domainUse{}}
	session, err := cmsapi.NewSession(cmsapi.Options{Unpaced: unpaced, Observe: uses.observe})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	registry, err := Registry()
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	var idle, now runtime.MemStats
	runtime.ReadMemStats(&idle)
	uses.began = time.Now()
	seen := 0
	m.result, err = collectors.Collect(t.Context(), collectors.Options{
		Registry: registry, Run: collectors.Run{API: session, Now: time.Now}, Entries: entriesOf(company, urls),
	}, func(s inventory.Source) error {
		m.tokens[s.CMS] += len(s.Tokens)
		if seen++; seen%25 != 0 {
			return nil
		}
		// The emulators live in this process; what they remember is not ours.
		company.Contentful.ForgetRequests()
		company.Contentstack.ForgetRequests()
		company.DatoCMS.ForgetRequests()
		runtime.GC()
		runtime.ReadMemStats(&now)
		if now.HeapAlloc > idle.HeapAlloc {
			m.heap = max(m.heap, now.HeapAlloc-idle.HeapAlloc)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	m.took, m.uses = time.Since(uses.began), uses.of
	return m
}
