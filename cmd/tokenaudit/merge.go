package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/report"
)

// mergeOptions are the flags and arguments of merge.
type mergeOptions struct {
	files  []string
	output string
}

func newMerge(run func(context.Context, mergeOptions) error) *cobra.Command {
	var o mergeOptions
	cmd := &cobra.Command{
		Use:   "merge FILE...",
		Short: "Join the inventories or the reports of the shards of one run",
		Long: `Merge joins saved inventories into one inventory, or JSON reports into one report.
Of a run with --shard it demands every shard exactly once. The result gives the
verdicts that one unsharded run gives: evaluate judges a merged inventory, gate
and convert take a merged report.`,
		Example: "  tokenaudit merge shard-*.json -o inventory.json && tokenaudit evaluate inventory.json",
		Args:    arguments(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.files = args
			return run(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVarP(&o.output, "output", "o", report.Stdout, "write the result to this `file`")
	return cmd
}

func (a *app) merge(ctx context.Context, o mergeOptions) error {
	if err := checkPlace("-o", o.output); err != nil {
		return usageError{err}
	}
	inventories := 0
	for _, file := range o.files {
		is, err := readFile(file, isInventory)
		if err != nil {
			return err
		}
		if is {
			inventories++
		}
	}
	switch inventories {
	case len(o.files):
		return a.mergeInventories(ctx, o)
	case 0:
		return a.mergeReports(o)
	}
	return usageError{errors.New("some of the files are inventories and some are not; merge one kind at a time")}
}

func isInventory(r io.Reader) (bool, error) {
	begin, err := io.ReadAll(io.LimitReader(r, 4096))
	return report.IsInventory(begin), err
}

func (a *app) mergeInventories(ctx context.Context, o mergeOptions) error {
	read := func(r io.Reader) (inventory.Inventory, error) {
		return inventory.ReadAll(ctx, r, inventory.Limits{})
	}
	parts := make([]inventory.Inventory, len(o.files))
	var shards shards
	for i, file := range o.files {
		var err error
		if parts[i], err = readFile(file, read); err != nil {
			return err
		}
		if shard := parts[i].Shard; shard != nil {
			shards.add(file, collectors.Shard{Index: shard.Index, Count: shard.Count}, shard.Config)
		} else {
			shards.addWhole(file)
		}
	}
	if err := shards.check(); err != nil {
		return err
	}
	var sources []inventory.Source
	from := map[string]string{}
	for i, file := range o.files {
		for _, s := range parts[i].Sources {
			if other, ok := from[s.ID]; ok {
				return fmt.Errorf("the source %s is in %s and in %s", report.OneLine(s.ID), other, file)
			}
			from[s.ID] = file
			sources = append(sources, s)
		}
	}
	return a.writeInventory(o.output, inventory.Inventory{Sources: sources})
}

func (a *app) mergeReports(o mergeOptions) error {
	var parts []report.Part
	var shards shards
	for _, file := range o.files {
		r, err := readReportFile(file)
		if err != nil {
			return err
		}
		parts = append(parts, report.Part{Name: file, Report: r})
		if r.Scope == nil || r.Scope.Shard == "" {
			shards.addWhole(file)
			continue
		}
		shard, err := collectors.ParseShard(r.Scope.Shard)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		shards.add(file, shard, r.ConfigDigest)
	}
	if err := shards.check(); err != nil {
		return err
	}
	merged, err := report.Merge(parts)
	if err != nil {
		return err
	}
	format, err := report.Lookup("json")
	if err != nil {
		return err
	}
	return report.WriteOutputs([]report.Output{{Format: format, Path: o.output}}, a.out, merged, report.RenderOptions{})
}

// shards are the shards that files say they are.
type shards struct {
	files  map[int][]string
	count  int
	config string
	first  string
	whole  []string
	// mixed says what makes the files no shards of one run.
	mixed error
}

func (s *shards) addWhole(file string) { s.whole = append(s.whole, file) }

func (s *shards) add(file string, shard collectors.Shard, config string) {
	if s.files == nil {
		s.files, s.count, s.config, s.first = map[int][]string{}, shard.Count, config, file
	}
	switch {
	case s.mixed != nil:
	case shard.Count != s.count:
		s.mixed = fmt.Errorf("%s is one of %d shards, %s one of %d: they are not of one run", s.first, s.count, file, shard.Count)
	case config != s.config:
		s.mixed = fmt.Errorf("%s and %s were made with different configurations", s.first, file)
	}
	s.files[shard.Index] = append(s.files[shard.Index], file)
}

// check says which shards are missing or there twice.
func (s *shards) check() error {
	switch {
	case s.files == nil:
		return nil
	case len(s.whole) > 0:
		return fmt.Errorf("%s is a shard, %s is not: they are not of one run", s.first, s.whole[0])
	case s.mixed != nil:
		return s.mixed
	}
	var missing []string
	for i := 1; i <= s.count; i++ {
		files := s.files[i]
		slices.Sort(files)
		if len(files) > 1 {
			return fmt.Errorf("shard %d/%d is in %s", i, s.count, strings.Join(files, " and in "))
		}
		if len(files) == 0 {
			missing = append(missing, fmt.Sprintf("%d/%d", i, s.count))
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("missing shards: %s; without them the result would look complete and not be", strings.Join(missing, ", "))
	}
	return nil
}
