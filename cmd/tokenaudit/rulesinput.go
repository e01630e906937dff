package main

import (
	"context"
	"errors"
	"net"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/documents"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/lookup"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/ruleinput"
	"github.com/tokenaudit/tokenaudit/collectors/emulator"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/demo"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// rulesInputOptions are the flags and arguments of rules input.
type rulesInputOptions struct {
	rulesOptions
	rule        string
	at          string
	inventories []string
	previous    []string
	// subject is the source or the token that is wanted; empty for all sources.
	subject string
}

func newRulesInput(run func(context.Context, rulesInputOptions) error) *cobra.Command {
	var o rulesInputOptions
	cmd := &cobra.Command{
		Use:   "input [SOURCE|TOKEN]",
		Short: "Print what a rule gets as input, for a saved inventory or the demo",
		Long: `Input prints the input of a rule as the engine feeds it: one JSON document for each
source, with its tokens, the audit time and the parameters. SOURCE is the id of a
source, and TOKEN that of a token, which is then the only one in the document; the
end of an id will do, and so will a name that only one has.

Without --inventory it prints the input for the company of the demo, on
` + demoDay + `. The audit time of inventories is their latest collected_at unless
--at tells another. Parameters are those of the rule that --rule names.

` + "`tokenaudit schema input`" + ` describes the members.`,
		Example: `  tokenaudit rules input contentful/spaces/jh4ljp8thkvs
  tokenaudit rules input --rule unused-token "CI content import"
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

func (a *app) printInput(ctx context.Context, o rulesInputOptions) error {
	at, err := options.ParseTime(o.at)
	if err != nil {
		return cli.Misuse(err)
	}
	if len(o.inventories) == 0 && len(o.previous) > 0 {
		return cli.Misuse(errors.New("--previous needs --inventory: the demo has no earlier inventories"))
	}
	if err := places.ReadOnce(places.InputsAs("an inventory", slices.Concat(o.inventories, o.previous))); err != nil {
		return err
	}
	cfg, err := a.loadConfig(ctx, o.config, true)
	if err != nil {
		return err
	}
	var only []string
	if o.rule != "" {
		only = []string{o.rule}
	}
	engine, err := a.loadRules(ctx, cfg, o.policies, only)
	if err != nil {
		return err
	}
	printer := ruleinput.Printer{Engine: engine, Rule: o.rule, Out: a.Out}
	if len(o.inventories) == 0 {
		sources, at, err := a.demoSources(ctx, at)
		if err != nil {
			return err
		}
		return a.printInputs(ctx, printer, sources, o.subject, at)
	}
	files, err := a.saved().Inventories(ctx, o.inventories, o.subject == "" && at.IsZero())
	if err != nil {
		return err
	}
	sources, err := a.withEvidence(ctx, cfg, o.previous, files.Read, at)
	if err == nil {
		err = a.printInputs(ctx, printer, sources, o.subject, at)
	}
	return errors.Join(err, files.Close())
}

// withEvidence adds to sources what the usage files of the configuration and earlier
// inventories tell.
func (a *app) withEvidence(ctx context.Context, cfg *config.Config, previous []string, sources feed, at time.Time) (feed, error) {
	evidence, _, err := readUsage(ctx, cfg, laterOf(a.now(), at))
	if err != nil {
		return nil, err
	}
	past, _, err := a.readPrevious(ctx, previous)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, take func(inventory.Source) error) error {
		return sources(ctx, func(s inventory.Source) error {
			s = past.Apply(s)
			evidence.Apply(&s)
			return take(s)
		})
	}, nil
}

// printInputs prints the input for the source or the token that was asked for, or for
// all sources, at a moment or at their latest collected_at.
func (a *app) printInputs(ctx context.Context, printer ruleinput.Printer, sources feed, subject string, at time.Time) error {
	if subject != "" {
		source, id, latest, err := lookup.Find(ctx, sources, subject)
		if err != nil {
			return err
		}
		if at.IsZero() {
			at = latest
		}
		a.warnOfHindsight(at, latest)
		return printer.Print(ruleinput.Only(source, id), at)
	}
	if at.IsZero() {
		var latest documents.Latest
		err := sources(ctx, func(s inventory.Source) error {
			latest.See(s.CollectedAt)
			return nil
		})
		if err != nil {
			return err
		}
		at = latest.Time
	}
	return sources(ctx, func(s inventory.Source) error { return printer.Print(s, at) })
}

// demoDay is the day of the demo whose input is printed: the same on every day.
const demoDay = "2026-11-22"

// demoSources reads the company of the demo at a moment, which is noon of demoDay if it
// is zero.
func (a *app) demoSources(ctx context.Context, at time.Time) (_ feed, _ time.Time, err error) {
	if at.IsZero() {
		if at, err = time.Parse(time.RFC3339, demoDay+"T12:00:00Z"); err != nil {
			return nil, at, err
		}
	}
	clock := func() time.Time { return at }
	company := demo.New(at, emulator.Options{Clock: clock, NoLimits: true})
	servers, err := serveDemo(ctx, company)
	if err != nil {
		return nil, at, err
	}
	defer func() { err = errors.Join(err, servers.close()) }()
	r, err := a.demoReading(company, servers, clock)
	if err != nil {
		return nil, at, err
	}
	var read []inventory.Source
	err = r.Collect(ctx, func(s inventory.Source) error {
		// The port is another one each time.
		if host, _, err := net.SplitHostPort(s.Host); err == nil {
			s.Host = host
		}
		read = append(read, s)
		return nil
	})
	sortSources(read)
	return func(_ context.Context, take func(inventory.Source) error) error {
		for _, s := range read {
			if err := take(s); err != nil {
				return err
			}
		}
		return nil
	}, at, err
}
