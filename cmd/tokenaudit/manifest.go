package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/manifest"
	"github.com/tokenaudit/tokenaudit/report/output"
)

// manifestInitOptions are the flags and arguments of manifest init.
type manifestInitOptions struct {
	program     *program.Program
	inventories []string
	// file is a new file, or - for standard output.
	file string
}

func newManifest(p *program.Program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "manifest",
		Short: "Write a manifest of the tokens that are live",
		Args:  cobra.ArbitraryArgs,
		RunE:  cli.ShowHelp,
	}
	cmd.AddCommand(newManifestInit(p, runManifestInit))
	return cmd
}

func newManifestInit(p *program.Program, run func(context.Context, manifestInitOptions) error) *cobra.Command {
	o := manifestInitOptions{program: p}
	cmd := &cobra.Command{
		Use:   "init INVENTORY.json...",
		Short: "Write a tokens.yaml that declares the tokens of an inventory",
		Long: `Init writes a manifest of the tokens that saved inventories have, to be kept by the
people who answer for them. Compared with the same inventories, nothing differs;
from then on, drift finds what somebody changed without it. What an inventory does
not know is left out and not compared; a list that was not read is named in a
comment. The same inventories give the same text. It never overwrites a file.`,
		Example: `  tokenaudit collect -o inventory.json
  tokenaudit manifest init inventory.json -o tokens.yaml
  tokenaudit drift --manifest tokens.yaml inventory.json`,
		Args: cli.Takes("INVENTORY.json..."),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.inventories = args
			return run(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVarP(&o.file, "output", "o", output.Stdout, "the new `file`; - is standard output")
	return cmd
}

func runManifestInit(ctx context.Context, o manifestInitOptions) error {
	if err := places.ReadOnce(places.InputsAs("an inventory", o.inventories)); err != nil {
		return err
	}
	live, err := readSources(ctx, o.program, o.inventories)
	if err != nil {
		return err
	}
	text, left, err := manifest.Write(live)
	if err != nil {
		return err
	}
	if o.file == output.Stdout {
		_, err = o.program.Out.Write(text)
	} else if err = writeNew(o.file, string(text)); errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already and is left as it is; -o FILE writes another", o.file)
	}
	if err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	o.program.WarnAll(left)
	return nil
}

// readSources reads all sources of saved inventories.
func readSources(ctx context.Context, p *program.Program, inventories []string) ([]inventory.Source, error) {
	files, err := p.Saved().Inventories(ctx, inventories)
	if err != nil {
		return nil, err
	}
	var live []inventory.Source
	err = files.Read(ctx, func(s inventory.Source) error {
		live = append(live, s)
		return nil
	})
	return live, errors.Join(err, files.Close())
}
