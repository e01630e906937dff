package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/console"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/collectors/manifest"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
	"github.com/tokenaudit/tokenaudit/report/table"
)

// driftOptions are the flags and arguments of drift.
type driftOptions struct {
	program     *program.Program
	manifest    string
	format      string
	inventories []string
}

func newDrift(p *program.Program, run func(context.Context, driftOptions) error) *cobra.Command {
	o := driftOptions{program: p}
	cmd := &cobra.Command{
		Use:   "drift --manifest tokens.yaml INVENTORY.json...",
		Short: "Compare the tokens that are live with those that a manifest declares",
		Long: `Drift compares saved inventories with tokens.yaml, the manifest of the tokens that
should exist, and names what is live and undeclared, what is declared and
absent, and what differs, field by field. Only the sources of the manifest are
compared, and only what it says of a token; what the inventory does not know is
no difference.

It exits 0 when all is as declared, 1 when something is not, and 3 when nothing
differs but a list or a source could not be compared. An error gives 2.`,
		Example: `  tokenaudit collect -o inventory.json
  tokenaudit drift --manifest tokens.yaml inventory.json
  tokenaudit drift --manifest tokens.yaml -o json inventory.json`,
		Args: cli.Takes("INVENTORY.json..."),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.inventories = args
			return run(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&o.manifest, "manifest", "", "the manifest `file`, such as tokens.yaml")
	cli.BindListFormat(cmd, &o.format)
	return cmd
}

func runDrift(ctx context.Context, o driftOptions) error {
	if o.manifest == "" {
		return cli.Misuse(errors.New("--manifest is missing: it names what is declared, such as tokens.yaml"))
	}
	if err := cli.CheckListFormat(o.format); err != nil {
		return err
	}
	if err := places.ReadOnce(append(places.InputsAs("an inventory", o.inventories), places.Input{Path: o.manifest, Is: "the manifest"})); err != nil {
		return err
	}
	m, err := o.program.Saved().Manifest(ctx, o.manifest)
	if err != nil {
		return err
	}
	live, err := readSources(ctx, o.program, o.inventories)
	if err != nil {
		return err
	}
	d := m.Compare(live)
	if err := writeDrift(o.program.Streams, d, o.format); err != nil {
		return fmt.Errorf("write the differences: %w", err)
	}
	switch {
	case d.Drifted():
		return cli.VerdictError{Code: report.ExitFindings}
	case d.Incomplete():
		return cli.VerdictError{Code: report.ExitIncomplete}
	}
	return nil
}

// mostNamed is how many sources a note names one by one.
const mostNamed = 5

func writeDrift(to *console.Streams, d manifest.Drift, format string) error {
	if format == "json" {
		return safetext.WriteJSON(to.Out, d)
	}
	var rows [][]string
	for _, x := range d.Differences {
		where := x.Token
		if x.Origin != nil {
			where = fmt.Sprintf("%s:%d", x.Origin.File, x.Origin.Line)
		}
		rows = append(rows, []string{string(x.State), x.Source, string(x.Kind), x.Name, whatDiffers(x), where})
	}
	for _, u := range d.Unread {
		rows = append(rows, []string{"unread", u.Source, "", "", u.Detail, ""})
	}
	err := cli.PrintTable(to, format, []table.Column{{Title: "STATE", Kind: table.ColumnWhole}, {Title: "SOURCE", Kind: table.ColumnID}, {Title: "KIND", Kind: table.ColumnWhole},
		{Title: "NAME"}, {Title: "WHAT", Kind: table.ColumnProse}, {Title: "WHERE", Kind: table.ColumnID}}, rows)
	if err != nil {
		return err
	}
	if n := len(d.Undeclared); n > 0 {
		others := ""
		if n > mostNamed {
			others = fmt.Sprintf(" and %d more", n-mostNamed)
		}
		to.Note("sources of the inventory that the manifest does not have, and that were not compared: %s%s",
			safetext.OneLine(strings.Join(d.Undeclared[:min(n, mostNamed)], ", ")), others)
	}
	if format == "tsv" {
		return nil
	}
	_, err = fmt.Fprintf(to.Out, "%d as declared, %d not\n", d.Same, len(d.Differences))
	return err
}

func whatDiffers(x manifest.Difference) string {
	switch x.State {
	case manifest.Undeclared:
		return "live, and not declared"
	case manifest.Absent:
		return "declared, and not live"
	case manifest.Unread:
		return x.Detail
	}
	var parts []string
	for _, f := range x.Fields {
		parts = append(parts, fmt.Sprintf("%s is %q, declared %q", f.Name, f.Live, f.Declared))
	}
	return strings.Join(parts, "; ")
}
