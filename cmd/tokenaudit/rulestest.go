package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/rulejunit"
	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/output"
)

// testRulesOptions are the flags and arguments of rules test.
type testRulesOptions struct {
	config string
	paths  []string
	run    string
	junit  string
}

func newRulesTest(run func(context.Context, testRulesOptions) error) *cobra.Command {
	var o testRulesOptions
	cmd := &cobra.Command{
		Use:   "test [PATH...]",
		Short: "Run the tests of rules, with coverage, and check the conventions",
		Long: `Test runs the Rego tests beside the rules in the paths, says what failed and why,
and which lines no test reached. It checks that every rule loads, has a test and
a page, and is formatted. Without a path it takes policies.paths of the
configuration, else the built-in rules.

It exits 0 when all is well, 1 when a test or a convention failed, and 2 when the
rules do not load.`,
		Args: takes("[PATH...]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.paths = args
			return run(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.config, "config", "c", "", "the configuration `file` (default tokenaudit.yaml, if it exists)")
	f.StringVar(&o.run, "run", "", "run only tests whose full name matches this `regexp`")
	f.StringVar(&o.junit, "junit", "", "write the results as JUnit XML to this `file`")
	return cmd
}

func (a *app) testRules(ctx context.Context, o testRulesOptions) error {
	if _, err := regexp.Compile(o.run); err != nil {
		return usageError{fmt.Errorf("--run: %w", err)}
	}
	if o.junit == output.Stdout {
		return usageError{errors.New("--junit needs a file: the results go to standard output already")}
	}
	if o.junit != "" {
		if err := checkPlace("--junit", o.junit); err != nil {
			return usageError{err}
		}
	}
	paths, options := o.paths, policies.TestOptions{Run: o.run}
	if len(paths) == 0 {
		cfg, err := a.loadConfig(ctx, o.config, true)
		if err != nil {
			return err
		}
		for _, path := range cfg.PolicyPaths {
			paths = append(paths, resolve(cfg.Dir, path))
		}
		options.LoadTimeout = cfg.Limits.LoadTimeout
		if len(paths) == 0 {
			a.note("no path was named: testing the built-in rules")
		}
	}
	if err := a.keepInputs([]string{o.junit}, append(customRules(paths), namedConfig(o.config))); err != nil {
		return err
	}
	results, err := policies.RunTests(ctx, paths, options)
	if err != nil {
		return err
	}
	if o.run != "" && len(results.Tests) == 0 {
		return usageError{fmt.Errorf("--run %s: no test has such a name", o.run)}
	}
	if o.junit != "" {
		if err := output.WriteFile(interruptible.UnlessEnded(ctx), o.junit, func(w io.Writer) error { return rulejunit.Write(w, results) }); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(a.out, testText(results)); err != nil {
		return err
	}
	if !results.Passed() {
		return verdictError{report.ExitFindings}
	}
	return nil
}

// testText tells what failed and why, which lines no test reached, and the totals.
func testText(r *policies.TestReport) string {
	var b strings.Builder
	counts := map[policies.TestStatus]int{}
	for _, t := range r.Tests {
		counts[t.Status]++
		if t.Status == policies.TestPassed {
			continue
		}
		fmt.Fprintf(&b, "%s %s.%s (%s:%d)\n", strings.ToUpper(string(t.Status)), t.Package, t.Name, t.File, t.Line)
		for _, text := range []string{t.Detail, t.Output} {
			if text = strings.TrimSpace(text); text != "" {
				b.WriteString(indented(text) + "\n")
			}
		}
	}
	for _, e := range r.Broken {
		fmt.Fprintf(&b, "CONVENTION %s\n", e)
	}
	for _, f := range r.Coverage {
		if len(f.Missed) > 0 {
			fmt.Fprintf(&b, "COVERAGE %s: %.0f %%, no test reached %s\n", f.File, f.Percent, lineRanges(f.Missed))
		}
	}
	fmt.Fprintf(&b, "%d passed, %d failed, %d could not run, %d skipped; %d conventions broken\n",
		counts[policies.TestPassed], counts[policies.TestFailed], counts[policies.TestError], counts[policies.TestSkipped], len(r.Broken))
	return b.String()
}

// lineRanges writes pairs of first and last lines: "line 3", "lines 3, 7-9".
func lineRanges(ranges [][2]int) string {
	words := make([]string, len(ranges))
	for i, r := range ranges {
		words[i] = fmt.Sprint(r[0])
		if r[1] > r[0] {
			words[i] = fmt.Sprintf("%d-%d", r[0], r[1])
		}
	}
	if len(words) == 1 && !strings.Contains(words[0], "-") {
		return "line " + words[0]
	}
	return "lines " + strings.Join(words, ", ")
}
