package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/console"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
	"github.com/tokenaudit/tokenaudit/report/table"
)

// soonDays is from how many days on before its end a waiver is called out.
const soonDays = 30

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
		Short: "Check the waivers of the configuration",
		Args:  cobra.ArbitraryArgs,
		RunE:  cli.ShowHelp,
	}
	cmd.AddCommand(newWaiversCheck(p, runWaiversCheck))
	return cmd
}

func newWaiversCheck(p *program.Program, run func(context.Context, waiversCheckOptions) error) *cobra.Command {
	o := waiversCheckOptions{program: p}
	cmd := &cobra.Command{
		Use:   "check [REPORT.json]",
		Short: "Say which waivers have expired, will soon, or cover nothing",
		Long: `Check says of each waiver how long it holds and whether its rule exists; with a
saved report also how many findings it covers. Nothing is sent.

It exits 1 when a waiver has expired, names no rule, or covers nothing, so that a
scheduled job finds what is to be cleaned up, and 0 otherwise. One that may cover
what the report could not see is not among them.`,
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

// checkedWaiver is a waiver as waivers check -o json has it.
type checkedWaiver struct {
	State   string           `json:"state"`
	Rule    string           `json:"rule"`
	Token   string           `json:"token"`
	Expires string           `json:"expires"`
	Owner   string           `json:"owner"`
	Origin  inventory.Origin `json:"origin"`
}

func runWaiversCheck(ctx context.Context, o waiversCheckOptions) error {
	if err := cli.CheckListFormat(o.format); err != nil {
		return err
	}
	at, err := options.ParseTime(o.at)
	if err != nil {
		return cli.Misuse(err)
	}
	if at.IsZero() {
		at = o.program.Now().UTC()
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
	var saved *report.Report
	if o.report != "" {
		if saved, err = o.program.Saved().Report(ctx, o.report); err != nil {
			return err
		}
	}
	checked := make([]checkedWaiver, 0, len(cfg.Waivers))
	stale := false
	for _, w := range cfg.Waivers {
		state, ok := waiverState(w, at, rules.Rules())
		if ok && saved != nil {
			n := covered(w, saved.Findings)
			state, ok = fmt.Sprintf("%s, covers %d", state, n), n > 0
			if n == 0 && saved.MayHide(w) {
				state, ok = state+" of what was seen", true
			}
		}
		stale = stale || !ok
		checked = append(checked, checkedWaiver{state, w.Rule, w.Token, w.Expires, w.Owner, w.Origin})
	}
	if err := printWaivers(o.program.Streams, checked, o.format); err != nil {
		return err
	}
	if len(cfg.Waivers) == 0 {
		o.program.Note("%s has no waivers", cfg.File)
	}
	if stale {
		return cli.VerdictError{Code: report.ExitFindings}
	}
	return nil
}

func printWaivers(to *console.Streams, waivers []checkedWaiver, format string) error {
	if format == "json" {
		return safetext.WriteJSON(to.Out, waivers)
	}
	rows := make([][]string, 0, len(waivers))
	for _, w := range waivers {
		rows = append(rows, []string{w.State, w.Rule, w.Token, w.Expires, w.Owner, fmt.Sprintf("%s:%d", w.Origin.File, w.Origin.Line)})
	}
	return cli.PrintTable(to, format, []table.Column{{Title: "STATE", Kind: table.ColumnProse}, {Title: "RULE", Kind: table.ColumnID}, {Title: "TOKEN", Kind: table.ColumnID},
		{Title: "EXPIRES", Kind: table.ColumnWhole}, {Title: "OWNER"}, {Title: "WHERE", Kind: table.ColumnID}}, rows)
}

// waiverState says how long a waiver holds, and false for one that does nothing.
func waiverState(w policies.Waiver, at time.Time, rules []policies.Rule) (string, bool) {
	if w.Expired(at) {
		return "expired", false
	}
	if !slices.ContainsFunc(rules, func(r policies.Rule) bool { return policies.Glob(w.Rule, r.ID) }) {
		return "names no rule", false
	}
	if w.Expired(at.AddDate(0, 0, soonDays)) {
		return fmt.Sprintf("ends within %d days", soonDays), true
	}
	return "holds", true
}

// covered counts the findings that a waiver covers.
func covered(w policies.Waiver, findings []report.Finding) int {
	n := 0
	for i := range findings {
		subject := findings[i].Token
		if subject == "" {
			subject = findings[i].Source
		}
		if w.Covers(findings[i].Rule, subject) {
			n++
		}
	}
	return n
}
