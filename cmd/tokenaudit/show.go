package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/deliver"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/explanation"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/policies/engine"
)

func newShow(p *program.Program, run func(context.Context, explainOptions) error) *cobra.Command {
	o := explainOptions{program: p}
	cmd := &cobra.Command{
		Use:   "show TOKEN",
		Short: "Print everything about one token: facts, risk, verdicts of all rules, and what to do",
		Long: `Show judges one token by every rule and prints what it is, what it can do and where,
its risk with the factors, what was found and how to fix it, what could not be
decided and why, and the facts with their evidence. TOKEN is the id of a token, the
end of one, or a name that only one token has.
It reads the configured sources, or saved inventories with --inventory.

explain prints the verdicts alone, or why one rule gave a token its verdict.`,
		Example: `  tokenaudit show datocms/projects/77/access_tokens/312
  tokenaudit show --inventory inventory.json access_tokens/312`,
		Args: cli.Takes("TOKEN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.subject = args[0]
			return run(cmd.Context(), o)
		},
	}
	o.bind(cmd)
	return cmd
}

// aboutCommand writes commands about a rule, token or source that look where another command
// looked: in saved inventories, or in what a configuration reaches.
func aboutCommand(o options.Judge, configFile string, inventories ...string) func(command string, words ...string) string {
	var flags []string
	add := func(flag string, values ...string) {
		for _, value := range values {
			if value != "" {
				flags = append(flags, flag, deliver.Quoted(value))
			}
		}
	}
	add("-c", configFile)
	add("--policy", o.Policies...)
	add("--previous", o.Previous...)
	add("--at", o.At)
	add("--inventory", inventories...)
	return func(command string, words ...string) string {
		all := slices.Concat([]string{"tokenaudit", command}, flags)
		for _, word := range words {
			all = append(all, deliver.Quoted(word))
		}
		return strings.Join(all, " ")
	}
}

// withConfig is a command of a configuration, which is empty for the default one.
func withConfig(command, configFile string) string {
	if configFile == "" {
		return "tokenaudit " + command
	}
	return "tokenaudit " + command + " -c " + deliver.Quoted(configFile)
}

func runShow(ctx context.Context, o explainOptions) error {
	return printDossier(ctx, o, explanation.Dossier)
}

// printDossier judges a token by all rules, and prints what text makes of that.
func printDossier(ctx context.Context, o explainOptions, text func(engine.Dossier) string) error {
	s, err := o.find(ctx)
	if err != nil {
		return err
	}
	if s.id == s.source.ID {
		return fmt.Errorf("%s is a source: give the id of one of its %d tokens", s.source.ID, len(s.source.Tokens))
	}
	dossier, err := s.engine.Dossier(ctx, s.source, s.id, s.at)
	if err != nil {
		return err
	}
	_, err = io.WriteString(o.program.Out, text(dossier))
	return err
}
