package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/audit"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/bundle"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/signature"
	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
	"github.com/tokenaudit/tokenaudit/collectors/labels"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/output"
)

// SealOptions are the flags and arguments of seal.
type SealOptions struct {
	program *program.Program
	options.Seal
	// judge are the flags by which evaluate would judge the same inventories.
	judge       options.Judge
	labels      []string
	config      string
	report      string
	sign        string
	inventories []string
}

// NewSeal makes the command seal.
func NewSeal(p *program.Program, run func(context.Context, SealOptions) error) *cobra.Command {
	o := SealOptions{program: p}
	cmd := &cobra.Command{
		Use:   "seal INVENTORY.json... --seal FILE.tar | --sign BUNDLE.tar --seal-key KEY",
		Short: "Seal what is saved in a bundle, or sign a bundle",
		Long: `Seal packs saved inventories, the settings and the report that they come to into a
bundle, as evaluate --seal does, without a gate and without output. With --report the
bundle holds that report, at its audit time and restricted as it was: where the
inventories come to another one, seal says in what they differ, and writes nothing.

With --sign it adds a signature to a bundle that is there. What was signed stays as it
is, byte by byte, and so do the signatures of others; a key signs once. It checks the
files of the bundle first, and not the signatures: verify --key does.`,
		Example: `  tokenaudit seal inventory.json --report report.json --seal audit.tar
  tokenaudit seal --sign audit.tar --seal-key second.key`,
		Args: func(cmd *cobra.Command, args []string) error {
			if o.sign != "" {
				return cobra.NoArgs(cmd, args)
			}
			return cli.Takes("INVENTORY.json...")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.inventories = args
			return run(cmd.Context(), o)
		},
	}
	o.Bind(cmd)
	f := cmd.Flags()
	f.StringVar(&o.sign, "sign", "", "add the signature of --seal-key to this `bundle`")
	f.StringVar(&o.report, "report", "", "the saved `report` (-o json) that the inventories have to come to")
	f.StringVarP(&o.config, "config", "c", "", "the configuration `file` (default tokenaudit.yaml, if it exists)")
	f.StringVar(&o.judge.At, "at", "", "the audit `time`, RFC 3339 or YYYY-MM-DD (default that of --report, else the latest collected_at)")
	f.StringArrayVar(&o.judge.Rules, "rule", nil, "judge by this rule `id` only (repeatable)")
	f.StringArrayVar(&o.judge.Policies, "policy", nil, "a file, `folder` or bundle of custom rules (repeatable)")
	options.BindPrevious(f, &o.judge.Previous)
	options.BindLabels(f, &o.labels, "judge only sources with this label")
	return cmd
}

// RunSeal seals what is saved, or signs a bundle.
func RunSeal(ctx context.Context, o SealOptions) error {
	if o.sign != "" {
		return o.addSignatures(ctx)
	}
	if o.File == "" {
		return cli.Misuse(errors.New("--seal or --sign is missing: --seal FILE names the bundle to write, --sign FILE the one to sign"))
	}
	if o.report != "" && o.judge.At != "" {
		return cli.Misuse(errors.New("--at and --report contradict each other: the report says when it was judged"))
	}
	flags, err := o.judge.Validate("")
	wanted, errLabels := options.ParseLabels(o.labels)
	if err := errors.Join(err, errLabels); err != nil {
		return err
	}
	flags.Outputs = nil
	if err := o.Validate(&flags, o.judge, ""); err != nil {
		return err
	}
	return o.seal(ctx, flags, wanted)
}

func (o SealOptions) seal(ctx context.Context, flags options.Resolved, wanted labels.Selector) error {
	cfg, err := o.program.Config(ctx, o.config, true)
	if err != nil {
		return err
	}
	inputs := slices.Concat(places.InputsAs("an inventory", o.inventories), places.InputsAs("a report", []string{o.report}), o.judge.Inputs(), places.OfConfig(cfg), o.Inputs())
	if err := places.RefuseOverwrite(o.program.InFile, []string{o.File}, inputs); err != nil {
		return err
	}
	signers, err := audit.ReadSigners(ctx, o.program, o.Keys)
	if err != nil {
		return err
	}
	var saved *report.Report
	if o.report != "" {
		if saved, err = o.program.Saved().Report(ctx, o.report); err != nil {
			return err
		}
		flags.At = saved.At
		if saved.Scope != nil && len(o.judge.Rules)+len(wanted) == 0 {
			o.judge.Rules, wanted = saved.Scope.Rules, saved.Scope.Labels
		}
	}
	au, err := audit.New(ctx, o.program, cfg, o.judge, flags)
	if err != nil {
		return err
	}
	defer au.Close()
	inventories, err := o.program.Saved().Load(ctx, o.inventories, bundle.MaxFile)
	if err != nil {
		return err
	}
	r, err := au.Replay(ctx, o.program.Saved().InMemory(inventories), wanted)
	if err != nil {
		return err
	}
	if saved != nil {
		if err := same(saved, r); err != nil {
			return fmt.Errorf("%s: %w", o.report, err)
		}
	}
	au.SealTo(o.File, signers)
	return au.WriteSeal(ctx, r, inventories, wanted)
}

// same says in what a saved report is not the one that the inventories come to.
func same(saved, r *report.Report) error {
	var was, is bytes.Buffer
	if err := errors.Join(saved.WriteJSON(&was), r.WriteJSON(&is)); err != nil {
		return err
	}
	if bytes.Equal(was.Bytes(), is.Bytes()) {
		return nil
	}
	for _, part := range []struct {
		what    string
		was, is any
	}{
		{"version of the program", saved.Tool, r.Tool},
		{"version of OPA", saved.Policies.OPA, r.Policies.OPA},
		{"configuration", saved.ConfigDigest, r.ConfigDigest},
		{"waivers and reviews", saved.WaiversDigest, r.WaiversDigest},
		{"rules", saved.Policies.Digest, r.Policies.Digest},
	} {
		if part.was != part.is {
			return fmt.Errorf("judging the inventories gives a different report: not the same %s; %s", part.what, differences("in it", saved, r))
		}
	}
	return errors.New("judging the inventories gives a different report: " + differences("in it", saved, r))
}

// addSignatures signs an existing bundle.
func (o SealOptions) addSignatures(ctx context.Context) error {
	if o.File != "" || o.report != "" {
		return cli.Misuse(errors.New("--sign signs an existing bundle: it cannot be combined with --seal or --report"))
	}
	if len(o.Keys) == 0 {
		return cli.Misuse(errors.New("--sign needs a key: --seal-key FILE, env:NAME or command:PROGRAM"))
	}
	if err := places.RefuseOverwrite(o.program.InFile, []string{o.sign}, o.Inputs()); err != nil {
		return err
	}
	signers, err := audit.ReadSigners(ctx, o.program, o.Keys)
	if err != nil {
		return err
	}
	b, _, err := Options{bundle: o.sign}.read(ctx)
	if err == nil {
		err = checkContents(ctx, o.program, b, false, &findings{})
	}
	if err == nil {
		err = sign(ctx, b, signers)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", o.sign, err)
	}
	err = output.WriteFile(interruptible.UnlessEnded(ctx), o.sign, func(w io.Writer) error {
		_, err := b.WriteTo(w)
		return err
	})
	if err != nil {
		return err
	}
	for _, s := range signers {
		o.program.Note("signed %s by key %s", o.sign, s.ID())
	}
	return nil
}

func sign(ctx context.Context, b *bundle.Bundle, signers []signature.Signer) error {
	manifest, err := b.Manifest()
	if err != nil {
		return err
	}
	b.Envelope, err = signature.Add(ctx, b.Envelope, bundle.Manifest, manifest, signers)
	return err
}
