package main

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

// TestFlags: what stands on the command line is what the command is run with.
func TestFlags(t *testing.T) {
	var scanned scanOptions
	var collected collectOptions
	var evaluated evaluateOptions
	var explained explainOptions
	commands := []*cobra.Command{
		newScan(func(_ context.Context, o scanOptions) error { scanned = o; return nil }),
		newCollect(func(_ context.Context, o collectOptions) error { collected = o; return nil }),
		newEvaluate(func(_ context.Context, o evaluateOptions) error { evaluated = o; return nil }),
		newExplain(func(_ context.Context, o explainOptions) error { explained = o; return nil }),
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
	allow := cmp.AllowUnexported(scanOptions{}, collectOptions{}, evaluateOptions{}, explainOptions{}, readOptions{}, judgeOptions{}, gateOptions{}, showOptions{}, changeOptions{})
	for _, pair := range []struct{ want, got any }{
		{scanOptions{
			readOptions: readOptions{config: "a.yaml", sources: []string{"x*", "y"}, labels: []string{"a=b", "a=c"}, shard: "1/2", timeout: time.Minute, maxWait: 2 * time.Second,
				totalWait: 3 * time.Second, rate: 1.5, caBundle: "ca.pem"},
			judgeOptions: judgeOptions{at: "2026-01-01", rules: []string{"r"}, policies: []string{"p"}, noInventory: true,
				showOptions: showOptions{outputs: []string{"json", "table=t"}, minSeverity: "low", waived: true},
				gateOptions: gateOptions{failOn: "high", noFail: true, baseline: "b.json", failOnNew: true, allowIncomplete: true}},
			saveInventory: "i.json",
		}, scanned},
		{collectOptions{readOptions: readOptions{sources: []string{"x"}}, output: "out.json"}, collected},
		{evaluateOptions{judgeOptions: judgeOptions{at: "2026-01-01"}, labels: []string{"a=b"}, inventories: []string{"a.json", "b.json"}}, evaluated},
		{explainOptions{inventories: []string{"i.json"}, rule: "rule", subject: "token"}, explained},
	} {
		if diff := cmp.Diff(pair.want, pair.got, allow); diff != "" {
			t.Errorf("%T (-want +got):\n%s", pair.want, diff)
		}
	}
}
