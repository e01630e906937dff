package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/ruleresult"
	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/ruletest"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/output"
)

// rulesTestOptions are the flags and arguments of rules test.
type rulesTestOptions struct {
	program *program.Program
	config  string
	paths   []string
	run     string
	junit   string
	// inventories are those that the rules should find something in.
	inventories []string
}

func newRulesTest(p *program.Program, run func(context.Context, rulesTestOptions) error) *cobra.Command {
	o := rulesTestOptions{program: p}
	cmd := &cobra.Command{
		Use:   "test [PATH...]",
		Short: "Run the tests of rules, with coverage, and check the conventions",
		Long: `Test runs the Rego tests next to the rules in the paths, says what failed and why,
and which lines no test reached. It checks that every rule loads, has a test and
a page that says what its METADATA does, and is formatted, and that each input of a
test is one that a rule may see. Without a path it takes policies.paths of the
configuration, else the built-in rules.

With --inventory it warns of each rule whose deny finds nothing there: its tests may
be green on what never occurs. A warning does not change the exit code.

It exits 0 when all is well, 1 when a test or a convention failed, and 2 when the
rules do not load.`,
		Args: cli.Takes("[PATH...]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.paths = args
			return run(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.config, "config", "c", "", "the configuration `file` (default tokenaudit.yaml, if it exists)")
	f.StringVar(&o.run, "run", "", "run only tests whose full name matches this `regexp`")
	f.StringArrayVar(&o.inventories, "inventory", nil, "warn of rules that find nothing in this saved inventory `file` (repeatable)")
	f.StringVar(&o.junit, "junit", "", "write the results as JUnit XML to this `file`")
	return cmd
}

func runRulesTest(ctx context.Context, o rulesTestOptions) error {
	if _, err := regexp.Compile(o.run); err != nil {
		return cli.Misuse(fmt.Errorf("--run: %w", err))
	}
	if o.junit == output.Stdout {
		return cli.Misuse(errors.New("--junit needs a file: the results go to standard output already"))
	}
	if o.junit != "" {
		if err := places.Check("--junit", o.junit); err != nil {
			return cli.Misuse(err)
		}
	}
	paths, options := o.paths, ruletest.Options{Run: o.run, Titles: o.program.Registry.Title}
	cfg := &config.Config{}
	if len(paths) == 0 {
		var err error
		if cfg, err = o.program.Config(ctx, o.config, true); err != nil {
			return err
		}
		for _, path := range cfg.PolicyPaths {
			paths = append(paths, places.Resolve(cfg.Dir, path))
		}
		options.LoadTimeout = cfg.Limits.LoadTimeout
		if len(paths) == 0 {
			o.program.Note("no path was named: testing the built-in rules")
		}
	}
	if err := places.RefuseOverwrite(o.program.InFile, []string{o.junit}, slices.Concat(places.CustomRules(paths), places.InputsAs("an inventory", o.inventories), []places.Input{places.NamedConfig(o.config)})); err != nil {
		return err
	}
	results, err := ruletest.Run(ctx, paths, options)
	if err != nil {
		return err
	}
	if o.run != "" && len(results.Tests) == 0 {
		return cli.Misuse(fmt.Errorf("--run %s: no test has such a name", o.run))
	}
	if o.junit != "" {
		if err := output.WriteFile(interruptible.UnlessEnded(ctx), o.junit, func(w io.Writer) error { return ruleresult.WriteJUnit(w, results) }); err != nil {
			return err
		}
	}
	var warnings []string
	if len(o.inventories) > 0 {
		if warnings, err = unreached(ctx, cfg, o); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(o.program.Out, ruleresult.Text(results, warnings)); err != nil {
		return err
	}
	if !results.Passed() {
		return cli.VerdictError{Code: report.ExitFindings}
	}
	return nil
}

// unreached judges saved inventories, at their latest collected_at, by the rules that
// are tested: the custom ones, or the built-in ones where there are none. It returns a
// warning for each that found nothing there.
func unreached(ctx context.Context, cfg *config.Config, o rulesTestOptions) ([]string, error) {
	engine, err := program.Rules(ctx, cfg, o.paths, nil)
	if err != nil {
		return nil, err
	}
	saved, err := o.program.Saved().Inventories(ctx, o.inventories)
	if err != nil {
		return nil, err
	}
	var reach ruleresult.Reach
	at, err := saved.CollectedUntil(ctx)
	if err == nil {
		err = saved.Read(ctx, func(s inventory.Source) error { return reach.Judge(ctx, engine, s, at) })
	}
	if err := errors.Join(err, saved.Close()); err != nil {
		return nil, err
	}
	return reach.Warnings(engine, len(o.paths)+len(cfg.PolicyPaths) > 0), nil
}
