package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/console"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/documents"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/report/difference"
	"github.com/tokenaudit/tokenaudit/report/markdown"
	"github.com/tokenaudit/tokenaudit/report/safetext"
	"github.com/tokenaudit/tokenaudit/report/table"
)

// diffFormats are what diff takes for -o; markdown is for an issue or a comment.
var diffFormats = []string{"table", "json", "markdown"}

// diffOptions are the flags and arguments of diff.
type diffOptions struct {
	program  *program.Program
	old, new string
	format   string
}

func newDiff(p *program.Program, run func(context.Context, diffOptions) error) *cobra.Command {
	o := diffOptions{program: p}
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Compare two inventories or reports: tokens added, removed and changed",
		Long: `Diff compares two saved inventories, or JSON reports, and says which tokens were
added and removed and which fields of the others changed. Of two reports it
compares the findings too. It exits 0 whether or not there is a difference.
One of the two may be -, for standard input.`,
		Example: `  tokenaudit diff last-week.json inventory.json
  tokenaudit collect | tokenaudit diff -o json last-week.json -
  tokenaudit diff -o markdown yesterday.json report.json > issue.md`,
		Args: cli.Takes("OLD", "NEW"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.old, o.new = args[0], args[1]
			return run(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVarP(&o.format, "output", "o", "table", "`format`: "+strings.Join(diffFormats, ", "))
	return cmd
}

func runDiff(ctx context.Context, o diffOptions) error {
	write, err := writeDiff(o.program.Streams, o.format)
	if err != nil {
		return err
	}
	read := func(r io.Reader) (*difference.Snapshot, error) { return difference.ReadSnapshot(ctx, r) }
	if err := places.ReadOnce(places.InputsAs("to be compared", []string{o.old, o.new})); err != nil {
		return err
	}
	before, err := documents.ReadInput(ctx, o.program.Saved(), o.old, "an inventory or a report", read)
	if err != nil {
		return err
	}
	after, err := documents.ReadInput(ctx, o.program.Saved(), o.new, "an inventory or a report", read)
	if err != nil {
		return err
	}
	if err := write(difference.Between(before, after)); err != nil {
		return fmt.Errorf("write the difference: %w", err)
	}
	return nil
}

// writeDiff returns the writer of a format.
func writeDiff(to *console.Streams, name string) (func(*difference.Difference) error, error) {
	switch name {
	case "table":
		return func(d *difference.Difference) error { return table.WriteDifference(to.Out, d, to.Page()) }, nil
	case "json":
		return func(d *difference.Difference) error { return safetext.WriteJSON(to.Out, d) }, nil
	case "markdown":
		return func(d *difference.Difference) error { return markdown.WriteDifference(to.Out, d) }, nil
	}
	return nil, cli.Misuse(fmt.Errorf("unknown format %q for -o: expected one of %s", name, strings.Join(diffFormats, ", ")))
}
