package history

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/deliver"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/store"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/deadlines"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/output"
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
		Short: "Say how findings and tokens develop",
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
	f.StringVar(&o.by, "by", "week", "what a row is: `week` or run")
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
			return t.WriteTable(w, format.Options{Width: o.program.Page().Width, Color: o.program.Color})
		},
		"json": (*trend.Trend).WriteJSON, "csv": (*trend.Trend).WriteCSV, "html": (*trend.Trend).WriteHTML,
	}[name]
	if !ok {
		return cli.Misuse(fmt.Errorf("unknown format %q for -o: expected table, json, csv or html", name))
	}
	if o.by != "week" && o.by != "run" {
		return cli.Misuse(fmt.Errorf("invalid --by %q: expected week or run", o.by))
	}
	since, err := options.ParseTime(o.since)
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
		t, err := trendOf(ctx, s, cfg.Deadlines, o.by == "week", since)
		if err != nil {
			return err
		}
		return deliver.Document(ctx, o.program.Out, path, func(w io.Writer) error { return write(t, w) })
	})
}

// course is what the trend is made of.
type course struct {
	deadlines *deadlines.Deadlines
	// findings are the spans of each finding, in the order of time.
	findings [][]store.Span
	kinds    []store.KindSpan
}

func trendOf(ctx context.Context, s *store.Store, due *deadlines.Deadlines, weekly bool, since time.Time) (*trend.Trend, error) {
	runs, err := s.Runs(ctx)
	if err != nil {
		return nil, err
	}
	spans, err := s.Spans(ctx, "")
	if err != nil {
		return nil, err
	}
	c := course{deadlines: due}
	if c.kinds, err = s.Kinds(ctx); err != nil {
		return nil, err
	}
	slices.SortStableFunc(spans, func(a, b store.Span) int { return cmp.Compare(a.Fingerprint, b.Fingerprint) })
	for begin := 0; begin < len(spans); {
		end := begin + 1
		for end < len(spans) && spans[end].Fingerprint == spans[begin].Fingerprint {
			end++
		}
		c.findings = append(c.findings, spans[begin:end])
		begin = end
	}
	t := &trend.Trend{}
	for _, p := range periods(runs, weekly, since) {
		c.fill(&p)
		t.Periods = append(t.Periods, p)
	}
	t.Fixes = c.fixes(since)
	return t, nil
}

// periods are the runs, or the weeks of runs, from Monday on.
func periods(runs []store.RunInfo, weekly bool, since time.Time) []trend.Period {
	var all []trend.Period
	last := time.Time{}
	for _, r := range runs {
		if r.At.Before(since) {
			last = r.At
			continue
		}
		from := last.Add(time.Nanosecond)
		if weekly {
			day := r.At.Truncate(24 * time.Hour)
			from = day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
		}
		if n := len(all); weekly && n > 0 && all[n-1].From.Equal(from) {
			all[n-1].At, all[n-1].Runs = r.At, all[n-1].Runs+1
			all[n-1].Complete = all[n-1].Complete && r.Complete && r.Scope == nil
		} else {
			all = append(all, trend.Period{From: from, At: r.At, Runs: 1, Complete: r.Complete && r.Scope == nil})
		}
		last = r.At
	}
	if !weekly {
		for i := range all {
			all[i].From = all[i].At
		}
	}
	return all
}

// fill counts what was at the end of a period, and what happened in it.
func (c *course) fill(p *trend.Period) {
	p.Open, p.Tokens = map[policies.Severity]int{}, map[inventory.Kind]int{}
	for _, spans := range c.findings {
		happened(p, spans)
		for i := range spans {
			s := &spans[i]
			if holds(p, s.From, s.To) && (s.State == store.StateOpen || s.State == store.StateUnseen) {
				p.Open[policies.Severity(s.Severity)]++
				if c.overdue(s, spans[0].From, p.At) {
					p.Overdue++
				}
			}
		}
	}
	for _, k := range c.kinds {
		if holds(p, k.From, k.To) {
			p.Tokens[inventory.Kind(k.Kind)]++
		}
	}
}

// holds reports whether what was so for a time was so at the end of a period.
func holds(p *trend.Period, from, to time.Time) bool {
	return !from.After(p.At) && (to.IsZero() || to.After(p.At))
}

// happened counts what happened to a finding in a period.
func happened(p *trend.Period, spans []store.Span) {
	wasOver := false
	for i := range spans {
		s := &spans[i]
		over := s.State == store.StateResolved || s.State == store.StateGone
		switch within := !s.From.Before(p.From) && !s.From.After(p.At); {
		case !within:
		case i == 0:
			p.New++
		case wasOver && !over:
			p.Reopened++
		case over && !wasOver:
			p.Resolved++
		}
		wasOver = over
	}
}

func (c *course) overdue(s *store.Span, first, at time.Time) bool {
	days, ok := c.deadlines.Of(s.Rule, s.Team, policies.Severity(s.Severity))
	return ok && deadlines.DaysBetween(deadlines.Day(first).AddDate(0, 0, days), at) > 0
}

// fixes says how long it took until findings were over that are.
func (c *course) fixes(since time.Time) []trend.Fix {
	type key struct {
		severity policies.Severity
		team     string
	}
	of := map[key]*trend.Fix{}
	for _, spans := range c.findings {
		last := spans[len(spans)-1]
		if (last.State != store.StateResolved && last.State != store.StateGone) || last.From.Before(since) {
			continue
		}
		k := key{policies.Severity(last.Severity), last.Team}
		if of[k] == nil {
			of[k] = &trend.Fix{Severity: k.severity, Team: k.team}
		}
		of[k].Findings++
		of[k].Days += deadlines.DaysBetween(spans[0].From, last.From)
	}
	var all []trend.Fix
	for _, f := range of {
		all = append(all, *f)
	}
	slices.SortFunc(all, func(a, b trend.Fix) int {
		return cmp.Or(cmp.Compare(report.SeverityRank(a.Severity), report.SeverityRank(b.Severity)), cmp.Compare(a.Team, b.Team))
	})
	return all
}
