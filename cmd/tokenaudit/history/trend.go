package history

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/course"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/deliver"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/store"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/output"
	"github.com/tokenaudit/tokenaudit/report/table"
	"github.com/tokenaudit/tokenaudit/report/trend"
)

type trendOptions struct {
	Options

	output string
	by     string
	since  string
}

func newTrend(p *program.Program) *cobra.Command {
	o := trendOptions{Options: Options{program: p}}
	cmd := &cobra.Command{
		Use:   "trend",
		Short: "Show how findings and tokens change over time",
		Long: `Trend counts open findings by severity, what is new, reopened and resolved, what is past
its deadline and the tokens by kind, by week or by run, and the mean time to fix by
severity and team. A count of a time in which a run did not see everything is the least
that there may be.`,
		Example: "  tokenaudit history trend\n  tokenaudit history trend --by run -o html=trend.html",
		Args:    cli.Takes(),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runTrend(cmd.Context(), o) },
	}
	o.bind(cmd)
	f := cmd.Flags()
	f.StringVarP(&o.output, "output", "o", "table", "`format[=file]`: table, json, csv or html")
	f.StringVar(&o.by, "by", "week", "the `span` of a row: week or run")
	cli.Group(f.Lookup("by"), "Output")
	f.StringVar(&o.since, "since", "", "leave out what lies before this `time`, RFC 3339 or YYYY-MM-DD")
	return cmd
}

func runTrend(ctx context.Context, o trendOptions) error {
	name, path, named := strings.Cut(o.output, "=")
	if !named {
		path = output.Stdout
	}
	write, ok := map[string]func(*trend.Trend, io.Writer) error{
		"table": func(t *trend.Trend, w io.Writer) error {
			return writeTrend(t, w, format.Options{Width: o.program.Page().Width, Color: o.program.Color})
		},
		"json": (*trend.Trend).WriteJSON, "csv": (*trend.Trend).WriteCSV, "html": (*trend.Trend).WriteHTML,
	}[name]
	if !ok {
		return cli.Misuse(fmt.Errorf("unknown format %q for -o: expected table, json, csv or html", name))
	}
	if o.by != "week" && o.by != "run" {
		return cli.Misuse(fmt.Errorf("invalid --by %q: expected week or run", o.by))
	}
	since, err := options.ParseTime("since", o.since)
	if err != nil {
		return cli.Misuse(err)
	}
	if err := places.Check("-o", path); err != nil {
		return cli.Misuse(err)
	}
	return o.open(ctx, false, func(s *store.Store, cfg *config.Config) error {
		if err := o.spare(cfg, path); err != nil {
			return err
		}
		c, err := course.Until(ctx, s, time.Time{})
		if err != nil {
			return err
		}
		t := c.Trend(course.Options{Deadlines: cfg.Deadlines, Weekly: o.by == "week", Since: since})
		return deliver.Document(ctx, o.program.Out, path, func(w io.Writer) error { return write(t, w) })
	})
}

// writeTrend writes the periods as a table, and below them the mean times to fix.
func writeTrend(t *trend.Trend, w io.Writer, o format.Options) error {
	if len(t.Periods) == 0 {
		_, err := io.WriteString(w, "No runs.\n")
		return err
	}
	columns, rows := t.PeriodRows()
	shown := make([]table.Column, len(columns))
	for i, title := range columns {
		shown[i] = table.Column{Title: strings.ToUpper(title)}
	}
	if err := table.WriteTable(w, shown, rows, o); err != nil || len(t.Fixes) == 0 {
		return err
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return err
	}
	return table.WriteTable(w, []table.Column{{Title: "SEVERITY"}, {Title: "TEAM"}, {Title: "FIXED"}, {Title: "MEAN DAYS TO FIX"}}, t.FixRows(), o)
}
