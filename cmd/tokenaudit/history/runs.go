package history

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/console"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/store"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
	"github.com/tokenaudit/tokenaudit/report/table"
)

type runsOptions struct {
	Options

	format string
}

func newRuns(p *program.Program) *cobra.Command {
	o := runsOptions{Options: Options{program: p}}
	cmd := &cobra.Command{
		Use:     "runs",
		Short:   "List the runs in a store, the earliest first",
		Example: "  tokenaudit history runs --store tokenaudit.db",
		Args:    cli.Takes(),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runRuns(cmd.Context(), o) },
	}
	o.bind(cmd)
	cli.BindListFormat(cmd, &o.format)
	return cmd
}

func runRuns(ctx context.Context, o runsOptions) error {
	if err := cli.CheckListFormat(o.format); err != nil {
		return err
	}
	return o.open(ctx, false, func(s *store.Store, _ *config.Config) error {
		runs, err := s.Runs(ctx)
		if err != nil {
			return err
		}
		return printRuns(o.program.Streams, o.format, runs)
	})
}

func printRuns(to *console.Streams, format string, runs []store.RunInfo) error {
	if format == "json" {
		return safetext.WriteJSON(to.Out, runs)
	}
	rows := make([][]string, len(runs))
	for i, r := range runs {
		complete := "yes"
		if !r.Complete {
			complete = "no"
		}
		rows[i] = []string{
			strconv.Itoa(r.Run), shown(r.At), complete, strconv.Itoa(r.Sources), strconv.Itoa(r.Tokens), strconv.Itoa(r.OpenFindings),
			(&report.Report{Scope: r.Scope}).ScopeNote(),
		}
	}
	columns := []table.Column{
		{Title: "RUN", Kind: table.ColumnWhole}, {Title: "AT", Kind: table.ColumnWhole}, {Title: "COMPLETE", Kind: table.ColumnWhole}, {Title: "SOURCES", Kind: table.ColumnWhole},
		{Title: "TOKENS", Kind: table.ColumnWhole}, {Title: "OPEN", Kind: table.ColumnWhole}, {Title: "RESTRICTED", Kind: table.ColumnProse},
	}
	return cli.PrintTable(to, format, columns, rows)
}
