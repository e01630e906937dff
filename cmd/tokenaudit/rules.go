package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/engine"
	"github.com/tokenaudit/tokenaudit/policies/pages"
	"github.com/tokenaudit/tokenaudit/policies/ruleid"
	"github.com/tokenaudit/tokenaudit/report/plaintext"
	"github.com/tokenaudit/tokenaudit/report/safetext"
	"github.com/tokenaudit/tokenaudit/report/table"
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

func newRules(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "List the rules, show one, test and write custom ones",
		Args:  cobra.ArbitraryArgs,
		RunE:  cli.ShowHelp,
	}
	cmd.AddCommand(newRulesList(a.listRules), newRulesShow(a.showRule), newRulesTest(a.testRules), newRulesNew(a.newRule), newRulesInput(a.printInput))
	return cmd
}

func newRulesShow(run func(context.Context, rulesOptions, string) error) *cobra.Command {
	var o rulesOptions
	cmd := &cobra.Command{
		Use:   "show RULE",
		Short: "Show one rule: what it finds, why, how to fix it, its parameters",
		Long: `Show prints the page of a rule: what it finds, why that matters, how to fix it, and
its parameters, with the values that the configuration sets.

On a terminal the page is text; piped it is the Markdown that it is made of.`,
		Args: cli.Takes("RULE"),
		RunE: func(cmd *cobra.Command, args []string) error { return run(cmd.Context(), o, args[0]) },
	}
	o.bind(cmd)
	return cmd
}

// loadRules loads the rules of a configuration and those of --policy. Only
// restricts them to some ids.
func (a *app) loadRules(ctx context.Context, cfg *config.Config, paths, only []string) (*engine.Engine, error) {
	all := make([]string, 0, len(cfg.PolicyPaths)+len(paths))
	for _, path := range cfg.PolicyPaths {
		all = append(all, places.Resolve(cfg.Dir, path))
	}
	loaded, err := engine.Load(ctx, engine.LoadOptions{
		Paths: append(all, paths...), Only: only, Settings: cfg.Settings, Waivers: cfg.Waivers,
		RuleTimeout: cfg.Limits.RuleTimeout, LoadTimeout: cfg.Limits.LoadTimeout,
	})
	if err != nil {
		return nil, rulesError(cfg, err)
	}
	return loaded, nil
}

// rulesOf returns all rules as they are defined, and those that the configuration
// leaves in force, as it changes them, by id.
func (a *app) rulesOf(ctx context.Context, o rulesOptions) (all []policies.Rule, inForce map[string]policies.Rule, err error) {
	cfg, err := a.loadConfig(ctx, o.config, true)
	if err != nil {
		return nil, nil, err
	}
	loaded, err := a.loadRules(ctx, cfg, o.policies, nil)
	if err != nil {
		return nil, nil, err
	}
	inForce = make(map[string]policies.Rule)
	for _, r := range loaded.Rules() {
		inForce[r.ID] = r
	}
	defined := *cfg
	defined.Settings = policies.Settings{}
	if loaded, err = a.loadRules(ctx, &defined, o.policies, nil); err != nil {
		return nil, nil, err
	}
	return loaded.Rules(), inForce, nil
}

// printTable prints rows aligned, or tab-separated if the format is tsv.
func (a *app) printTable(name string, columns []table.Column, rows [][]string) error {
	if name == "tsv" {
		return table.WriteTSV(a.Out, columns, rows)
	}
	return table.WriteTable(a.Out, columns, rows, a.Page())
}

func (a *app) showRule(ctx context.Context, o rulesOptions, name string) error {
	rules, inForce, err := a.rulesOf(ctx, o)
	if err != nil {
		return err
	}
	ids := idsOf(rules)
	id := ruleid.Find(name, ids)
	if id == "" {
		return cli.Misuse(fmt.Errorf("there is no rule %q%s", name, cmp.Or(ruleid.DidYouMean(name, ids), "; `tokenaudit rules list` lists all")))
	}
	now, on := inForce[id]
	text := ruleText(rules[slices.Index(ids, id)], now, on)
	if a.OutTerminal {
		text = plaintext.Render(text, a.ProseWidth())
	}
	_, err = io.WriteString(a.Out, text)
	return err
}

func idsOf(rules []policies.Rule) []string {
	ids := make([]string, len(rules))
	for i, r := range rules {
		ids[i] = r.ID
	}
	return ids
}

// ruleText is the page of a rule, and what the configuration makes of it.
func ruleText(r, now policies.Rule, on bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n## Where it is\n\n%s:%d\n", pages.Page(r), r.File, r.Line)
	var changes []string
	if !on {
		changes = append(changes, "It is switched off.")
	} else if now.Severity != r.Severity {
		changes = append(changes, fmt.Sprintf("Its severity is %s.", now.Severity))
	}
	for _, name := range slices.Sorted(maps.Keys(now.Values)) {
		if value := safetext.JSON(now.Values[name]); value != safetext.JSON(r.Params[name].Default) {
			changes = append(changes, fmt.Sprintf("Its parameter %s is %s.", name, value))
		}
	}
	if len(changes) > 0 {
		fmt.Fprintf(&b, "\n## In this configuration\n\n%s\n", strings.Join(changes, "\n"))
	}
	return b.String()
}
