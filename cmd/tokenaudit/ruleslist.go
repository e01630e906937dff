package main

import (
	"context"
	"encoding/json"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/pages"
	"github.com/tokenaudit/tokenaudit/policies/selection"
	"github.com/tokenaudit/tokenaudit/report/table"
)

// rulesListOptions are the flags of rules list.
type rulesListOptions struct {
	program *program.Program
	rulesOptions
	format string
}

func newRulesList(p *program.Program, run func(context.Context, rulesListOptions) error) *cobra.Command {
	o := rulesListOptions{program: p}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the rules in force, with the severity the configuration gives them",
		Example: `  tokenaudit rules list
  tokenaudit rules list -o json --policy policies`,
		Args: cli.Takes(),
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	o.bind(cmd)
	cli.BindListFormat(cmd, &o.format)
	return cmd
}

// printJSON prints a value, indented.
func printJSON(out io.Writer, v any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

// listedRule is a rule as rules list -o json has it.
type listedRule struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Goal  string `json:"goal"`
	// Severity and the values of the parameters are those in force; those of the
	// rule itself where it is off.
	Severity policies.Severity `json:"severity"`
	Off      bool              `json:"off"`
	// OffByDefault: the rule is off unless the configuration switches it on.
	OffByDefault bool `json:"off_by_default"`
	// OnIn are the globs of the sources in which alone a rule judges that is off; left out
	// for none.
	OnIn []string `json:"on_in,omitempty"`
	// OnlyWith is what the rule judges with alone; empty for nothing.
	OnlyWith policies.Given         `json:"only_with,omitempty"`
	Subject  policies.Subject       `json:"subject"`
	Kinds    []inventory.Kind       `json:"kinds"`
	Select   selection.Selection    `json:"select"`
	Requires []inventory.Fact       `json:"requires"`
	Controls map[string][]string    `json:"controls"`
	Params   map[string]listedParam `json:"params"`
	// Changes are what differs from the rule as it is declared, and where that is set.
	Changes []config.Change `json:"changes"`
	Custom  bool            `json:"custom"`
	File    string          `json:"file"`
	Line    int             `json:"line"`
}

type listedParam struct {
	policies.Param
	Value any `json:"value"`
}

func runRulesList(ctx context.Context, o rulesListOptions) error {
	if err := cli.CheckListFormat(o.format); err != nil {
		return err
	}
	rules, inForce, cfg, err := rulesOf(ctx, o.program, o.rulesOptions)
	if err != nil {
		return err
	}
	listed := make([]listedRule, len(rules))
	rows := make([][]string, len(rules))
	for i, r := range rules {
		severity := "off"
		settings := cfg.Settings.Rules[r.ID]
		now, some := inForce[r.ID]
		on := some && !settings.TurnsOff(r.Off)
		changes := cfg.Changes(r, now, !on)
		if on {
			severity = string(now.Severity)
			r = now
		}
		rows[i] = []string{r.ID, severity, pages.Judges(r, o.program.Registry.Title), r.Goal, changesText(changes)}
		listed[i] = listRule(r, !on)
		listed[i].Changes = changes
		if only := settings.OnIn(); some && !on {
			rows[i][1], rows[i][4] = "off elsewhere", strings.TrimPrefix(rows[i][4]+"; on in "+strings.Join(only, ", "), "; ")
			listed[i].OnIn = only
		}
	}
	if o.format == "json" {
		return printJSON(o.program.Out, listed)
	}
	return cli.PrintTable(o.program.Streams, o.format, []table.Column{{Title: "RULE", Kind: table.ColumnWhole}, {Title: "SEVERITY", Kind: table.ColumnWhole}, {Title: "JUDGES", Kind: table.ColumnProse}, {Title: "GOAL", Kind: table.ColumnProse}, {Title: "CHANGED", Kind: table.ColumnProse}}, rows)
}

// changesText says what differs from the rule as it is declared, and where that is set.
func changesText(changes []config.Change) string {
	words := make([]string, len(changes))
	for i, c := range changes {
		words[i] = c.String()
	}
	return strings.Join(words, "; ")
}

func listRule(r policies.Rule, off bool) listedRule {
	params := make(map[string]listedParam, len(r.Params))
	for name, param := range r.Params {
		params[name] = listedParam{param, r.Values[name]}
	}
	controls := r.Controls
	if controls == nil {
		controls = map[string][]string{}
	}
	return listedRule{
		ID: r.ID, Title: r.Title, Goal: r.Goal, Severity: r.Severity, Off: off, OffByDefault: r.Off, OnlyWith: r.OnlyWith, Subject: r.Subject,
		Kinds: append([]inventory.Kind{}, r.Select.Kinds...), Select: r.Select, Requires: append([]inventory.Fact{}, r.Requires...),
		Controls: controls, Params: params, Custom: r.Custom, File: r.File, Line: r.Line,
	}
}
