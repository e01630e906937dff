package main

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/audit"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/deliver"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/democompany"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/report/output"
)

// demoOptions are the flags of demo.
type demoOptions struct {
	program *program.Program
	options.Judge
	saveInventory string
}

func newDemo(p *program.Program, run func(context.Context, demoOptions) error) *cobra.Command {
	o := demoOptions{program: p}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run the whole audit on emulated CMSes: no credentials, no network",
		Long: `Demo starts emulated Contentful, Contentstack and DatoCMS APIs on loopback, fills
them with an invented company, and audits it by the ordinary pipeline over HTTP.

It exits 0 whatever it finds, and says which code a scan would have given.`,
		Example: `  tokenaudit demo
  tokenaudit demo -o sarif=demo.sarif --save-inventory demo.json`,
		Args: cli.Takes(),
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	o.Bind(cmd)
	cmd.Flags().StringVar(&o.saveInventory, "save-inventory", "", "write what was read to this `file`, for evaluate and explain")
	return cmd
}

func runDemo(ctx context.Context, o demoOptions) (err error) {
	flags, err := o.Validate(o.saveInventory)
	if err := errors.Join(err, places.Check("--save-inventory", o.saveInventory)); err != nil {
		return cli.Misuse(err)
	}
	if err := flags.Split(nil, nil); err != nil {
		return err
	}
	if err := places.RefuseOverwrite(o.program.InFile, append(places.Outputs(flags.Outputs), o.saveInventory), o.Inputs()); err != nil {
		return err
	}
	at := flags.At
	if at.IsZero() {
		at = o.program.Now().UTC().Truncate(time.Second)
	}
	company, err := democompany.Start(ctx, o.program.Host(), at)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, company.Close()) }()
	if o.saveInventory != "" && o.saveInventory != output.Stdout {
		judged := o.Judge
		judged.At = "" // the company is read at that time, too
		flags.Next.About = deliver.About(judged, "", o.saveInventory)
	}
	au, err := audit.New(ctx, o.program, company.Config, o.Judge, flags)
	if err != nil {
		return err
	}
	defer au.Close()
	err = au.Scan(ctx, company.Collection, o.saveInventory)
	var verdict cli.VerdictError
	if err == nil || errors.As(err, &verdict) {
		o.program.Note("this was a demo on emulated CMSes and exits 0; a scan would have exited %d", verdict.Code)
		file := cmp.Or(o.saveInventory, "demo.json")
		o.program.Note("with --save-inventory %s, `tokenaudit explain --inventory %s RULE TOKEN` says why a verdict is as it is", file, file)
		return nil
	}
	return err
}
