package history

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/console"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/store"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
	"github.com/tokenaudit/tokenaudit/report/table"
)

type findingsOptions struct {
	Options

	format         string
	open, resolved bool
	since          string
}

func newFindings(p *program.Program) *cobra.Command {
	o := findingsOptions{Options: Options{program: p}}
	cmd := &cobra.Command{
		Use:   "findings",
		Short: "List findings with what became of them",
		Long: `Findings lists every finding that a run ever had, with its state: open (also where nobody
could look since), waived, withdrawn (its rule is off, or another one now), resolved (it
was checked again and no longer exists) or gone (with its token or source).`,
		Example: "  tokenaudit history findings --open\n  tokenaudit history findings --since 2026-11-01 -o json",
		Args:    cli.Takes(),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runFindings(cmd.Context(), o) },
	}
	o.bind(cmd)
	f := cmd.Flags()
	f.BoolVar(&o.open, "open", false, "only findings that are open, also where nobody could look since")
	f.BoolVar(&o.resolved, "resolved", false, "only findings that are resolved or gone")
	f.StringVar(&o.since, "since", "", "only findings that came to their state at this `time` or later, RFC 3339 or YYYY-MM-DD")
	cli.BindListFormat(cmd, &o.format)
	return cmd
}

func runFindings(ctx context.Context, o findingsOptions) error {
	if err := cli.CheckListFormat(o.format); err != nil {
		return err
	}
	if o.open && o.resolved {
		return cli.Misuse(errors.New("--open and --resolved contradict each other"))
	}
	since, err := options.ParseTime("since", o.since)
	if err != nil {
		return cli.Misuse(err)
	}
	return o.Options.open(ctx, false, func(s *store.Store, _ *config.Config) error {
		findings, err := s.Findings(ctx)
		if err != nil {
			return err
		}
		findings = slices.DeleteFunc(findings, func(f store.FindingInfo) bool { return f.StateSince.Before(since) || !o.wants(f.State) })
		return printFindings(o.program.Streams, o.format, findings)
	})
}

func (o *findingsOptions) wants(s store.State) bool {
	switch {
	case o.open:
		return s.CountsAsOpen()
	case o.resolved:
		return s.Over()
	}
	return true
}

func printFindings(to *console.Streams, format string, findings []store.FindingInfo) error {
	if format == "json" {
		return safetext.WriteJSON(to.Out, findings)
	}
	rows := make([][]string, len(findings))
	for i, f := range findings {
		subject := f.Token
		if subject == "" {
			subject = f.Source
		}
		rows[i] = []string{f.Severity, f.Rule, f.TokenName, stateText(f.State, f.Reason, f.LastSeen, f.Waiver), shown(f.FirstSeen), shown(f.StateSince), subject}
	}
	columns := []table.Column{
		{Title: "SEVERITY", Kind: table.ColumnWhole}, {Title: "RULE", Kind: table.ColumnWhole}, {Title: "NAME"}, {Title: "STATE", Kind: table.ColumnProse},
		{Title: "FIRST SEEN", Kind: table.ColumnWhole}, {Title: "STATE SINCE", Kind: table.ColumnWhole}, {Title: "ABOUT", Kind: table.ColumnID},
	}
	return cli.PrintTable(to, format, columns, rows)
}

// stateText says a state with its reason. lastSeen is zero where it is not told.
func stateText(state store.State, reason string, lastSeen time.Time, waiver *store.Waiver) string {
	why := report.Resolution(reason).Text()
	switch {
	case state == store.StateWaived && waiver != nil:
		return "waived by " + safetext.OneLine(waiver.ApprovedBy) + " until " + safetext.OneLine(waiver.Expires)
	case state == store.StateUnseen && !lastSeen.IsZero():
		return "open (not seen since " + lastSeen.Format(time.DateOnly) + ": " + why + ")"
	case state == store.StateUnseen:
		return "open (not seen: " + why + ")"
	case state == store.StateOpen || reason == "":
		return string(state)
	}
	return string(state) + " (" + why + ")"
}
