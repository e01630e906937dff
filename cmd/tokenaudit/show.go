package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/explanation"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/history"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/policies/engine"
)

func newShow(p *program.Program, run func(context.Context, explainOptions) error) *cobra.Command {
	o := explainOptions{program: p}
	cmd := &cobra.Command{
		Use:   "show TOKEN",
		Short: "Print everything about one token: facts, risk, verdicts of all rules, history, and what to do",
		Long: `Show judges one token by every rule and prints what it is, what it can do and where,
its risk with the factors, what was found and how to fix it, what could not be
decided and why, and the facts with their evidence. With a store, it prints what runs
saw of the token: since when it is there, which rights it gained and lost, and what
became of findings. TOKEN is the id of a token, the end of one, or a name that only one
token has.
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
	cmd.Flags().StringVar(&o.store, "store", "", "the `file` of SQLite that keeps the history of runs (default that of the configuration)")
	return cmd
}

func runShow(ctx context.Context, o explainOptions) error {
	s, err := printDossier(ctx, o, explanation.Dossier)
	if err != nil {
		return err
	}
	until := time.Time{}
	if o.at != "" {
		until = s.at
	}
	return history.PrintPast(ctx, o.program, s.config, o.store, s.id, until)
}

// printDossier judges a token by all rules, and prints what text makes of that.
func printDossier(ctx context.Context, o explainOptions, text func(engine.Dossier) string) (explained, error) {
	s, err := o.find(ctx)
	if err != nil {
		return s, err
	}
	if s.id == s.source.ID {
		return s, fmt.Errorf("%s is a source: give the id of one of its tokens", s.source.ID)
	}
	dossier, err := s.engine.Dossier(ctx, s.source, s.id, s.at)
	if err != nil {
		return s, err
	}
	_, err = io.WriteString(o.program.Out, text(dossier))
	return s, err
}
