package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/pages"
	"github.com/tokenaudit/tokenaudit/policies/ruleid"
	"github.com/tokenaudit/tokenaudit/report/plaintext"
)

// rulesOptions are the flags that the commands below rules share.
type rulesOptions struct {
	config   string
	policies []string
}

func (o *rulesOptions) bind(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&o.config, "config", "c", "", "the configuration `file` (default tokenaudit.yaml, if it exists)")
	cmd.Flags().StringArrayVar(&o.policies, "policy", nil, "a file, `folder` or bundle of custom rules (repeatable)")
}

func newRules(p *program.Program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "List the rules, show one, test and write custom ones",
		Args:  cobra.ArbitraryArgs,
		RunE:  cli.ShowHelp,
	}
	cmd.AddCommand(newRulesList(p, runRulesList), newRulesShow(p, runRulesShow), newRulesTest(p, runRulesTest), newRulesNew(p, runRulesNew), newRulesInput(p, runRulesInput))
	return cmd
}

// rulesShowOptions are the flags and the argument of rules show.
type rulesShowOptions struct {
	program *program.Program
	rulesOptions
	rule string
}

func newRulesShow(p *program.Program, run func(context.Context, rulesShowOptions) error) *cobra.Command {
	o := rulesShowOptions{program: p}
	cmd := &cobra.Command{
		Use:   "show RULE",
		Short: "Show one rule: what it finds, why, how to fix it, its parameters",
		Long: `Show prints the page of a rule: what it finds, why that matters, how to fix it, and
its parameters, with the values that the configuration sets.

On a terminal the page is text; piped it is the Markdown that it is made of.`,
		Args: cli.Takes("RULE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.rule = args[0]
			return run(cmd.Context(), o)
		},
	}
	o.bind(cmd)
	return cmd
}

// rulesOf returns all rules as they are defined, and those that the configuration
// leaves in force, as it changes them, by id.
func rulesOf(ctx context.Context, p *program.Program, o rulesOptions) (all []policies.Rule, inForce map[string]policies.Rule, cfg *config.Config, err error) {
	if cfg, err = p.Config(ctx, o.config, true); err != nil {
		return nil, nil, nil, err
	}
	loaded, err := program.Rules(ctx, cfg, o.policies, nil)
	if err != nil {
		return nil, nil, nil, err
	}
	inForce = make(map[string]policies.Rule)
	for _, r := range loaded.Rules() {
		inForce[r.ID] = r
	}
	return loaded.Known(), inForce, cfg, nil
}

func runRulesShow(ctx context.Context, o rulesShowOptions) error {
	rules, inForce, cfg, err := rulesOf(ctx, o.program, o.rulesOptions)
	if err != nil {
		return err
	}
	ids := policies.IDs(rules)
	id := ruleid.Find(o.rule, ids)
	if id == "" {
		return cli.Misuse(fmt.Errorf("unknown rule %q%s", o.rule, cmp.Or(ruleid.DidYouMean(o.rule, ids), "; `tokenaudit rules list` lists all")))
	}
	now, on := inForce[id]
	rule := rules[slices.Index(ids, id)]
	text := ruleText(rule, cfg.Changes(rule, now, !on), o.program.Registry.Title)
	if o.program.OutTerminal {
		text = plaintext.Render(text, o.program.ProseWidth())
	}
	_, err = io.WriteString(o.program.Out, text)
	return err
}

// ruleText is the page of a rule, and what the configuration makes of it.
func ruleText(r policies.Rule, changes []config.Change, titles pages.Titles) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n## Where it is\n\n%s:%d\n", pages.Page(r, titles), r.File, r.Line)
	if len(changes) > 0 {
		b.WriteString("\n## In this configuration\n\n")
	}
	for _, c := range changes {
		fmt.Fprintf(&b, "* %s\n", c)
	}
	return b.String()
}
