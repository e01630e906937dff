package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/deliver"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/documents"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/output"
	"github.com/tokenaudit/tokenaudit/report/parts"
)

// mergeOptions are the flags and arguments of merge.
type mergeOptions struct {
	program *program.Program
	output  string
	files   []string
}

func newMerge(p *program.Program, run func(context.Context, mergeOptions) error) *cobra.Command {
	o := mergeOptions{program: p}
	cmd := &cobra.Command{
		Use:   "merge FILE...",
		Short: "Join the inventories, or the JSON reports, of the shards of one run",
		Long: `Merge joins what the shards of one run have saved: inventories into one
inventory, or JSON reports into one JSON report. Judging the joined inventory, or
gating on the joined report, gives what one unsharded run would have given.

A missing or doubled shard, shards of different configurations, and a source that
is in two files are errors: half an estate must not look like a small one.
Documents of unsharded runs over different sources can be merged too.`,
		Example: `  tokenaudit scan --shard 1/2 --save-inventory a.json   # and 2/2 elsewhere
  tokenaudit merge -o inventory.json a.json b.json
  tokenaudit evaluate inventory.json`,
		Args: cli.Takes("FILE..."),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.files = args
			return run(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVarP(&o.output, "output", "o", output.Stdout, "write the merged document to this `file`")
	return cmd
}

func runMerge(ctx context.Context, o mergeOptions) error {
	if err := places.Check("-o", o.output); err != nil {
		return cli.Misuse(err)
	}
	if err := places.RefuseOverwrite(o.program.InFile, []string{o.output}, places.InputsAs("to be merged", o.files)); err != nil {
		return err
	}
	var all documents.Shards
	for i, path := range o.files {
		if slices.Contains(o.files[:i], path) {
			return cli.Misuse(fmt.Errorf("%s is given twice", path))
		}
		_, err := documents.ReadInput(ctx, o.program.Saved(), path, "an inventory or a report", func(in io.Reader) (struct{}, error) { return struct{}{}, all.Add(ctx, path, in) })
		if err != nil {
			return err
		}
	}
	if err := all.Check(); err != nil {
		return err
	}
	if len(all.Reports) > 0 {
		merged, err := parts.Merge(all.Reports)
		if err != nil {
			return err
		}
		return deliver.Document(ctx, o.program.Out, o.output, func(w io.Writer) error { return writeReport(w, merged) })
	}
	merged, err := all.MergeInventories()
	if err != nil {
		return err
	}
	merged.Tool = o.program.Tool
	return deliver.Inventory(ctx, o.program.Out, o.output, merged)
}

// writeReport writes the interchange format.
func writeReport(w io.Writer, r *report.Report) error {
	if err := r.WriteJSON(w); err != nil {
		return fmt.Errorf("write the json report: %w", err)
	}
	return nil
}
