package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/frameworks"
	"github.com/tokenaudit/tokenaudit/policies/risk"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/output"
)

var shells = []string{"bash", "zsh", "fish", "powershell"}

func newCompletion(p *program.Program) *cobra.Command {
	return &cobra.Command{
		Use:       "completion {bash|zsh|fish|powershell}",
		Short:     "Print a completion script for a shell",
		Example:   "  source <(tokenaudit completion bash)",
		ValidArgs: shells,
		Args:      cli.TakesOne("shell", shells),
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			var err error
			switch args[0] {
			case "bash":
				err = root.GenBashCompletionV2(p.Out, true)
			case "zsh":
				err = root.GenZshCompletion(p.Out)
			case "fish":
				err = root.GenFishCompletion(p.Out, true)
			case "powershell":
				err = root.GenPowerShellCompletionWithDesc(p.Out)
			}
			if err != nil {
				return fmt.Errorf("write the completion script: %w", err)
			}
			return nil
		},
	}
}

// completing reports whether the shell asks for completions. Only then are those of values
// registered: cobra keeps them, with all that they hold, as long as the process lives.
func completing(args []string) bool {
	return len(args) > 0 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd)
}

// completeValues has the shell complete the values that flags and arguments take,
// where they are words of ours and not files.
func completeValues(p *program.Program, root *cobra.Command) {
	values := map[string]cobra.CompletionFunc{
		"min-severity": words(policies.Severities()),
		"fail-on":      words(append(policies.Severities(), report.NoSeverity)),
		"framework":    words(frameworks.IDs()),
		"fail-on-risk": words(risk.AllBands()),
		"group-by":     words([]cobra.Completion{"rule", "token", "owner", "cms", "label:"}),
		"show":         words(format.AllSections()),
		"rule":         completeRules(p),
	}
	for _, cmd := range cli.AllCommands(root) {
		for flag, complete := range values {
			if cmd.Flags().Lookup(flag) != nil {
				// It fails only for a flag that is not there.
				_ = cmd.RegisterFlagCompletionFunc(flag, complete)
			}
		}
		switch flag := cmd.Flags().Lookup("output"); {
		case flag == nil:
		case flag.Value.Type() == "stringArray":
			_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(output.FormatNames(), cobra.ShellCompDirectiveNoSpace|cobra.ShellCompDirectiveNoFileComp))
		case cmd.Name() == "diff":
			_ = cmd.RegisterFlagCompletionFunc("output", words(diffFormats))
		case flag.DefValue == "table":
			_ = cmd.RegisterFlagCompletionFunc("output", words(cli.ListFormats()))
		}
		switch cmd.CommandPath() {
		case "tokenaudit explain", "tokenaudit rules show":
			cmd.ValidArgsFunction = completeRules(p)
		}
	}
}

func words[T ~string](list []T) cobra.CompletionFunc {
	completions := make([]cobra.Completion, len(list))
	for i, word := range list {
		completions[i] = string(word)
	}
	return cobra.FixedCompletions(completions, cobra.ShellCompDirectiveNoFileComp)
}

// completeRules completes the first argument, or a flag, by the rules in force.
func completeRules(p *program.Program) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 && cmd.ValidArgsFunction != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		rules, _, _, err := rulesOf(cmd.Context(), p, rulesOptions{})
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		ids := make([]cobra.Completion, len(rules))
		for i, r := range rules {
			ids[i] = cobra.CompletionWithDesc(r.ID, r.Title)
		}
		return ids, cobra.ShellCompDirectiveNoFileComp
	}
}
