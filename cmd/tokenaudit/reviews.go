package main

import (
	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/decisions"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/reviewtodo"
)

func newReviews(p *program.Program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "reviews",
		Short: "List the tokens whose review is due, and add reviews to the configuration",
		Args:  cobra.ArbitraryArgs,
		RunE:  cli.ShowHelp,
	}
	cmd.AddCommand(reviewtodo.New(p, reviewtodo.Run), decisions.NewReviewsAdd(p, decisions.RunReviewsAdd))
	return cmd
}
