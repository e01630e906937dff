package main

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/audit"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/bundle"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/deliver"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/collectors/labels"
	"github.com/tokenaudit/tokenaudit/report"
)

const changeHelp = `
With --terraform-plan, what is judged is how things will stand once the plan is
applied: its tokens by themselves, or, with inventories, laid over the live ones,
so that rules about a whole source see the future. How things stand now is the
baseline: a finding that the change does not introduce is marked unchanged and
fails the run only with --fail-on-unchanged. --terraform-dir names the code, for
the line of each finding. A plan does not tell which credentials were hard-coded
before: with --baseline, a report of the plan before the change, those that are
in it are unchanged; without it all of them are new.

The audit time is then the latest collected_at of the inventories and timestamp
of the plans; expires_in counts from it. A plan called - is read from standard
input.

With --manifest, the tokens that tokens.yaml declares are judged, at --at or now.`

// evaluateOptions are the flags and arguments of evaluate.
type evaluateOptions struct {
	program *program.Program
	options.Judge
	options.Change
	config      string
	labels      []string
	inventories []string
	seal        options.Seal
}

func newEvaluate(p *program.Program, run func(context.Context, evaluateOptions) error) *cobra.Command {
	o := evaluateOptions{program: p}
	cmd := &cobra.Command{
		Use:   "evaluate INVENTORY.json... | --terraform-plan plan.json [INVENTORY.json...]",
		Short: "Judge saved inventories, or what a Terraform plan would make of them",
		Long: `Evaluate judges inventories that collect, or scan --save-inventory, has written.
They are read as a stream and checked against the schema; - reads standard input.
Rules, waivers and gate come from the configuration where there is one.

The audit time is the latest collected_at of the inventories unless --at tells
another: the same inventory, rules and settings give the same report, byte by byte.

It takes no --leaks: an inventory has no secrets that leaked strings could be compared
with. What scan or collect found with --leaks is in the inventory.
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
	o.BindNotify(cmd)
	options.RefuseLeaks(cmd)
	o.BindNoFail(cmd)
	o.Change.Bind(cmd)
	o.seal.Bind(cmd)
	options.BindLabels(cmd.Flags(), &o.labels, "judge only sources with this label")
	cmd.Flags().StringVarP(&o.config, "config", "c", "", "the configuration `file` (default tokenaudit.yaml, if it exists)")
	return cmd
}

func runEvaluate(ctx context.Context, o evaluateOptions) error {
	flags, err := o.Judge.Validate("")
	wanted, errLabels := options.ParseLabels(o.labels)
	if err := errors.Join(err, errLabels, o.Change.Validate(o.labels, o.inventories, o.Gate)); err != nil {
		return err
	}
	if err := o.validateSeal(&flags); err != nil {
		return err
	}
	cfg, err := o.program.Config(ctx, o.config, true)
	if err != nil {
		return err
	}
	if err := flags.Split(cfg.Owners.Teams(), o.Owners); err != nil {
		return err
	}
	inputs := slices.Concat(places.InputsAs("an inventory", o.inventories), o.Change.Inputs(), o.Judge.Inputs(), places.OfConfig(cfg), o.seal.Inputs())
	if err := places.RefuseOverwrite(o.program.InFile, append(places.Outputs(flags.Outputs), o.seal.File), inputs); err != nil {
		return err
	}
	if !slices.Contains(o.inventories, "-") && !o.Given() {
		flags.Next.About = deliver.About(o.Judge, o.config, o.inventories...)
	}
	if len(cfg.Sources) > 0 {
		flags.Next.Doctor = deliver.WithConfig("doctor", o.config)
	}
	flags.Next.Waivers = deliver.WithConfig("waivers check", o.config)
	signers, err := audit.ReadSigners(ctx, o.program, o.seal.Keys)
	if err != nil {
		return err
	}
	au, err := audit.New(ctx, o.program, cfg, o.Judge, flags)
	if err != nil {
		return err
	}
	defer au.Close()
	au.SealTo(o.seal.File, signers)
	r, err := o.judge(ctx, au, flags.Sealed, wanted)
	if err != nil {
		return err
	}
	return au.Finish(ctx, r)
}

// validateSeal states what contradicts --seal.
func (o evaluateOptions) validateSeal(flags *options.Resolved) error {
	if o.seal.File != "" && o.Given() {
		return cli.Misuse(errors.New("--seal seals what saved inventories say, not how things will stand after a change"))
	}
	return o.seal.Validate(flags, o.Judge, "")
}

// judge makes the report, and seals it where that is wanted.
func (o evaluateOptions) judge(ctx context.Context, au *audit.Audit, sealed bool, wanted labels.Selector) (*report.Report, error) {
	saved := o.program.Saved()
	if sealed {
		// What is sealed is what was judged: files are read once.
		inventories, err := saved.Load(ctx, o.inventories, bundle.MaxFile)
		if err != nil {
			return nil, err
		}
		r, err := au.Replay(ctx, saved.InMemory(inventories), wanted)
		if err != nil {
			return nil, err
		}
		return r, au.WriteSeal(ctx, r, inventories, wanted)
	}
	files, err := saved.Inventories(ctx, o.inventories)
	if err != nil {
		return nil, err
	}
	var r *report.Report
	if o.Given() {
		r, err = au.Change(ctx, o.Change, files)
	} else {
		r, err = au.Replay(ctx, files, wanted)
	}
	return r, errors.Join(err, files.Close())
}
