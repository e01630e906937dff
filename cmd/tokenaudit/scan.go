package main

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/audit"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/deliver"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
)

// scanOptions are the flags of scan.
type scanOptions struct {
	program *program.Program
	options.Read
	options.Judge
	saveInventory string
	seal          options.Seal
}

func newScan(p *program.Program, run func(context.Context, scanOptions) error) *cobra.Command {
	o := scanOptions{program: p}
	cmd := &cobra.Command{
		Use:   "scan",
		Short: "Read the tokens of all configured sources, judge them and report",
		Long: `Scan reads the tokens of all configured sources, judges them by the rules and
reports. What could not be read is named and never counts as fine.

It exits 0 when nothing at or above --fail-on was found and everything was
measured, 1 for findings, 3 when nothing was found but a list is missing, and 2,
without a report, when something is wrong with the command line, the configuration
or the rules.

With --leaks it compares the secrets that the lists of Contentful, Contentstack,
DatoCMS and Ghost show with the strings of the reports. It keeps neither, see
SECURITY.md; a finding names the file, the line and the commit.

With --resume it goes on with the inventory of a run that was interrupted or could
not read everything: sources that were read whole are kept as they were, with the
time they were read at, and the others are read again. The sources of the
configuration, --source, --label and --shard have to be the same.`,
		Example: `  tokenaudit scan
  tokenaudit scan -o table -o sarif=tokens.sarif -o json=report.json
  tokenaudit scan --source 'contentful/*' --fail-on high
  tokenaudit scan --resume inventory.json --save-inventory inventory.json
  tokenaudit scan --leaks gitleaks.json --leaks alerts.json`,
		Args: cli.Takes(),
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	o.Read.Bind(cmd)
	o.BindShard(cmd)
	o.BindResume(cmd)
	o.BindLeaks(cmd)
	o.Judge.Bind(cmd)
	o.BindNotify(cmd)
	o.BindNoFail(cmd)
	o.seal.Bind(cmd)
	cmd.Flags().StringVar(&o.saveInventory, "save-inventory", "", "write what was read to this `file`, for evaluate")
	return cmd
}

func runScan(ctx context.Context, o scanOptions) error {
	flags, err := o.Judge.Validate(o.saveInventory)
	if err != nil {
		return err
	}
	if err := errors.Join(places.Check("--save-inventory", o.saveInventory), o.seal.Validate(&flags, o.Judge, o.saveInventory)); err != nil {
		return cli.Misuse(err)
	}
	r, err := o.program.Collection(ctx, o.Read)
	if err != nil {
		return err
	}
	if err := flags.Split(r.Config.Owners.Teams(), o.Owners); err != nil {
		return err
	}
	if err := places.RefuseOverwrite(o.program.InFile, append(places.Outputs(flags.Outputs), places.Apart(o.saveInventory, o.Resume), places.Apart(deliver.CheckpointOf(o.saveInventory), o.Resume), o.seal.File), slices.Concat(r.Inputs(), o.Inputs(), o.seal.Inputs())); err != nil {
		return err
	}
	signers, err := audit.ReadSigners(ctx, o.program, o.seal.Keys)
	if err != nil {
		return err
	}
	flags.Next = options.Next{About: deliver.About(o.Judge, o.Config), Doctor: deliver.WithConfig("doctor", o.Config), Waivers: deliver.WithConfig("waivers check", o.Config)}
	au, err := audit.New(ctx, o.program, r.Config, o.Judge, flags)
	if err != nil {
		return err
	}
	defer au.Close()
	if o.Resume == options.ResumeLast {
		last, err := au.LastInventory(ctx)
		if err == nil {
			err = r.Resume(o.Resume, last)
		}
		if err != nil {
			return err
		}
	}
	au.SealTo(o.seal.File, signers)
	return au.Scan(ctx, r, o.saveInventory)
}
