package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/documents"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/labels"
	"github.com/tokenaudit/tokenaudit/report"
)

// evaluateOptions are the flags and arguments of evaluate.
type evaluateOptions struct {
	options.Judge
	options.Change
	config      string
	labels      []string
	inventories []string
}

func newEvaluate(run func(context.Context, evaluateOptions) error) *cobra.Command {
	var o evaluateOptions
	cmd := &cobra.Command{
		Use:   "evaluate INVENTORY.json... | --terraform-plan plan.json [INVENTORY.json...]",
		Short: "Judge saved inventories, or what a Terraform plan would make of them",
		Long: `Evaluate judges inventories that collect, or scan --save-inventory, has written.
They are read as a stream and checked against the schema; - reads standard input.
Rules, waivers and gate come from the configuration where there is one.

The audit time is the latest collected_at of the inventories unless --at tells
another: the same inventory, rules and settings give the same report, byte by byte.
` + changeHelp,
		Example: `  tokenaudit evaluate inventory.json
  tokenaudit collect | tokenaudit evaluate -
  tokenaudit evaluate --at 2026-12-31 inventory.json
  tokenaudit evaluate --terraform-plan plan.json --terraform-dir . live.json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if o.Given() {
				return nil
			}
			return cli.Takes("INVENTORY.json...")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.inventories = args
			return run(cmd.Context(), o)
		},
	}
	o.Judge.Bind(cmd)
	o.BindNoFail(cmd)
	o.Change.Bind(cmd)
	options.BindLabels(cmd.Flags(), &o.labels, "judge only sources with this label")
	cmd.Flags().StringVarP(&o.config, "config", "c", "", "the configuration `file` (default tokenaudit.yaml, if it exists)")
	return cmd
}

func (a *app) evaluate(ctx context.Context, o evaluateOptions) error {
	p, err := o.Judge.Validate("")
	wanted, errLabels := options.ParseLabels(o.labels)
	if err := errors.Join(err, errLabels, o.Change.Validate(o.labels, o.inventories, o.Gate)); err != nil {
		return err
	}
	cfg, err := a.loadConfig(ctx, o.config, true)
	if err != nil {
		return err
	}
	inputs := slices.Concat(places.InputsAs("an inventory", o.inventories), o.Change.Inputs(), o.Judge.Inputs(), places.OfConfig(cfg))
	if err := places.RefuseOverwrite(a.InFile, places.Outputs(p.Outputs), inputs); err != nil {
		return err
	}
	au, err := a.newAudit(ctx, cfg, o.Judge, p)
	if err != nil {
		return err
	}
	files, err := a.saved().Inventories(ctx, o.inventories, p.At.IsZero() && !o.Given())
	if err != nil {
		return err
	}
	var r *report.Report
	if o.Given() {
		au.scope = cmp.Or(au.scope, &report.Scope{})
		au.scope.Change = true
		r, err = au.judgeChange(ctx, o.Change, files)
	} else {
		r, err = au.replay(ctx, files, wanted)
	}
	if err := errors.Join(err, files.Close()); err != nil {
		return err
	}
	return au.finish(ctx, r)
}

// replay judges saved inventories at --at, else at their latest collected_at.
// That is guessed by a quick look, so that a large inventory is decoded once,
// and judged again in the odd case that the guess was wrong.
// Sources without the labels are left out; they count for the audit time, so that a
// part is judged like the whole.
func (au *audit) replay(ctx context.Context, files documents.Inventories, wanted labels.Selector) (*report.Report, error) {
	at := au.plan.At
	if at.IsZero() {
		var err error
		if at, err = files.GuessLatest(ctx); err != nil {
			return nil, err
		}
		if at.IsZero() {
			// Nothing was collected, so there is nothing to replay.
			at = au.app.now().UTC().Truncate(time.Second)
		}
	}
	asked := report.Scope{Labels: wanted}
	if au.scope != nil {
		asked.Rules = au.scope.Rules
	}
	for {
		var latest documents.Latest
		search := labels.Search{Selector: wanted}
		r, err := au.run(ctx, func(ctx context.Context, take func(inventory.Source) error) error {
			err := files.Read(ctx, func(s inventory.Source) error {
				latest.See(s.CollectedAt)
				if !search.Wants(s.Labels) {
					return nil
				}
				return take(s)
			})
			if err == nil {
				au.scope, err = files.Restrict(&asked)
			}
			return err
		}, at)
		if err != nil {
			return nil, err
		}
		if !au.plan.At.IsZero() {
			au.app.warnOfHindsight(au.plan.At, latest.Time)
		} else if err := latest.Apart(); err != nil {
			return nil, err
		} else if !latest.Time.Equal(at) && !latest.Time.IsZero() {
			at = latest.Time
			continue
		}
		au.app.WarnAll(search.Warnings())
		return r, nil
	}
}

// warnOfHindsight warns where the audit time given lies before the collection:
// facts that did not exist yet are judged then.
func (a *app) warnOfHindsight(at, collected time.Time) {
	if at.Before(collected) {
		a.Warn("--at %s lies before the collection (%s): the facts are later than the moment they are judged at",
			at.Format(time.RFC3339), collected.UTC().Format(time.RFC3339))
	}
}
