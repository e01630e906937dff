package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
	"github.com/tokenaudit/tokenaudit/report/table"
)

// diffOptions are the flags and arguments of diff.
type diffOptions struct {
	old, new string
	format   string
}

func newDiff(run func(context.Context, diffOptions) error) *cobra.Command {
	var o diffOptions
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Compare two inventories or reports: tokens added, removed and changed",
		Long: `Diff compares two saved inventories, or JSON reports, and says which tokens were
added and removed and which fields of the others changed. Of two reports it
compares the findings too. It exits 0 whether or not there is a difference.
One of the two may be -, for standard input.`,
		Example: `  tokenaudit diff last-week.json inventory.json
  tokenaudit collect | tokenaudit diff -o json last-week.json -`,
		Args: takes("OLD", "NEW"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.old, o.new = args[0], args[1]
			return run(cmd.Context(), o)
		},
	}
	bindListFormat(cmd, &o.format)
	return cmd
}

func (a *app) diff(ctx context.Context, o diffOptions) error {
	if err := checkListFormat(o.format); err != nil {
		return err
	}
	read := func(r io.Reader) (*report.Snapshot, error) { return report.ReadSnapshot(ctx, r) }
	if err := readOnce(inputsAs("to be compared", []string{o.old, o.new})); err != nil {
		return err
	}
	before, err := readInput(ctx, a.in, o.old, read)
	if err != nil {
		return err
	}
	after, err := readInput(ctx, a.in, o.new, read)
	if err != nil {
		return err
	}
	difference := report.Diff(before, after)
	if o.format == "json" {
		err = safetext.WriteJSON(a.out, difference)
	} else {
		err = table.WriteDifference(a.out, difference, a.page())
	}
	if err != nil {
		return fmt.Errorf("write the difference: %w", err)
	}
	return nil
}
