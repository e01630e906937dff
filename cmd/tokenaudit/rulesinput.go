package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/audit"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/democompany"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/evidence"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/lookup"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/ruleinput"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// rulesInputOptions are the flags and arguments of rules input.
type rulesInputOptions struct {
	program *program.Program
	rulesOptions
	rule        string
	at          string
	inventories []string
	previous    []string
	// subject is the source or the token that is wanted; empty for all sources.
	subject string
}

func newRulesInput(p *program.Program, run func(context.Context, rulesInputOptions) error) *cobra.Command {
	o := rulesInputOptions{program: p}
	cmd := &cobra.Command{
		Use:   "input [SOURCE|TOKEN]",
		Short: "Print what a rule gets as input, for a saved inventory or the demo",
		Long: `Input prints the input of a rule as the engine feeds it: one JSON document for each
source, with its tokens, the audit time and the parameters. SOURCE is the id of a
source, and TOKEN that of a token, which is then the only one in the document; the
end of an id will do, and so will a name that only one has.

Without --inventory it prints the input for the company of the demo, on
` + democompany.Day + `. The audit time of inventories is their latest collected_at unless
--at tells another. Parameters are those of the rule that --rule names.

` + "`tokenaudit schema input`" + ` describes the members.`,
		Example: `  tokenaudit rules input contentful/spaces/jh4ljp8thkvs
  tokenaudit rules input --rule unused-token "price import"
  tokenaudit rules input --inventory inventory.json access_tokens/312`,
		Args: cli.Takes("[SOURCE|TOKEN]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.subject = args[0]
			}
			return run(cmd.Context(), o)
		},
	}
	o.bind(cmd)
	f := cmd.Flags()
	f.StringArrayVar(&o.inventories, "inventory", nil, "print the input for this saved inventory `file` (repeatable)")
	options.BindPrevious(f, &o.previous)
	f.StringVar(&o.at, "at", "", "the audit `time`, RFC 3339 or YYYY-MM-DD")
	f.StringVar(&o.rule, "rule", "", "print the input of this rule `id`, with its parameters")
	return cmd
}

func runRulesInput(ctx context.Context, o rulesInputOptions) error {
	at, err := options.ParseTime("at", o.at)
	if err != nil {
		return cli.Misuse(err)
	}
	if len(o.inventories) == 0 && len(o.previous) > 0 {
		return cli.Misuse(errors.New("--previous needs --inventory: the demo has no earlier inventories"))
	}
	if err := places.ReadOnce(places.InputsAs("an inventory", slices.Concat(o.inventories, o.previous))); err != nil {
		return err
	}
	cfg, err := o.program.Config(ctx, o.config, true)
	if err != nil {
		return err
	}
	var only []string
	if o.rule != "" {
		only = []string{o.rule}
	}
	engine, err := program.Rules(ctx, cfg, o.policies, only)
	if err != nil {
		return err
	}
	printer := ruleinput.Printer{Engine: engine, Rule: o.rule, Out: o.program.Out}
	if len(o.inventories) == 0 {
		sources, at, err := democompany.Sources(ctx, o.program.Host(), at)
		if err != nil {
			return err
		}
		return o.print(ctx, printer, program.Of(sources), at)
	}
	files, err := o.program.Saved().Inventories(ctx, o.inventories)
	if err != nil {
		return err
	}
	sources, err := o.withEvidence(ctx, cfg, files.Read, at)
	if err == nil && o.subject == "" && at.IsZero() {
		at, err = files.CollectedUntil(ctx)
	}
	if err == nil {
		err = o.print(ctx, printer, sources, at)
	}
	return errors.Join(err, files.Close())
}

// withEvidence adds to sources what the usage files of the configuration and earlier
// inventories tell.
func (o rulesInputOptions) withEvidence(ctx context.Context, cfg *config.Config, sources program.Sources, at time.Time) (program.Sources, error) {
	outside, err := evidence.Read(ctx, o.program.Saved(), cfg, o.previous, audit.LaterOf(o.program.Now(), at), false)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, take func(inventory.Source) error) error {
		return sources(ctx, func(s inventory.Source) error {
			s, _ = outside.Apply(s)
			return take(s)
		})
	}, nil
}

// print prints the input for the source or the token that was asked for, at a moment or
// else at the latest collected_at, or for all sources, at a moment.
func (o rulesInputOptions) print(ctx context.Context, printer ruleinput.Printer, sources program.Sources, at time.Time) error {
	if o.subject != "" {
		source, id, latest, err := lookup.Find(ctx, sources, o.subject)
		if err != nil {
			return err
		}
		if at.IsZero() {
			at = latest
		}
		audit.WarnOfHindsight(o.program.Streams, at, latest)
		return printer.Print(ruleinput.Only(source, id), at)
	}
	return sources(ctx, func(s inventory.Source) error { return printer.Print(s, at) })
}
