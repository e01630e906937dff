package main

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
)

// TestFlags: what stands on the command line is what the command is run with.
func TestFlags(t *testing.T) {
	var scanned scanOptions
	var collected collectOptions
	var evaluated evaluateOptions
	var explained explainOptions
	commands := []*cobra.Command{
		newScan(nil, func(_ context.Context, o scanOptions) error { scanned = o; return nil }),
		newCollect(nil, func(_ context.Context, o collectOptions) error { collected = o; return nil }),
		newEvaluate(nil, func(_ context.Context, o evaluateOptions) error { evaluated = o; return nil }),
		newExplain(nil, func(_ context.Context, o explainOptions) error { explained = o; return nil }),
	}
	for _, args := range [][]string{
		{"scan", "-c", "a.yaml", "--source", "x*", "--source", "y", "--label", "a=b", "--label", "a=c", "--shard", "1/2", "--timeout", "1m", "--max-wait", "2s", "--total-wait", "3s",
			"--requests-per-second", "1.5", "--ca-bundle", "ca.pem", "--at", "2026-01-01", "--rule", "r", "--policy", "p", "-o", "json", "-o", "table=t",
			"--fail-on", "high", "--min-severity", "low", "--no-fail", "--no-inventory", "--waived", "--baseline", "b.json", "--fail-on-new", "--allow-incomplete-baseline", "--save-inventory", "i.json"},
		{"collect", "-o", "out.json", "--source", "x"},
		{"evaluate", "a.json", "b.json", "--at", "2026-01-01", "--label", "a=b"},
		{"explain", "rule", "token", "--inventory", "i.json"},
	} {
		root := &cobra.Command{Use: "test"}
		root.AddCommand(commands...)
		root.SetArgs(args)
		if err := root.Execute(); err != nil {
			t.Fatalf("%v: %v", args, err)
		}
	}
	allow := cmp.AllowUnexported(scanOptions{}, collectOptions{}, evaluateOptions{}, explainOptions{}, options.Read{}, options.Judge{}, options.Gate{}, options.Show{}, options.Change{})
	for _, pair := range []struct{ want, got any }{
		{scanOptions{
			Read: options.Read{Config: "a.yaml", Sources: []string{"x*", "y"}, Labels: []string{"a=b", "a=c"}, Shard: "1/2", Timeout: time.Minute, MaxWait: 2 * time.Second,
				TotalWait: 3 * time.Second, Rate: 1.5, CABundle: "ca.pem"},
			Judge: options.Judge{At: "2026-01-01", Rules: []string{"r"}, Policies: []string{"p"}, NoInventory: true,
				Show: options.Show{Outputs: []string{"json", "table=t"}, MinSeverity: "low", Waived: true},
				Gate: options.Gate{FailOn: "high", NoFail: true, Baseline: "b.json", FailOnNew: true, AllowIncomplete: true}},
			saveInventory: "i.json",
		}, scanned},
		{collectOptions{Read: options.Read{Sources: []string{"x"}}, output: "out.json"}, collected},
		{evaluateOptions{Judge: options.Judge{At: "2026-01-01"}, labels: []string{"a=b"}, inventories: []string{"a.json", "b.json"}}, evaluated},
		{explainOptions{inventories: []string{"i.json"}, rule: "rule", subject: "token"}, explained},
	} {
		if diff := cmp.Diff(pair.want, pair.got, allow); diff != "" {
			t.Errorf("%T (-want +got):\n%s", pair.want, diff)
		}
	}
}
