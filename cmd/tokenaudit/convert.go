package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/deliver"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/report"
)

// convertOptions are the flags and the argument of convert.
type convertOptions struct {
	program *program.Program
	options.Gate
	options.Show
	labels []string
	config string
	report string
}

func newConvert(p *program.Program, run func(context.Context, convertOptions) error) *cobra.Command {
	o := convertOptions{program: p}
	cmd := &cobra.Command{
		Use:   "convert REPORT.json",
		Short: "Write a saved report in other formats",
		Long: `Convert writes a saved JSON report in any format, as the scan that made it would
have. With --label it shows only the sources that have the label. It exits 0 whatever
the report says; gate gives the exit code.`,
		Example: "  tokenaudit convert report.json\n  tokenaudit convert report.json -o sarif=report.sarif -o markdown=comment.md",
		Args:    cli.Takes("REPORT.json"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.report = args[0]
			return run(cmd.Context(), o)
		},
	}
	o.Gate.Bind(cmd)
	o.Show.Bind(cmd)
	options.BindLabels(cmd.Flags(), &o.labels, "show only sources with this label")
	cmd.Flags().StringVarP(&o.config, "config", "c", "", "the configuration `file`, for its gate (default tokenaudit.yaml, if it exists)")
	return cmd
}

func runConvert(ctx context.Context, o convertOptions) error {
	failOn, errGate := o.Gate.Validate()
	shown, errShow := o.Show.Validate()
	if err := errors.Join(errGate, errShow); err != nil {
		return cli.Misuse(err)
	}
	wanted, err := options.ParseLabels(o.labels)
	if err != nil {
		return err
	}
	inputs := append(o.Inputs(), places.Input{Path: o.report, Is: "the report"}, places.NamedConfig(o.config))
	if err := places.RefuseOverwrite(o.program.InFile, places.Outputs(shown.Outputs), inputs); err != nil {
		return err
	}
	r, gate, err := savedReport(ctx, o.program, o.report, o.config, o.Gate, failOn, wanted)
	if err != nil {
		return err
	}
	if err := shown.Split(r.Teams, o.Owners); err != nil {
		return err
	}
	if err := places.RefuseOverwrite(o.program.InFile, places.Outputs(shown.Outputs), inputs); err != nil {
		return err
	}
	if err := deliver.Report(ctx, o.program.Streams, r, gate, shown, o.Waived); err != nil {
		return err
	}
	if code := gate.Decide(r).Verdict.Code(); code != report.ExitClean {
		o.program.Note("convert exits 0 whatever the report says; `tokenaudit gate %s` exits %d", o.report, code)
	}
	return nil
}
