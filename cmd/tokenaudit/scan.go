package main

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/collection"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/documents"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
	"github.com/tokenaudit/tokenaudit/report/output"
)

// scanOptions are the flags of scan.
type scanOptions struct {
	options.Read
	options.Judge
	saveInventory string
}

func newScan(run func(context.Context, scanOptions) error) *cobra.Command {
	var o scanOptions
	cmd := &cobra.Command{
		Use:   "scan",
		Short: "Read the tokens of all configured sources, judge them and report",
		Long: `Scan reads the tokens of all configured sources, judges them by the rules and
reports. What could not be read is named and never counts as fine.

It exits 0 when nothing at or above --fail-on was found and everything was
measured, 1 for findings, 3 when nothing was found but a list is missing, and 2,
without a report, when something is wrong with the command line, the configuration
or the rules.`,
		Example: `  tokenaudit scan
  tokenaudit scan -o table -o sarif=tokens.sarif -o json=report.json
  tokenaudit scan --source 'contentful/*' --fail-on high`,
		Args: cli.Takes(),
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	o.Read.Bind(cmd)
	o.BindShard(cmd)
	o.Judge.Bind(cmd)
	o.BindNoFail(cmd)
	cmd.Flags().StringVar(&o.saveInventory, "save-inventory", "", "write what was read to this `file`, for evaluate")
	return cmd
}

func (a *app) scan(ctx context.Context, o scanOptions) error {
	p, err := o.Judge.Validate(o.saveInventory)
	if err != nil {
		return err
	}
	if err := checkInventory(o.saveInventory); err != nil {
		return err
	}
	r, err := a.newReading(ctx, o.Read)
	if err != nil {
		return err
	}
	if err := places.RefuseOverwrite(a.InFile, append(places.Outputs(p.Outputs), o.saveInventory), append(r.Inputs(), o.Inputs()...)); err != nil {
		return err
	}
	au, err := a.newAudit(ctx, r.Config, o.Judge, p)
	if err != nil {
		return err
	}
	au.scope = r.Scope(au.options.Rules)
	return au.scan(ctx, r, o.saveInventory)
}

// scan runs the pipeline over what the reading gives, and keeps the inventory
// where that is wanted.
func (au *audit) scan(ctx context.Context, r *collection.Collection, saveInventory string) error {
	at := au.plan.At
	if at.IsZero() {
		at = r.Now().UTC().Truncate(time.Second)
	}
	var kept []inventory.Source
	var latest documents.Latest
	result, err := au.run(ctx, func(ctx context.Context, take func(inventory.Source) error) error {
		return r.Collect(ctx, func(s inventory.Source) error {
			latest.See(s.CollectedAt)
			if saveInventory != "" {
				kept = append(kept, s)
			}
			return take(s)
		})
	}, at)
	if err != nil {
		return err
	}
	if !au.plan.At.IsZero() {
		au.app.warnOfHindsight(au.plan.At, latest.Time)
	}
	if saveInventory != "" {
		if err := au.app.writeInventory(ctx, saveInventory, r.Inventory(kept)); err != nil {
			return err
		}
	}
	return au.finish(ctx, result)
}

// checkInventory checks the file of --save-inventory before the work.
func checkInventory(file string) error {
	if file == "" {
		return nil
	}
	if err := places.Check("--save-inventory", file); err != nil {
		return cli.Misuse(err)
	}
	return nil
}

// writeInventory writes an inventory to a file or to standard output.
func (a *app) writeInventory(ctx context.Context, path string, inv inventory.Inventory) error {
	inv.Schema, inv.Tool = inventory.Schema, a.tool
	if path == output.Stdout {
		return codec.Write(a.Out, inv)
	}
	return output.WriteFile(interruptible.UnlessEnded(ctx), path, func(w io.Writer) error { return codec.Write(w, inv) })
}
