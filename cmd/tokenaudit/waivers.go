package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/console"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/decisions"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/acceptance"
	"github.com/tokenaudit/tokenaudit/report/safetext"
	"github.com/tokenaudit/tokenaudit/report/table"
)

// waiversCheckOptions are the flags and the argument of waivers check.
type waiversCheckOptions struct {
	program  *program.Program
	config   string
	policies []string
	at       string
	// report is a saved report, or empty.
	report string
	format string
}

func newWaivers(p *program.Program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "waivers",
		Short: "Add and check the waivers of the configuration",
		Args:  cobra.ArbitraryArgs,
		RunE:  cli.ShowHelp,
	}
	cmd.AddCommand(newWaiversCheck(p, runWaiversCheck), decisions.NewWaiversAdd(p, decisions.RunWaiversAdd))
	return cmd
}

func newWaiversCheck(p *program.Program, run func(context.Context, waiversCheckOptions) error) *cobra.Command {
	o := waiversCheckOptions{program: p}
	cmd := &cobra.Command{
		Use:   "check [REPORT.json]",
		Short: "Say which waivers and accepted gaps have expired, will soon, or cover nothing",
		Long: `Check says of each waiver how long it holds, whether its rule exists, and whether it
lacks a key that the rule demands; of each accepted gap, and each list that is known
to be empty, how long it holds. With a saved report it also says how many findings, or
lists, each covers. Nothing is sent.

It exits 1 when one has expired, matches no rule, lacks a key, covers nothing, or is
contradicted, so that a scheduled job finds what is to be cleaned up, and 0 otherwise.
One that may cover what the report could not see is not among them.`,
		Args: cli.Takes("[REPORT.json]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.report = args[0]
			}
			return run(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.config, "config", "c", "", "the configuration `file` (default tokenaudit.yaml)")
	f.StringArrayVar(&o.policies, "policy", nil, "a file, `folder` or bundle of custom rules (repeatable)")
	f.StringVar(&o.at, "at", "", "the `time` at which they are checked, RFC 3339 or YYYY-MM-DD (default now)")
	cli.BindListFormat(cmd, &o.format)
	return cmd
}

// checkedWaiver is a waiver, or an accepted gap, as waivers check -o json has it.
type checkedWaiver struct {
	State string `json:"state"`
	// Rule, Token, Name and Key are those of a waiver.
	Rule  string `json:"rule"`
	Token string `json:"token"`
	Name  string `json:"name,omitempty"`
	Key   string `json:"key,omitempty"`
	// Source and Unit are those of an accepted gap; Empty: that the list is known to be empty.
	Source  string           `json:"source,omitempty"`
	Unit    string           `json:"unit,omitempty"`
	Empty   bool             `json:"empty,omitempty"`
	Expires string           `json:"expires"`
	Owner   string           `json:"owner"`
	Origin  inventory.Origin `json:"origin"`
}

func runWaiversCheck(ctx context.Context, o waiversCheckOptions) error {
	if err := cli.CheckListFormat(o.format); err != nil {
		return err
	}
	at, err := options.Moment(o.at, o.program.Now)
	if err != nil {
		return err
	}
	cfg, err := o.program.Config(ctx, o.config, false)
	if err != nil {
		return err
	}
	if err := cfg.CheckExpiries(at); err != nil {
		return err
	}
	rules, err := program.Rules(ctx, &config.Config{Dir: cfg.Dir, PolicyPaths: cfg.PolicyPaths}, o.policies, nil)
	if err != nil {
		return err
	}
	c := acceptance.Check{At: at, Rules: rules.Known()}
	if o.report != "" {
		if c.Saved, err = o.program.Saved().Report(ctx, o.report); err != nil {
			return err
		}
	}
	checked := make([]checkedWaiver, 0, len(cfg.Waivers)+len(cfg.AcceptGaps))
	stale := false
	for _, w := range cfg.Waivers {
		state, ok := c.Waiver(w)
		stale = stale || !ok
		checked = append(checked, checkedWaiver{State: state, Rule: w.Rule, Token: w.Token, Name: w.Name, Key: w.Key, Expires: w.Expires, Owner: w.Owner, Origin: w.Origin})
	}
	for _, g := range cfg.AcceptGaps {
		state, ok := c.Gap(g)
		stale = stale || !ok
		checked = append(checked, checkedWaiver{State: state, Source: g.Source, Unit: g.Unit, Empty: g.Empty, Expires: g.Expires, Owner: g.Owner, Origin: g.Origin})
	}
	if err := printWaivers(o.program.Streams, checked, len(cfg.Waivers), o.format); err != nil {
		return err
	}
	if len(checked) == 0 {
		o.program.Note("%s has no waivers and no accepted gaps", cfg.File)
	}
	if stale {
		return cli.VerdictError{Code: report.ExitFindings}
	}
	return nil
}

// printWaivers prints the waivers, and below them the accepted gaps, which follow the
// first n.
func printWaivers(to *console.Streams, checked []checkedWaiver, n int, format string) error {
	if format == "json" {
		return safetext.WriteJSON(to.Out, checked)
	}
	columns := func(subject ...table.Column) []table.Column {
		return slices.Concat([]table.Column{{Title: "STATE", Kind: table.ColumnProse}}, subject,
			[]table.Column{{Title: "EXPIRES", Kind: table.ColumnWhole}, {Title: "OWNER"}, {Title: "WHERE", Kind: table.ColumnID}})
	}
	row := func(w checkedWaiver, subject ...string) []string {
		return slices.Concat([]string{w.State}, subject, []string{w.Expires, w.Owner, fmt.Sprintf("%s:%d", w.Origin.File, w.Origin.Line)})
	}
	var waivers, gaps [][]string
	for _, w := range checked[:n] {
		waivers = append(waivers, row(w, w.Rule, w.Token))
	}
	for _, g := range checked[n:] {
		gaps = append(gaps, row(g, g.Source, report.AcceptedGap{Unit: g.Unit, Empty: g.Empty}.List()))
	}
	if err := cli.PrintTable(to, format, columns(table.Column{Title: "RULE", Kind: table.ColumnID}, table.Column{Title: "TOKEN", Kind: table.ColumnID}), waivers); err != nil || len(gaps) == 0 {
		return err
	}
	if _, err := fmt.Fprintln(to.Out, "\nACCEPTED GAPS"); err != nil {
		return err
	}
	return cli.PrintTable(to, format, columns(table.Column{Title: "SOURCE", Kind: table.ColumnID}, table.Column{Title: "LIST"}), gaps)
}
