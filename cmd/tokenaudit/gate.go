package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/collectors/labels"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/parts"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// savedGateOptions are the flags and the argument of gate.
type savedGateOptions struct {
	options.Gate
	config string
	report string
}

func newGate(run func(context.Context, savedGateOptions) error) *cobra.Command {
	var o savedGateOptions
	cmd := &cobra.Command{
		Use:   "gate REPORT.json",
		Short: "Give the exit code of a saved report",
		Long: `Gate puts a saved JSON report to the gate: its exit code is the one that a scan
with the same flags would have given. Use it in a job of its own, after one that
ran with --no-fail and whose reports the CI system has taken in.

With --fail-on-new, the report must have been made with --baseline, or one must
be given here.`,
		Example: "  tokenaudit scan --no-fail -o json=report.json -o sarif=report.sarif\n  tokenaudit gate report.json",
		Args:    cli.Takes("REPORT.json"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.report = args[0]
			return run(cmd.Context(), o)
		},
	}
	o.Bind(cmd)
	o.BindNoFail(cmd)
	cmd.Flags().StringVarP(&o.config, "config", "c", "", "the configuration `file`, for its gate (default tokenaudit.yaml, if it exists)")
	return cmd
}

func (a *app) gateSaved(ctx context.Context, o savedGateOptions) error {
	failOn, err := o.Validate()
	if err != nil {
		return cli.Misuse(err)
	}
	if err := places.ReadOnce(append(o.Inputs(), places.Input{Path: o.report, Is: "the report"})); err != nil {
		return err
	}
	r, gate, err := a.savedReport(ctx, o.report, o.config, o.Gate, failOn, nil)
	if err != nil {
		return err
	}
	decision := gate.Decide(r)
	if _, err := fmt.Fprintln(a.Out, decisionText(decision)); err != nil {
		return fmt.Errorf("write the verdict: %w", err)
	}
	return asError(decision)
}

// savedReport reads a report, or the part of it with some labels, compares it with
// a baseline where one is given, and returns the gate that holds for it.
func (a *app) savedReport(ctx context.Context, file, configFile string, o options.Gate, failOn policies.Severity, wanted labels.Selector) (*report.Report, report.Gate, error) {
	cfg, err := a.loadConfig(ctx, configFile, true)
	if err != nil {
		return nil, report.Gate{}, err
	}
	baseline, err := a.readBaseline(ctx, o)
	if err != nil {
		return nil, report.Gate{}, err
	}
	r, err := a.saved().Report(ctx, file)
	if err != nil {
		return nil, report.Gate{}, err
	}
	if r, err = a.selectLabels(r, wanted); err != nil {
		return nil, report.Gate{}, fmt.Errorf("%s: %w", file, err)
	}
	if err := compareTo(r, baseline, o); err != nil {
		return nil, report.Gate{}, err
	}
	if o.FailOnNew && r.Baseline == nil {
		return nil, report.Gate{}, cli.Misuse(errors.New("--fail-on-new needs a --baseline: the report was not compared with one"))
	}
	gate := gateOf(cfg.Gate, o, failOn)
	if r.OfPlan() {
		gate.OnlyNew = !o.FailOnUnchanged
	}
	return r, gate, nil
}

// selectLabels returns the part of a report that has the labels, and warns of those
// that no source has.
func (a *app) selectLabels(r *report.Report, wanted labels.Selector) (*report.Report, error) {
	search := labels.Search{Selector: wanted}
	for i := range r.Sources {
		search.Wants(r.Sources[i].Labels)
	}
	a.WarnAll(search.Warnings())
	return parts.Select(r, wanted)
}

// gateOf merges the defaults, the configuration and the flags, the last winning.
func gateOf(configured config.Gate, o options.Gate, failOn policies.Severity) report.Gate {
	gate := report.DefaultGate()
	if configured.FailOn != "" {
		gate.FailOn = policies.Severity(configured.FailOn)
	}
	if configured.NotEvaluated != "" {
		gate.NotEvaluated = policies.Severity(configured.NotEvaluated)
	}
	if failOn != "" {
		gate.FailOn = failOn
	}
	gate.OnlyNew, gate.NoFail, gate.Unchanged = o.FailOnNew, o.NoFail, o.FailOnUnchanged
	return gate
}

func decisionText(d report.Decision) string {
	return fmt.Sprintf("%s: %s (%s)", d.Verdict, safetext.OneLine(d.Reason), d.ExitText())
}

// asError returns a decision as the error that ends the program with its code.
func asError(d report.Decision) error {
	if d.Code == report.ExitClean {
		return nil
	}
	return cli.VerdictError{Code: d.Code}
}

// readBaseline reads the baseline before the work begins; nil where none is given.
func (a *app) readBaseline(ctx context.Context, o options.Gate) (*report.Report, error) {
	if o.Baseline == "" {
		return nil, nil
	}
	baseline, err := a.saved().Report(ctx, o.Baseline)
	if err != nil {
		return nil, fmt.Errorf("--baseline: %w", err)
	}
	return baseline, nil
}

// compareTo marks what is new in a report against a baseline, which may be nil.
func compareTo(r, baseline *report.Report, o options.Gate) error {
	if baseline == nil {
		return nil
	}
	err := r.CompareTo(baseline, o.AllowIncomplete)
	if _, ok := errors.AsType[*report.BaselineError](err); ok {
		return fmt.Errorf("--baseline %s: %w; accept it with --allow-incomplete-baseline", o.Baseline, err)
	}
	if err != nil {
		return fmt.Errorf("--baseline %s: %w", o.Baseline, err)
	}
	return nil
}
