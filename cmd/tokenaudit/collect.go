package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/console"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/deliver"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/output"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// collectOptions are the flags of collect.
type collectOptions struct {
	program *program.Program
	options.Read
	output string
	noFail bool
}

func newCollect(p *program.Program, run func(context.Context, collectOptions) error) *cobra.Command {
	o := collectOptions{program: p}
	cmd := &cobra.Command{
		Use:   "collect",
		Short: "Read the tokens of all configured sources and print the inventory, as JSON",
		Long: `Collect reads what scan would read and prints the inventory: every fact about
every token, with no verdict. No secret is in it.

It exits 0 when everything was read, and 3 when a list is missing.`,
		Example: `  tokenaudit collect > inventory.json
  tokenaudit collect --source 'datocms/*' -o inventory.json
  tokenaudit collect --resume inventory.json -o inventory.json`,
		Args: cli.Takes(),
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	o.Bind(cmd)
	o.BindShard(cmd)
	o.BindResume(cmd)
	o.BindLeaks(cmd)
	cmd.Flags().StringVarP(&o.output, "output", "o", output.Stdout, "write the inventory to this `file`")
	cmd.Flags().BoolVar(&o.noFail, "no-fail", false, "exit 0 instead of 3: the inventory names what is missing")
	return cmd
}

func runCollect(ctx context.Context, o collectOptions) error {
	if err := places.Check("-o", o.output); err != nil {
		return cli.Misuse(err)
	}
	if o.Resume == options.ResumeLast {
		return cli.Misuse(errors.New("--resume last goes on with the last run in a store, which collect does not have; give an inventory"))
	}
	r, err := o.program.Collection(ctx, o.Read)
	if err != nil {
		return err
	}
	if err := places.RefuseOverwrite(o.program.InFile, []string{places.Apart(o.output, o.Resume), places.Apart(deliver.CheckpointOf(o.output), o.Resume)}, r.Inputs()); err != nil {
		return err
	}
	checkpoint := deliver.NewCheckpoint(o.output, r.Unended)
	notKept := func(err error) { o.program.WarnOf("the inventory so far could not be kept", err) }
	err = checkpoint.During(ctx, notKept, func() error {
		return r.Collect(ctx, func(s inventory.Source) error {
			checkpoint.Add(s)
			return nil
		})
	})
	if err != nil {
		return err
	}
	sources := checkpoint.Sources()
	slices.SortFunc(sources, func(a, b inventory.Source) int { return strings.Compare(a.ID, b.ID) })
	if err := deliver.Inventory(ctx, o.program.Out, o.output, r.Inventory(sources)); err != nil {
		return err
	}
	o.program.WarnOf("the inventory so far was not removed", checkpoint.Remove())
	missing := tellMissing(o.program.Streams, sources)
	// A shard may be empty; everything may not.
	if len(sources) == 0 && o.Shard == "" {
		o.program.Warn("no source was found")
		missing = true
	}
	if missing && !o.noFail {
		return cli.VerdictError{Code: report.ExitIncomplete}
	}
	return nil
}

// tellMissing names every list that could not be read, and reports whether there
// is one.
func tellMissing(to *console.Streams, sources []inventory.Source) (missing bool) {
	for _, s := range sources {
		for _, u := range s.Units {
			if u.Status == inventory.UnitComplete {
				continue
			}
			missing = true
			to.Warn("%s: %s: %s (%s)", safetext.OneLine(s.ID), u.Name, safetext.OneLine(u.Detail), u.Error)
			if u.Hint != "" {
				to.Note("  %s", safetext.OneLine(u.Hint))
			}
		}
	}
	return missing
}
