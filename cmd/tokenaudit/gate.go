package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/console"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/deliver"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/collectors/labels"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/parts"
)

// gateOptions are the flags and the argument of gate.
type gateOptions struct {
	program *program.Program
	options.Gate
	config string
	report string
}

func newGate(p *program.Program, run func(context.Context, gateOptions) error) *cobra.Command {
	o := gateOptions{program: p}
	cmd := &cobra.Command{
		Use:   "gate REPORT.json",
		Short: "Check a saved report against the gate",
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

func runGate(ctx context.Context, o gateOptions) error {
	failOn, err := o.Validate()
	if err != nil {
		return cli.Misuse(err)
	}
	if err := places.ReadOnce(append(o.Inputs(), places.Input{Path: o.report, Is: "the report"})); err != nil {
		return err
	}
	r, gate, err := savedReport(ctx, o.program, o.report, o.config, o.Gate, failOn, nil)
	if err != nil {
		return err
	}
	decision := gate.Decide(r)
	if _, err := fmt.Fprintln(o.program.Out, deliver.Text(decision)); err != nil {
		return fmt.Errorf("write the verdict: %w", err)
	}
	return deliver.AsError(decision)
}

// savedReport reads a report, or the part of it with some labels, compares it with
// a baseline where one is given, and returns the gate that holds for it.
func savedReport(ctx context.Context, p *program.Program, file, configFile string, o options.Gate, failOn policies.Severity, wanted labels.Selector) (*report.Report, report.Gate, error) {
	cfg, err := p.Config(ctx, configFile, true)
	if err != nil {
		return nil, report.Gate{}, err
	}
	baseline, err := deliver.Baseline(ctx, p.Saved(), o)
	if err != nil {
		return nil, report.Gate{}, err
	}
	r, err := p.Saved().Report(ctx, file)
	if err != nil {
		return nil, report.Gate{}, err
	}
	if r, err = selectLabels(p.Streams, r, wanted); err != nil {
		return nil, report.Gate{}, fmt.Errorf("%s: %w", file, err)
	}
	if err := deliver.Compare(r, baseline, o); err != nil {
		return nil, report.Gate{}, err
	}
	if note := deliver.BaselineNote(r, o); note != "" {
		p.Note("%s", note)
	}
	if r, err = parts.OfTeams(r, o.Owners); err != nil {
		return nil, report.Gate{}, fmt.Errorf("%s: %w", file, err)
	}
	if o.FailOnNew && r.Baseline == nil {
		return nil, report.Gate{}, cli.Misuse(errors.New("--fail-on-new needs a --baseline: the report was not compared with one"))
	}
	gate := deliver.Gate(cfg.Gate, o, failOn)
	if r.OfPlan() {
		gate.OnlyNew = !o.FailOnUnchanged
	}
	return r, gate, nil
}

// selectLabels returns the part of a report that has the labels, and warns of those
// that no source has.
func selectLabels(to *console.Streams, r *report.Report, wanted labels.Selector) (*report.Report, error) {
	search := labels.Search{Selector: wanted}
	for i := range r.Sources {
		search.Wants(r.Sources[i].Labels)
	}
	to.WarnAll(search.Warnings())
	return parts.Select(r, wanted)
}
